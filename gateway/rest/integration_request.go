package rest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

// A header is a header as the integration receives it.
type header struct {
	name   string
	sent   []byte // the name as the client wrote it; nil if that is not known
	values []string
}

const integrationRequestMade = telemetry.Note("the request was made ready for the integration")

// integrationRequest makes of the method's request what the integration is to
// receive.
func (c *call) integrationRequest() *gatewayResponse {
	proxy, ok := c.route.Binding.(*plan.LambdaProxy)
	if !ok {
		c.skip(stepIntegrationRequest, nil)
		return nil
	}
	c.beginTrace()
	c.collectHeaders()
	for i := range proxy.Mappings {
		c.mapRequest(&proxy.Mappings[i])
	}
	c.pass(stepIntegrationRequest, integrationRequestMade)
	return nil
}

// collectHeaders gathers the client's headers that an integration may see. The
// gateway's own are added where the event is written.
func (c *call) collectHeaders() {
	names := sentNames(c.request)
	c.headers = c.headers[:0]
	for name, values := range c.request.Header {
		if len(values) == 0 || withheld(name, c.target.frame.edge) {
			continue
		}
		h := header{name: name, values: values}
		if !capitalised(name) {
			h.sent = names.find(name)
		}
		c.headers = append(c.headers, h)
	}
}

// withheld reports whether a header does not reach functions: it speaks of the
// connection, or the gateway writes it itself.
//
// AWS: Content-Length and Connection do not appear in events (recorded); the
// others are those which the notes on REST APIs list as dropped.
func withheld(name string, edge bool) bool {
	switch name {
	case "Connection", "Content-Length", "Content-Md5", "Expect", "Keep-Alive", "Max-Forwards",
		"Proxy-Authenticate", "Proxy-Connection", "Server", "Te", "Trailer", "Transfer-Encoding",
		"Upgrade", "Www-Authenticate",
		"X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", traceHeader:
		return true
	}
	return edge && (name == "Via" || name == "X-Amz-Cf-Id" || strings.HasPrefix(name, "Cloudfront-"))
}

// capitalised reports whether a header's name reaches functions in its usual
// form whatever the client wrote.
//
// AWS: of a browser's names, all in lower case, these come out capitalised.
func capitalised(name string) bool {
	return name == "Authorization" || name == "User-Agent"
}

// mapRequest sets a header or a parameter of the query string.
func (c *call) mapRequest(m *plan.Mapping) {
	value := c.sourceOf(m.From)
	if value == "" {
		return
	}
	switch m.To.Location {
	case plan.Header, plan.MultiHeader:
		h := header{name: m.To.Name, values: []string{value}}
		at := slices.IndexFunc(c.headers, func(o header) bool { return strings.EqualFold(o.name, h.name) })
		if at >= 0 {
			c.headers[at] = h
			return
		}
		c.headers = append(c.headers, h)
	case plan.QueryString, plan.MultiQuery:
		c.query = slices.DeleteFunc(c.query, func(f field) bool { return f.name == m.To.Name })
		at, _ := slices.BinarySearchFunc(c.query, m.To.Name, func(f field, name string) int { return cmp.Compare(f.name, name) })
		c.query = slices.Insert(c.query, at, field{m.To.Name, value})
	}
}

// sourceOf returns the value that a mapping takes.
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
