package rest

import (
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

const (
	proxyResponse  = telemetry.Note("a proxy integration's response is passed on")
	mappedResponse = telemetry.Note("the integration response was mapped")
)

// integrationResponse makes the method's response of what the integration
// answered. That of a function behind a proxy integration has been read
// already.
func (c *call) integrationResponse() *gatewayResponse {
	if h, ok := c.route.Binding.(*plan.HTTP); ok && h.Proxy {
		if refusal := c.passOn(h); refusal != nil {
			return refusal
		}
	}
	shape := c.route.Binding.Shape()
	if shape.Responses == nil {
		c.skip(stepIntegrationResponse, proxyResponse)
		return nil
	}
	r, refusal := c.selectResponse(shape.Responses)
	if refusal != nil {
		return refusal
	}
	c.transform.selected = r
	c.response.status, c.response.origin = r.Status, fromMapping
	if refusal := c.mapResponse(r); refusal != nil {
		return refusal
	}
	if refusal := c.transformResponse(r); refusal != nil {
		return refusal
	}
	c.pass(stepIntegrationResponse, mappedResponse)
	return nil
}

// selectResponse finds the integration response for what was answered.
//
// AWS: a function's error is selected by its message, everything else by its
// status.
func (c *call) selectResponse(responses *plan.Responses) (*plan.Response, *gatewayResponse) {
	text, kind := strconv.Itoa(c.received.status), "the status"
	if _, ok := c.route.Binding.(*plan.Lambda); ok {
		if message := errorMessage(c.received.body); message != "" {
			text, kind = message, "the error message"
		}
	}
	r, closed := responses.Select(text)
	if closed == nil && r != nil {
		closed = r.Closed
	}
	if closed != nil {
		return nil, c.refuse(stepIntegrationResponse, telemetry.Failed, closed, internalServerError())
	}
	if r == nil {
		return nil, c.refuse(stepIntegrationResponse, telemetry.Failed, inAWSWords{advice{
			"no integration response matches " + kind + " " + front.Excerpt(text) + " and there is no default one",
			"give one integration response no selection pattern and deploy the API again"},
			"No match for output mapping and no default output mapping configured. Endpoint Response Status Code: " +
				strconv.Itoa(c.received.status)}, internalServerError())
	}
	return r, nil
}

// mapResponse sets the headers that mappings make.
func (c *call) mapResponse(r *plan.Response) *gatewayResponse {
	for i := range r.Mappings {
		m := &r.Mappings[i]
		value, refusal := c.responseSource(m)
		if refusal != nil {
			return refusal
		}
		if m.To.Location == plan.MultiHeader && m.From.Location == plan.MultiHeader {
			c.addAll(m.To.Name, m.From.Name)
			continue
		}
		if value != "" && !front.Splits(value) {
			c.response.add(m.To.Name, value)
		}
	}
	return nil
}

// addAll adds all values of a header of the integration's answer.
func (c *call) addAll(to, from string) {
	for i := range c.received.headers {
		if h := &c.received.headers[i]; strings.EqualFold(h.name, from) {
			c.response.add(to, h.value)
		}
	}
}

// responseSource returns the value that a mapping takes of the integration's
// answer.
func (c *call) responseSource(m *plan.Mapping) (string, *gatewayResponse) {
	p := &m.From
	switch p.Location {
	case plan.Header:
		value, _ := c.received.header(p.Name)
		return value, nil
	case plan.MultiHeader:
		var values []string
		for i := range c.received.headers {
			if h := &c.received.headers[i]; strings.EqualFold(h.name, p.Name) {
				values = append(values, h.value)
			}
		}
		return strings.Join(values, ","), nil
	case plan.Body:
		text, err := bodySource(&c.transform.responseBody, c.received.body, m.Find)
		if err != nil {
			return "", c.refuse(stepIntegrationResponse, telemetry.Failed, advice{
				"a mapping looks for " + p.Name + " in the integration's answer, and " + err.Error(),
				"let the integration answer JSON, or take the mapping out"}, internalServerError())
		}
		return text, nil
	}
	return c.sourceOf(*p), nil
}

// transformResponse makes the body, and sets what the template overrides.
func (c *call) transformResponse(r *plan.Response) *gatewayResponse {
	body, refusal := c.convertResponse(c.received.body, r.Handling)
	if refusal != nil {
		return refusal
	}
	c.response.body = body
	contentType := contentTypeJSON
	if template := r.Templates.ForResponse(c.request.Header.Get("Accept")); template != nil {
		made, err := c.render(stepIntegrationResponse, template, c.transform.response, body)
		if err != nil {
			return c.refuse(stepIntegrationResponse, telemetry.Failed, failedTemplate{"the response template of " + template.ContentType, err}, internalServerError())
		}
		c.transform.response, c.response.body = made, made
		contentType = template.ContentType
		c.overrideResponse()
	}
	if !c.response.has("Content-Type") {
		c.response.add("Content-Type", contentType)
	}
	return nil
}

// overrideResponse sets the status and the headers that the response template
// has set.
func (c *call) overrideResponse() {
	set := c.transform.responseOverride
	if set == nil {
		return
	}
	if status := overriddenStatus(set); status != 0 {
		c.response.status = status
	}
	for name, values := range overrides(set, "header") {
		if !front.IsToken(name) {
			continue
		}
		c.response.fields = setField(c.response.fields, name, true)
		for _, v := range values {
			if !front.Splits(v) {
				c.response.add(name, v)
			}
		}
	}
}
