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
