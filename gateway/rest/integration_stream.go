package rest

import (
	"io"
	"net/http"
	"time"
)

// streamBuffer is what a stream is passed on in, at most at once.
const streamBuffer = 32 << 10

// How long an endpoint that streams may say nothing.
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

// writeStream passes a stream on as it comes. A caller who goes away ends the
// endpoint's answer; an endpoint that fails ends the caller's, in a way that
// shows that it is not whole.
func (c *call) writeStream(w http.ResponseWriter, status int, stream io.ReadCloser) {
	defer stream.Close()
	w.WriteHeader(status)
	flusher := http.NewResponseController(w)
	flusher.Flush()
	buffer := make([]byte, streamBuffer)
	for {
		n, err := stream.Read(buffer)
		if n > 0 {
			if _, failed := w.Write(buffer[:n]); failed != nil {
				return
			}
			flusher.Flush()
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
