package relay

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/telemetry"
)

// What ends a relay before its function's answer does.
var (
	// ErrFailed says that the function failed in the middle of its answer.
	ErrFailed = errors.New("the function failed in the middle of its answer")
	// ErrIdle says that the function has sent nothing for too long.
	ErrIdle = errors.New("the function has sent nothing for too long")

	errBegun = errors.New("the answer has begun already")
)

// A Relay is an invocation whose answer is read while it is made. It is read by
// one goroutine.
type Relay struct {
	clock aws.Clock
	idle  time.Duration
	from  *io.PipeReader
	to    *io.PipeWriter
	rest  []byte // of what was read for the head

	began chan struct{} // closed when there is something to read
	ended chan struct{} // closed when the invocation is over
	quiet atomic.Bool   // nothing came for too long

	contentType string // valid after began
	streams     bool
	result      *execution.Result // valid after ended
	err         error
	journey     telemetry.Journey
}

// Start invokes a function. idle is how long it may send nothing once it has
// begun to answer; zero is for ever. The relay must be closed.
func Start(ctx context.Context, invoker execution.Invoker, i execution.Invocation, clock aws.Clock, idle time.Duration) *Relay {
	r := &Relay{clock: clock, idle: idle, began: make(chan struct{}), ended: make(chan struct{})}
	r.from, r.to = io.Pipe()
	if i.Journey != nil {
		// The gateway writes its own meanwhile.
		r.journey.Started = i.Journey.Started
		i.Journey = &r.journey
	}
	go func() {
		i.Stream = (*sink)(r)
		r.result, r.err = invoker.Invoke(ctx, i)
		if r.err == nil && r.result.FunctionError == "" {
			r.collected(r.result)
		}
		r.to.CloseWithError(r.brokenBy())
		close(r.ended)
	}()
	return r
}

// collected passes on an answer that came all at once.
func (r *Relay) collected(result *execution.Result) {
	select {
	case <-r.began:
	default:
		s := (*sink)(r)
		_ = s.Begin("application/json", false)
		_, _ = s.Write(result.Payload) // nobody may be there to take it
	}
}

// brokenBy returns what ended the answer before its end; nil if nothing did.
func (r *Relay) brokenBy() error {
	if r.err != nil {
		return r.err
	}
	if r.result.FunctionError != "" {
		return ErrFailed
	}
	return nil
}

// A sink is the end of a relay that the function writes into.
type sink Relay

// Begin implements execution.ResponseStream.
func (s *sink) Begin(contentType string, streaming bool) error {
	select {
	case <-s.began:
		return errBegun
	default:
	}
	s.contentType, s.streams = contentType, streaming
	close(s.began)
	return nil
}

// Write implements execution.ResponseStream. It returns once everything has been
// read.
func (s *sink) Write(p []byte) (int, error) { return s.to.Write(p) }

// Begins waits until the answer begins, or until there will be none: then Result
// says why.
func (r *Relay) Begins() bool {
	select {
	case <-r.began:
		return true
	case <-r.ended:
	}
	select {
	case <-r.began:
		return true
	default:
		return false
	}
}

// Kind returns the media type that the function's runtime gives its answer, and
// whether the function streams it. It is for after Begins.
func (r *Relay) Kind() (contentType string, streams bool) { return r.contentType, r.streams }

// Read reads the answer as it comes. It ends with an error if the answer is not
// whole.
func (r *Relay) Read(p []byte) (int, error) {
	if len(r.rest) > 0 {
		n := copy(p, r.rest)
		r.rest = r.rest[n:]
		return n, nil
	}
	if r.idle > 0 {
		comes := r.clock.AfterFunc(r.idle, func() {
			r.quiet.Store(true)
			r.from.Close()
		})
		defer comes()
	}
	n, err := r.from.Read(p)
	if err != nil && r.quiet.Load() {
		err = ErrIdle
	}
	return n, err
}

// Close says that nobody reads any more. The function runs on.
func (r *Relay) Close() error { return r.from.Close() }

// Ended reports whether the invocation is over.
func (r *Relay) Ended() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// Result waits for the end of the invocation and returns what became of it. What
// it left in its journey is added to j, which may be nil.
func (r *Relay) Result(j *telemetry.Journey) (*execution.Result, error) {
	<-r.ended
	j.Merge(&r.journey)
	return r.result, r.err
}
