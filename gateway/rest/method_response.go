package rest

import (
	"net/http"
	"strconv"

	"github.com/lamgate/lamgate/telemetry"
)

// remappedPrefix is put before the names of headers that the gateway owns.
const remappedPrefix = "x-amzn-Remapped-"

// maxResponseValues is the most bytes that the values of a response's headers
// may have together.
//
// AWS: the quota of header values is 10,240 bytes in total ("Quotas for
// configuring and running a REST API"). What callers see of an integration that
// exceeds it is not documented: here, what they see of an answer that is none.
const maxResponseValues = 10240

// methodResponse makes the response ready for the wire: the headers that the
// gateway owns, and a type for the body.
func (c *call) methodResponse() *gatewayResponse {
	r := &c.response
	if r.status < http.StatusOK {
		return c.refuse(stepMethodResponse, telemetry.Failed, advice{
			"the response's status is " + strconv.Itoa(r.status) + ", with which no response ends",
			"give the integration response a status from 200 to 599 and deploy the API again"}, internalServerError())
	}
	kept := r.fields[:0]
	typed, size := false, 0
	for _, f := range r.fields {
		size += len(f.value)
		switch fate := fateOf(f.name, r.origin); fate {
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
	if size > maxResponseValues {
		return c.refuse(stepMethodResponse, telemetry.Failed, advice{
			"the values of the response's headers have " + strconv.Itoa(size) + " bytes of at most " + strconv.Itoa(maxResponseValues),
			"have the integration answer fewer or shorter headers"}, malformedAnswer())
	}
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

// An origin is where the headers of a response come from.
type origin uint8

const (
	fromFunction origin = iota // behind a proxy integration
	fromEndpoint               // behind a proxy integration
	fromMapping                // of an integration response
)

// fateOf tells what becomes of a header.
//
// AWS: recorded for Authorization, Connection, Content-Length, Date, Host,
// Server and WWW-Authenticate, and for all those that mappings set
// (test_apigateway_header_remapping); the rest as in the notes on REST APIs and
// as seen in responses.
func fateOf(name string, from origin) fate {
	var lower [len("proxy-authenticate")]byte
	if len(name) > len(lower) {
		return passed
	}
	for i := range len(name) {
		lower[i] = name[i]
		if 'A' <= name[i] && name[i] <= 'Z' {
			lower[i] |= 0x20
		}
	}
	switch string(lower[:len(name)]) {
	case "authorization", "connection", "content-length", "content-md5", "date", "host", "max-forwards",
		"server", "user-agent", "www-authenticate", "x-forwarded-for", "x-amzn-requestid":
		return remapped
	case "expect", "proxy-authenticate", "trailer", "upgrade":
		if from == fromMapping {
			return remapped
		}
		return dropped
	case "te":
		if from == fromMapping {
			return passed
		}
		return dropped
	case "via":
		if from == fromEndpoint {
			return dropped
		}
	case "x-amzn-trace-id":
		if from == fromEndpoint {
			return passed
		}
		return dropped
	case "keep-alive", "transfer-encoding", "x-amz-apigw-id":
		return dropped
	case "content-type":
		return contentType
	}
	return passed
}
