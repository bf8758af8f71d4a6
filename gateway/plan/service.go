package plan

import (
	"strings"
	"time"
)

// A Service calls an AWS service.
type Service struct {
	Method      string // empty for the request's own
	URI         Text   // what ParseServiceURI reads once a stage's variables are filled in
	Credentials Text   // the ARN of the role to call it with
	Timeout     time.Duration
	Transform
}

func compileService(m *Method) (Binding, *Closed) {
	i := m.Integration
	s := &Service{Timeout: timeoutOf(i, DefaultTimeout)}
	if s.Method = i.HTTPMethod; s.Method == AnyMethod {
		s.Method = ""
	}
	var err error
	if s.URI, err = ParseText(i.URI); err == nil && s.URI.Static() {
		_, err = ParseServiceURI(i.URI)
	}
	if err != nil {
		return s, &Closed{err.Error(), "use arn:aws:apigateway:REGION:SERVICE:action/NAME or arn:aws:apigateway:REGION:SERVICE:path/PATH and deploy the API again"}
	}
	var closed *Closed
	if s.Credentials, closed = credentialsOf(i); closed != nil {
		return s, closed
	}
	// AWS: only functions can let an API in by a policy of their own.
	if i.Credentials == "" {
		return s, &Closed{"the integration names no credentials, and AWS services are called with those of a role",
			"set the integration's credentials to the ARN of a role that " + gatewayService + " may assume and deploy the API again"}
	}
	s.Transform, closed = compileTransform(m, mappedToAWS)
	return s, closed
}

const gatewayService = "apigateway.amazonaws.com"

// A ServiceURI is what an integration with an AWS service calls.
type ServiceURI struct {
	Region    string
	Subdomain string // before the service's own name; often empty
	Service   string // "dynamodb"
	Action    string // empty if a path is called
	Path      URI    // without its first slash
}

// ParseServiceURI reads arn:PARTITION:apigateway:REGION:[SUBDOMAIN.]SERVICE:action/NAME
// or …:path/PATH.
func ParseServiceURI(s string) (ServiceURI, error) {
	var u ServiceURI
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "apigateway" || parts[3] == "" || parts[4] == "" {
		return u, &uriError{s, "does not name an AWS service"}
	}
	u.Region, u.Service = parts[3], parts[4]
	if dot := strings.LastIndexByte(u.Service, '.'); dot >= 0 {
		u.Subdomain, u.Service = u.Service[:dot], u.Service[dot+1:]
	}
	for _, name := range [...]string{u.Region, u.Subdomain, u.Service} {
		if strings.ContainsFunc(name, func(r rune) bool { return r > 0x7f || !unreserved(byte(r)) }) {
			return u, &uriError{s, "does not name an AWS service"}
		}
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	switch kind {
	case "action":
		// AWS: parameters may follow the action, as in action/GetObject&Bucket=b.
		u.Action = rest
		if u.Action == "" {
			return u, &uriError{s, "names no action"}
		}
		return u, nil
	case "path":
		var err error
		u.Path, err = parseSlots(rest)
		return u, err
	}
	return u, &uriError{s, "contains neither path nor action"}
}

type uriError struct{ uri, what string }

func (e *uriError) Error() string { return "the integration's URI " + Quote(e.uri) + " " + e.what }
