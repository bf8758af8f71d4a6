package rest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
	"github.com/lamgate/lamgate/wire"
)

const methodRequestPassed = telemetry.Note("the body was read and the parameters that the method requires are there")

// methodRequest reads the body and the query string and validates what the
// method demands of them.
func (c *call) methodRequest() *gatewayResponse {
	if closed := c.route.Closed; closed != nil {
		return c.refuse(stepMethodRequest, telemetry.Failed, closed, internalServerError())
	}
	c.query = parseQuery(c.query[:0], c.address.Query)
	if refusal := c.requireParameters(); refusal != nil {
		return refusal
	}
	if refusal := c.readBody(); refusal != nil {
		return refusal
	}
	if refusal := c.unpackBody(); refusal != nil {
		return refusal
	}
	if refusal := c.validateBody(); refusal != nil {
		return refusal
	}
	c.pass(stepMethodRequest, methodRequestPassed)
	return nil
}

// validateBody holds the body against the model of its content type.
//
// AWS: a body of no type is of JSON; one of a type without a model passes, and
// an empty one is no JSON (seen in its console's test).
func (c *call) validateBody() *gatewayResponse {
	if c.route.Models == nil {
		return nil
	}
	contentType := mediaType(c.request.Header.Get("Content-Type"))
	if contentType == "" {
		contentType = contentTypeJSON
	}
	schema := c.route.Models[contentType]
	if schema == nil {
		return nil
	}
	if mismatch := schema.Validate(c.body); mismatch != nil {
		return c.refuse(stepMethodRequest, telemetry.Failed, mismatch, badRequestBody(mismatch.String()))
	}
	return nil
}

// requireParameters refuses a request that lacks required parameters.
//
// AWS: all that are missing are named at once, headers first, then those of
// the path, then those of the query string (recorded:
// test_api_gateway_request_validator). A blank one is missing.
func (c *call) requireParameters() *gatewayResponse {
	var missing []string
	for _, p := range c.route.Required {
		if c.parameter(p) == "" {
			missing = append(missing, p.Name)
		}
	}
	if missing == nil {
		return nil
	}
	message := "Missing required request parameters: [" + strings.Join(missing, ", ") + "]"
	return c.refuse(stepMethodRequest, telemetry.Failed, telemetry.Note(message), badRequestParameters(message))
}

// parameter returns a parameter of the method request; of several values the
// last, and of none the empty string.
func (c *call) parameter(p plan.Parameter) string {
	switch p.Location {
	case plan.Header, plan.MultiHeader:
		if strings.EqualFold(p.Name, "Host") {
			return c.address.Domain
		}
		if values := c.request.Header.Values(p.Name); len(values) > 0 {
			return values[len(values)-1]
		}
	case plan.Path:
		for _, v := range c.params {
			if v.Name == p.Name {
				return v.Value
			}
		}
	case plan.QueryString, plan.MultiQuery:
		for i := len(c.query) - 1; i >= 0; i-- {
			if c.query[i].name == p.Name {
				return c.query[i].value
			}
		}
	}
	return ""
}

// queryFields are the parameters of the query string, also of a request that
// was refused before they were read.
func (c *call) queryFields() []field {
	if len(c.query) == 0 && c.address.Query != "" {
		c.query = parseQuery(c.query[:0], c.address.Query)
	}
	return c.query
}

// parseQuery appends the parameters of a query string to list, sorted by name;
// those of one name stay in their order.
//
// AWS: a semicolon splits like an ampersand, a plus is a space (recorded), and
// what is no percent-encoding stands for itself.
func parseQuery(list []field, query string) []field {
	for query != "" {
		end := 0
		for end < len(query) && query[end] != '&' && query[end] != ';' {
			end++
		}
		pair := query[:end]
		query = query[min(end+1, len(query)):]
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		list = append(list, field{wire.QueryUnescape(name), wire.QueryUnescape(value)})
	}
	slices.SortStableFunc(list, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	return list
}
