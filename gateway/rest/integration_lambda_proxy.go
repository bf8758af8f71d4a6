package rest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/jsontext"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

// integrate has the integration answer.
func (c *call) integrate() *gatewayResponse {
	switch binding := c.route.Binding.(type) {
	case *plan.LambdaProxy:
		return c.lambdaProxy(binding)
	case *plan.Lambda:
		return c.invoke(binding)
	case *plan.HTTP:
		return c.callEndpoint(binding)
	case *plan.Service:
		return c.callService(binding)
	case *plan.Mock:
		return c.mock()
	}
	return c.refuse(stepIntegration, telemetry.Failed, telemetry.Note("the method has no integration"), internalServerError())
}

// lambdaProxy invokes the function with the whole request.
//
// AWS: what Lambda refuses is a 500; a function that fails, and an answer that
// is no response, are a 502 (Lambda's guide, "Handling errors with an API
// Gateway API").
func (c *call) lambdaProxy(proxy *plan.LambdaProxy) *gatewayResponse {
	c.response.traced = true
	t := c.target
	if t.closed != nil {
		return c.refuse(stepIntegration, telemetry.Failed, t.closed, internalServerError())
	}
	if refusal := c.mayInvoke(); refusal != nil {
		return refusal
	}
	c.event = c.appendEvent(c.event[:0])
	c.outgoing.method, c.outgoing.uri, c.outgoing.body = http.MethodPost, t.functionARN, c.event
	c.journey.Function = t.functionARN
	if proxy.Stream {
		return c.streamFunction(proxy)
	}

	ctx, stop := c.waiting(proxy.Timeout)
	defer stop()
	began := c.at
	result, err := c.gateway.invoker.Invoke(ctx, execution.Invocation{
		Function:    t.function,
		Payload:     c.event,
		TraceHeader: c.trace.String(),
		Journey:     &c.journey,
	})
	c.received.latency = c.look().Sub(began)
	if err != nil {
		return c.notInvoked(ctx, proxy.Timeout, err)
	}
	c.journey.Invocation = result.RequestID
	c.received.status, c.received.body = http.StatusOK, result.Payload
	if result.FunctionError != "" {
		return c.refuse(stepIntegration, telemetry.Failed, c.failed(result), badGateway())
	}
	c.journey.Add(c.at, stepIntegration, telemetry.Passed, &t.callee)
	return c.readAnswer(result.Payload)
}

// notInvoked answers for an invocation without a result.
func (c *call) notInvoked(ctx context.Context, timeout time.Duration, err error) *gatewayResponse {
	c.abandoned = true // whoever gave up may still read the event
	if context.Cause(ctx) == errTimeout {
		return c.refuse(stepIntegration, telemetry.Failed, advice{
			"the function had not answered within the integration's " + timeout.String() + "; it runs on",
			"let it answer sooner, or raise the integration's timeoutInMillis (at most " + c.longestTimeout() + ")"}, integrationTimeout())
	}
	if fault := aws.AsFault(err); fault != nil {
		return c.refuse(stepIntegration, telemetry.Failed, note("Lambda refused the invocation: %s: %s", fault.Code, fault.Message), integrationFailure())
	}
	if !errors.Is(err, context.Canceled) {
		c.gateway.log.Error("an invocation failed", "function", c.target.functionARN, "request", c.requestID, "error", err)
	}
	return c.refuse(stepIntegration, telemetry.Failed, note("the function could not be invoked: %v", err), integrationFailure())
}

// longestTimeout is what an integration's timeoutInMillis can be.
func (c *call) longestTimeout() string {
	if c.streamed != nil {
		return "900000"
	}
	return "29000"
}

// readAnswer makes the response of what the function answered.
func (c *call) readAnswer(payload []byte) *gatewayResponse {
	l := &c.answer
	if err := decodeLambdaResponse(payload, l); err != nil {
		return c.refuse(stepIntegration, telemetry.Failed, malformed{err.(*jsontext.SyntaxError)}, malformedAnswer())
	}
	// AWS: base64 is decoded where the caller's Accept is a binary media type
	// of the API; elsewhere it goes out as it is (recorded).
	if l.base64 && isBinary(c.target.frame.binary, c.request.Header.Get("Accept")) {
		if err := l.binary(); err != nil {
			return c.refuse(stepIntegration, telemetry.Failed, advice{"the function calls its body base64, but: " + err.Error(),
				"encode the body, or answer isBase64Encoded false"}, internalServerError())
		}
	}
	l.merge(&c.response)
	return nil
}

// failedFunction explains a function's error.
type failedFunction struct {
	front.Failure
	message string // of the error, as far as a line of an execution log has it
}

func (c *call) failed(result *execution.Result) failedFunction {
	message := errorMessageOf(result.Payload)
	if len(message) > maxLogged {
		message = strings.Clone(message[:maxLogged])
	}
	return failedFunction{front.FailureOf(c.target.functionARN, c.target.function.Name, result.Payload), message}
}
