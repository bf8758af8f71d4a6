package rest

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

// invocationType is the header that says how a function is invoked.
const invocationType = "X-Amz-Invocation-Type"

const (
	enqueued  = telemetry.Note("Lambda took the event")
	dryRun    = telemetry.Note("the function may be invoked, and was not: its invocation type is DryRun")
	noPayload = "{}"
)

// invoke invokes a function with what was made of the request.
func (c *call) invoke(l *plan.Lambda) *gatewayResponse {
	c.response.traced = true
	t := c.target
	if t.closed != nil {
		return c.refuse(stepIntegration, telemetry.Failed, t.closed, internalServerError())
	}
	c.outgoing.method, c.outgoing.uri = "POST", t.functionARN
	c.writeServiceHeaders()
	if refusal := c.mayInvoke(); refusal != nil {
		return refusal
	}
	// AWS: an empty body is the event {} (recorded:
	// test_apigateway_header_remapping_aws).
	if len(bytes.TrimSpace(c.outgoing.body)) == 0 {
		c.outgoing.body = []byte(noPayload)
	}
	if !json.Valid(c.outgoing.body) {
		return c.refuse(stepIntegration, telemetry.Failed, advice{
			"Lambda takes JSON, which the integration's request is not: " + front.Excerpt(c.outgoing.body),
			"let the request template make JSON, or validate the request's body"}, internalServerError())
	}
	c.journey.Function = t.functionARN
	switch kind, _ := c.outgoingHeader(invocationType); kind {
	case "", "RequestResponse":
		return c.invokeNow(l)
	case "Event":
		return c.enqueue(l)
	case "DryRun":
		c.received.status = 204
		c.pass(stepIntegration, dryRun)
		return nil
	default:
		return c.refuse(stepIntegration, telemetry.Failed, advice{"there is no invocation type " + plan.Quote(kind),
			"let " + invocationType + " be RequestResponse, Event or DryRun"}, internalServerError())
	}
}

// invokeNow waits for the function's answer.
//
// AWS: a function's error is an answer like any other: its message selects an
// integration response.
func (c *call) invokeNow(l *plan.Lambda) *gatewayResponse {
	ctx, stop := c.waiting(l.Timeout)
	defer stop()
	clientContext, _ := c.outgoingHeader("X-Amz-Client-Context")
	began := c.gateway.clock.Now()
	result, err := c.gateway.invoker.Invoke(ctx, execution.Invocation{
		Function:      c.target.function,
		Payload:       c.outgoing.body,
		ClientContext: clientContext,
		TraceHeader:   c.trace.String(),
		Journey:       &c.journey,
	})
	c.received.latency = c.gateway.clock.Now().Sub(began)
	if err != nil {
		return c.notInvoked(ctx, l.Timeout, err)
	}
	c.journey.Invocation = result.RequestID
	c.received.status, c.received.body = 200, result.Payload
	c.received.headers = append(c.received.headers,
		field{"Content-Type", contentTypeJSON},
		field{"x-amzn-RequestId", result.RequestID},
		field{"X-Amz-Executed-Version", result.ExecutedVersion},
		field{"Content-Length", strconv.Itoa(len(result.Payload))},
		field{traceHeader, c.trace.String()})
	if result.FunctionError != "" {
		c.received.headers = append(c.received.headers, field{"X-Amz-Function-Error", result.FunctionError})
		c.pass(stepIntegration, c.failed(result))
		return nil
	}
	c.pass(stepIntegration, &c.target.callee)
	return nil
}

// enqueue hands the event over and does not wait for the function.
func (c *call) enqueue(l *plan.Lambda) *gatewayResponse {
	ctx, stop := c.waiting(l.Timeout)
	defer stop()
	began := c.gateway.clock.Now()
	id, err := c.gateway.invoker.Enqueue(ctx, execution.Invocation{
		Function:    c.target.function,
		Payload:     c.outgoing.body,
		TraceHeader: c.trace.String(),
	})
	c.received.latency = c.gateway.clock.Now().Sub(began)
	if err != nil {
		return c.notInvoked(ctx, l.Timeout, err)
	}
	c.journey.Invocation = id
	c.received.status = 202
	c.received.headers = append(c.received.headers, field{"x-amzn-RequestId", id}, field{"Content-Length", "0"}, field{traceHeader, c.trace.String()})
	c.pass(stepIntegration, enqueued)
	return nil
}

// writeServiceHeaders makes the headers of a request to an AWS service, but for
// its signature.
//
// AWS: a Referer does not come through even if it is mapped (recorded:
// test_apigateway_header_remapping_aws).
func (c *call) writeServiceHeaders() {
	list := c.outgoing.headers[:0]
	for _, f := range c.transform.headers {
		switch {
		case strings.EqualFold(f.name, "Referer"), strings.EqualFold(f.name, "Host"), strings.EqualFold(f.name, "X-Amz-Source-Arn"):
			continue
		case strings.EqualFold(f.name, invocationType):
			// AWS: the guide has people write 'Event' within further quotes.
			f.value = strings.Trim(f.value, "'")
		}
		list = append(list, f)
	}
	list = c.appendDefaultHeaders(list)
	c.outgoing.headers = append(list,
		field{"x-amzn-apigateway-api-id", c.api.ID},
		field{"X-Amz-Source-Arn", c.target.sourceARN},
		field{traceHeader, c.trace.Incoming()})
}

func (c *call) outgoingHeader(name string) (string, bool) {
	r := received{headers: c.outgoing.headers}
	return r.header(name)
}

// errorMessage returns the message of a function's error.
//
// AWS: it is looked for in any answer that is an object, whether or not Lambda
// calls it an error.
func errorMessage(payload []byte) string {
	if !bytes.Contains(payload, []byte(`"errorMessage"`)) {
		return ""
	}
	var failed struct {
		ErrorMessage any `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &failed) != nil {
		return ""
	}
	message, _ := failed.ErrorMessage.(string)
	return message
}
