package url

import (
	"fmt"
	"net/http"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/trace"
	"github.com/lamgate/lamgate/telemetry"
)

// serve takes a request through its steps. The first that refuses ends the way.
func (c *call) serve() *refusal {
	for _, step := range [...]func(*call) *refusal{
		(*call).findURL,
		(*call).preflight,
		(*call).authorize,
		(*call).readBody,
		(*call).writeEvent,
		(*call).invoke,
	} {
		if refused := step(c); refused != nil {
			return refused
		}
		if c.answered {
			return nil
		}
	}
	return nil
}

// The names of the steps, as journeys tell them.
const (
	stepURL           = "function URL"
	stepCORS          = "CORS"
	stepAuthorization = "authorization"
	stepRequest       = "request"
	stepInvocation    = "invocation"
	stepResponse      = "response"
)

// A call is one request on its way. Calls are used again; nothing may keep one.
type call struct {
	particulars

	// What has memory that the next request is to use again.
	query  []field
	body   []byte
	event  []byte
	text   []byte
	answer response
}

// particulars are what a call has of one request and no other.
type particulars struct {
	gateway *Gateway
	request *http.Request
	writer  http.ResponseWriter
	address Address
	now     time.Time

	requestID string
	sourceIP  string
	trace     trace.Trace
	endpoint  *endpoint
	caller    aws.Caller // of a URL for who signs
	journey   telemetry.Journey

	bodyRead  bool
	answered  bool // without the function
	broken    bool // the answer could not be sent whole
	abandoned bool // something the call started may still use it
	origin    bool // the caller is a page of an origin that the URL admits
}

// A field is a name with a value.
type field struct{ name, value string }

// begin prepares the call for a request.
func (c *call) begin(g *Gateway, w http.ResponseWriter, r *http.Request) {
	c.gateway, c.request, c.writer = g, r, w
	c.now = g.clock.Now()
	c.address, _ = Addressed(r)
	c.requestID = aws.NewUUID()
	c.sourceIP = front.Host(r.RemoteAddr)
	j := &c.journey
	j.RequestID, j.Started, j.Method, j.Path = c.requestID, c.now, r.Method, front.Told(r, c.address.Path)
}

// end leaves the request's journey behind.
func (c *call) end() {
	c.journey.Took = c.gateway.clock.Now().Sub(c.now)
	c.gateway.journeys.Record(&c.journey)
}

// The largest buffers that a call keeps for the next request.
const keptBuffer = 64 << 10

// reset forgets the request, but not the memory that it has needed.
func (c *call) reset() {
	c.particulars = particulars{}
	clear(c.query[:cap(c.query)])
	c.query = c.query[:0]
	c.body, c.event, c.text = keep(c.body), keep(c.event), keep(c.text)
	clear(c.answer.fields[:cap(c.answer.fields)])
	c.answer = response{fields: c.answer.fields[:0]}
}

// keep returns a buffer for its next use, unless it has grown large.
func keep(b []byte) []byte {
	if cap(b) > keptBuffer {
		return nil
	}
	return b[:0]
}

// pass and refuse leave a step's verdict in the journey.
func (c *call) pass(step string, why telemetry.Detail) {
	c.journey.Add(c.gateway.clock.Now(), step, telemetry.Passed, why)
}

func (c *call) refuse(step string, v telemetry.Verdict, why telemetry.Detail, answer *refusal) *refusal {
	c.journey.Add(c.gateway.clock.Now(), step, v, why)
	return answer
}

// note is a journey's remark on a request that fails.
func note(format string, args ...any) telemetry.Detail {
	return telemetry.Note(fmt.Sprintf(format, args...))
}

// advice is a note with what would mend the matter.
type advice struct{ what, mend string }

func (a advice) Explain() (what, mend string) { return a.what, a.mend }

// findURL finds the URL that the request is for.
//
// AWS: one that does not exist forbids, without a word (recorded:
// test_lambda_url_non_existing_url).
func (c *call) findURL() *refusal {
	e := c.gateway.endpoints.find(c.address.ID)
	if e == nil || c.address.Region != "" && c.address.Region != e.function.Region {
		return c.refuse(stepURL, telemetry.Failed, advice{fmt.Sprintf("there is no function URL %q", front.Excerpt(c.address.ID)),
			"aws lambda create-function-url-config --function-name NAME --auth-type NONE"}, unknownURL())
	}
	c.endpoint = e
	if c.address.Domain == "" {
		c.address.Domain = e.domain
	}
	j := &c.journey
	j.Account, j.Region, j.Function = e.function.Account, e.function.Region, e.arn
	c.pass(stepURL, e)
	return nil
}
