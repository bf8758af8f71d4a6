package rest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

// The execution log of a request is told when the request has ended, of what
// the call still holds and of its journey: the same that lamgate why tells.
//
// AWS: the words and the order of the lines are those of API Gateway's own, as
// collectors of its logs have them in their tests, and as TestInvokeMethod was
// recorded.

// A logLevel is how much of a request is logged.
type logLevel uint8

const (
	logOff logLevel = iota
	logErrors
	logAll
)

func parseLogLevel(s string) logLevel {
	switch s {
	case "ERROR":
		return logErrors
	case "INFO":
		return logAll
	}
	return logOff
}

// maxLogged is where a message is cut off.
//
// AWS: at 1,024 bytes, without the request's ID before it; counted in logs.
const maxLogged = 1024

// A narrator collects the lines of an execution log.
type narrator struct {
	call  *call
	level logLevel
	trace bool // with the data of requests and responses
	emit  func(at time.Time, message string)
}

// logExecution leaves the request's lines in the stage's execution log.
func (c *call) logExecution() {
	if c.target == nil || c.testing || c.gateway.logs == nil {
		return
	}
	s := c.settings()
	if s.level == logOff {
		return
	}
	var events []state.LogEvent
	prefix := "(" + c.requestID + ") "
	n := narrator{c, s.level, s.traces(), func(at time.Time, message string) {
		events = append(events, state.LogEvent{Timestamp: at, Message: prefix + message})
	}}
	n.tell()
	if len(events) == 0 {
		return
	}
	groups := []string{c.stage.logGroup()}
	if c.stage.canaryOf != nil {
		groups = append(groups, c.stage.canaryOf.logGroup())
	}
	for _, group := range groups {
		if err := c.gateway.logs.Append(c.api.Account, c.api.Region, group, logStream(c.api.ID, c.stage.Name), slices.Clone(events)); err != nil {
			c.gateway.log.Warn("a request is not logged", "group", group, "error", err)
		}
	}
}

// info adds a line that is told of every request, data one that a data trace
// has of it. Those of requests that fail are added at any level.
func (n *narrator) info(at time.Time, format string, args ...any) {
	if n.level == logAll {
		n.add(at, fmt.Sprintf(format, args...))
	}
}

func (n *narrator) data(at time.Time, what, text string) { n.add(at, what+": "+text) }

// body adds as much of a body as a line can have.
func (n *narrator) body(at time.Time, what string, body []byte) {
	n.data(at, what, string(body[:min(len(body), maxLogged+1)]))
}

func (n *narrator) add(at time.Time, message string) {
	if len(message) > maxLogged {
		cut := maxLogged
		for cut > 0 && message[cut]&0xc0 == 0x80 {
			cut-- // not within a character
		}
		message = message[:cut] + " [TRUNCATED]"
	}
	n.emit(at, message)
}

// tell tells the request from its beginning to its end.
func (n *narrator) tell() {
	c := n.call
	ended := c.now.Add(c.journey.Took)
	failed := c.failedStep()
	admitted := !c.failedAt(stepResourcePolicy, stepAuthorizer, stepAPIKey, stepThrottle)
	if !c.testing {
		n.admission(admitted)
	}
	if admitted {
		n.methodRequest()
		n.exchange()
	}
	if failed != nil || c.refusal != nil {
		at := ended
		if failed != nil {
			at = c.now.Add(failed.At)
		}
		n.add(at, c.failure())
		n.gatewayResponse(ended)
		n.add(ended, "Method completed with status: "+strconv.Itoa(c.journey.Status))
	} else {
		if n.trace {
			n.body(ended, "Method response body after transformations", c.unpacked)
			n.data(ended, "Method response headers", c.responseHeaders())
		}
		n.info(ended, "Successfully completed execution")
		n.info(ended, "Method completed with status: %d", c.journey.Status)
	}
	if c.testing {
		return
	}
	if id := c.endpointRequestID(); id != "" {
		n.info(ended, "AWS Integration Endpoint RequestId : %s", id)
	}
	if c.stage.TracingEnabled && c.trace.Root != "" {
		n.info(ended, "X-ray Tracing ID : %s", c.trace.Root)
	}
}

// gatewayResponse tells the API's own version of the gateway's answer.
//
// AWS: of the answer that nobody has customised nothing is told (recorded:
// test_failed_invoke_test_method).
func (n *narrator) gatewayResponse(at time.Time) {
	c := n.call
	if c.refusal == nil || c.ownVersion(c.refusal) == nil {
		return
	}
	n.info(at, "Gateway response type: %s with status code: %d", c.refusal.kind, c.journey.Status)
	if !n.trace {
		return
	}
	n.body(at, "Gateway response body", c.meter.kept)
	h := c.meter.Header()
	var fields []field
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if name != "x-amzn-RequestId" && name != "x-amz-apigw-id" && name != "Content-Length" {
			fields = append(fields, field{name, strings.Join(h[name], ",")})
		}
	}
	n.data(at, "Gateway response headers", braces(fields))
}

// tellsRefusal reports whether the gateway's own answer is to be told whole.
func (c *call) tellsRefusal() bool {
	return c.refusal != nil && c.target != nil && (c.testing || c.settings().traces())
}

// admission tells how the request was let in.
//
// AWS: without an API key there are two spaces where it would stand.
func (n *narrator) admission(admitted bool) {
	c := n.call
	at, stage := c.now, c.api.ID+"/"+c.stage.Name
	n.info(at, "Extended Request Id: %s", c.extendedID)
	n.info(at, "Verifying Usage Plan for request: %s. API Key:  API Stage: %s", c.requestID, stage)
	if !admitted {
		return
	}
	n.info(at, "API Key  authorized because method '%s %s' does not require API Key. Request will not contribute to throttle or quota limits",
		c.route.HTTPMethod, c.route.ResourcePath)
	n.info(at, "Usage Plan check succeeded for API Key  and API Stage %s", stage)
}

// methodRequest tells what the caller has asked.
func (n *narrator) methodRequest() {
	c := n.call
	at := c.now
	n.info(at, "Starting execution for request: %s", c.requestID)
	path := c.address.Path
	if path == "" {
		path = "/"
	}
	n.info(at, "HTTP Method: %s, Resource Path: %s", c.request.Method, path)
	if !n.trace {
		return
	}
	params := make([]field, 0, len(c.params))
	for _, p := range c.params {
		params = append(params, field{p.Name, p.Value})
	}
	n.data(at, "Method request path", braces(params))
	n.data(at, "Method request query string", braces(c.queryFields()))
	n.data(at, "Method request headers", braces(c.requestFields()))
	body := c.body
	if c.hasBinaryBody() && !c.testing {
		body = []byte("[Binary Data]") // AWS: as shown where hasBinaryBody refuses a template
	}
	n.body(at, "Method request body before transformations", body)
}

// exchange tells what the integration was asked and what it answered. MOCK
// integrations have none.
func (n *narrator) exchange() {
	c := n.call
	o, r := &c.outgoing, &c.received
	uri := c.endpointURI()
	if c.cacheHit || uri == "" {
		return
	}
	answered := c.stepTime(stepIntegration)
	latency, asked := c.integrationLatency()
	if !asked {
		return
	}
	sent := answered.Add(-latency)
	body := o.body
	if _, ok := c.route.Binding.(*plan.LambdaProxy); ok && body == nil {
		body = c.event
	}
	if n.trace {
		n.data(sent, "Endpoint request URI", uri)
		n.data(sent, "Endpoint request headers", braces(c.sentHeaders()))
		n.body(sent, "Endpoint request body after transformations", body)
	}
	n.info(sent, "Sending request to %s", uri)
	status := c.endpointStatus()
	if status == 0 {
		return
	}
	n.info(answered, "Received response. Status: %d, Integration latency: %d ms", status, latency.Milliseconds())
	if n.trace {
		n.data(answered, "Endpoint response headers", braces(r.headers))
		n.body(answered, "Endpoint response body before transformations", r.body)
	}
}
