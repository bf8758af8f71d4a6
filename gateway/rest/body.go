package rest

import (
	"errors"

	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/telemetry"
)

// maxBody is the most that a request's body may have.
//
// AWS: the quota of payloads is 10 MB.
const maxBody = 10 << 20

// readBody reads the request's body whole.
func (c *call) readBody() *gatewayResponse {
	var err error
	c.body, err = front.ReadBody(c.writer, c.request, c.body, maxBody, c.gateway.patience)
	switch {
	case errors.Is(err, front.ErrTooLarge):
		return c.refuse(stepMethodRequest, telemetry.Failed, telemetry.Note(err.Error()), requestTooLarge())
	case err != nil:
		c.writer.Header()["Connection"] = []string{"close"}
		return c.refuse(stepMethodRequest, telemetry.Failed, telemetry.Note(err.Error()), badRequest())
	}
	return nil
}
