package rest

import (
	"crypto/tls"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/jsontext"
	"github.com/lamgate/lamgate/gateway/value"
)

// contextValue returns a variable of $context, by its dotted name, as
// templates have it: a number, a bool, a text, or a map of what the name is
// the family of.
func (c *call) contextValue(name string) (value.Value, bool) {
	switch name {
	case "requestTimeEpoch":
		return c.now.UnixMilli(), true
	case "isCanaryRequest":
		if c.stage == nil || c.stage.Canary == nil {
			return nil, false
		}
		return c.stage.canaryOf != nil, true
	case "authorizer":
		return value.NewMap(0), true
	case "identity":
		return c.contextMap("identity.", "cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp",
			"principalOrgId", "accessKey", "cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn",
			"userAgent", "user"), true
	case "error":
		return c.contextMap("error.", "message", "messageString", "responseType", "validationErrorString"), true
	}
	if text, ok := c.contextText(name); ok {
		return text, true
	}
	return nil, false
}

// Variable implements vtl.Context.
func (c *call) Variable(name string) (value.Value, bool) { return c.contextValue(name) }

func (c *call) contextMap(prefix string, names ...string) *value.Map {
	m := value.NewMap(len(names))
	for _, name := range names {
		text, _ := c.contextText(prefix + name)
		m.Set(name, text)
	}
	return m
}

// contextVariable returns a variable of $context as data mappings take it:
// empty if there is none.
func (c *call) contextVariable(name string) string {
	text, _ := c.contextText(name)
	return text
}

// contextText returns a variable of $context as text, and whether there is one
// of the name. It allocates nothing but for times and numbers.
func (c *call) contextText(name string) (text string, ok bool) {
	switch name {
	case "accountId":
		if c.api != nil {
			return c.api.Account, true
		}
	case "apiId":
		return c.address.API, true
	case "awsEndpointRequestId":
		return c.endpointRequestID(), true
	case "awsEndpointRequestId2":
		text, _ = c.received.header("X-Amz-Id-2")
		return text, true
	case "cipherSuite":
		if c.request.TLS != nil {
			return tls.CipherSuiteName(c.request.TLS.CipherSuite), true
		}
	case "deploymentId":
		if c.published != nil {
			return c.published.plan.Deployment.ID, true
		}
	case "domainName":
		return c.address.Domain, true
	case "domainPrefix":
		return domainPrefix(c.address.Domain), true
	case "endpointType":
		if c.published != nil {
			return c.published.plan.Deployment.EndpointType, true
		}
	case "extendedRequestId":
		return c.extendedID, true
	case "httpMethod":
		return c.request.Method, true
	case "isCanaryRequest":
		if c.stage != nil && c.stage.Canary != nil {
			return strconv.FormatBool(c.stage.canaryOf != nil), true
		}
		return "", false
	case "path":
		return c.fullPath(), true
	case "protocol":
		return c.request.Proto, true
	case "requestId":
		return c.requestID, true
	case "requestTime":
		return c.now.UTC().Format(clfTime), true
	case "requestTimeEpoch":
		return strconv.FormatInt(c.now.UnixMilli(), 10), true
	case "resourceId":
		if c.route != nil {
			return c.route.ResourceID, true
		}
	case "resourcePath":
		if c.route != nil {
			return c.route.ResourcePath, true
		}
	case "stage":
		return c.address.Stage, true
	case "tlsVersion":
		if c.request.TLS != nil {
			return strings.ReplaceAll(tls.VersionName(c.request.TLS.Version), "TLS ", "TLSv"), true
		}
	case "wafResponseCode":
	case "webaclArn":
		if c.stage != nil {
			return c.stage.WebACLARN, true
		}
	case "xrayTraceId":
		// AWS: there is one where the stage traces.
		if c.stage != nil && c.stage.TracingEnabled {
			c.ensureTrace()
			return c.trace.Root, true
		}
	default:
		family, member, _ := strings.Cut(name, ".")
		switch family {
		case "identity":
			return c.identityText(member)
		case "error":
			return c.errorText(member)
		case "authorizer", "customDomain":
			// None is built, so nothing has told any.
			return "", member != ""
		}
		return "", false
	}
	return "", true
}

// identityText returns what is known of the caller: no more than its address
// and its program, as long as nothing authorises anybody.
func (c *call) identityText(member string) (string, bool) {
	switch member {
	case "sourceIp":
		return c.sourceIP, true
	case "userAgent":
		if agent := c.request.Header["User-Agent"]; len(agent) > 0 {
			return agent[0], true
		}
		return "", true
	case "":
		return "", false
	}
	return "", true
}

// errorText returns what is wrong, where the gateway itself answers.
func (c *call) errorText(member string) (string, bool) {
	r := c.refusal
	switch member {
	case "message", "messageString", "responseType", "validationErrorString":
	default:
		return "", false
	}
	if r == nil {
		return "", true
	}
	switch member {
	case "message":
		return r.message(), true
	case "messageString":
		return string(jsontext.AppendString(nil, r.message())), true
	case "responseType":
		return r.kind, true
	}
	return r.validation, true
}

// fullPath is the request's path with its stage, as sent.
func (c *call) fullPath() string { return "/" + c.address.Stage + c.address.Path }

func domainPrefix(domain string) string {
	prefix, _, _ := strings.Cut(domain, ".")
	return prefix
}
