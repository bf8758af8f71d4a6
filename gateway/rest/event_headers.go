package rest

import (
	"strings"

	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/jsontext"
)

// headerMaps are the two maps of an event's headers while they are made. What a
// header has in both is written into the single one and copied.
type headerMaps struct {
	single, multi []byte
	name, value   int // where the last header's name and its value begin in single
}

// begin makes room for a header's name.
func (m *headerMaps) begin() {
	m.name = len(m.single)
	m.single = append(m.single, '"')
}

// named ends its name.
func (m *headerMaps) named() {
	m.single = append(m.single, '"', ':')
	m.value = len(m.single)
}

// end ends its value. The earlier values stand in the multiple map alone.
func (m *headerMaps) end(earlier []string) {
	m.multi = append(append(m.multi, m.single[m.name:m.value]...), '[')
	for _, v := range earlier {
		m.multi = append(jsontext.AppendString(m.multi, v), ',')
	}
	m.multi = append(append(m.multi, m.single[m.value:]...), ']', ',')
	m.single = append(m.single, ',')
}

// open begins the value of a header that has one, close ends it.
func (m *headerMaps) open(name string) {
	m.begin()
	m.single = append(m.single, name...)
	m.named()
	m.single = append(m.single, '"')
}

func (m *headerMaps) close() {
	m.single = append(m.single, '"')
	m.end(nil)
}

// appendHeaders appends both maps of headers.
//
// AWS: the single one holds the last value of a name (recorded).
func (c *call) appendHeaders(b []byte) []byte {
	m := headerMaps{single: append(b, `,"headers":{`...), multi: append(c.text[:0], `},"multiValueHeaders":{`...)}
	for i := range c.headers {
		h := &c.headers[i]
		m.begin()
		if h.sent != nil {
			m.single = jsontext.AppendEscaped(m.single, h.sent)
		} else {
			m.single = jsontext.AppendEscaped(m.single, h.name)
		}
		m.named()
		last := len(h.values) - 1
		m.single = jsontext.AppendString(m.single, h.values[last])
		m.end(h.values[:last])
	}
	proto, port := front.Reached(c.request)
	if c.target.frame.edge {
		c.addEdgeHeaders(&m, proto)
	}
	m.open(traceHeader)
	m.single = c.trace.AppendIncoming(m.single)
	m.close()
	m.open("X-Forwarded-For")
	m.single = c.appendForwardedFor(m.single)
	m.close()
	m.open("X-Forwarded-Port")
	m.single = jsontext.AppendEscaped(m.single, port)
	m.close()
	m.open("X-Forwarded-Proto")
	m.single = append(m.single, proto...)
	m.close()
	m.open("Host")
	m.single = jsontext.AppendEscaped(m.single, c.address.Domain)
	m.close()
	c.text = m.multi
	b = append(m.single[:len(m.single)-1], m.multi[:len(m.multi)-1]...) // without their last commas
	return append(b, '}')
}

// addEdgeHeaders adds what CloudFront, which stands before an edge-optimised
// API, adds to a request.
func (c *call) addEdgeHeaders(m *headerMaps, proto string) {
	for _, h := range [...]struct{ name, value string }{
		{"CloudFront-Forwarded-Proto", proto},
		{"CloudFront-Is-Desktop-Viewer", "true"},
		{"CloudFront-Is-Mobile-Viewer", "false"},
		{"CloudFront-Is-SmartTV-Viewer", "false"},
		{"CloudFront-Is-Tablet-Viewer", "false"},
		{"CloudFront-Viewer-ASN", "0"},
		{"CloudFront-Viewer-Country", "US"},
	} {
		m.open(h.name)
		m.single = append(m.single, h.value...)
		m.close()
	}
	m.open("Via")
	m.single = append(m.single, strings.TrimPrefix(c.request.Proto, "HTTP/")...)
	m.single = append(m.single, " lamgate.cloudfront.net (CloudFront)"...)
	m.close()
	m.open("X-Amz-Cf-Id")
	m.single = c.appendEdgeID(m.single)
	m.close()
}

// appendEdgeID appends the ID that CloudFront gives a request, made of the
// gateway's own so that both maps of headers say the same.
func (c *call) appendEdgeID(b []byte) []byte {
	b = append(b, c.extendedID[:len(c.extendedID)-1]...)
	for i := 0; i < len(c.requestID); i++ {
		if c.requestID[i] != '-' {
			b = append(b, c.requestID[i])
		}
	}
	return append(b, "lamgate=="...)
}

// appendForwardedFor appends the addresses that the request has come through:
// those that the client tells, and the client's own.
func (c *call) appendForwardedFor(b []byte) []byte {
	for _, v := range c.request.Header["X-Forwarded-For"] {
		b = append(jsontext.AppendEscaped(b, v), ", "...)
	}
	b = jsontext.AppendEscaped(b, c.sourceIP)
	if c.target.frame.edge {
		// AWS: CloudFront's own address follows. Here it is this machine's.
		b = append(b, ", 127.0.0.1"...)
	}
	return b
}
