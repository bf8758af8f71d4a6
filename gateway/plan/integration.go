package plan

import (
	"strings"
	"time"
)

// A Binding is what serves a route, ready to be used: *LambdaProxy, *Lambda,
// *Service, *HTTP or *Mock.
type Binding interface {
	// Shape is how requests and responses are made to fit.
	Shape() *Transform
}

// A LambdaProxy invokes a function with the whole request and takes its answer
// as the whole response.
type LambdaProxy struct {
	Function    Text // its ARN
	Credentials Text // the ARN of the role to invoke it with; empty for the function's own policy
	Stream      bool // pass the response on as it comes
	Timeout     time.Duration
	Transform
}

// A Lambda invokes a function with what is made of the request, and makes the
// response of what it answers.
type Lambda struct {
	Function    Text
	Credentials Text
	Timeout     time.Duration
	Transform
}

// An HTTP calls an HTTP endpoint.
type HTTP struct {
	Proxy    bool   // pass the request and the response on as they are
	Method   string // empty for the request's own
	URI      Text   // with {parameters} of the path, for ParseURI
	VPCLink  Text   // the ID of the way to it; empty for the internet
	Insecure bool   // take certificates of any authority
	Stream   bool   // pass the response on as it comes
	Timeout  time.Duration
	Transform
}

// A Transform is how an integration's request is made of the method's, and the
// method's response of the integration's. Of a proxy integration only the
// mappings count.
type Transform struct {
	Mappings    []Mapping
	Templates   Templates
	Passthrough string // WHEN_NO_MATCH, WHEN_NO_TEMPLATES or NEVER
	Handling    string // CONVERT_TO_BINARY, CONVERT_TO_TEXT or empty
	Responses   *Responses
}

// Shape implements Binding.
func (t *Transform) Shape() *Transform { return t }

// The values of Passthrough and Handling that are asked for.
const (
	WhenNoTemplates = "WHEN_NO_TEMPLATES"
	Never           = "NEVER"
	ConvertToBinary = "CONVERT_TO_BINARY"
	ConvertToText   = "CONVERT_TO_TEXT"
)

// The times an integration has for its answer.
//
// AWS: 50 ms to 29 s, to 15 minutes where the response is streamed. Quotas can
// raise the 29 s, so the document's own value is kept.
const (
	DefaultTimeout = 29 * time.Second
	minTimeout     = 50 * time.Millisecond
	maxTimeout     = 15 * time.Minute
)

const redeploy = "correct it and deploy the API again"

func compileBinding(m *Method) (Binding, *Closed) {
	i := m.Integration
	stream := strings.EqualFold(i.ResponseTransferMode, "STREAM")
	if stream && i.Type != "HTTP_PROXY" && i.Type != "AWS_PROXY" {
		return nil, &Closed{"responses of " + i.Type + " integrations cannot be streamed", "set the integration's responseTransferMode to BUFFERED and deploy the API again"}
	}
	switch i.Type {
	case "AWS_PROXY":
		return compileLambdaProxy(i, stream)
	case "AWS":
		if arn, streamed, ok := functionOf(i.URI); ok && !streamed {
			return compileLambda(m, arn)
		}
		return compileService(m)
	case "HTTP", "HTTP_PROXY":
		return compileHTTP(m, stream)
	case "MOCK":
		return compileMock(m)
	}
	return nil, &Closed{"there is no integration of type " + i.Type, "use AWS_PROXY, AWS, HTTP_PROXY, HTTP or MOCK and deploy the API again"}
}

func timeoutOf(i *Integration, otherwise time.Duration) time.Duration {
	if i.TimeoutMillis <= 0 {
		return otherwise
	}
	return min(max(time.Duration(i.TimeoutMillis)*time.Millisecond, minTimeout), maxTimeout)
}

func compileLambdaProxy(i *Integration, stream bool) (Binding, *Closed) {
	p := &LambdaProxy{Stream: stream, Timeout: timeoutOf(i, DefaultTimeout)}
	if closed := invokedByPost(i); closed != nil {
		return p, closed
	}
	arn, streamed, ok := functionOf(i.URI)
	switch {
	case !ok:
		return p, &Closed{"the integration's URI " + Quote(i.URI) + " does not name a function", "use " + invocationURI(stream) + " and deploy the API again"}
	case stream && !streamed:
		return p, &Closed{"the integration's responseTransferMode is STREAM, but its URI invokes the function for a whole answer",
			"use " + invocationURI(true) + " and deploy the API again"}
	case streamed && !stream:
		return p, &Closed{"the integration's URI invokes the function for a streamed answer, but its responseTransferMode is BUFFERED",
			"set the integration's responseTransferMode to STREAM, or use " + invocationURI(false) + ", and deploy the API again"}
	}
	var closed *Closed
	if p.Function, p.Credentials, closed = functionTexts(arn, i); closed != nil {
		return p, closed
	}
	p.Mappings, closed = compileRequestMappings(i, mappedToAWS)
	return p, closed
}

func compileLambda(m *Method, arn string) (Binding, *Closed) {
	i := m.Integration
	l := &Lambda{Timeout: timeoutOf(i, DefaultTimeout)}
	if closed := invokedByPost(i); closed != nil {
		return l, closed
	}
	var closed *Closed
	if l.Function, l.Credentials, closed = functionTexts(arn, i); closed != nil {
		return l, closed
	}
	l.Transform, closed = compileTransform(m, mappedToAWS)
	return l, closed
}

// invokedByPost refuses any other way to invoke a function.
//
// AWS: Lambda's Invoke takes POST; any other method ends in a 500 (recorded:
// test_lambda_aws_proxy_integration_non_post_method).
func invokedByPost(i *Integration) *Closed {
	if i.HTTPMethod == "POST" {
		return nil
	}
	return &Closed{"the integration's HTTP method is " + Quote(i.HTTPMethod) + ", and functions are invoked by POST only", "set the integration's httpMethod to POST and deploy the API again"}
}

func functionTexts(arn string, i *Integration) (function, credentials Text, closed *Closed) {
	var err error
	if function, err = ParseText(arn); err != nil {
		return function, credentials, &Closed{err.Error(), redeploy}
	}
	credentials, closed = credentialsOf(i)
	return function, credentials, closed
}

// credentialsOf reads the ARN of the role that an integration is called with.
func credentialsOf(i *Integration) (Text, *Closed) {
	t, err := ParseText(i.Credentials)
	if err != nil {
		return t, &Closed{err.Error(), redeploy}
	}
	// arn:aws:iam::*:user/* asks for the caller's own credentials.
	if strings.Contains(i.Credentials, ":user/") {
		return t, &Closed{"lamgate cannot pass on the caller's credentials yet", ""}
	}
	return t, nil
}

func compileHTTP(m *Method, stream bool) (Binding, *Closed) {
	i := m.Integration
	h := &HTTP{Proxy: i.Type == "HTTP_PROXY", Insecure: i.InsecureSkipVerification, Stream: stream}
	h.Timeout = timeoutOf(i, DefaultTimeout)
	if h.Method = i.HTTPMethod; h.Method == AnyMethod {
		h.Method = ""
	}
	var err error
	if h.URI, err = ParseText(i.URI); err != nil {
		return h, &Closed{err.Error(), redeploy}
	}
	if i.ConnectionType == "VPC_LINK" {
		if i.ConnectionID == "" {
			return h, &Closed{"the integration goes through a VPC link but names none", "set the integration's connectionId and deploy the API again"}
		}
		if h.VPCLink, err = ParseText(i.ConnectionID); err != nil {
			return h, &Closed{err.Error(), redeploy}
		}
	}
	var closed *Closed
	if h.Proxy {
		h.Mappings, closed = compileRequestMappings(i, mappedToHTTP)
		h.Handling = i.ContentHandling
	} else {
		h.Transform, closed = compileTransform(m, mappedToHTTP)
	}
	if closed != nil {
		return h, closed
	}
	return h, h.mapped()
}

// mapped refuses a parameter in the URI that nothing is mapped to.
//
// AWS: it stays in braces, which no URI may have: the execution log says
// "Illegal character in path", and the caller gets a 500.
func (h *HTTP) mapped() *Closed {
	for _, literal := range h.URI.literals {
		uri, err := parseSlots(literal)
		if err != nil {
			continue // a stage's variable may stand inside the braces
		}
		if name, ok := uri.unmapped(h.Mappings); !ok && len(h.Templates) == 0 {
			return &Closed{"nothing is mapped to the parameter {" + name + "} of the integration's URI",
				"map integration.request.path." + name + " from method.request.path." + name + " and deploy the API again"}
		}
	}
	return nil
}

// compileTransform prepares what a custom integration does to requests and
// responses.
func compileTransform(m *Method, to destination) (t Transform, closed *Closed) {
	i := m.Integration
	t.Passthrough, t.Handling = i.PassthroughBehavior, i.ContentHandling
	if t.Mappings, closed = compileRequestMappings(i, to); closed != nil {
		return t, closed
	}
	if t.Templates, closed = compileTemplates(i.RequestTemplates, "the request template of "); closed != nil {
		return t, closed
	}
	t.Responses, closed = compileResponses(m)
	return t, closed
}

func compileRequestMappings(i *Integration, to destination) ([]Mapping, *Closed) {
	var mappings []Mapping
	for _, place := range sortedKeys(i.RequestParameters) {
		mapping, closed := parseMapping(place, "integration.request.", i.RequestParameters[place], "method.request.")
		if closed != nil {
			return nil, closed
		}
		if closed := mappable(mapping.To, to); closed != nil {
			return nil, closed
		}
		mappings = append(mappings, mapping)
	}
	return mappings, nil
}

// A destination is where an integration's request goes, which decides what its
// headers may be.
type destination uint8

const (
	mappedToHTTP destination = iota
	mappedToAWS
)

// mappable refuses headers that no mapping may set.
func mappable(to Parameter, d destination) *Closed {
	if to.Location == Header || to.Location == MultiHeader {
		if ReservedHeader(to.Name, d == mappedToAWS) {
			return &Closed{"no parameter can be mapped to the header " + to.Name, "take the mapping out and deploy the API again"}
		}
	}
	return nil
}

// ReservedHeader reports whether a header of an integration's request is the
// gateway's own, so that neither a mapping nor a template may set it.
//
// AWS: recorded (test_apigateway_header_remapping): Content-Length and
// Transfer-Encoding end in a 500 everywhere, the second row where the request
// goes to an AWS service.
func ReservedHeader(name string, service bool) bool {
	switch strings.ToLower(name) {
	case "content-length", "transfer-encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id":
		return true
	case "authorization", "connection", "expect", "proxy-authenticate", "te":
		return service
	}
	return false
}

// How an integration's URI names a function, by what its answer is to be:
// arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations.
//
// AWS: a streamed one has another date and another action, those of Lambda's
// InvokeWithResponseStream ("Set up a Lambda proxy integration with payload
// response streaming").
const (
	invokePath, invokeAction = "2015-03-31/functions/", "/invocations"
	streamPath, streamAction = "2021-11-15/functions/", "/response-streaming-invocations"
)

// functionOf returns the function's ARN of an integration's URI, and whether its
// answer is to be streamed.
func functionOf(uri string) (arn string, stream, ok bool) {
	rest, ok := strings.CutPrefix(uri, "arn:")
	if !ok {
		return "", false, false
	}
	_, rest, ok = strings.Cut(rest, ":lambda:path/")
	if !ok {
		return "", false, false
	}
	path, action := invokePath, invokeAction
	if stream = strings.HasPrefix(rest, streamPath); stream {
		path, action = streamPath, streamAction
	}
	rest, ok = strings.CutPrefix(rest, path)
	if !ok {
		return "", false, false
	}
	arn, ok = strings.CutSuffix(rest, action)
	return arn, stream, ok && arn != ""
}

// invocationURI is the form of an integration's URI, for those who are to write
// one.
func invocationURI(stream bool) string {
	const start, function = "arn:aws:apigateway:REGION:lambda:path/", "FUNCTION-ARN"
	if stream {
		return start + streamPath + function + streamAction
	}
	return start + invokePath + function + invokeAction
}
