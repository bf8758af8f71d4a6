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
	c.beginTrace()
	shape := c.route.Binding.Shape()
	switch b := c.route.Binding.(type) {
	case *plan.LambdaProxy:
		c.collectHeaders()
		for i := range shape.Mappings {
			if refusal := c.mapEvent(&shape.Mappings[i]); refusal != nil {
				return refusal
			}
		}
	case *plan.HTTP:
		refusal := c.mapParameters(shape)
		if refusal == nil && b.Proxy {
			c.collectHeaders()
			refusal = c.convertRequest(shape.Handling)
		} else if refusal == nil {
			refusal = c.transformRequest(shape)
		}
		if refusal != nil {
			return refusal
		}
	default:
		refusal := c.mapParameters(shape)
		if refusal == nil {
			refusal = c.transformRequest(shape)
		}
		if refusal != nil {
			return refusal
		}
	}
	c.pass(stepIntegrationRequest, integrationRequestMade)
	return nil
}

// transformRequest makes the body of a custom integration's request.
//
// AWS: a body without a Content-Type is JSON. NEVER rejects a content type
// without a template, WHEN_NO_TEMPLATES does so if there are templates of
// others, and WHEN_NO_MATCH passes the body on. The rejection is a 415 whose
// x-amzn-ErrorType is BadRequestException (a client's log of one is in
// aws-sdk-java-v2, issue 3188).
func (c *call) transformRequest(shape *plan.Transform) *gatewayResponse {
	contentType := c.request.Header.Get("Content-Type")
	if contentType == "" {
		contentType = contentTypeJSON
	}
	template := shape.Templates.ForRequest(contentType)
	if template == nil && (shape.Passthrough == plan.Never || shape.Passthrough == plan.WhenNoTemplates && len(shape.Templates) > 0) {
		return c.refuse(stepIntegrationRequest, telemetry.Failed, advice{
			"there is no request template for " + mediaType(contentType) + ", and the passthrough behavior is " + shape.Passthrough,
			"put a request template for it, or set the integration's passthroughBehavior to WHEN_NO_MATCH, and deploy the API again"}, unsupportedMediaType())
	}
	// AWS: no template reads a binary body, not even one that is empty; with */*
	// that is every body, and the preflights of MOCK integrations fail (logs shown
	// in aws/serverless-application-model's thread 553 and clebert/aws-simple's
	// thread 167). The console's test of a method knows no binary bodies.
	if template != nil && shape.Handling != plan.ConvertToText && !c.testing && c.hasBinaryBody() {
		return c.refuse(stepIntegrationRequest, telemetry.Failed, inAWSWords{advice{
			"the API's binaryMediaTypes make the request's body binary, and no request template reads that",
			"set the integration's contentHandling to CONVERT_TO_TEXT and deploy the API again"}, "Unable to transform request"}, internalServerError())
	}
	if refusal := c.convertRequest(shape.Handling); refusal != nil || template == nil {
		return refusal
	}
	return c.renderRequest(template)
}

// hasBinaryBody reports whether the API takes the request's body as binary.
func (c *call) hasBinaryBody() bool {
	return isBinary(c.target.frame.binary, c.request.Header.Get("Content-Type"))
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

// mapEvent sets a header or a parameter of the query string of the event that a
// function receives through a proxy integration.
func (c *call) mapEvent(m *plan.Mapping) *gatewayResponse {
	value, refusal := c.requestSource(m)
	if refusal != nil || value == "" {
		return refusal
	}
	switch m.To.Location {
	case plan.Header, plan.MultiHeader:
		h := header{name: m.To.Name, values: []string{value}}
		at := slices.IndexFunc(c.headers, func(o header) bool { return strings.EqualFold(o.name, h.name) })
		if at >= 0 {
			c.headers[at] = h
			return nil
		}
		c.headers = append(c.headers, h)
	case plan.QueryString, plan.MultiQuery:
		c.query = slices.DeleteFunc(c.query, func(f field) bool { return f.name == m.To.Name })
		at, _ := slices.BinarySearchFunc(c.query, m.To.Name, func(f field, name string) int { return cmp.Compare(f.name, name) })
		c.query = slices.Insert(c.query, at, field{m.To.Name, value})
	}
	return nil
}

// mediaType returns the media type of a Content-Type, in lower case.
func mediaType(header string) string {
	name, _, _ := strings.Cut(header, ";")
	return strings.ToLower(strings.TrimSpace(name))
}
