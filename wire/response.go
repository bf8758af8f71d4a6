package wire

import (
	"encoding/base64"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// identifyResponse names the request in the headers, as clients log it.
func (c *call) identifyResponse(header http.Header) {
	if c.service != nil && c.service.isS3() {
		header.Set("X-Amz-Request-Id", c.requestID)
		header.Set("X-Amz-Id-2", c.hostID())
		return
	}
	header.Set("X-Amzn-Requestid", c.requestID)
}

// hostID is S3's second name of a request, which has no meaning here.
func (c *call) hostID() string { return base64.StdEncoding.EncodeToString([]byte(c.requestID)) }

// write sends a response whose body is at hand.
func (c *call) write(status int, body []byte) error {
	header := c.w.Header()
	if c.r.Method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified {
		body = nil
	}
	if len(body) > 0 {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	c.committed = true
	c.w.WriteHeader(status)
	if len(body) == 0 {
		return nil
	}
	_, err := c.w.Write(body)
	return err
}

// stream sends a response whose body comes from a reader, as it comes.
func (c *call) stream(status int, header http.Header, body reflect.Value) error {
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/octet-stream")
	}
	reader, _ := body.Interface().(io.ReadCloser)
	c.committed = true
	c.w.WriteHeader(status)
	if reader == nil {
		return nil
	}
	defer reader.Close()
	if c.r.Method == http.MethodHead {
		return nil
	}
	w := flushing{c.w, http.NewResponseController(c.w), c.clock, header.Get("Content-Length") == ""}
	if w.flush {
		// The first bytes may be long in coming; the status is not.
		if err := w.control.Flush(); err != nil {
			return err
		}
	}
	_, err := io.Copy(w, reader)
	return err
}

// patience is how long a caller may take nothing of a body. Who waits any longer
// holds the reader up, and the function or the file behind it.
const patience = 5 * time.Minute

// flushing sends every piece at once if the length is unknown: then it is a
// stream that somebody reads as it is written.
type flushing struct {
	w       io.Writer
	control *http.ResponseController
	clock   aws.Clock
	flush   bool
}

func (f flushing) Write(p []byte) (int, error) {
	moves := f.clock.AfterFunc(patience, func() { f.control.SetWriteDeadline(time.Unix(0, 0)) })
	defer moves()
	n, err := f.w.Write(p)
	if err == nil && f.flush {
		err = f.control.Flush()
	}
	return n, err
}
