package rest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/lamgate/lamgate/gateway/jsonpath"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/gateway/value"
	"github.com/lamgate/lamgate/telemetry"
)

// mapParameters sets the parameters of the integration's request that mappings
// make.
//
// AWS: a source that is missing, or empty, sets nothing.
func (c *call) mapParameters(shape *plan.Transform) *gatewayResponse {
	t := &c.transform
	for i := range shape.Mappings {
		m := &shape.Mappings[i]
		if m.From.Location == plan.MultiQuery || m.From.Location == plan.MultiHeader {
			if values := c.parameters(m.From); len(values) > 0 {
				c.setMapped(m.To, values)
			}
			continue
		}
		text, refusal := c.requestSource(m)
		if refusal != nil {
			return refusal
		}
		if text == "" {
			continue
		}
		switch m.To.Location {
		case plan.Header, plan.MultiHeader:
			t.headers = setField(t.headers, m.To.Name, true, text)
		case plan.QueryString, plan.MultiQuery:
			t.query = setField(t.query, m.To.Name, false, text)
		case plan.Path:
			t.path = setField(t.path, m.To.Name, false, text)
		}
	}
	return nil
}

// setMapped sets a parameter to several values.
//
// AWS: in a header they stand in one line, with commas; in a query string each
// has its name.
func (c *call) setMapped(to plan.Parameter, values []string) {
	t := &c.transform
	switch to.Location {
	case plan.Header:
		t.headers = setField(t.headers, to.Name, true, strings.Join(values, ","))
	case plan.MultiHeader:
		t.headers = setField(t.headers, to.Name, true, values...)
	case plan.QueryString, plan.MultiQuery:
		t.query = setField(t.query, to.Name, false, values...)
	case plan.Path:
		t.path = setField(t.path, to.Name, false, strings.Join(values, ","))
	}
}

// parameters returns all values of a header or a parameter of the query string.
func (c *call) parameters(p plan.Parameter) []string {
	if p.Location == plan.MultiHeader {
		if strings.EqualFold(p.Name, "Host") {
			return []string{c.address.Domain}
		}
		return c.request.Header.Values(p.Name)
	}
	var values []string
	for i := range c.query {
		if c.query[i].name == p.Name {
			values = append(values, c.query[i].value)
		}
	}
	return values
}

// requestSource returns the value that a mapping takes of the method's request.
func (c *call) requestSource(m *plan.Mapping) (string, *gatewayResponse) {
	switch p := &m.From; p.Location {
	case plan.Body:
		return c.requestBodySource(m)
	case plan.MultiHeader, plan.MultiQuery:
		return strings.Join(c.parameters(*p), ","), nil
	default:
		return c.sourceOf(*p), nil
	}
}

// sourceOf returns the text of a parameter of the request, or of what is known
// beside it.
func (c *call) sourceOf(p plan.Parameter) string {
	switch p.Location {
	case plan.Static:
		return p.Name
	case plan.StageVariable:
		return c.stage.Variables[p.Name]
	case plan.RequestContext:
		return c.contextVariable(p.Name)
	}
	return c.parameter(p)
}

func (c *call) requestBodySource(m *plan.Mapping) (string, *gatewayResponse) {
	text, err := bodySource(&c.transform.requestBody, c.body, m.Find)
	if err != nil {
		// AWS: it is the caller's mistake.
		return "", c.refuse(stepIntegrationRequest, telemetry.Failed,
			note("a mapping looks for %s in the body, and %v", m.From.Name, err), invalidJSON())
	}
	return text, nil
}

func invalidJSON() *gatewayResponse {
	return &gatewayResponse{"DEFAULT_4XX", http.StatusBadRequest, "BadRequestException", "Invalid JSON in request body", spaced, ""}
}

// bodySource returns what a mapping takes of a body: the whole, or the text of
// what its path finds. An error tells why the body cannot be looked into.
//
// AWS: an empty body is {}. What does not begin like JSON is not read, and a
// path finds nothing in it. A single quote is such a beginning, so the reader is
// taken to be the lenient one that templates have; what even that cannot read
// is the error.
func bodySource(parsed *parsedBody, body []byte, find *jsonpath.Path) (string, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		body = []byte("{}")
	}
	if find == nil {
		return string(body), nil
	}
	if !parsed.read {
		parsed.read = true
		if bytes.IndexByte([]byte(`{["'`), body[0]) >= 0 {
			if parsed.value, parsed.err = value.ParseJSON(body); parsed.err != nil {
				parsed.value, parsed.err = value.ParseLoose(body)
			}
		}
	}
	if parsed.err != nil {
		return "", fmt.Errorf("that is not JSON: %w", parsed.err)
	}
	found, err := find.Read(parsed.value)
	if err != nil {
		if errors.Is(err, jsonpath.ErrBudget) {
			return "", err
		}
		return "", nil
	}
	return textOf(found)
}

// textOf is a value as a parameter: texts as they are, lists and objects as
// JSON. What a path finds may be far more than the body that it is found in.
func textOf(v value.Value) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case *value.List, *value.Map:
		text, err := value.AppendJSONWithin(nil, v, maxMapped)
		return string(text), err
	}
	return value.Text(v), nil
}

// maxMapped is the most JSON that a mapping makes of what its path finds. No
// header or query string can be as large.
const maxMapped = 1 << 20
