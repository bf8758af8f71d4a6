package rest

import (
	"strings"

	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

// The most bytes of a request's target, and of its target and headers together.
//
// AWS: the quota of request line and header values is 10,240 bytes.
const (
	maxTarget = 8192
	maxHead   = 10240
)

// matchResource finds the method of the resource that serves the request.
//
// AWS: a path that no resource matches and a method that the resource lacks
// are both a missing authentication token (recorded: test_routing_not_found).
func (c *call) matchResource() *gatewayResponse {
	if refusal := c.boundHead(); refusal != nil {
		return refusal
	}
	c.route, c.params = c.published.plan.Match(c.request.Method, c.address.Path, c.params[:0])
	if c.route == nil {
		return c.refuse(stepResource, telemetry.Failed, &noRoute{c.published.plan, c.stage, c.request.Method, front.Told(c.request, c.address.Path)}, missingAuthenticationToken())
	}
	c.target = &c.published.targets[c.route.Index]
	c.pass(stepResource, c.route)
	return nil
}

// boundHead refuses a request whose target or headers are too large.
func (c *call) boundHead() *gatewayResponse {
	target := len(c.address.Path) + len(c.address.Query)
	if target > maxTarget {
		return c.refuse(stepResource, telemetry.Failed, note("the path and the query string have %d bytes of at most %d", target, maxTarget), uriTooLong())
	}
	size := target
	for name, values := range c.request.Header {
		for _, v := range values {
			size += len(name) + len(v)
		}
	}
	if size > maxHead {
		return c.refuse(stepResource, telemetry.Failed, note("the request line and the headers have %d bytes of at most %d", size, maxHead), headerTooLarge())
	}
	return nil
}

// noRoute explains a request that no route serves.
type noRoute struct {
	plan         *plan.Plan
	stage        *stage
	method, path string
}

func (n *noRoute) Explain() (what, mend string) {
	var others []string
	for _, r := range n.plan.Routes {
		if found, _ := n.plan.Match(r.HTTPMethod, n.path, nil); found == r {
			others = append(others, r.HTTPMethod+" "+r.ResourcePath)
		}
	}
	what = "deployment " + n.plan.Deployment.ID + " has no " + n.method + " " + n.path
	if len(others) > 0 {
		what += "; it has " + strings.Join(others, ", ")
	}
	return what, "if the method was made after the deployment: aws apigateway create-deployment --rest-api-id " +
		n.plan.Deployment.API + " --stage-name " + n.stage.Name
}
