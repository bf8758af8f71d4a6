package endpoint

import (
	"errors"
	"io"
)

// A stream is the body of an answer, read as it comes. It holds nothing but the
// connection's own buffer. It is for one goroutine; what interrupts a Read is the
// end of the context that Do was given.
type stream struct {
	x    exchange
	body body
	err  error // of all that is read from now on; then the exchange has ended
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil || len(p) == 0 {
		return 0, s.err
	}
	// The time in which the reader is busy with something else does not count.
	stop := func() bool { return true }
	if s.x.idle > 0 {
		stop = s.x.pool.client.clock.AfterFunc(s.x.idle, s.x.silent)
	}
	n, err := s.x.readBody(&s.body, p)
	if !stop() {
		s.x.last = true
	}
	if err != nil {
		s.finish(err)
	}
	return n, s.err
}

// Close ends the exchange. The connection is kept if the body has come to its
// end.
func (s *stream) Close() error {
	switch {
	case s.err != nil:
	case s.body.how == byNothing:
		s.finish(io.EOF)
	default:
		s.finish(&Error{Kind: Canceled, Detail: "the stream is closed"})
	}
	return nil
}

func (s *stream) finish(err error) {
	if errors.Is(err, io.EOF) {
		s.err = io.EOF
	} else {
		s.x.last = true
		s.err = s.x.explain(err)
	}
	s.x.release()
}
