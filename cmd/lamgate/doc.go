// Command lamgate is one's own Amazon API Gateway and AWS Lambda.
//
// Each subcommand has a file of its own name. serve and up run the server
// (package server); all others, and up too once a server runs, are clients of
// it: they speak AWS's own protocols (client.go) and, for what AWS has no
// operation for, lamgate's read-only endpoints under /_lamgate. operations,
// runtimes, doctor and version tell of the binary and its machine, and ask no
// server.
//
// up is spread over a few files, in the order in which it goes through them:
//
//   - project.go finds the template, package.go uploads the local code that it
//     names.
//   - deploy.go brings the stack about, stack.go follows it and progress.go shows
//     it; local_url.go tells where an API answers on this machine.
//   - debug.go has functions await their debuggers.
//   - follow.go prints logs and waits for what is saved, which watch.go sees and
//     publish.go gives to the functions.
//
// pairs.go reads flags like --endpoint NAME=URL.
package main
