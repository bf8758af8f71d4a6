package environment

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/lamgate/lamgate/execution"
)

// A relay passes an answer on to the invoker's stream as it comes, for as long as
// there is both an invoker and an invocation: either may end before the other.
// It counts what has passed.
type relay struct {
	to      execution.ResponseStream
	over    atomic.Bool
	passed  atomic.Int64
	calling sync.Mutex // held while to is called
}

var errStreamOver = errors.New("nobody takes the answer any more")

// Begin implements execution.ResponseStream.
func (r *relay) Begin(contentType string, streaming bool) error {
	r.calling.Lock()
	defer r.calling.Unlock()
	if r.over.Load() {
		return errStreamOver
	}
	return r.to.Begin(contentType, streaming)
}

// Write implements execution.ResponseStream.
func (r *relay) Write(p []byte) (int, error) {
	r.calling.Lock()
	defer r.calling.Unlock()
	if r.over.Load() {
		return 0, errStreamOver
	}
	n, err := r.to.Write(p)
	r.passed.Add(int64(n))
	return n, err
}

// end calls then once the stream is not used any more: at once, or when the
// call under way returns. Nobody waits for it: a slow reader must not keep an
// environment from its end.
func (r *relay) end(then func()) {
	r.over.Store(true)
	if r.calling.TryLock() {
		defer r.calling.Unlock()
		then()
		return
	}
	go func() {
		r.calling.Lock()
		defer r.calling.Unlock()
		then()
	}()
}

// abandon returns when the stream is not used any more. Its reader has gone, so
// that a call under way does not last.
func (r *relay) abandon() {
	r.over.Store(true)
	r.calling.Lock()
	defer r.calling.Unlock()
}
