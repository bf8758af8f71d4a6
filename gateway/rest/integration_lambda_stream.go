package rest

import (
	"context"
	"errors"
	"net/http"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/jsontext"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/gateway/relay"
	"github.com/lamgate/lamgate/telemetry"
)

// A streamed is a function's answer that is passed on as it comes.
type streamed struct {
	*relay.Relay
	context context.Context // of the invocation: ends when the integration's time is up
	stop    func()          // ends it
}

// streamFunction invokes the function and reads what it answers before the body.
// The body is passed on by writeStream, as that of an endpoint is.
//
// AWS: what comes before it is the same as a whole answer's, with cookies and
// without a body, and then eight zero bytes ("Set up a Lambda proxy integration
// with payload response streaming").
func (c *call) streamFunction(proxy *plan.LambdaProxy) *gatewayResponse {
	t := c.target
	ctx, stop := c.waiting(proxy.Timeout)
	c.journey.Invocation = aws.NewUUID() // it is asked for before the function has ended
	began := c.at
	c.streamed = &streamed{context: ctx, stop: stop, Relay: relay.Start(ctx, c.gateway.invoker, execution.Invocation{
		Function:    t.function,
		Payload:     c.event,
		RequestID:   c.journey.Invocation,
		TraceHeader: c.trace.String(),
		Journey:     &c.journey,
	}, c.gateway.clock, c.streamIdle())}
	s := c.streamed
	if !s.Begins() {
		return c.streamFailed(proxy)
	}
	head, err := s.Head()
	c.received.latency = c.look().Sub(began)
	c.received.status, c.received.stream = http.StatusOK, s.Relay
	switch {
	case errors.Is(err, relay.ErrNoHead), errors.Is(err, relay.ErrHeadTooLong):
		return c.refuse(stepIntegration, telemetry.Failed, malformedStream{err.Error()}, malformedAnswer())
	case errors.Is(err, relay.ErrIdle):
		return c.refuse(stepIntegration, telemetry.Failed, advice{"the function began to answer and then sent nothing for " + c.streamIdle().String(),
			"let it write more often"}, integrationTimeout())
	case err != nil:
		return c.streamFailed(proxy)
	}
	if err := decodeStreamHead(head, &c.answer); err != nil {
		return c.refuse(stepIntegration, telemetry.Failed, malformedStream{err.(*jsontext.SyntaxError).Error()}, malformedAnswer())
	}
	c.journey.Add(c.at, stepIntegration, telemetry.Passed, &t.callee)
	c.answer.merge(&c.response)
	c.response.stream = s.Relay
	return nil
}

// streamFailed answers for an invocation that is over and has answered nothing.
func (c *call) streamFailed(proxy *plan.LambdaProxy) *gatewayResponse {
	result, err := c.streamed.Result(nil)
	c.look()
	if err != nil {
		return c.notInvoked(c.streamed.context, proxy.Timeout, err)
	}
	c.received.status, c.received.body = http.StatusOK, result.Payload
	return c.refuse(stepIntegration, telemetry.Failed, c.failed(result), badGateway())
}

// endStream lets the function run to its end when everything has been written
// that its caller is to have. The journey ends with it.
func (c *call) endStream() {
	s := c.streamed
	s.Close()
	if !s.Ended() {
		_ = http.NewResponseController(c.writer).Flush() // what cannot be flushed is no connection
	}
	result, err := s.Result(&c.journey)
	timedOut := context.Cause(s.context) == errTimeout
	s.stop()
	switch {
	case err != nil:
		c.abandoned = true // whoever gave up may still read the event
	case result.FunctionError == "":
		return
	}
	if c.response.stream == nil {
		return // the caller was told
	}
	switch {
	case timedOut:
		c.refuse(stepIntegration, telemetry.Failed, advice{"the integration's time was up in the middle of the answer, which was cut off",
			"let the function answer sooner, or raise the integration's timeoutInMillis (at most 900000)"}, nil)
	case err != nil:
		c.refuse(stepIntegration, telemetry.Failed, note("the answer was cut off: %v", err), nil)
	default:
		c.refuse(stepIntegration, telemetry.Failed, c.failed(result), nil)
	}
}

// A malformedStream is why a streamed answer is no response.
type malformedStream struct{ what string }

// Explain makes a malformedStream the detail of a journey's step.
func (m malformedStream) Explain() (what, mend string) {
	return "the function's streamed answer is no response: " + m.what,
		`let it begin with {"statusCode": number, "headers": {name: value}, "multiValueHeaders": {name: [values]}, "cookies": [cookies]} and 8 zero bytes, as awslambda.HttpResponseStream.from does`
}

func (m malformedStream) executionFailure(*call) string {
	return "Execution failed due to configuration error: Malformed Lambda proxy response"
}
