package wire

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// defaultLimit bounds the bodies of operations that name no limit of their own.
const defaultLimit = 10 << 20

// maxDrained bounds what is read of a body that is refused for its length.
const maxDrained = 256 << 20

// operationLimit returns the greatest length of the operation's body.
func (c *call) operationLimit() int64 {
	if c.operation != nil {
		if limit, ok := c.service.limits[c.operation.Name]; ok {
			return limit
		}
		if c.streams() {
			return c.service.streamLimit
		}
	}
	return defaultLimit
}

// streams reports whether the operation reads its body as it comes.
func (c *call) streams() bool {
	sh := c.service.shape(c.operation.Input)
	return sh != nil && sh.Payload >= 0 && sh.Members[sh.Payload].Streaming
}

// openBody checks how the body is sent and puts readers around it that undo and
// verify that.
func (c *call) openBody() error {
	limit := c.operationLimit()
	if c.r.ContentLength > limit {
		// Most clients do not listen before they have sent everything; one that
		// is not hopelessly beyond the limit shall hear why.
		if _, err := io.CopyN(io.Discard, c.r.Body, min(c.r.ContentLength, maxDrained)); err != nil {
			return bodyFault(err)
		}
		return c.tooLarge(limit)
	}
	if c.service.isS3() {
		if err := c.openS3Body(); err != nil {
			return err
		}
	}
	body := io.Reader(c.r.Body)
	if c.service.Protocol != api.Query && c.hasDocument() && strings.EqualFold(c.r.Header.Get("Content-Encoding"), "gzip") && !c.service.isS3() {
		unzipped, err := gzip.NewReader(&limited{r: body, left: limit, fault: c.tooLarge(limit)})
		if err != nil {
			return aws.Faultf(http.StatusBadRequest, "SerializationException", "The request body is not in the gzip format that its Content-Encoding says: %v", err)
		}
		body, c.message.length = unzipped, -1
	}
	c.r.Body = io.NopCloser(&limited{r: body, left: limit, fault: c.tooLarge(limit)})
	return nil
}

// hasDocument reports whether the body is a document, as opposed to a blob whose
// encoding is its owner's business.
func (c *call) hasDocument() bool {
	sh := c.service.shape(c.operation.Input)
	if sh == nil || sh.Payload < 0 {
		return true
	}
	switch c.service.Shapes[sh.Members[sh.Payload].Shape].Kind {
	case api.Blob, api.String:
		return false
	}
	return true
}

// AWS: recorded from Lambda's CreateFunction.
func (c *call) tooLarge(limit int64) *aws.Fault {
	if c.service.isS3() {
		return aws.Faultf(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	name := "this"
	if c.operation != nil {
		name = "the " + cmp.Or(c.service.limitNames[c.operation.Name], c.operation.Name)
	}
	return aws.Faultf(http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "Request must be smaller than %d bytes for %s operation", limit, name)
}

// readForm reads the parameters of a Query call, from the URL and the body.
func (c *call) readForm() error {
	if c.message.form != nil {
		return nil
	}
	c.message.form = url.Values{}
	for name, values := range c.message.query {
		if !strings.HasPrefix(name, "X-Amz-") {
			c.message.form[name] = values
		}
	}
	if c.r.Method != http.MethodPost {
		return nil
	}
	tooLarge := aws.Faultf(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request must be smaller than %d bytes", defaultLimit)
	if c.r.ContentLength > defaultLimit {
		return tooLarge
	}
	body := io.Reader(&limited{r: c.r.Body, left: defaultLimit, fault: tooLarge})
	if strings.EqualFold(c.r.Header.Get("Content-Encoding"), "gzip") {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return aws.Faultf(http.StatusBadRequest, "MalformedInput", "The request body is not in the gzip format that its Content-Encoding says: %v", err)
		}
		body = &limited{r: unzipped, left: defaultLimit, fault: tooLarge}
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return bodyFault(err)
	}
	c.r.Body = io.NopCloser(bytes.NewReader(nil))
	values, err := url.ParseQuery(string(text))
	if err != nil {
		return aws.Faultf(http.StatusBadRequest, "MalformedQueryString", "The query string contains a syntax error: %v", err)
	}
	for name, v := range values {
		c.message.form[name] = v
	}
	return nil
}

// A limited reader fails with a fault rather than give more than it may.
type limited struct {
	r     io.Reader
	left  int64
	fault *aws.Fault
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if int64(n) > l.left {
		return 0, l.fault
	}
	l.left -= int64(n)
	return n, err
}
