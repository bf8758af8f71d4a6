package rest

import (
	"fmt"
	"net/http"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/gateway/trace"
	"github.com/lamgate/lamgate/telemetry"
)

// serve takes a request through its steps. The first that refuses ends the
// way, and its answer is the gateway's.
func (c *call) serve() *gatewayResponse {
	steps := [...]struct {
		take   func(*call) *gatewayResponse
		cached bool // passed over where the response is cached
		live   bool // passed over where a method is tested
	}{
		{take: (*call).findStage, live: true},
		{take: (*call).matchResource, live: true},
		{take: (*call).resourcePolicy, live: true},
		{take: (*call).authorizer, live: true},
		{take: (*call).apiKey, live: true},
		{take: (*call).throttle, live: true},
		{take: (*call).methodRequest},
		{take: (*call).lookUp, live: true},
		{take: (*call).integrationRequest, cached: true},
		{take: (*call).integrate, cached: true},
		{take: (*call).store, cached: true, live: true},
		{take: (*call).integrationResponse},
		{take: (*call).methodResponse},
	}
	for i := range steps {
		if c.cacheHit && steps[i].cached || c.testing && steps[i].live {
			continue
		}
		if refusal := steps[i].take(c); refusal != nil {
			return refusal
		}
	}
	return nil
}

// The names of the steps, as journeys tell them.
const (
	stepStage               = "stage"
	stepResource            = "match resource"
	stepResourcePolicy      = "resource policy"
	stepAuthorizer          = "authorizer"
	stepAPIKey              = "API key"
	stepThrottle            = "throttle"
	stepMethodRequest       = "method request"
	stepCache               = "cache"
	stepIntegrationRequest  = "integration request"
	stepPermission          = "permission"
	stepIntegration         = "integration"
	stepIntegrationResponse = "integration response"
	stepMethodResponse      = "method response"
)

// A call is one request on its way. Calls are used again; nothing may keep one.
type call struct {
	particulars

	testing bool // a method is tested: access, limits and caches are none of it

	// What has memory that the next request is to use again.
	params    []plan.Param // of the path
	query     []field      // sorted by name
	headers   []header     // as the integration receives them
	body      []byte
	event     []byte // the integration's payload
	text      []byte // what is made on the way: headers of the event, the gateway's own body, the access log's line
	cacheKey  []byte // empty unless the response may be stored
	outgoing  outgoing
	received  received
	transform transform      // of any but a function's proxy integration
	answer    lambdaResponse // of a function behind a proxy integration
	response  response
}

// particulars are what a call has of one request and no other.
type particulars struct {
	gateway *Gateway
	request *http.Request
	writer  http.ResponseWriter
	address Address
	now     time.Time // when the request came
	at      time.Time // when the clock was looked at last

	requestID  string
	extendedID string
	sourceIP   string
	trace      trace.Trace

	api       *api
	stage     *stage
	published *published
	route     *plan.Route
	target    *target

	refusal  *gatewayResponse // the gateway's own answer; nil unless a step refused
	unpacked []byte           // the response's body before it is compressed
	meter    meter
	journey  telemetry.Journey

	cacheHit     bool
	cacheWarning bool // the caller's wish for a new response was not heeded

	streamed *streamed // what a function answers as it comes; nil for any other answer

	// broken says that a streamed response could not be sent whole.
	broken bool

	// abandoned says that something the call started may still use it.
	abandoned bool
}

// A field is a name with a value.
type field struct{ name, value string }

// begin prepares the call for a request.
func (c *call) begin(g *Gateway, r *http.Request) {
	c.gateway, c.request = g, r
	c.now = g.clock.Now()
	c.at = c.now
	c.address, _ = Addressed(r)
	c.requestID = aws.NewUUID()
	c.extendedID = aws.NewExtendedRequestID()
	c.sourceIP = front.Host(r.RemoteAddr)
	j := &c.journey
	j.RequestID, j.ExtendedID, j.Started = c.requestID, c.extendedID, c.now
	j.API, j.Stage, j.Method, j.Path = front.Told(r, c.address.API), front.Told(r, c.address.Stage), r.Method, front.Told(r, c.address.Path)
}

// end leaves the request's journey behind.
func (c *call) end() {
	c.journey.Took = c.gateway.clock.Now().Sub(c.now)
	c.gateway.journeys.Record(&c.journey)
	c.logAccess()
	c.logExecution()
}

// The largest buffers that a call keeps for the next request.
const keptBuffer = 64 << 10

// reset forgets the request, but not the memory that it has needed.
func (c *call) reset() {
	if c.cacheHit {
		c.received = received{} // what it has is the cache's
	}
	c.particulars = particulars{}
	c.params, c.query, c.headers = emptied(c.params), emptied(c.query), emptied(c.headers)
	c.body, c.event, c.text, c.cacheKey = keep(c.body), keep(c.event), keep(c.text), keep(c.cacheKey)
	c.outgoing = outgoing{headers: emptied(c.outgoing.headers)}
	c.received = received{headers: emptied(c.received.headers)}
	c.answer = lambdaResponse{single: emptied(c.answer.single), multi: emptied(c.answer.multi)}
	c.response = response{fields: emptied(c.response.fields)}
	c.transform.reset()
}

// emptied returns a list for its next use, with nothing in it that would keep
// something else from being collected.
func emptied[T any](list []T) []T {
	list = list[:cap(list)]
	clear(list)
	return list[:0]
}

// keep returns a buffer for its next use, unless it has grown large.
func keep(b []byte) []byte {
	if cap(b) > keptBuffer {
		return nil
	}
	return b[:0]
}

// pass, skip and refuse leave a step's verdict in the journey.
func (c *call) pass(step string, why telemetry.Detail) {
	c.journey.Add(c.look(), step, telemetry.Passed, why)
}

func (c *call) skip(step string, why telemetry.Detail) {
	// What has nothing to do takes less time than a look at the clock.
	c.journey.Add(c.at, step, telemetry.Skipped, why)
}

func (c *call) refuse(step string, v telemetry.Verdict, why telemetry.Detail, answer *gatewayResponse) *gatewayResponse {
	c.journey.Add(c.look(), step, v, why)
	return answer
}

// look looks at the clock.
func (c *call) look() time.Time {
	c.at = c.gateway.clock.Now()
	return c.at
}

// note is a journey's remark on a request that fails; passing requests use
// details that cost nothing to make.
func note(format string, args ...any) telemetry.Detail {
	return telemetry.Note(fmt.Sprintf(format, args...))
}

// advice is a note with what would mend the matter.
type advice struct{ what, mend string }

func (a advice) Explain() (what, mend string) { return a.what, a.mend }
