package rest

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/relay"
)

// write sends the answer: the gateway's own if a step has refused, else the
// integration's.
func (c *call) write() {
	// Beside what the response has there are two IDs and a few of the gateway's.
	h := &head{c.meter.Header(), make([]string, 0, 6+len(c.response.fields))}
	h.set("x-amzn-RequestId", c.requestID)
	h.set("x-amz-apigw-id", c.extendedID)
	if c.cacheWarning {
		h.set("Warning", warning)
	}
	if c.refusal != nil {
		if c.received.stream != nil {
			c.received.stream.Close() // nobody is to read it
		}
		c.writeRefusal(h, c.refusal)
		return
	}
	c.unpacked = c.response.body
	c.packResponse()
	r := &c.response
	for i := range r.fields {
		h.add(r.fields[i].name, r.fields[i].value)
	}
	if r.traced {
		h.set(traceHeader, c.trace.String())
	}
	if r.stream != nil {
		c.journey.Status = r.status
		c.writeStream(&c.meter, r.status, r.stream)
		return
	}
	c.writeBody(h, r.status, r.body)
}

// writePatience is how long a caller may take nothing of a body.
const writePatience = 5 * time.Minute

const contentTypeJSON = "application/json"

func (c *call) writeBody(h *head, status int, body []byte) {
	c.journey.Status = status
	if !front.Bodiless(status) {
		h.set("Content-Length", strconv.Itoa(len(body)))
	}
	c.meter.WriteHeader(status)
	if !front.Bodiless(status) && len(body) > 0 {
		// A caller who has gone away misses nothing.
		_ = relay.Write(&c.meter, body, c.gateway.clock, writePatience)
	}
}

// A head is the header of a response while it is made. The values of its names
// are in one piece of memory, of which each has its part.
type head struct {
	fields http.Header
	values []string
}

// set gives a name, as it is written, one value.
func (h *head) set(name, value string) {
	h.values = append(h.values, value)
	n := len(h.values)
	h.fields[name] = h.values[n-1 : n : n]
}

// add gives a name one more value.
func (h *head) add(name, value string) {
	if before := h.fields[name]; before != nil {
		h.fields[name] = append(before, value)
		return
	}
	h.set(name, value)
}

// replace sets a header in place of one whose name differs in case. What no
// header can have is left out.
func (h *head) replace(name, value string) {
	if !front.IsToken(name) || front.Splits(value) {
		return
	}
	for other := range h.fields {
		if strings.EqualFold(other, name) {
			delete(h.fields, other)
		}
	}
	h.set(name, value)
}

// A meter counts the bytes of a response, and keeps them if the execution log
// is to tell them.
type meter struct {
	http.ResponseWriter
	bytes int64
	keep  bool
	kept  []byte
}

func (m *meter) Write(b []byte) (int, error) {
	n, err := m.ResponseWriter.Write(b)
	m.bytes += int64(n)
	if m.keep {
		m.kept = append(m.kept, b[:n]...)
	}
	return n, err
}

// Unwrap has an http.ResponseController find what the writer can do.
func (m *meter) Unwrap() http.ResponseWriter { return m.ResponseWriter }
