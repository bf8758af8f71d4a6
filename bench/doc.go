// Command bench measures lamgate's speed and memory, side by side with what it
// is to be compared with, in one run on one machine: serverless-offline, and a
// bare floor, which is the least that could serve the same function (floor.go);
// and Traefik, Caddy and nginx, where a REST API only passes requests on
// (proxies.go). What cannot be had on a machine is left out, and that is said.
//
// Figures of different machines, and even of different minutes, do not compare;
// ratios within one run do. So every round measures each contender once, in
// turn, and the report gives medians over the rounds and the ratios of these.
//
// Each part has a file: cold.go and image.go (first requests), burst.go (200 of
// them at once), memory.go (idle environments), reload.go (from saving to
// answering under lamgate up), stream.go (streamed answers), proxies.go with
// bodies.go; warm requests, and the server's own start, are in main.go.
//
//	make bench                            everything
//	go run ./bench -part cold,burst       these parts alone
//	go run ./bench -rounds 1 -seconds 2   a quick look
package main
