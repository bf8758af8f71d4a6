package url

import (
	"net/http"
	"strconv"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/jsontext"
	"github.com/lamgate/lamgate/gateway/trace"
)

// A refusal is an answer that Lambda itself gives.
type refusal struct {
	status    int
	errorType string // of the x-amzn-ErrorType header; empty without one
	text      string
	form      form
}

// A form is how a refusal's text stands in its body.
type form uint8

const (
	capital form = iota // {"Message":"…"}
	lower               // {"message":"…"}
	null                // {"Message":null}
	plain               // the text alone
)

// forbidden refuses who may not invoke the function, with AWS's own hint
// (recorded: test_lambda_permission_url_invocation).
func forbidden() *refusal {
	return &refusal{http.StatusForbidden, "AccessDeniedException",
		"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html", capital}
}

func unknownURL() *refusal {
	return &refusal{http.StatusForbidden, "AccessDeniedException", "", null}
}

// badGateway is what callers see of a function that fails, and of one whose
// answer is no response (recorded: test_lambda_url_invocation_exception).
func badGateway() *refusal {
	return &refusal{http.StatusBadGateway, "", "Internal Server Error", plain}
}

// tooLarge refuses in the words of Lambda's Invoke.
func tooLarge() *refusal {
	return &refusal{http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException",
		"Request must be smaller than " + strconv.Itoa(execution.MaxRequest) + " bytes for the InvokeFunction operation", capital}
}

func badRequest() *refusal {
	return &refusal{http.StatusBadRequest, "BadRequestException", "Bad Request", capital}
}

// writeRefusal sends an answer of Lambda's own.
func (c *call) writeRefusal(r *refusal) {
	h := c.writer.Header()
	if r.errorType != "" {
		set(h, "x-amzn-ErrorType", r.errorType)
	}
	set(h, "Content-Type", contentTypeJSON)
	if r.status == http.StatusRequestEntityTooLarge {
		set(h, "Connection", "close") // rather than read the rest
	}
	b := c.text[:0]
	switch r.form {
	case capital:
		b = append(jsontext.AppendString(append(b, `{"Message":`...), r.text), '}')
	case lower:
		b = append(jsontext.AppendString(append(b, `{"message":`...), r.text), '}')
	case null:
		b = append(b, `{"Message":null}`...)
	case plain:
		b = append(b, r.text...)
	}
	c.text = b
	c.addCORS(h)
	c.writeHead(h, r.status, len(b))
	_, _ = c.writer.Write(b) // a caller who has gone away misses nothing
}

// answerHead makes the header of what the function answered.
func (c *call) answerHead() http.Header {
	h, typed := c.writer.Header(), false
	for _, f := range c.answer.fields {
		switch fateOf(f.name) {
		case dropped:
		case remapped:
			add(h, "x-amzn-Remapped-"+f.name, f.value)
		case contentType:
			if !typed {
				set(h, "Content-Type", f.value)
				typed = true
			}
		default:
			add(h, f.name, f.value)
		}
	}
	if !typed {
		set(h, "Content-Type", contentTypeJSON)
	}
	set(h, trace.Header, c.trace.String())
	c.addCORS(h)
	return h
}

// writeHead begins the response. length is that of the body; -1 if it is told
// elsewhere, or will not be.
func (c *call) writeHead(h http.Header, status, length int) {
	set(h, "x-amzn-RequestId", c.requestID)
	if length >= 0 {
		set(h, "Content-Length", strconv.Itoa(length))
	}
	c.journey.Status = status
	c.writer.WriteHeader(status)
}

// A fate is what becomes of a function's header.
type fate uint8

const (
	passed fate = iota
	remapped
	dropped
	contentType
)

// fateOf tells what becomes of a header.
//
// AWS: no list is published for URLs. This is that of REST APIs, whose front
// Lambda's own answers show too (x-amzn-Remapped-Content-Length).
func fateOf(name string) fate {
	var lower [len("proxy-authenticate")]byte
	if len(name) > len(lower) {
		return passed
	}
	switch string(appendLower(lower[:0], name)) {
	case "authorization", "connection", "content-length", "content-md5", "date", "host", "max-forwards",
		"server", "user-agent", "www-authenticate", "x-forwarded-for", "x-amzn-requestid":
		return remapped
	case "expect", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade", "x-amzn-trace-id", "x-amzn-errortype":
		return dropped
	case "content-type":
		return contentType
	}
	return passed
}
