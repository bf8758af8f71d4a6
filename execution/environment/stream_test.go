package environment

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// A reader takes a stream, as fast as the test lets it.
type reader struct {
	mu    sync.Mutex
	began string
	got   string
	hold  chan struct{} // a write waits for it; nil for none
	holds chan struct{} // a write waits
}

func (r *reader) Begin(contentType string, streaming bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began += fmt.Sprintf("%s %v", contentType, streaming)
	return nil
}

func (r *reader) Write(p []byte) (int, error) {
	if r.hold != nil {
		r.holds <- struct{}{}
		<-r.hold
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got += string(p)
	return len(p), nil
}

func (r *reader) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

// streamed invokes the pool with a stream.
func streamed(ctx context.Context, p *Pool, to *reader) <-chan completion {
	c := make(chan completion, 1)
	go func() {
		o, err := p.Invoke(ctx, Request{ID: "one", Payload: []byte("{}"), Stream: to}, func() {})
		c <- completion{o, err}
	}()
	return c
}

// begin has the runtime answer with a first piece.
func (v *voice) begin(piece string) {
	v.ask()
	v.hear()
	fmt.Fprintf(v.conn, "POST /2018-06-01/runtime/invocation/one/response HTTP/1.1\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"+
		"Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n\r\n")
	v.piece(piece)
}

func (v *voice) piece(s string) { fmt.Fprintf(v.conn, "%x\r\n%s\r\n", len(s), s) }

func TestAnswerStreams(t *testing.T) {
	p, s := newStage(t)
	to := &reader{}
	c := streamed(t.Context(), p, to)
	runtime := (<-s.boxes).voice()
	runtime.begin("first ")
	until(t, func() bool { return to.text() == "first " })
	runtime.piece("second")
	fmt.Fprint(runtime.conn, "0\r\n\r\n")
	o := <-c
	if o.err != nil || o.outcome.Streamed != 12 || len(o.outcome.Payload) != 0 || o.outcome.FunctionError != "" || to.began != "text/plain true" {
		t.Errorf("%+v %v, begun with %q", o.outcome, o.err, to.began)
	}
}

// An error midway ends the stream, and is the outcome.
func TestStreamThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*stage, *box, *voice)
		kind string
	}{
		"the function": {func(_ *stage, _ *box, v *voice) {
			fmt.Fprint(v.conn, "0\r\nLambda-Runtime-Function-Error-Type: Own.Error\r\n\r\n")
		}, "Own.Error"},
		"its time": {func(s *stage, _ *box, _ *voice) { s.clock.Advance(10 * time.Second) }, "Sandbox.Timedout"},
		"its end":  {func(_ *stage, b *box, _ *voice) { b.end() }, "Runtime.ExitError"},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newStage(t)
			to := &reader{}
			done := streamed(t.Context(), p, to)
			b := <-s.boxes
			runtime := b.voice()
			runtime.begin("first")
			until(t, func() bool { return to.text() == "first" })
			c.end(s, b, runtime)
			o := <-done
			if o.err != nil || o.outcome.Streamed != 5 || o.outcome.ErrorType != c.kind || o.outcome.FunctionError != "Unhandled" {
				t.Errorf("%+v %v", o.outcome, o.err)
			}
		})
	}
}

// A reader that does not read holds nobody up but itself: the environment ends
// in time, and the invoker is told when its reader is not used any more.
func TestSlowReader(t *testing.T) {
	p, s := newStage(t)
	to := &reader{hold: make(chan struct{}), holds: make(chan struct{}, 10)}
	done := streamed(t.Context(), p, to)
	b := <-s.boxes
	runtime := b.voice()
	runtime.begin("first")
	<-to.holds
	s.clock.Advance(10 * time.Second)
	<-b.done
	select {
	case <-done:
		t.Error("the invoker has its answer while its reader is used")
	default:
	}
	close(to.hold)
	if o := <-done; o.outcome.ErrorType != "Sandbox.Timedout" {
		t.Errorf("%+v", o.outcome)
	}
}

// When the reader is gone, the function goes on to its end.
func TestReaderGoes(t *testing.T) {
	p, s := newStage(t)
	ctx, leave := context.WithCancel(t.Context())
	to := &reader{}
	done := streamed(ctx, p, to)
	runtime := (<-s.boxes).voice()
	runtime.begin("first")
	until(t, func() bool { return to.text() == "first" })
	leave()
	if o := <-done; !errors.Is(o.err, context.Canceled) {
		t.Errorf("%v", o.err)
	}
	runtime.piece("second")
	fmt.Fprint(runtime.conn, "0\r\n\r\n")
	if r, _ := runtime.hear(); r == nil || r.StatusCode != 202 {
		t.Errorf("the function is told %v", r)
	}
	runtime.ask()
	until(t, isState(p, "idle"))
	if got := to.text(); got != "first" {
		t.Errorf("the reader that has gone was given %q", got)
	}
}
