package rest

import "strings"

// remappedPrefix is put before the names of headers that the gateway owns.
const remappedPrefix = "x-amzn-Remapped-"

// methodResponse makes the response ready for the wire: the headers that the
// gateway owns, and a type for the body.
func (c *call) methodResponse() *gatewayResponse {
	r := &c.response
	kept := r.fields[:0]
	typed := false
	for _, f := range r.fields {
		switch fate := fateOf(f.name); fate {
		case dropped:
			continue
		case remapped:
			f.name = remappedPrefix + f.name
		case contentType:
			if typed {
				continue // one type is all that a body can have
			}
			f.name, typed = "Content-Type", true
		}
		kept = append(kept, f)
	}
	if !typed {
		kept = append(kept, field{"Content-Type", contentTypeJSON})
	}
	r.fields = kept
	c.pass(stepMethodResponse, nil)
	return nil
}

// A fate is what becomes of a header in a response.
type fate uint8

const (
	passed fate = iota
	remapped
	dropped
	contentType
)

// fateOf tells what becomes of an integration's header.
//
// AWS: recorded for Authorization, Connection, Content-Length, Date, Host,
// Server and WWW-Authenticate; the rest as in the notes on REST APIs and as
// seen in responses.
func fateOf(name string) fate {
	if len(name) > len("proxy-authenticate") {
		return passed
	}
	switch strings.ToLower(name) {
	case "authorization", "connection", "content-length", "content-md5", "date", "host", "max-forwards",
		"server", "user-agent", "www-authenticate", "x-forwarded-for", "x-amzn-requestid":
		return remapped
	case "expect", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade",
		"x-amz-apigw-id", "x-amzn-trace-id":
		return dropped
	case "content-type":
		return contentType
	}
	return passed
}
