package relay_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/relay"
)

// BenchmarkCopy is a stream on its way from a function to a caller over a real
// connection.
func BenchmarkCopy(b *testing.B) {
	const whole = 64 << 20
	for name, size := range map[string]int{"1 KB": 1 << 10, "64 KB": 64 << 10} {
		b.Run(name, func(b *testing.B) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				r := relay.Start(context.Background(), function(func(_ context.Context, i execution.Invocation) (*execution.Result, error) {
					i.Stream.Begin("", true)
					piece := make([]byte, size)
					for n := 0; n < whole; n += size {
						if _, err := i.Stream.Write(piece); err != nil {
							break
						}
					}
					return &execution.Result{}, nil
				}), execution.Invocation{}, aws.SystemClock{}, time.Minute)
				defer r.Close()
				r.Begins()
				relay.Copy(w, r, aws.SystemClock{}, time.Minute)
			}))
			defer s.Close()
			b.SetBytes(whole)
			for b.Loop() {
				r, err := http.Get(s.URL)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, r.Body); n != whole || err != nil {
					b.Fatal(n, err)
				}
				r.Body.Close()
			}
		})
	}
}
