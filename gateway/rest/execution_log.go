package rest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/execution"
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
	level := parseLogLevel(s.LoggingLevel)
	if level == logOff {
		return
	}
	var events []state.LogEvent
	prefix := "(" + c.requestID + ") "
	n := narrator{c, level, s.DataTraceEnabled, func(at time.Time, message string) {
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

// info and data add lines that are told of every request; data only with data
// trace. fault adds one that is told of requests that fail.
func (n *narrator) info(at time.Time, format string, args ...any) {
	if n.level == logAll {
		n.add(at, fmt.Sprintf(format, args...))
	}
}

func (n *narrator) data(at time.Time, what, text string) {
	if n.level == logAll && n.trace {
		n.add(at, what+": "+text)
	}
}

func (n *narrator) fault(at time.Time, text string) { n.add(at, text) }

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
	if !c.testing {
		n.admission()
	}
	started := failed == nil
	if failed != nil {
		switch failed.Name {
		case stepResourcePolicy, stepAuthorizer, stepAPIKey, stepThrottle:
		default:
			started = true
		}
	}
	if started {
		n.methodRequest()
		n.exchange()
	}
	if failed != nil || c.refusal != nil {
		at := ended
		if failed != nil {
			at = c.now.Add(failed.At)
		}
		n.fault(at, c.failure())
		n.gatewayResponse(ended)
		n.fault(ended, "Method completed with status: "+strconv.Itoa(c.journey.Status))
	} else {
		n.data(ended, "Method response body after transformations", string(c.unpacked))
		n.data(ended, "Method response headers", c.responseHeaders())
		n.info(ended, "Successfully completed execution")
		n.info(ended, "Method completed with status: %d", c.journey.Status)
	}
	if c.testing {
		return
	}
	if id := c.endpointRequestID(); id != "" {
		n.info(ended, "AWS Integration Endpoint RequestId : %s", id)
	}
	if c.stage.TracingEnabled && c.trace.root != "" {
		n.info(ended, "X-ray Tracing ID : %s", c.trace.root)
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
	if !c.meter.keep {
		return
	}
	n.data(at, "Gateway response body", string(c.meter.kept))
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
	if c.refusal == nil || c.target == nil {
		return false
	}
	return c.testing || c.settings().DataTraceEnabled && parseLogLevel(c.settings().LoggingLevel) == logAll
}

// admission tells how the request was let in.
//
// AWS: without an API key there are two spaces where it would stand.
func (n *narrator) admission() {
	c := n.call
	at, stage := c.now, c.api.ID+"/"+c.stage.Name
	n.info(at, "Extended Request Id: %s", c.extendedID)
	n.info(at, "Verifying Usage Plan for request: %s. API Key:  API Stage: %s", c.requestID, stage)
	if c.failedAt(stepResourcePolicy, stepAuthorizer, stepAPIKey, stepThrottle) {
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
	if n.level < logAll || !n.trace {
		return
	}
	params := make([]field, 0, len(c.params))
	for _, p := range c.params {
		params = append(params, field{p.Name, p.Value})
	}
	query := c.query
	if query == nil {
		query = parseQuery(nil, c.address.Query)
	}
	n.data(at, "Method request path", braces(params))
	n.data(at, "Method request query string", braces(query))
	n.data(at, "Method request headers", braces(c.requestFields()))
	body := string(c.body)
	if c.hasBinaryBody() && !c.testing {
		body = "[Binary Data]" // AWS: as shown where hasBinaryBody refuses a template
	}
	n.data(at, "Method request body before transformations", body)
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
	n.data(sent, "Endpoint request URI", uri)
	n.data(sent, "Endpoint request headers", braces(c.sentHeaders()))
	n.data(sent, "Endpoint request body after transformations", string(body))
	n.info(sent, "Sending request to %s", uri)
	status := c.endpointStatus()
	if status == 0 {
		return
	}
	n.info(answered, "Received response. Status: %d, Integration latency: %d ms", status, latency.Milliseconds())
	n.data(answered, "Endpoint response headers", braces(r.headers))
	n.data(answered, "Endpoint response body before transformations", string(r.body))
}

// sentHeaders are the headers of the integration's request. A function is
// invoked without any; those that AWS would send and that say something here
// are told.
func (c *call) sentHeaders() []field {
	if _, ok := c.route.Binding.(*plan.LambdaProxy); !ok || len(c.outgoing.headers) > 0 {
		return c.outgoing.headers
	}
	return []field{
		{"x-amzn-lambda-integration-tag", c.requestID},
		{"x-amzn-apigateway-api-id", c.api.ID},
		{"X-Amz-Source-Arn", c.target.sourceARN},
		{"Accept", contentTypeJSON},
		{"User-Agent", "AmazonAPIGateway_" + c.api.ID},
		{traceHeader, c.trace.String()},
	}
}

// endpointURI is what was called, as a URL.
func (c *call) endpointURI() string {
	uri := c.outgoing.uri
	if uri == "" {
		uri = c.journey.Function
	}
	if f, err := execution.ParseFunctionARN(uri); err == nil {
		return "https://lambda." + f.Region + ".amazonaws.com/2015-03-31/functions/" + uri + "/invocations"
	}
	return uri
}

// stepTime returns when a step was taken, or when the request ended.
func (c *call) stepTime(name string) time.Time {
	steps, _ := c.journey.Steps()
	for i := range steps {
		if steps[i].Name == name {
			return c.now.Add(steps[i].At)
		}
	}
	return c.now.Add(c.journey.Took)
}

// requestFields are the headers of the method's request, by name.
func (c *call) requestFields() []field {
	sent := sentNames(c.request)
	var list []field
	for _, name := range slices.Sorted(maps.Keys(c.request.Header)) {
		shown := name
		if s := sent.find(name); s != nil {
			shown = string(s)
		}
		list = append(list, field{shown, strings.Join(c.request.Header[name], ",")})
	}
	return list
}

// responseHeaders are the headers of the method's response.
func (c *call) responseHeaders() string {
	list := slices.Clone(c.response.fields)
	if c.response.traced {
		list = append(list, field{traceHeader, c.trace.String()})
	}
	return braces(list)
}

// braces writes fields as Java writes a map. What admits callers is masked but
// for its end.
func braces(list []field) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, f := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f.name)
		b.WriteByte('=')
		b.WriteString(masked(f.name, f.value))
	}
	b.WriteByte('}')
	return b.String()
}

// masked hides the values of headers that admit callers.
//
// AWS: the last six characters are shown.
func masked(name, value string) string {
	const shown = 6
	switch strings.ToLower(name) {
	case "authorization", "x-api-key", "x-amz-security-token", "proxy-authorization":
	default:
		return value
	}
	if len(value) <= shown {
		return strings.Repeat("*", len(value))
	}
	return strings.Repeat("*", len(value)-shown) + value[len(value)-shown:]
}
