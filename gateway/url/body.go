package url

import (
	"errors"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/telemetry"
)

// readBody reads the request's body whole, once.
func (c *call) readBody() *refusal {
	if c.bodyRead {
		return nil
	}
	c.bodyRead = true
	var err error
	c.body, err = front.ReadBody(c.writer, c.request, c.body, execution.MaxRequest, c.gateway.patience)
	switch {
	case errors.Is(err, front.ErrTooLarge):
		return c.refuse(stepRequest, telemetry.Failed, telemetry.Note(err.Error()), tooLarge())
	case err != nil:
		set(c.writer.Header(), "Connection", "close")
		return c.refuse(stepRequest, telemetry.Failed, telemetry.Note(err.Error()), badRequest())
	}
	return nil
}
