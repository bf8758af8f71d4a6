package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// backend answers a small document at once, with the least work.
func backend(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	answer := []byte("HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n{\"message\":\"Hello, World!\"}")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					line, err := r.ReadSlice('\n')
					if err != nil {
						return
					}
					if len(bytes.TrimSpace(line)) == 0 {
						if _, err := c.Write(answer); err != nil {
							return
						}
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

var benchHeader = []Field{{"Accept", "*/*"}, {"User-Agent", "bench/1.0"}, {"X-Forwarded-For", "127.0.0.1"}, {"X-Amzn-Trace-Id", "Root=1-5c967e1f-d5965300732188ec019219b0"}}

func BenchmarkDo(b *testing.B) {
	address := backend(b)
	client := New(Config{})
	defer client.Close()
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		var a Response
		q := &Request{Method: "GET", Scheme: "http", Address: address, Target: "/hello?x=1", Header: benchHeader, Timeout: 29 * time.Second}
		for pb.Next() {
			if err := client.Do(ctx, q, &a); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// The same with net/http, for comparison.
func BenchmarkNetHTTP(b *testing.B) {
	address := backend(b)
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	defer transport.CloseIdleConnections()
	header := http.Header{}
	for _, f := range benchHeader {
		header.Add(f.Name, f.Value)
	}
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			ctx, cancel := context.WithTimeout(b.Context(), 29*time.Second)
			q := (&http.Request{Method: "GET", URL: &url.URL{Scheme: "http", Host: address, Opaque: "/hello?x=1"}, Header: header}).WithContext(ctx)
			a, err := transport.RoundTrip(q)
			if err == nil {
				_, err = io.ReadAll(a.Body)
				a.Body.Close()
			}
			cancel()
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
}
