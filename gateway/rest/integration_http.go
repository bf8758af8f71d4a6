package rest

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/endpoint"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
	"github.com/lamgate/lamgate/wire"
)

// callEndpoint calls an HTTP endpoint.
//
// AWS: the caller of a custom integration learns of the trace; what a proxied
// endpoint says of one is passed on instead (recorded:
// test_apigateway_header_remapping_http).
func (c *call) callEndpoint(h *plan.HTTP) *gatewayResponse {
	c.response.traced = !h.Proxy
	if t := c.target; t.closed != nil {
		return c.refuse(stepIntegration, telemetry.Failed, t.closed, internalServerError())
	}
	q := &c.transform.asked
	*q = endpoint.Request{
		Method: h.Method, Timeout: h.Timeout, Stream: h.Stream, InsecureSkipVerification: h.Insecure,
	}
	if q.Method == "" {
		q.Method = c.request.Method
	}
	if h.Stream {
		q.Idle = c.streamIdle()
	}
	if refusal := c.addressEndpoint(h, q); refusal != nil {
		return refusal
	}
	if refusal := c.refuseLoop(); refusal != nil {
		return refusal
	}
	c.writeHTTPHeaders(h)
	return c.exchange(q)
}

// exchange sends the request and takes the answer in.
func (c *call) exchange(q *endpoint.Request) *gatewayResponse {
	t := &c.transform
	c.outgoing.method = q.Method
	t.sent = t.sent[:0]
	for _, f := range c.outgoing.headers {
		t.sent = append(t.sent, endpoint.Field{Name: f.name, Value: f.value})
	}
	q.Header, q.Body = t.sent, c.outgoing.body
	// AWS: the endpoint is asked to the end, whoever still waits for its answer;
	// but what is streamed is streamed to somebody.
	ctx := context.Background()
	if q.Stream {
		ctx = c.request.Context()
	}
	began := c.gateway.clock.Now()
	err := c.gateway.endpoints.Do(ctx, q, &t.answered)
	c.received.latency = c.gateway.clock.Now().Sub(began)
	if err != nil {
		return c.notAnswered(q, err)
	}
	a := &t.answered
	c.received.status, c.received.body, c.received.stream = a.Status, a.Body, a.Stream
	for _, f := range a.Header {
		c.received.headers = append(c.received.headers, field{f.Name, f.Value})
	}
	c.pass(stepIntegration, endpointAnswer{q.Method, c.outgoing.uri, a.Status})
	return nil
}

// An endpointAnswer is what was asked of an endpoint, and the status of its answer.
type endpointAnswer struct {
	method, uri string
	status      int
}

// Explain implements telemetry.Detail.
func (e endpointAnswer) Explain() (what, mend string) {
	return e.method + " " + wire.RedactQuery(e.uri) + " was answered with " + strconv.Itoa(e.status), ""
}

// addressEndpoint finds out whom to ask for what.
func (c *call) addressEndpoint(h *plan.HTTP, q *endpoint.Request) *gatewayResponse {
	t := &c.transform
	uri, missing := c.target.uri.Append(t.uri[:0], c.mappedPath)
	t.uri = uri
	if missing != "" {
		return c.refuse(stepIntegration, telemetry.Failed, advice{
			"the parameter {" + missing + "} of the integration's URI has no value: nothing is mapped to it, or what is mapped is empty",
			"map integration.request.path." + missing + " from what every request has"}, internalServerError())
	}
	scheme, rest, ok := strings.Cut(string(uri), "://")
	scheme = strings.ToLower(scheme)
	authority, target := splitAuthority(rest)
	if !ok || scheme != "http" && scheme != "https" || authority == "" || strings.ContainsAny(authority, "@ \t\r\n\\") || !visible(target) {
		return c.refuse(stepIntegration, telemetry.Failed, advice{"the integration's URI " + plan.Quote(wire.RedactQuery(string(uri))) + " is no URL of an HTTP endpoint",
			"let it be http://HOST/PATH or https://HOST/PATH"}, internalServerError())
	}
	q.Scheme, q.Address, q.Host = scheme, authority, authority
	if h.Proxy {
		target = appendQuery(target, c.query)
	}
	q.Target = appendQuery(target, t.query)
	c.outgoing.uri = scheme + "://" + authority + q.Target
	if c.target.link != "" {
		if refusal := c.throughLink(q); refusal != nil {
			return refusal
		}
	}
	return c.showCertificate(q)
}

func (c *call) mappedPath(name string) (string, bool) {
	for _, f := range c.transform.path {
		if f.name == name {
			return f.value, true
		}
	}
	return "", false
}

// splitAuthority splits what follows the scheme of a URL into its host and its
// path and query. A fragment stays at home.
func splitAuthority(rest string) (authority, target string) {
	rest, _, _ = strings.Cut(rest, "#")
	i := strings.IndexAny(rest, "/?")
	if i < 0 {
		return rest, "/"
	}
	if rest[i] == '?' {
		return rest[:i], "/" + rest[i:]
	}
	return rest[:i], rest[i:]
}

// visible reports whether a path and query can stand in a request line.
func visible(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// appendQuery appends parameters to the query string of a target.
//
// AWS: what stands in the integration's URI comes first, then what the caller
// has sent, if it is passed on, then what is mapped; none takes the place of
// another (recorded: test_http_proxy_integration_request_data_mappings).
// Parameters have been decoded and are encoded anew.
func appendQuery(target string, parameters []field) string {
	if len(parameters) == 0 {
		return target
	}
	b := make([]byte, 0, len(target)+32*len(parameters))
	b = append(b, target...)
	separator := byte('?')
	if strings.IndexByte(target, '?') >= 0 {
		separator = '&'
	}
	for i := range parameters {
		b = append(b, separator)
		b = wire.AppendURIEscaped(b, parameters[i].name)
		b = append(b, '=')
		b = wire.AppendURIEscaped(b, parameters[i].value)
		separator = '&'
	}
	return string(b)
}

// writeHTTPHeaders makes the headers of a request to an endpoint.
//
// AWS: a custom integration passes none of the client's on. Both tell the API
// and the trace, and have an Accept and a User-Agent. Expect,
// Proxy-Authenticate, TE and Via do not come through even if they are mapped
// (recorded: test_apigateway_header_remapping_http). A Content-Encoding and the
// Host are not proxied.
func (c *call) writeHTTPHeaders(h *plan.HTTP) {
	list := c.outgoing.headers[:0]
	if h.Proxy {
		list = c.appendClientHeaders(list)
	}
	for _, f := range c.transform.headers {
		switch strings.ToLower(f.name) {
		case "expect", "proxy-authenticate", "te", "via", "connection":
			continue
		}
		list = append(list, f)
	}
	list = c.appendDefaultHeaders(list)
	if h.Proxy {
		proto, port := front.Reached(c.request)
		list = append(list,
			field{"X-Forwarded-For", c.forwardedFor()},
			field{"X-Forwarded-Port", port},
			field{"X-Forwarded-Proto", proto})
	}
	list = append(list, field{apiIDHeader, c.api.ID})
	for _, id := range c.through() {
		list = append(list, field{apiIDHeader, id})
	}
	c.outgoing.headers = append(list, field{traceHeader, c.trace.Incoming()})
}

// appendClientHeaders appends the client's headers, but for those that are
// mapped.
func (c *call) appendClientHeaders(list []field) []field {
	slices.SortFunc(c.headers, func(a, b header) int { return cmp.Compare(a.name, b.name) })
	for i := range c.headers {
		h := &c.headers[i]
		if h.name == "Via" || h.name == "Content-Encoding" || h.name == apiIDHeader || hasField(c.transform.headers, h.name) {
			continue
		}
		name := h.name
		if h.sent != nil {
			name = string(h.sent)
		}
		for _, v := range h.values {
			list = append(list, field{name, v})
		}
	}
	return list
}

// appendDefaultHeaders appends what every integration's request says that does
// not say it otherwise.
//
// AWS: the body is what the client said it was, and JSON if it said nothing;
// without a body nothing is said (recorded).
func (c *call) appendDefaultHeaders(list []field) []field {
	if !hasField(list, "Accept") {
		list = append(list, field{"Accept", contentTypeJSON})
	}
	if !hasField(list, "User-Agent") {
		list = append(list, field{"User-Agent", "AmazonAPIGateway_" + c.api.ID})
	}
	if len(c.outgoing.body) > 0 && !hasField(list, "Content-Type") {
		list = append(list, field{"Content-Type", cmp.Or(c.request.Header.Get("Content-Type"), contentTypeJSON)})
	}
	return list
}

// throughLink sends the request through a VPC link: to what --endpoint names
// for it, with the URI's own Host.
func (c *call) throughLink(q *endpoint.Request) *gatewayResponse {
	id := c.target.link
	link, ok := c.gateway.links.Get(plan.VPCLinkKey(id))
	if !ok || link.Account != c.api.Account {
		return c.refuse(stepIntegration, telemetry.Failed, advice{"there is no VPC link " + id,
			"create it, or let the integration's connectionId name another"}, internalServerError())
	}
	to := c.gateway.endpointOf(VPCLinks+id, VPCLinks+link.Name)
	if to == nil {
		return c.refuse(stepIntegration, telemetry.Failed, advice{
			"lamgate does not know where the VPC link " + link.Name + " (" + id + ") leads",
			"lamgate serve --endpoint vpclink/" + link.Name + "=URL"}, internalServerError())
	}
	q.Scheme, q.Address = to.Scheme, to.Host
	if prefix := strings.TrimSuffix(to.EscapedPath(), "/"); prefix != "" {
		q.Target = prefix + q.Target
	}
	return nil
}

// showCertificate has the stage's client certificate shown to endpoints that
// ask for one.
func (c *call) showCertificate(q *endpoint.Request) *gatewayResponse {
	id := c.target.certificate
	if id == "" {
		return nil
	}
	certificate, ok := c.gateway.certificates.Get(plan.ClientCertificateKey(id))
	if !ok || certificate.account != c.api.Account {
		return c.refuse(stepIntegration, telemetry.Failed, advice{"the stage's client certificate " + id + " does not exist",
			"set the stage's clientCertificateId to one that exists, or remove it"}, internalServerError())
	}
	q.Certificate = &certificate.tls
	return nil
}

// notAnswered answers for an endpoint that gave no answer.
//
// AWS: an address that cannot be, a certificate that does not hold and an
// answer of more than 10 MB are mistakes of the configuration, a 500
// (knowledge-center "api-gateway-500-error-vpc"); time that is up and a network
// that fails are a 504.
func (c *call) notAnswered(q *endpoint.Request, err error) *gatewayResponse {
	var e *endpoint.Error
	if !errors.As(err, &e) {
		e = &endpoint.Error{Detail: err.Error()}
	}
	what := "calling " + q.Scheme + "://" + q.Address + " failed: " + e.Detail
	switch e.Kind {
	case endpoint.Timeout:
		return c.refuse(stepIntegration, telemetry.Failed, advice{
			"the endpoint had not answered within the integration's " + q.Timeout.String() + ": " + e.Detail,
			"let it answer sooner, or raise the integration's timeoutInMillis"}, integrationTimeout())
	case endpoint.NameNotFound:
		return c.refuse(stepIntegration, telemetry.Failed, inAWSWords{advice{what, "correct the host in the integration's URI, or its name server"},
			"Invalid endpoint address"}, internalServerError())
	case endpoint.UnknownAuthority:
		return c.refuse(stepIntegration, telemetry.Failed, advice{what,
			"let the endpoint show a certificate of a known authority, with its chain, or set the integration's tlsConfig.insecureSkipVerification"}, internalServerError())
	case endpoint.Expired, endpoint.WrongHost:
		return c.refuse(stepIntegration, telemetry.Failed, advice{what, "let the endpoint show a certificate that is valid now and names its host"}, internalServerError())
	case endpoint.TooLarge:
		return c.refuse(stepIntegration, telemetry.Failed, advice{what, "answer no more than 10 MB, or set the integration's responseTransferMode to STREAM"}, internalServerError())
	case endpoint.Invalid:
		return c.refuse(stepIntegration, telemetry.Failed, advice{what, "correct the integration"}, internalServerError())
	case endpoint.Refused, endpoint.Unreachable:
		return c.refuse(stepIntegration, telemetry.Failed, advice{what, "start the endpoint, or correct the integration's URI"}, networkFailure())
	case endpoint.TLS:
		return c.refuse(stepIntegration, telemetry.Failed, advice{what, "let the endpoint speak TLS, or call it by http"}, networkFailure())
	}
	return c.refuse(stepIntegration, telemetry.Failed, advice{what, "look into the endpoint's own log"}, networkFailure())
}

// networkFailure is what callers see of an endpoint that the network does not
// reach.
func networkFailure() *gatewayResponse {
	return &gatewayResponse{"INTEGRATION_FAILURE", http.StatusGatewayTimeout, "InternalServerErrorException", "Network error communicating with endpoint", spaced, ""}
}

// passOn makes the response of what a proxied endpoint answered.
func (c *call) passOn(h *plan.HTTP) *gatewayResponse {
	r := &c.response
	r.status, r.origin = c.received.status, fromEndpoint
	for _, f := range c.received.headers {
		r.add(f.name, f.value)
	}
	if c.received.stream != nil {
		r.stream = c.received.stream
		return nil
	}
	var refusal *gatewayResponse
	r.body, refusal = c.convertResponse(c.received.body, "")
	return refusal
}
