package runtimeapi

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The two benchmarks have one conversation with one runtime, which sends its
// answer and its next question in one write, and differ in the server only.

func BenchmarkServer(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	o := &busy{event: &Event{RequestID: "11111111-2222-4333-8444-555555555555", FunctionARN: "arn:aws:lambda:us-east-1:000000000000:function:f",
		Deadline: time.Now(), Payload: bytes.Repeat([]byte("x"), 500)}}
	s := New(l, o, Options{})
	defer s.Close()
	converse(b, l.Addr().String())
}

// busy always has an event.
type busy struct{ event *Event }

func (o *busy) Ready() *Event     { return o.event }
func (o *busy) Answered(Answer)   {}
func (o *busy) InitFailed(Answer) {}

func (o *busy) Restored()                            {}
func (o *busy) Registered(string, bool)              {}
func (o *busy) ExtensionReady(string)                {}
func (o *busy) ExtensionFailed(string, string, bool) {}
func (o *busy) Subscribed(Subscription)              {}

// BenchmarkNetHTTP is the same on the standard library's server: the reason for
// the one here.
func BenchmarkNetHTTP(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	payload := bytes.Repeat([]byte("x"), 500)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", "11111111-2222-4333-8444-555555555555")
		h.Set("Lambda-Runtime-Deadline-Ms", "1700000000000")
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:f")
		w.Write(payload)
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		io.ReadAll(r.Body)
		w.WriteHeader(202)
		io.WriteString(w, "{\"status\":\"OK\"}\n")
	})
	s := &http.Server{Handler: mux}
	go s.Serve(l)
	defer s.Close()
	converse(b, l.Addr().String())
}

func converse(b *testing.B, address string) {
	c := dial(b, address)
	c.conn.SetDeadline(time.Time{})
	c.say(next)
	said := []byte(post("invocation/11111111-2222-4333-8444-555555555555/response", strings.Repeat("y", 200)) + next)
	buffer := make([]byte, 4096)
	event := func() { // an event is the only reply with so many bytes
		for got := 0; got < 500; {
			n, err := c.conn.Read(buffer)
			if err != nil {
				b.Fatal(err)
			}
			if n >= 500 || got > 0 {
				got += n
			}
		}
	}
	event()
	b.ReportAllocs()
	for b.Loop() {
		c.conn.Write(said)
		event()
	}
}
