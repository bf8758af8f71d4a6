package rest

import (
	"io"
	"net/http"
)

// streamBuffer is what a stream is passed on in, at most at once.
const streamBuffer = 32 << 10

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
