package image

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/lamgate/lamgate/aws"
)

// A watched reader ends when nothing has come for a while.
type watched struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	reads  atomic.Int64
	seen   int64
	clock  aws.Clock
	closed atomic.Bool
}

var errStalled = errors.New("nothing came for a minute")

// watch returns a reader of r that cancels what makes r when it stalls.
func watch(c aws.Clock, r io.ReadCloser, ctx context.Context, cancel context.CancelCauseFunc) io.ReadCloser {
	w := &watched{ReadCloser: r, ctx: ctx, cancel: cancel, clock: c}
	w.look()
	return w
}

func (w *watched) look() {
	w.clock.AfterFunc(stallLimit, func() {
		if w.closed.Load() {
			return
		}
		reads := w.reads.Load()
		if reads == w.seen {
			w.cancel(errStalled)
			return
		}
		w.seen = reads
		w.look()
	})
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if n > 0 {
		w.reads.Add(1)
	}
	if err != nil && err != io.EOF && errors.Is(context.Cause(w.ctx), errStalled) {
		err = errStalled
	}
	return n, err
}

func (w *watched) Close() error {
	w.closed.Store(true)
	w.cancel(nil)
	return w.ReadCloser.Close()
}
