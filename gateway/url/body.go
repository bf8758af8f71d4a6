package url

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/telemetry"
)

// bodyPatience is how long a caller may send nothing of a body that is due.
const bodyPatience = 30 * time.Second

// firstBuffer is what is set aside for a body of which nothing has come: its
// announced length costs a caller nothing.
const firstBuffer = 64 << 10

// readBody reads the request's body whole.
func (c *call) readBody() *refusal {
	r := c.request
	if c.bodyRead || r.ContentLength == 0 || r.Body == nil {
		return nil
	}
	c.bodyRead = true
	if r.ContentLength > execution.MaxRequest {
		return c.refuse(stepRequest, telemetry.Failed, note("the body has %d bytes of at most %d", r.ContentLength, execution.MaxRequest), tooLarge())
	}
	c.body = slices.Grow(c.body[:0], int(min(max(r.ContentLength, 512), firstBuffer)))
	connection := http.NewResponseController(c.writer)
	for {
		if len(c.body) > execution.MaxRequest {
			return c.refuse(stepRequest, telemetry.Failed, note("the body has more than %d bytes", execution.MaxRequest), tooLarge())
		}
		if r.ContentLength > 0 && int64(len(c.body)) >= r.ContentLength {
			break
		}
		if len(c.body) == cap(c.body) {
			c.body = slices.Grow(c.body, len(c.body))
		}
		// The kernel's deadlines know no clock but its own. What is no connection
		// has none, and needs none.
		_ = connection.SetReadDeadline(time.Now().Add(c.gateway.patience))
		n, err := r.Body.Read(c.body[len(c.body):cap(c.body)])
		c.body = c.body[:len(c.body)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return c.bodyBroke(err)
		}
	}
	_ = connection.SetReadDeadline(time.Time{})
	return nil
}

// bodyBroke refuses a body that has not come whole. The connection's deadline
// stays: nobody is to wait for the rest, and no other request can follow.
func (c *call) bodyBroke(err error) *refusal {
	set(c.writer.Header(), "Connection", "close")
	why := note("the body cannot be read: %v", err)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		why = note("of the body only %d bytes came, and nothing more for %v", len(c.body), c.gateway.patience)
	}
	return c.refuse(stepRequest, telemetry.Failed, why, badRequest())
}
