package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// streamed is how much the streaming function answers.
const streamed = 64 << 20

const streamHandler = `const chunk = Buffer.alloc(64 * 1024, "x");
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 200, headers: { "Content-Type": "text/plain" } });
  for (let n = 0; n < 1024; n++)
    if (!stream.write(chunk)) await new Promise((drained) => stream.once("drain", drained));
  stream.end();
});
`

// measureStreams measures an answer of 64 MB that goes through the gateway as
// the function writes it.
func (b *bench) measureStreams(ctx context.Context) error {
	s, err := b.start(ctx, "stream")
	if err != nil {
		return err
	}
	defer s.stop()
	f := function{name: "node", runtime: "nodejs20.x", handler: "index.handler", streams: true, files: map[string]string{"index.js": streamHandler}}
	path, err := s.deploy(ctx, f, "stream")
	if err != nil {
		fmt.Printf("streaming is left out: %v\n\n", err)
		return nil
	}
	before, err := s.anonymousMemory()
	if err != nil {
		return err
	}
	var rates, first []float64
	for range 2*b.rounds + 1 {
		rate, d, err := readStream("http://" + s.address + path)
		if err != nil {
			return err
		}
		rates, first = append(rates, rate), append(first, float64(d.Microseconds())/1000)
	}
	after, err := s.anonymousMemory()
	if err != nil {
		return err
	}
	rates, first = rates[1:], first[1:] // without the cold one
	slices.Sort(first)
	fmt.Println("a streamed answer of 64 MB, Node, through a REST API")
	fmt.Printf("  %.0f MB/s   first byte p50 %.1f ms   the server grew by %.1f MiB\n\n", median(rates), median(first), after-before)
	return nil
}

// readStream reads a streamed answer and returns its MB a second and how long
// its first byte took.
func readStream(url string) (rate float64, first time.Duration, err error) {
	began := time.Now()
	response, err := http.Get(url)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	one := make([]byte, 1)
	if _, err := io.ReadFull(response.Body, one); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", response.Status, err)
	}
	first = time.Since(began)
	n, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		return 0, 0, err
	}
	if n+1 != streamed {
		return 0, 0, fmt.Errorf("%s with %d bytes of %d", response.Status, n+1, streamed)
	}
	return float64(n) / 1e6 / time.Since(began).Seconds(), first, nil
}
