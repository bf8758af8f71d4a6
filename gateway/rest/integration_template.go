package rest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/gateway/value"
	"github.com/lamgate/lamgate/gateway/vtl"
	"github.com/lamgate/lamgate/telemetry"
)

// templateContext is $context of a call.
type templateContext struct{ call *call }

// Variable implements vtl.Context.
func (t templateContext) Variable(name string) (value.Value, bool) { return t.call.contextValue(name) }

// render has a template make a body of another, in the memory of buffer. What
// it may have got wrong without failing is told in the journey, at the step.
func (c *call) render(step string, t *plan.Template, buffer, body []byte) ([]byte, error) {
	if text, static := t.Static(); static {
		return append(buffer[:0], text...), nil
	}
	e := &vtl.Environment{
		Input:            vtl.Input{Body: body, Path: c.pathInput(), Query: inputOf(c.query), Header: c.headerInput()},
		Context:          templateContext{c},
		StageVariables:   c.stage.Variables,
		RequestOverride:  c.transform.requestOverride,
		ResponseOverride: c.transform.responseOverride,
	}
	var doubts templateDoubts
	e.Log = func(line, column int, message string) { doubts.add(line, column, message) }
	made, err := t.Append(buffer[:0], e)
	c.transform.requestOverride, c.transform.responseOverride = e.RequestOverride, e.ResponseOverride
	if len(doubts) > 0 {
		c.pass(step, doubts)
	}
	return made, err
}

// templateDoubts are what a template may have got wrong without failing.
type templateDoubts []string

// A journey keeps no more of them: a loop has the same one many times.
const maxDoubts = 8

func (d *templateDoubts) add(line, column int, message string) {
	switch {
	case len(*d) < maxDoubts:
		*d = append(*d, fmt.Sprintf("line %d, column %d: %s", line, column, message))
	case len(*d) == maxDoubts:
		*d = append(*d, "and more like this")
	}
}

// Explain implements telemetry.Detail.
func (d templateDoubts) Explain() (what, mend string) {
	return "the template may not do what it is meant to: " + strings.Join(d, "; "),
		"correct it, or write $!{…} where a reference may lead to nothing"
}

func inputOf(fields []field) []vtl.Parameter {
	list := make([]vtl.Parameter, len(fields))
	for i := range fields {
		list[i] = vtl.Parameter{Name: fields[i].name, Value: fields[i].value}
	}
	return list
}

func (c *call) pathInput() []vtl.Parameter {
	list := make([]vtl.Parameter, len(c.params))
	for i, p := range c.params {
		list[i] = vtl.Parameter{Name: p.Name, Value: p.Value}
	}
	return list
}

// headerInput are the headers that templates see: the client's, and those that
// the gateway adds, by name.
func (c *call) headerInput() []vtl.Parameter {
	if len(c.headers) == 0 {
		c.collectHeaders()
	}
	list := make([]vtl.Parameter, 0, len(c.headers)+5)
	for i := range c.headers {
		h := &c.headers[i]
		name := h.name
		if h.sent != nil {
			name = string(h.sent)
		}
		for _, v := range h.values {
			list = append(list, vtl.Parameter{Name: name, Value: v})
		}
	}
	proto, port := front.Reached(c.request)
	list = append(list,
		vtl.Parameter{Name: "Host", Value: c.address.Domain},
		vtl.Parameter{Name: traceHeader, Value: c.trace.Incoming()},
		vtl.Parameter{Name: "X-Forwarded-For", Value: c.forwardedFor()},
		vtl.Parameter{Name: "X-Forwarded-Port", Value: port},
		vtl.Parameter{Name: "X-Forwarded-Proto", Value: proto})
	slices.SortStableFunc(list, func(a, b vtl.Parameter) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// forwardedFor is X-Forwarded-For as an integration receives it.
func (c *call) forwardedFor() string {
	addresses := append(slices.Clone(c.request.Header["X-Forwarded-For"]), c.sourceIP)
	if c.target.frame.edge {
		addresses = append(addresses, "127.0.0.1") // in CloudFront's place
	}
	return strings.Join(addresses, ", ")
}

// failedTemplate explains a template that could not be executed.
type failedTemplate struct {
	what string
	err  error
}

func (f failedTemplate) Explain() (what, mend string) {
	return f.what + " failed: " + f.err.Error(), "correct the template and deploy the API again"
}

// renderRequest makes the integration's body by a request template, and sets
// the parameters that it overrides.
func (c *call) renderRequest(template *plan.Template) *gatewayResponse {
	t := &c.transform
	made, err := c.render(stepIntegrationRequest, template, t.request, c.outgoing.body)
	if err != nil {
		return c.refuse(stepIntegrationRequest, telemetry.Failed, failedTemplate{"the request template of " + template.ContentType, err}, internalServerError())
	}
	t.request, c.outgoing.body = made, made
	if t.requestOverride == nil {
		return nil
	}
	_, mock := c.route.Binding.(*plan.Mock)
	_, endpoint := c.route.Binding.(*plan.HTTP)
	for name, values := range overrides(t.requestOverride, "header") {
		if plan.ReservedHeader(name, !endpoint && !mock) {
			return c.refuse(stepIntegrationRequest, telemetry.Failed, advice{
				"the request template of " + template.ContentType + " sets the header " + name + ", which is the gateway's",
				"take it out of the template and deploy the API again"}, internalServerError())
		}
		t.headers = setField(t.headers, name, true, values...)
	}
	for name, values := range overrides(t.requestOverride, "querystring") {
		t.query = setField(t.query, name, false, values...)
	}
	for name, values := range overrides(t.requestOverride, "path") {
		t.path = setField(t.path, name, false, strings.Join(values, ","))
	}
	return nil
}

// overrides yields what a template has set in one part of an override: the
// texts of each parameter, several if it was set to a list.
func overrides(set *value.Map, part string) func(yield func(name string, values []string) bool) {
	return func(yield func(string, []string) bool) {
		v, _ := set.Get(part)
		members, ok := v.(*value.Map)
		if !ok {
			return
		}
		for name, v := range members.All() {
			values := []string{value.Text(v)}
			if list, ok := v.(*value.List); ok {
				values = values[:0]
				for _, item := range list.Items {
					values = append(values, value.Text(item))
				}
			}
			if !yield(name, values) {
				return
			}
		}
	}
}

// overriddenStatus is the status that a response template has set; zero if it
// has set none that a response can have.
//
// AWS: what is no status is ignored. One below 200 ends no response: it counts
// as none.
func overriddenStatus(set *value.Map) int {
	if set == nil {
		return 0
	}
	v, ok := set.Get("status")
	if !ok || !value.IsNumber(v) {
		if text, isText := v.(string); !isText || text == "" {
			return 0
		}
	}
	status, err := strconv.Atoi(value.Text(v))
	if err != nil || status < http.StatusOK || status > 599 {
		return 0
	}
	return status
}
