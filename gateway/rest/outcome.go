package rest

import (
	"net/http"
	"slices"
	"time"

	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

// What became of a request, as its logs and $context tell it: read from what the
// call still holds and from its journey.

// integrationLatency returns how long the integration took, if one was asked.
func (c *call) integrationLatency() (time.Duration, bool) {
	if c.cacheHit {
		return 0, false
	}
	if c.received.latency > 0 || c.received.status != 0 {
		return c.received.latency, true
	}
	steps, _ := c.journey.Steps()
	for i := range steps {
		if steps[i].Name == stepIntegration && i > 0 {
			return steps[i].At - steps[i-1].At, true
		}
	}
	return 0, false
}

// endpointStatus is the status that the called service answered.
//
// AWS: of a proxied function it is Lambda's own, not the function's.
func (c *call) endpointStatus() int {
	switch {
	case c.cacheHit:
		return 0
	case c.received.status != 0:
		return c.received.status
	case c.journey.Invocation != "":
		return http.StatusOK
	}
	return 0
}

// integrationStatus is the status that the integration answered: of a proxied
// function, the function's.
func (c *call) integrationStatus() int {
	if c.cacheHit || c.refusal != nil {
		return 0
	}
	if _, ok := c.route.Binding.(*plan.LambdaProxy); ok {
		return c.response.status
	}
	return c.received.status
}

// failedAt reports whether it was at one of these steps that the request
// failed.
func (c *call) failedAt(names ...string) bool {
	s := c.failedStep()
	return s != nil && slices.Contains(names, s.Name)
}

// failedStep returns the step that refused the request, nil if none did.
func (c *call) failedStep() *telemetry.Step {
	steps, _ := c.journey.Steps()
	for i := range steps {
		if v := steps[i].Verdict; v == telemetry.Denied || v == telemetry.Failed {
			return &steps[i]
		}
	}
	return nil
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

// endpointRequestID is the ID that the service gave the integration's request.
func (c *call) endpointRequestID() string {
	if c.journey.Invocation != "" {
		return c.journey.Invocation
	}
	if id, ok := c.received.header("x-amzn-RequestId"); ok {
		return id
	}
	id, _ := c.received.header("x-amz-request-id")
	return id
}
