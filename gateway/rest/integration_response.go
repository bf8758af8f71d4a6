package rest

import (
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

const (
	proxyResponse  = telemetry.Note("a proxy integration's response is passed on")
	mappedResponse = telemetry.Note("the integration response was mapped")
)

// integrationResponse makes the method's response of what the integration
// answered. A proxy integration has made it already.
func (c *call) integrationResponse() *gatewayResponse {
	r := c.mocked
	if r == nil {
		c.skip(stepIntegrationResponse, proxyResponse)
		return nil
	}
	c.response.status = r.Status
	contentType, body := templateFor(r.Bodies, c.request.Header.Get("Accept"))
	c.response.body = []byte(body)
	for i := range r.Mappings {
		m := &r.Mappings[i]
		value := c.responseSource(m.From)
		if value == "" {
			continue
		}
		if strings.EqualFold(m.To.Name, "Content-Length") || strings.EqualFold(m.To.Name, "Transfer-Encoding") {
			return c.refuse(stepIntegrationResponse, telemetry.Failed, note("nothing can be mapped to the header %s", m.To.Name), internalServerError())
		}
		c.response.add(m.To.Name, value)
	}
	if !c.response.has("Content-Type") {
		c.response.add("Content-Type", contentType)
	}
	c.pass(stepIntegrationResponse, mappedResponse)
	return nil
}

// responseSource returns the value that a response mapping takes. A MOCK
// answers without headers.
func (c *call) responseSource(p plan.Parameter) string {
	switch p.Location {
	case plan.Static, plan.StageVariable, plan.RequestContext:
		return c.sourceOf(p)
	}
	return ""
}
