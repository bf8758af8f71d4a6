package rest

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// streamBuffer is what a stream is passed on in, at most at once.
const streamBuffer = 32 << 10

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
	control := http.NewResponseController(w)
	control.Flush()
	if c.request.Method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified {
		return // nobody will see the rest
	}
	idle := c.streamIdle()
	buffer := make([]byte, streamBuffer)
	for {
		n, err := stream.Read(buffer)
		if n > 0 {
			moves := c.gateway.clock.AfterFunc(idle, func() { control.SetWriteDeadline(time.Unix(0, 0)) })
			_, failed := w.Write(buffer[:n])
			if failed == nil {
				failed = control.Flush()
			}
			moves()
			if failed != nil && !errors.Is(failed, http.ErrNotSupported) {
				c.broken = true
				return
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			c.gateway.log.Warn("a streamed response ended early", "request", c.requestID, "error", err)
			c.broken = true
			return
		}
	}
}
