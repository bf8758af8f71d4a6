package rest

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/jsontext"
	"github.com/lamgate/lamgate/gateway/plan"
)

// clfTime is the form of $context.requestTime, that of the common log format.
const clfTime = "02/Jan/2006:15:04:05 -0700"

// A frame holds the parts of an event that are the same for every request to a
// route on a stage, in JSON.
type frame struct {
	opening   []byte // {"resource":…,"path":
	variables []byte // ,"stageVariables":…,"requestContext":{"resourceId":…,"resourcePath":…,"httpMethod":
	account   []byte // ,"accountId":…,"protocol":
	stage     []byte // ,"stage":…,"domainPrefix":
	identity  []byte // ,"identity":{…,"sourceIp":
	agent     []byte // ,"principalOrgId":null,…,"userAgent":
	closing   []byte // ,"deploymentId":…,"apiId":…},"body":
	edge      bool
	binary    []string // media types
}

func newFrame(s *stage, d *plan.Deployment, r *plan.Route) frame {
	f := frame{edge: d.EndpointType == "EDGE", binary: d.BinaryMediaTypes}
	f.opening = jsontext.AppendString([]byte(`{"resource":`), r.ResourcePath)
	f.opening = append(f.opening, `,"path":`...)

	b := []byte(`,"stageVariables":`)
	if len(s.Variables) == 0 {
		b = append(b, "null"...)
	} else {
		comma := byte('{')
		for name, value := range s.Variables {
			b = append(b, comma)
			b = append(jsontext.AppendString(b, name), ':')
			b = jsontext.AppendString(b, value)
			comma = ','
		}
		b = append(b, '}')
	}
	b = jsontext.AppendString(append(b, `,"requestContext":{"resourceId":`...), r.ResourceID)
	b = jsontext.AppendString(append(b, `,"resourcePath":`...), r.ResourcePath)
	f.variables = append(b, `,"httpMethod":`...)

	f.account = jsontext.AppendString([]byte(`,"accountId":`), d.Account)
	f.account = append(f.account, `,"protocol":`...)
	f.stage = jsontext.AppendString([]byte(`,"stage":`), s.Name)
	f.stage = append(f.stage, `,"domainPrefix":`...)
	f.identity = []byte(`,"identity":{"cognitoIdentityPoolId":null,"accountId":null,"cognitoIdentityId":null,"caller":null,"sourceIp":`)
	f.agent = []byte(`,"principalOrgId":null,"accessKey":null,"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null,"userArn":null,"userAgent":`)
	f.closing = jsontext.AppendString([]byte(`,"deploymentId":`), d.ID)
	f.closing = jsontext.AppendString(append(f.closing, `,"apiId":`...), d.API)
	f.closing = append(f.closing, `},"body":`...)
	return f
}

// appendEvent appends the event that a function receives through a proxy
// integration.
func (c *call) appendEvent(b []byte) []byte {
	f := &c.target.frame
	r := c.request

	b = append(b, f.opening...)
	b = appendPath(b, c.address.Path)
	b = append(b, `,"httpMethod":`...)
	b = jsontext.AppendString(b, r.Method)
	b = c.appendHeaders(b)
	b = c.appendQuery(b)
	b = c.appendPathParameters(b)

	b = append(b, f.variables...)
	b = jsontext.AppendString(b, r.Method)
	b = append(b, `,"extendedRequestId":"`...)
	b = append(b, c.extendedID...)
	b = append(b, `","requestTime":"`...)
	b = c.now.UTC().AppendFormat(b, clfTime)
	b = append(b, `","path":"/`...)
	b = jsontext.AppendEscaped(b, c.stage.Name)
	b = jsontext.AppendEscaped(b, c.address.Path)
	b = append(b, '"')
	b = append(b, f.account...)
	b = jsontext.AppendString(b, r.Proto)
	b = append(b, f.stage...)
	b = jsontext.AppendString(b, domainPrefix(c.address.Domain))
	b = append(b, `,"requestTimeEpoch":`...)
	b = strconv.AppendInt(b, c.now.UnixMilli(), 10)
	b = append(b, `,"requestId":"`...)
	b = append(b, c.requestID...)
	b = append(b, '"')
	b = append(b, f.identity...)
	b = jsontext.AppendString(b, c.sourceIP)
	b = append(b, f.agent...)
	if agent := r.Header["User-Agent"]; len(agent) > 0 {
		b = jsontext.AppendString(b, agent[0])
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"user":null},"domainName":`...)
	b = jsontext.AppendString(b, c.address.Domain)
	b = append(b, f.closing...)
	return c.appendBody(b)
}

// appendPath appends the request's path without its stage.
//
// AWS: slashes before it count as one (recorded).
func appendPath(b []byte, path string) []byte {
	b = append(b, '"', '/')
	b = jsontext.AppendEscaped(b, strings.TrimLeft(path, "/"))
	return append(b, '"')
}

// appendQuery appends both maps of the query string, null without one.
//
// AWS: the single one holds the last value of a name (recorded).
func (c *call) appendQuery(b []byte) []byte {
	q := c.query
	if len(q) == 0 {
		return append(b, `,"queryStringParameters":null,"multiValueQueryStringParameters":null`...)
	}
	b = append(b, `,"queryStringParameters":{`...)
	for i := range q {
		if i+1 < len(q) && q[i+1].name == q[i].name {
			continue
		}
		b = append(jsontext.AppendString(b, q[i].name), ':')
		b = append(jsontext.AppendString(b, q[i].value), ',')
	}
	b = append(b[:len(b)-1], `},"multiValueQueryStringParameters":{`...)
	for i := 0; i < len(q); {
		name := q[i].name
		b = append(jsontext.AppendString(b, name), ':', '[')
		for ; i < len(q) && q[i].name == name; i++ {
			b = append(jsontext.AppendString(b, q[i].value), ',')
		}
		b = append(b[:len(b)-1], ']', ',')
	}
	return append(b[:len(b)-1], '}')
}

func (c *call) appendPathParameters(b []byte) []byte {
	if len(c.params) == 0 {
		return append(b, `,"pathParameters":null`...)
	}
	b = append(b, `,"pathParameters":{`...)
	for _, p := range c.params {
		b = append(jsontext.AppendString(b, p.Name), ':')
		b = append(jsontext.AppendString(b, p.Value), ',')
	}
	return append(b[:len(b)-1], '}')
}

// appendBody appends the body and whether it is base64, and closes the event.
func (c *call) appendBody(b []byte) []byte {
	if len(c.body) == 0 {
		return append(b, `null,"isBase64Encoded":false}`...)
	}
	if isBinary(c.target.frame.binary, c.request.Header.Get("Content-Type")) {
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, c.body)
		return append(b, `","isBase64Encoded":true}`...)
	}
	b = jsontext.AppendString(b, c.body)
	return append(b, `,"isBase64Encoded":false}`...)
}
