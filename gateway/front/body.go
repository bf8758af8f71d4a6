package front

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"time"
)

// Patience is how long callers may send nothing of a body that is due, unless a
// test says otherwise.
const Patience = 30 * time.Second

// firstBuffer is what is set aside for a body of which nothing has come: its
// announced length costs a caller nothing.
const firstBuffer = 64 << 10

// ErrTooLarge is the kind of errors that bodies are too large.
var ErrTooLarge = errors.New("the body is too large")

type tooLarge string

func (e tooLarge) Error() string   { return string(e) }
func (e tooLarge) Is(t error) bool { return t == ErrTooLarge }

// ReadBody reads a request's body whole, of at most so many bytes, into the
// memory of b. An error explains itself. If it is not ErrTooLarge, the body has
// not come whole: the connection's deadline stays, as nobody is to wait for the
// rest, and no other request can follow on it.
func ReadBody(w http.ResponseWriter, r *http.Request, b []byte, most int, patience time.Duration) ([]byte, error) {
	b = b[:0]
	if r.ContentLength > int64(most) {
		return b, tooLarge(fmt.Sprintf("the body has %d bytes of at most %d", r.ContentLength, most))
	}
	if r.ContentLength == 0 || r.Body == nil {
		return b, nil
	}
	if r.ContentLength > 0 {
		b = slices.Grow(b, int(min(r.ContentLength, firstBuffer)))
	}
	connection := http.NewResponseController(w)
	for r.ContentLength < 0 || int64(len(b)) < r.ContentLength {
		if len(b) == cap(b) {
			b = slices.Grow(b, max(512, len(b)))
		}
		// The kernel's deadlines know no clock but its own. What is no connection
		// has none, and needs none.
		_ = connection.SetReadDeadline(time.Now().Add(patience))
		n, err := r.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if len(b) > most {
			return b, tooLarge(fmt.Sprintf("the body has more than %d bytes", most))
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return b, fmt.Errorf("of the body only %d bytes came, and nothing more for %v", len(b), patience)
		}
		if err != nil {
			return b, fmt.Errorf("the body cannot be read: %w", err)
		}
	}
	_ = connection.SetReadDeadline(time.Time{})
	return b, nil
}
