package rest

import (
	"maps"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/plan"
)

// sentHeaders are the headers of the integration's request. A function is
// invoked without any; those that AWS would send and that say something here
// are told.
func (c *call) sentHeaders() []field {
	if _, ok := c.route.Binding.(*plan.LambdaProxy); !ok || len(c.outgoing.headers) > 0 {
		return c.outgoing.headers
	}
	return []field{
		{"x-amzn-lambda-integration-tag", c.requestID},
		{"x-amzn-apigateway-api-id", c.api.ID},
		{"X-Amz-Source-Arn", c.target.sourceARN},
		{"Accept", contentTypeJSON},
		{"User-Agent", "AmazonAPIGateway_" + c.api.ID},
		{traceHeader, c.trace.String()},
	}
}

// endpointURI is what was called, as a URL.
func (c *call) endpointURI() string {
	uri := c.outgoing.uri
	if uri == "" {
		uri = c.journey.Function
	}
	if f, err := execution.ParseFunctionARN(uri); err == nil {
		if c.streamed != nil {
			return "https://lambda." + f.Region + ".amazonaws.com/2021-11-15/functions/" + uri + "/response-streaming-invocations"
		}
		return "https://lambda." + f.Region + ".amazonaws.com/2015-03-31/functions/" + uri + "/invocations"
	}
	return uri
}

// requestFields are the headers of the method's request, by name.
func (c *call) requestFields() []field {
	sent := sentNames(c.request)
	var list []field
	for _, name := range slices.Sorted(maps.Keys(c.request.Header)) {
		shown := name
		if s := sent.find(name); s != nil {
			shown = string(s)
		}
		list = append(list, field{shown, strings.Join(c.request.Header[name], ",")})
	}
	return list
}

// responseHeaders are the headers of the method's response.
func (c *call) responseHeaders() string {
	list := slices.Clone(c.response.fields)
	if c.response.traced {
		list = append(list, field{traceHeader, c.trace.String()})
	}
	return braces(list)
}

// braces writes fields as Java writes a map. What admits callers is masked but
// for its end.
func braces(list []field) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, f := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f.name)
		b.WriteByte('=')
		b.WriteString(masked(f.name, f.value))
	}
	b.WriteByte('}')
	return b.String()
}

// masked hides the values of headers that admit callers.
//
// AWS: the last six characters are shown.
func masked(name, value string) string {
	const shown = 6
	switch strings.ToLower(name) {
	case "authorization", "x-api-key", "x-amz-security-token", "proxy-authorization":
	default:
		return value
	}
	if len(value) <= shown {
		return strings.Repeat("*", len(value))
	}
	return strings.Repeat("*", len(value)-shown) + value[len(value)-shown:]
}
