package rest

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/telemetry"
	"github.com/lamgate/lamgate/wire"
)

// apiIDHeader tells an integration which API calls it. Where that is an API
// again, its integrations are told of both: so an API can see that it calls
// itself.
const apiIDHeader = "X-Amzn-Apigateway-Api-Id"

// maxLoops is how often an API may meet itself on a request's way.
//
// AWS: has no such bound for APIs, which throttling and 29 seconds end; Lambda
// stops its own loops after about 16 ("Use Lambda recursive loop detection").
const maxLoops = 16

type throughKey struct{}

// through returns the APIs that a request has come through, the last one first.
func (c *call) through() []string {
	list := c.request.Header[apiIDHeader]
	if c.testing {
		if own, ok := c.request.Context().Value(throughKey{}).([]string); ok {
			list = append(slices.Clone(own), list...)
		}
	}
	return list
}

// withThrough has what is called in process know what its request has come
// through: TestInvokeMethod serves another one from here.
func (c *call) withThrough(ctx context.Context) context.Context {
	return context.WithValue(ctx, throughKey{}, append([]string{c.api.ID}, c.through()...))
}

// throughOf is a context that knows what ctx does of the APIs on the way, and
// nothing else: the connection of who asks for a test is not that of the test.
func throughOf(ctx context.Context) context.Context {
	return context.WithValue(context.Background(), throughKey{}, ctx.Value(throughKey{}))
}

// refuseLoop refuses the call of an API that keeps calling itself.
func (c *call) refuseLoop() *gatewayResponse {
	through := c.through()
	if len(through) == 0 {
		return nil
	}
	met := 0
	for _, line := range through {
		for id := range strings.SplitSeq(line, ",") {
			if strings.TrimSpace(id) == c.api.ID {
				met++
			}
		}
	}
	if met < maxLoops {
		return nil
	}
	c.gateway.log.Warn("an API calls itself without end", "api", c.api.ID, "resource", c.route.ResourcePath, "request", c.requestID, "integration", wire.RedactQuery(c.outgoing.uri))
	return c.refuse(stepIntegration, telemetry.Failed, advice{
		"the API calls itself: the request has come through it " + strconv.Itoa(met) + " times already",
		"let the integration call something other than the API"}, internalServerError())
}
