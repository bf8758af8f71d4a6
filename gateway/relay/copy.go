package relay

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// piece is what is passed on at once, at most.
const piece = 32 << 10

// Write sends a whole body to a caller. One who takes nothing of a large body for
// as long as patience is given up; a small one is the connection's to keep.
func Write(w http.ResponseWriter, body []byte, clock aws.Clock, patience time.Duration) error {
	if len(body) <= piece {
		_, err := w.Write(body)
		return err
	}
	control := http.NewResponseController(w)
	for len(body) > 0 {
		n := min(len(body), 8*piece)
		moves := clock.AfterFunc(patience, func() { control.SetWriteDeadline(time.Unix(0, 0)) })
		_, err := w.Write(body[:n])
		moves()
		if err != nil {
			return ErrGone
		}
		body = body[n:]
	}
	return nil
}

// ErrGone says that the caller takes no more: it has left, or takes nothing.
var ErrGone = errors.New("the caller takes no more")

// Copy passes a stream on to a caller piece by piece, as it comes. A caller who
// takes nothing for as long as patience is given up. The error is ErrGone if it
// is the caller's fault that not everything was passed on, else the stream's.
func Copy(w http.ResponseWriter, stream io.Reader, clock aws.Clock, patience time.Duration) error {
	control := http.NewResponseController(w)
	buffer := make([]byte, piece)
	for {
		n, err := stream.Read(buffer)
		if n > 0 {
			moves := clock.AfterFunc(patience, func() { control.SetWriteDeadline(time.Unix(0, 0)) })
			_, failed := w.Write(buffer[:n])
			if failed == nil {
				failed = control.Flush()
			}
			moves()
			if failed != nil && !errors.Is(failed, http.ErrNotSupported) {
				return ErrGone
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
