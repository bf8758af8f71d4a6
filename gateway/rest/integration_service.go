package rest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/endpoint"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

const serviceAnswered = telemetry.Note("the AWS service answered")

// callService calls an AWS service with the integration's role: one of
// lamgate's own in process, any other where --endpoint says.
func (c *call) callService(b *plan.Service) *gatewayResponse {
	c.response.traced = true
	t := c.target
	if t.closed != nil {
		return c.refuse(stepIntegration, telemetry.Failed, t.closed, internalServerError())
	}
	q := &c.transform.asked
	*q = endpoint.Request{Method: b.Method, Timeout: b.Timeout}
	if q.Method == "" {
		q.Method = c.request.Method
	}
	c.writeServiceHeaders()
	if refusal := c.targetService(q); refusal != nil {
		return refusal
	}
	u := &t.service
	name := u.Service
	if u.Subdomain != "" {
		name = u.Subdomain + "." + u.Service
	}
	to := c.gateway.endpointOf(name, u.Service)
	var own http.Handler
	if to == nil && c.gateway.services != nil {
		own = c.gateway.services(u.Service)
	}
	if to == nil && own == nil {
		return c.refuse(stepIntegration, telemetry.Failed, advice{"lamgate does not serve the AWS service " + u.Service + " and was not told where it is",
			"lamgate serve --endpoint " + u.Service + "=URL"}, internalServerError())
	}
	if !sendable(c.outgoing.headers) {
		return c.refuse(stepIntegration, telemetry.Failed, advice{"a header of the integration's request has a name or a value that no header can have",
			"correct the integration's request parameters, or the template that overrides them"}, internalServerError())
	}
	q.Scheme, q.Host = "https", name+"."+u.Region+".amazonaws.com"
	c.outgoing.uri = q.Scheme + "://" + q.Host + q.Target
	if refusal := c.refuseLoop(); refusal != nil {
		return refusal
	}
	allowed, refusal := c.mayCall(q, own != nil)
	if refusal != nil {
		return refusal
	}
	if !allowed {
		return nil // the service's own words have been received
	}
	if own != nil {
		c.sign(q)
		return c.callOwn(own, q, b)
	}
	q.Scheme, q.Address, q.Host = to.Scheme, to.Host, to.Host
	if u.Subdomain != "" {
		q.Host = u.Subdomain + "." + to.Host
	}
	q.Target = strings.TrimSuffix(to.EscapedPath(), "/") + q.Target
	c.outgoing.uri = q.Scheme + "://" + q.Host + q.Target
	c.sign(q)
	return c.exchange(q)
}

// targetService makes the path and query that are called, and what goes with
// an action.
//
// AWS: an action is the parameter Action of the query string, in which a
// service of the query protocol finds its others too; one of the JSON protocols
// is told by X-Amz-Target instead.
func (c *call) targetService(q *endpoint.Request) *gatewayResponse {
	t, u := &c.transform, &c.target.service
	if u.Action == "" {
		uri, missing := u.Path.Append(append(t.uri[:0], '/'), c.mappedPath)
		t.uri = uri
		if missing != "" {
			return c.refuse(stepIntegration, telemetry.Failed, advice{
				"the parameter {" + missing + "} of the integration's path has no value: nothing is mapped to it, or what is mapped is empty",
				"map integration.request.path." + missing + " from what every request has"}, internalServerError())
		}
		target, _, _ := strings.Cut(string(uri), "#")
		if target = appendQuery(target, t.query); !visible(target) {
			return c.refuse(stepIntegration, telemetry.Failed, note("the integration's path %q has what no path can have", target), internalServerError())
		}
		q.Target = target
		return nil
	}
	action, parameters, _ := strings.Cut(u.Action, "&")
	prefix, version := jsonService(u.Service)
	if prefix == "" {
		q.Target = "/?Action=" + url.QueryEscape(action)
		if parameters != "" {
			q.Target += "&" + parameters
		}
		if q.Target = appendQuery(q.Target, t.query); !visible(q.Target) {
			return c.refuse(stepIntegration, telemetry.Failed, note("the integration's action %q has what no query string can have", u.Action), internalServerError())
		}
		return nil
	}
	q.Target = appendQuery("/", t.query)
	if _, ok := c.outgoingHeader("X-Amz-Target"); !ok {
		c.outgoing.headers = append(c.outgoing.headers, field{"X-Amz-Target", prefix + "." + action})
	}
	if !hasField(t.headers, "Content-Type") {
		c.outgoing.headers = setField(c.outgoing.headers, "Content-Type", true, "application/x-amz-json-"+version)
	}
	if q.Method == http.MethodPost && len(bytes.TrimSpace(c.outgoing.body)) == 0 {
		c.outgoing.body = []byte(noPayload)
	}
	return nil
}

// jsonService returns how a service of the JSON protocols names its actions in
// X-Amz-Target, and the protocol's version; nothing for other services.
func jsonService(name string) (prefix, version string) {
	switch name {
	case "dynamodb":
		return "DynamoDB_20120810", "1.0"
	case "kinesis":
		return "Kinesis_20131202", "1.1"
	case "firehose":
		return "Firehose_20150804", "1.1"
	case "states":
		return "AWSStepFunctions", "1.0"
	case "events":
		return "AWSEvents", "1.1"
	case "logs":
		return "Logs_20140328", "1.1"
	case "secretsmanager":
		return "secretsmanager", "1.1"
	case "kms":
		return "TrentService", "1.1"
	case "cognito-idp":
		return "AWSCognitoIdentityProviderService", "1.1"
	case "cognito-identity":
		return "AWSCognitoIdentityService", "1.1"
	case "ssm":
		return "AmazonSSM", "1.1"
	}
	return "", ""
}

// sendable reports whether a message can have these headers. They are signed,
// and must mean to the service what they mean here.
func sendable(headers []field) bool {
	for _, f := range headers {
		if !front.IsToken(f.name) || front.Splits(f.value) {
			return false
		}
	}
	return true
}

// callOwn calls one of lamgate's own services, in process.
func (c *call) callOwn(handler http.Handler, q *endpoint.Request, b *plan.Service) *gatewayResponse {
	target, err := url.ParseRequestURI(q.Target)
	if err != nil {
		return c.refuse(stepIntegration, telemetry.Failed, note("the integration's path cannot be called: %v", err), internalServerError())
	}
	ctx, stop := c.waiting(b.Timeout)
	defer stop()
	ctx = c.withThrough(ctx)
	r := (&http.Request{
		Method: q.Method, URL: target, Host: q.Host, RequestURI: q.Target, RemoteAddr: c.request.RemoteAddr,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: http.NoBody, ContentLength: int64(len(c.outgoing.body)),
	}).WithContext(ctx)
	if len(c.outgoing.body) > 0 {
		r.Body = readCloser{bytes.NewReader(c.outgoing.body)}
	}
	for _, f := range c.outgoing.headers {
		r.Header.Add(f.name, f.value)
	}
	c.outgoing.method = q.Method
	answered := make(chan *capture, 1)
	began := c.gateway.clock.Now()
	go func() {
		w := &capture{header: http.Header{}, status: http.StatusOK}
		defer func() {
			if p := recover(); p != nil {
				w.failed = fmt.Errorf("the service ended in a panic: %v", p)
			}
			answered <- w
		}()
		handler.ServeHTTP(w, r)
	}()
	var answer *capture
	select {
	case answer = <-answered:
	case <-ctx.Done():
	}
	c.received.latency = c.look().Sub(began)
	// What a service says once its time is up, it says because of that.
	if ctx.Err() != nil {
		c.abandoned = true // the service may still read the request
		return c.refuse(stepIntegration, telemetry.Failed, advice{
			"the AWS service " + c.target.service.Service + " had not answered within the integration's " + b.Timeout.String() + "; it works on",
			"raise the integration's timeoutInMillis (at most 29000)"}, integrationTimeout())
	}
	return c.takeOwn(answer)
}

func (c *call) takeOwn(w *capture) *gatewayResponse {
	if w.failed != nil {
		c.gateway.log.Error("a service could not be called", "request", c.requestID, "error", w.failed)
		return c.refuse(stepIntegration, telemetry.Failed, note("%v", w.failed), internalServerError())
	}
	c.received.status, c.received.body = w.status, w.body
	for name, values := range w.header {
		for _, v := range values {
			c.received.headers = append(c.received.headers, field{name, v})
		}
	}
	if !hasField(c.received.headers, "Content-Length") {
		c.received.headers = append(c.received.headers, field{"Content-Length", strconv.Itoa(len(w.body))})
	}
	c.pass(stepIntegration, serviceAnswered)
	return nil
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// A capture is a ResponseWriter that keeps an answer.
type capture struct {
	header http.Header
	status int
	wrote  bool
	body   []byte
	failed error
}

func (w *capture) Header() http.Header { return w.header }

func (w *capture) WriteHeader(status int) {
	if !w.wrote && status >= http.StatusOK {
		w.status, w.wrote = status, true
	}
}

var errAnswerTooLarge = errors.New("the service's answer has more than 10 MB")

func (w *capture) Write(b []byte) (int, error) {
	w.wrote = true
	if len(w.body)+len(b) > endpoint.MaxBody {
		w.failed = errAnswerTooLarge
		return 0, w.failed
	}
	w.body = append(w.body, b...)
	return len(b), nil
}

// endpointOf returns the endpoint of the first name that --endpoint has given
// one.
func (g *Gateway) endpointOf(names ...string) *url.URL {
	for _, name := range names {
		if u := g.endpointMap[name]; u != nil {
			return u
		}
	}
	return nil
}
