package plan

import (
	"strings"
	"time"
)

// A Binding is what serves a route, ready to be used: *LambdaProxy, *Mock or *Unbuilt.
type Binding interface{ binding() }

// A LambdaProxy invokes a function with the whole request and takes its answer
// as the whole response.
type LambdaProxy struct {
	Function    Text // its ARN
	Credentials Text // the ARN of the role to invoke it with; empty for the function's own policy
	Timeout     time.Duration
	Mappings    []Mapping // of headers and query strings
}

// Unbuilt is an integration that lamgate does not serve yet.
type Unbuilt struct{ What string }

func (*LambdaProxy) binding() {}
func (*Mock) binding()        {}
func (*Unbuilt) binding()     {}

// Explain makes an Unbuilt the detail of a journey's step.
func (u *Unbuilt) Explain() (what, mend string) {
	return "lamgate does not build " + u.What + " yet", ""
}

// DefaultTimeout is that of an integration which states none.
const DefaultTimeout = 29 * time.Second

func compileBinding(m *Method) (Binding, *Closed) {
	i := m.Integration
	if strings.EqualFold(i.ResponseTransferMode, "STREAM") {
		return &Unbuilt{"response streaming"}, nil
	}
	switch i.Type {
	case "AWS_PROXY":
		return compileLambdaProxy(i)
	case "MOCK":
		return compileMock(m)
	case "AWS", "HTTP", "HTTP_PROXY":
		return &Unbuilt{i.Type + " integrations"}, nil
	}
	return &Unbuilt{i.Type + " integrations"}, &Closed{"there is no integration of type " + i.Type, "use AWS_PROXY, AWS, HTTP_PROXY, HTTP or MOCK and deploy the API again"}
}

func compileLambdaProxy(i *Integration) (Binding, *Closed) {
	p := &LambdaProxy{Timeout: time.Duration(i.TimeoutMillis) * time.Millisecond}
	if p.Timeout <= 0 {
		p.Timeout = DefaultTimeout
	}
	// AWS: Lambda's Invoke takes POST; any other method ends in a 500
	// (recorded: test_lambda_aws_proxy_integration_non_post_method).
	if i.HTTPMethod != "POST" {
		return p, &Closed{"the integration's HTTP method is " + quote(i.HTTPMethod) + ", and functions are invoked by POST only", "set the integration's httpMethod to POST and deploy the API again"}
	}
	arn, ok := functionOf(i.URI)
	if !ok {
		return p, &Closed{"the integration's URI " + quote(i.URI) + " does not name a function",
			"use arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION-ARN/invocations and deploy the API again"}
	}
	var err error
	if p.Function, err = ParseText(arn); err == nil {
		p.Credentials, err = ParseText(i.Credentials)
	}
	if err != nil {
		return p, &Closed{err.Error(), "correct it and deploy the API again"}
	}
	// arn:aws:iam::*:user/* asks for the caller's own credentials.
	if strings.Contains(i.Credentials, ":user/") {
		return p, &Closed{"lamgate cannot pass on the caller's credentials yet", ""}
	}
	for _, to := range sortedKeys(i.RequestParameters) {
		mapping, closed := parseMapping(to, "integration.request.", i.RequestParameters[to], "method.request.")
		if closed != nil {
			return p, closed
		}
		if closed := mappable(mapping.To); closed != nil {
			return p, closed
		}
		p.Mappings = append(p.Mappings, mapping)
	}
	return p, nil
}

// mappable refuses headers that no mapping may set.
func mappable(to Parameter) *Closed {
	if to.Location != Header && to.Location != MultiHeader {
		return nil
	}
	// AWS: recorded: a mapping onto any of these ends in a 500.
	switch strings.ToLower(to.Name) {
	case "content-length", "transfer-encoding", "authorization", "connection", "expect", "te":
		return &Closed{"no parameter can be mapped to the header " + to.Name, "take the mapping out and deploy the API again"}
	}
	return nil
}

// functionOf returns the function's ARN of an integration's URI,
// arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations.
func functionOf(uri string) (arn string, ok bool) {
	rest, ok := strings.CutPrefix(uri, "arn:")
	if !ok {
		return "", false
	}
	_, rest, ok = strings.Cut(rest, ":lambda:path/2015-03-31/functions/")
	if !ok {
		return "", false
	}
	arn, ok = strings.CutSuffix(rest, "/invocations")
	return arn, ok && arn != ""
}

func quote(s string) string { return "\"" + s + "\"" }
