package rest

import (
	"io"
	"net/http"
	"time"

	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/relay"
)

// How long an endpoint or a function that streams may say nothing.
//
// AWS: "Stream the integration response for your proxy integrations".
const (
	streamIdleEdge = 30 * time.Second // of an edge-optimised API
	streamIdle     = 5 * time.Minute  // of a regional or a private one
)

func (c *call) streamIdle() time.Duration {
	if c.target.frame.edge {
		return streamIdleEdge
	}
	return streamIdle
}

// writeStream passes a stream on as it comes. A caller who goes away, or takes
// nothing for as long as an endpoint may say nothing, ends the endpoint's answer,
// and is no longer written to by a function, which runs on; an endpoint or a
// function that fails ends the caller's, in a way that shows that it is not whole.
// Nothing of it is kept for the execution log: it may never end.
func (c *call) writeStream(w http.ResponseWriter, status int, stream io.ReadCloser) {
	defer stream.Close()
	c.meter.keep = false
	w.WriteHeader(status)
	http.NewResponseController(w).Flush()
	if c.request.Method == http.MethodHead || front.Bodiless(status) {
		return // nobody will see the rest
	}
	err := relay.Copy(w, stream, c.gateway.clock, c.streamIdle())
	if err != nil && err != relay.ErrGone {
		c.gateway.log.Warn("a streamed response ended early", "request", c.requestID, "error", err)
	}
	c.broken = err != nil
}
