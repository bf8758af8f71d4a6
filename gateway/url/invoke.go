package url

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/relay"
	"github.com/lamgate/lamgate/telemetry"
)

const functionAnswered = telemetry.Note("the function answered")

// invoke runs the function and sends its answer.
//
// AWS: the function has the time that its own configuration gives it, and runs
// to its end whoever still waits for its answer.
func (c *call) invoke() *refusal {
	i := execution.Invocation{
		Function: c.endpoint.function, Payload: c.event, RequestID: c.requestID, TraceHeader: c.trace.String(), Journey: &c.journey,
	}
	c.journey.Invocation = c.requestID
	if c.endpoint.url.InvokeMode == modeStream {
		return c.stream(i)
	}
	result, err := c.gateway.invoker.Invoke(context.Background(), i)
	if refused := c.notAnswered(result, err); refused != nil {
		return refused
	}
	c.pass(stepInvocation, functionAnswered)
	a := &c.answer
	if err := a.read(result.Payload); err != nil {
		return c.refuse(stepResponse, telemetry.Failed, malformed{err.Error()}, badGateway())
	}
	if err := a.decode(); err != nil {
		return c.refuse(stepResponse, telemetry.Failed, malformed{"it calls its body base64, but: " + err.Error()}, badGateway())
	}
	h := c.answerHead()
	if !front.Bodiless(a.status) {
		set(h, "Content-Length", strconv.Itoa(len(a.body)))
	}
	c.writeHead(h, a.status, -1)
	if len(a.body) > 0 && !front.Bodiless(a.status) {
		// A caller who has gone away misses nothing.
		_ = relay.Write(c.writer, a.body, c.gateway.clock, streamPatience)
	}
	return nil
}

// notAnswered refuses for a function that has no answer.
func (c *call) notAnswered(result *execution.Result, err error) *refusal {
	switch {
	case err != nil:
		c.abandoned = true // whoever gave up may still read the event
		return c.notInvoked(err)
	case result.FunctionError != "":
		return c.refuse(stepInvocation, telemetry.Failed, front.FailureOf(c.endpoint.arn, c.endpoint.function.Name, result.Payload), badGateway())
	}
	return nil
}

// notInvoked refuses for an invocation that Lambda did not take.
//
// AWS: what exceeds a concurrency is told as such; a function or an alias that
// is gone takes its policy with it (recorded:
// test_lambda_url_persists_after_alias_delete).
func (c *call) notInvoked(err error) *refusal {
	fault := aws.AsFault(err)
	if fault == nil {
		if !errors.Is(err, context.Canceled) {
			c.gateway.log.Error("an invocation failed", "function", c.endpoint.arn, "request", c.requestID, "error", err)
		}
		return c.refuse(stepInvocation, telemetry.Failed, note("the function could not be invoked: %v", err), badGateway())
	}
	why := note("Lambda refused the invocation: %s: %s", fault.Code, fault.Message)
	switch fault.Status {
	case http.StatusNotFound:
		return c.refuse(stepInvocation, telemetry.Failed, why, forbidden())
	case http.StatusTooManyRequests, http.StatusRequestEntityTooLarge:
		return c.refuse(stepInvocation, telemetry.Failed, why, &refusal{fault.Status, fault.Code, fault.Message, capital})
	}
	return c.refuse(stepInvocation, telemetry.Failed, why, badGateway())
}

// streamPatience is how long a caller may take nothing of an answer.
const streamPatience = 5 * time.Minute

// stream invokes the function and passes its answer on as it comes.
//
// AWS: what does not say that it begins with a head is the body, whatever it is,
// also the answer of a function that does not stream (recorded:
// test_lambda_url_echo_invoke, where a whole response comes through as JSON).
func (c *call) stream(i execution.Invocation) *refusal {
	r := relay.Start(context.Background(), c.gateway.invoker, i, c.gateway.clock, 0)
	defer r.Close()
	if !r.Begins() {
		result, err := r.Result(&c.journey)
		return c.notAnswered(result, err)
	}
	a := &c.answer
	*a = response{status: http.StatusOK, fields: a.fields[:0]}
	contentType, _ := r.Kind()
	if contentType == relay.ContentType {
		head, err := r.Head()
		if err == nil {
			err = a.readHead(head)
		} else if !errors.Is(err, relay.ErrNoHead) && !errors.Is(err, relay.ErrHeadTooLong) {
			result, err := r.Result(&c.journey)
			return c.notAnswered(result, err)
		}
		if err != nil {
			c.writeRefusal(c.refuse(stepResponse, telemetry.Failed, malformedStream{err.Error()}, badGateway()))
			c.endStream(r, false)
			return nil
		}
	} else {
		if contentType == "" {
			contentType = "application/octet-stream"
		}
		a.fields = append(a.fields, field{"Content-Type", contentType})
	}
	c.pass(stepInvocation, functionAnswered)
	c.writeHead(c.answerHead(), a.status, -1)
	_ = http.NewResponseController(c.writer).Flush() // what cannot be flushed is no connection
	if c.request.Method == http.MethodHead || front.Bodiless(a.status) {
		c.endStream(r, false)
		return nil
	}
	err := relay.Copy(c.writer, r, c.gateway.clock, streamPatience)
	if err != nil && err != relay.ErrGone {
		c.gateway.log.Warn("a streamed response ended early", "request", c.requestID, "error", err)
	}
	c.broken = err != nil
	c.endStream(r, true)
	return nil
}

// endStream lets the function run to its end when everything has been written
// that its caller is to have. The journey ends with it.
func (c *call) endStream(r *relay.Relay, told bool) {
	r.Close()
	if !r.Ended() {
		_ = http.NewResponseController(c.writer).Flush()
	}
	result, err := r.Result(&c.journey)
	switch {
	case err != nil:
		c.abandoned = true
		if told {
			c.refuse(stepInvocation, telemetry.Failed, note("the answer was cut off: %v", err), nil)
		}
	case result.FunctionError != "" && told:
		c.refuse(stepInvocation, telemetry.Failed, front.FailureOf(c.endpoint.arn, c.endpoint.function.Name, result.Payload), nil)
	}
}
