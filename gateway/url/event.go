package url

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/jsontext"
	"github.com/lamgate/lamgate/gateway/trace"
	"github.com/lamgate/lamgate/telemetry"
	"github.com/lamgate/lamgate/wire"
)

// clfTime is the form of requestContext.time, that of the common log format.
const clfTime = "02/Jan/2006:15:04:05 -0700"

const eventWritten = telemetry.Note("the event was written")

// A frame holds the parts of an event that are the same for every request to a
// URL, in JSON.
type frame struct {
	prefix []byte // ,"apiId":…,
	name   []byte // ,"domainPrefix":…,"http":{"method":
}

func newFrame(e *endpoint) frame {
	id := strings.ToLower(e.url.ID)
	var f frame
	f.prefix = jsontext.AppendString([]byte(`,"apiId":`), id)
	f.name = jsontext.AppendString([]byte(`,"domainPrefix":`), id)
	f.name = append(f.name, `,"http":{"method":`...)
	return f
}

// writeEvent makes the event that the function receives.
func (c *call) writeEvent() *refusal {
	c.trace.Begin(c.request.Header[trace.Header], c.now, c.endpoint.sampled)
	c.event = c.appendEvent(c.event[:0])
	if len(c.event) > execution.MaxRequest {
		return c.refuse(stepRequest, telemetry.Failed, note("the event has %d bytes of at most %d", len(c.event), execution.MaxRequest), tooLarge())
	}
	c.pass(stepRequest, eventWritten)
	return nil
}

// appendEvent appends the event.
//
// AWS: it is the payload format 2.0 of HTTP APIs. What a request does not have is
// left out, rather than null ("Invoking Lambda function URLs"; the events shown
// in aws-powertools/powertools-lambda-python issue 1141). The account is the
// function's, whoever calls it, and of a URL for everybody "anonymous".
func (c *call) appendEvent(b []byte) []byte {
	r, f := c.request, &c.endpoint.frame
	b = append(b, `{"version":"2.0","routeKey":"$default","rawPath":`...)
	b = jsontext.AppendString(b, c.address.Path)
	b = append(b, `,"rawQueryString":`...)
	b = jsontext.AppendString(b, c.address.Query)
	b = c.appendCookies(b)
	b = c.appendHeaders(b)
	b = c.appendQuery(b)
	b = append(b, `,"requestContext":{"accountId":`...)
	if c.endpoint.url.AuthType == authIAM {
		b = jsontext.AppendString(b, c.endpoint.function.Account)
	} else {
		b = append(b, `"anonymous"`...)
	}
	b = append(b, f.prefix...)
	b = c.appendAuthorizer(b)
	b = append(b, `,"domainName":`...)
	b = jsontext.AppendString(b, c.address.Domain)
	b = append(b, f.name...)
	b = jsontext.AppendString(b, r.Method)
	b = append(b, `,"path":`...)
	b = jsontext.AppendString(b, c.address.Path)
	b = append(b, `,"protocol":`...)
	b = jsontext.AppendString(b, r.Proto)
	b = append(b, `,"sourceIp":`...)
	b = jsontext.AppendString(b, c.sourceIP)
	if agent := r.Header["User-Agent"]; len(agent) > 0 {
		b = append(b, `,"userAgent":`...)
		b = jsontext.AppendString(b, agent[0])
	}
	b = append(b, `},"requestId":"`...)
	b = append(b, c.requestID...)
	b = append(b, `","routeKey":"$default","stage":"$default","time":"`...)
	b = c.now.UTC().AppendFormat(b, clfTime)
	b = append(b, `","timeEpoch":`...)
	b = strconv.AppendInt(b, c.now.UnixMilli(), 10)
	b = append(b, '}')
	return c.appendBody(b)
}

// appendCookies appends the cookies, which are not among the headers then.
func (c *call) appendCookies(b []byte) []byte {
	headers := c.request.Header["Cookie"]
	if len(headers) == 0 {
		return b
	}
	b = append(b, `,"cookies":[`...)
	start := len(b)
	for _, h := range headers {
		for cookie := range strings.SplitSeq(h, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				b = append(jsontext.AppendString(b, cookie), ',')
			}
		}
	}
	if len(b) > start {
		b = b[:len(b)-1]
	}
	return append(b, ']')
}

// appendHeaders appends the headers, with their values of one name in one.
//
// AWS: names are in lower case, whatever the client wrote; a Content-Length is
// among them, unlike in events of REST APIs (recorded:
// test_lambda_url_echo_http_fixture_default).
func (c *call) appendHeaders(b []byte) []byte {
	b = append(b, `,"headers":{`...)
	for name, values := range c.request.Header {
		if len(values) == 0 || c.withheld(name) {
			continue
		}
		b = append(b, '"')
		b = appendLower(b, name)
		b = append(b, '"', ':', '"')
		for i, v := range values {
			if i > 0 {
				b = append(b, ',')
			}
			b = jsontext.AppendEscaped(b, v)
		}
		b = append(b, '"', ',')
	}
	proto, port := front.Reached(c.request)
	b = append(b, `"x-amzn-trace-id":"`...)
	b = c.trace.AppendIncoming(b)
	b = append(b, `","x-forwarded-for":"`...)
	for _, v := range c.request.Header["X-Forwarded-For"] {
		b = append(jsontext.AppendEscaped(b, v), ", "...)
	}
	b = jsontext.AppendEscaped(b, c.sourceIP)
	b = append(b, `","x-forwarded-port":"`...)
	b = jsontext.AppendEscaped(b, port)
	b = append(b, `","x-forwarded-proto":"`...)
	b = append(b, proto...)
	b = append(b, `","host":`...)
	b = jsontext.AppendString(b, c.address.Domain)
	return append(b, '}')
}

// withheld reports whether a header does not reach functions: it speaks of the
// connection, stands elsewhere in the event, or is the gateway's own.
func (c *call) withheld(name string) bool {
	switch name {
	case "Connection", "Expect", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
		"Cookie", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", trace.Header:
		return true
	case "Authorization":
		// A signature is for the gateway, which has verified it; whoever else has
		// it could send the request again.
		return c.endpoint.url.AuthType == authIAM
	}
	return false
}

// appendLower appends the name of a header, which is ASCII, in lower case.
func appendLower(b []byte, name string) []byte {
	for i := range len(name) {
		ch := name[i]
		if 'A' <= ch && ch <= 'Z' {
			ch |= 0x20
		}
		b = append(b, ch)
	}
	return b
}

// appendQuery appends the parameters of the query string, decoded; those of one
// name are joined by commas.
func (c *call) appendQuery(b []byte) []byte {
	if c.address.Query == "" {
		return b
	}
	q := c.query[:0]
	for pair := range strings.SplitSeq(c.address.Query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		q = append(q, field{wire.QueryUnescape(name), wire.QueryUnescape(value)})
	}
	c.query = q
	if len(q) == 0 {
		return b
	}
	slices.SortStableFunc(q, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	b = append(b, `,"queryStringParameters":{`...)
	for i := range q {
		if i > 0 && q[i].name == q[i-1].name {
			b = append(b[:len(b)-2], ',') // in the place of the quote and the comma
		} else {
			b = append(jsontext.AppendString(b, q[i].name), ':', '"')
		}
		b = append(jsontext.AppendEscaped(b, q[i].value), '"', ',')
	}
	b[len(b)-1] = '}'
	return b
}

// appendAuthorizer appends who has signed the request.
func (c *call) appendAuthorizer(b []byte) []byte {
	if c.endpoint.url.AuthType != authIAM {
		return b
	}
	b = append(b, `,"authorizer":{"iam":{"accessKey":`...)
	b = jsontext.AppendString(b, c.caller.AccessKeyID)
	b = append(b, `,"accountId":`...)
	b = jsontext.AppendString(b, c.caller.Account)
	b = append(b, `,"callerId":`...)
	b = jsontext.AppendString(b, c.caller.UserID)
	b = append(b, `,"cognitoIdentity":null,"principalOrgId":null,"userArn":`...)
	b = jsontext.AppendString(b, c.caller.ARN)
	b = append(b, `,"userId":`...)
	b = jsontext.AppendString(b, c.caller.UserID)
	return append(b, '}', '}')
}

// appendBody appends the body and whether it is base64, and closes the event.
func (c *call) appendBody(b []byte) []byte {
	if len(c.body) == 0 {
		return append(b, `,"isBase64Encoded":false}`...)
	}
	b = append(b, `,"body":`...)
	if c.isText() {
		b = jsontext.AppendString(b, c.body)
		return append(b, `,"isBase64Encoded":false}`...)
	}
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, c.body)
	return append(b, `","isBase64Encoded":true}`...)
}

// isText reports whether the function receives the body as text.
//
// AWS: only bodies of these types, and none that is packed; forms are binary
// (recorded: test_lambda_url_form_payload; LeanerCloud/CUDly pull request 1483).
// The list is that of Application Load Balancers, which call functions alike
// ("Lambda functions as targets"), and that of HTTP APIs, whose events these are,
// as tried out on AWS for ministackorg/ministack pull request 766.
func (c *call) isText() bool {
	if len(c.request.Header["Content-Encoding"]) > 0 {
		return false
	}
	sent := c.request.Header["Content-Type"]
	if len(sent) == 0 {
		return false
	}
	name, _, _ := strings.Cut(sent[0], ";")
	name = strings.TrimSpace(name)
	if len(name) > len("text/") && strings.EqualFold(name[:len("text/")], "text/") {
		return true
	}
	return strings.EqualFold(name, "application/json") || strings.EqualFold(name, "application/javascript") || strings.EqualFold(name, "application/xml")
}
