package rest

import (
	"fmt"
	"net/http"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
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
	gateway *Gateway
	request *http.Request
	writer  http.ResponseWriter
	address Address
	now     time.Time

	requestID  string
	extendedID string
	sourceIP   string
	trace      trace

	api       *api
	stage     *stage
	published *published
	route     *plan.Route
	target    *target
	params    []plan.Param // of the path

	query   []field  // sorted by name
	headers []header // as the integration receives them
	body    []byte
	event   []byte // the integration's payload

	outgoing outgoing
	received received
	refusal  *gatewayResponse // the gateway's own answer; nil unless a step refused

	transform transform      // of any but a function's proxy integration
	answer    lambdaResponse // of a function behind a proxy integration
	response  response
	unpacked  []byte // the response's body before it is compressed
	meter     meter
	journey   telemetry.Journey

	testing      bool   // a method is tested: access, limits and caches are none of it
	line         []byte // of the access log
	cacheKey     []byte // empty unless the response may be stored
	cacheHit     bool
	cacheWarning bool // the caller's wish for a new response was not heeded

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
	c.address, _ = Addressed(r)
	c.requestID = aws.NewUUID()
	c.extendedID = aws.NewExtendedRequestID()
	c.sourceIP = hostOf(r.RemoteAddr)
	j := &c.journey
	j.RequestID, j.ExtendedID, j.Started = c.requestID, c.extendedID, c.now
	j.API, j.Stage, j.Method, j.Path = c.address.API, c.address.Stage, r.Method, c.address.Path
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

func (c *call) reset() {
	params, query, headers := c.params[:0], c.query[:0], c.headers[:0]
	body, event, fields := c.body[:0], c.event[:0], c.response.fields[:0]
	key, line := c.cacheKey[:0], c.line[:0]
	single, multi := c.answer.single[:0], c.answer.multi[:0]
	clear(headers[:cap(headers)])
	clear(query[:cap(query)])
	clear(fields[:cap(fields)])
	clear(single[:cap(single)])
	clear(multi[:cap(multi)])
	sent, received := c.outgoing.headers[:0], c.received.headers[:0]
	if c.cacheHit {
		received = nil // they are the cache's
	}
	clear(sent[:cap(sent)])
	clear(received[:cap(received)])
	c.transform.reset()
	transform := c.transform
	*c = call{}
	c.transform = transform
	c.outgoing.headers, c.received.headers = sent, received
	c.params, c.query, c.headers = params, query, headers
	c.cacheKey, c.line = key, line
	c.response.fields, c.answer.single, c.answer.multi = fields, single, multi
	if cap(body) <= keptBuffer {
		c.body = body
	}
	if cap(event) <= keptBuffer {
		c.event = event
	}
}

// pass, skip and refuse leave a step's verdict in the journey.
func (c *call) pass(step string, why telemetry.Detail) {
	c.journey.Add(c.gateway.clock.Now(), step, telemetry.Passed, why)
}

func (c *call) skip(step string, why telemetry.Detail) {
	c.journey.Add(c.gateway.clock.Now(), step, telemetry.Skipped, why)
}

func (c *call) refuse(step string, v telemetry.Verdict, why telemetry.Detail, answer *gatewayResponse) *gatewayResponse {
	c.journey.Add(c.gateway.clock.Now(), step, v, why)
	return answer
}

// note is a journey's remark on a request that fails; passing requests use
// details that cost nothing to make.
func note(format string, args ...any) telemetry.Detail {
	return telemetry.Note(fmt.Sprintf(format, args...))
}

// advice is a note with what would mend the matter.
type advice struct{ what, mend string }

func (a advice) Explain() (what, mend string) { return a.what, a.mend }

// hostOf returns the host of HOST:PORT.
func hostOf(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == ':' {
			host := address[:i]
			if len(host) > 1 && host[0] == '[' {
				host = host[1 : len(host)-1]
			}
			return host
		}
	}
	return address
}
