package rest

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/endpoint"
	"github.com/lamgate/lamgate/gateway/plan"
)

// A TestRequest is a request to a method as it stands in an API now, deployed
// or not.
type TestRequest struct {
	Deployment          *plan.Deployment // a snapshot of the API
	ResourceID          string
	Method              string
	PathWithQuery       string // empty for the resource's own path
	Headers             map[string][]string
	Body                []byte
	StageVariables      map[string]string
	ClientCertificateID string
}

// A TestResult is what a test has shown.
type TestResult struct {
	Status  int
	Headers map[string][]string
	Body    []byte
	Log     string // the execution log, at its highest level
	Latency time.Duration
}

// What stands in a test where a request has what the network tells.
//
// AWS: as functions see them that a test invokes.
const (
	testStage    = "test-invoke-stage"
	testSourceIP = "test-invoke-source-ip"
	testDomain   = "testPrefix.testDomainName"
)

// TestInvoke serves a request to a method that need not be deployed, by the
// steps that serve any other but those that guard a stage: nobody is asked who
// they are, nothing is throttled and nothing cached.
//
// AWS: so does TestInvokeMethod. A function must permit the test's stage, or
// any, to invoke it.
func (g *Gateway) TestInvoke(ctx context.Context, t *TestRequest) (*TestResult, error) {
	p := plan.Compile(t.Deployment)
	route := testedRoute(p, t)
	if route == nil {
		return nil, aws.Faultf(http.StatusNotFound, "NotFoundException", "Invalid Method identifier specified")
	}
	d := t.Deployment
	a := &api{RestAPI: plan.RestAPI{ID: d.API, Account: d.Account, Region: d.Region}}
	s := newStage(a, &plan.Stage{Name: testStage, Deployment: d.ID, Variables: t.StageVariables, ClientCertificateID: t.ClientCertificateID})

	c := &call{testing: true}
	c.begin(g, t.request(ctx, route))
	c.api, c.stage, c.route = a, s, route
	c.published = s.prepare(p)
	c.target = &c.published.targets[route.Index]
	c.address = Address{API: d.API, Stage: testStage, Domain: testDomain}
	c.address.Path, c.address.Query, _ = strings.Cut(t.target(route), "?")
	c.params = testedParams(route.ResourcePath, c.address.Path)
	c.sourceIP = testSourceIP
	j := &c.journey
	j.API, j.Stage, j.Path, j.Account, j.Region = d.API, testStage, c.address.Path, d.Account, d.Region

	w := &testWriter{header: http.Header{}}
	c.respond(w)
	c.end()
	result := &TestResult{Status: c.journey.Status, Headers: w.header, Body: w.body.Bytes(), Latency: c.journey.Took}
	for _, own := range []string{"x-amzn-RequestId", "x-amz-apigw-id", "Content-Length", "Connection"} {
		delete(result.Headers, own)
	}
	if c.refusal != nil && c.ownVersion(c.refusal) == nil {
		// AWS: of a refusal only the error's type is shown (recorded:
		// test_failed_invoke_test_method).
		maps.DeleteFunc(result.Headers, func(name string, _ []string) bool { return name != "x-amzn-ErrorType" })
	}
	result.Log = c.testLog()
	return result, nil
}

// testedRoute returns the route of the method that is tested.
func testedRoute(p *plan.Plan, t *TestRequest) *plan.Route {
	for _, method := range []string{t.Method, plan.AnyMethod} {
		i := slices.IndexFunc(p.Routes, func(r *plan.Route) bool { return r.ResourceID == t.ResourceID && r.HTTPMethod == method })
		if i >= 0 {
			return p.Routes[i]
		}
	}
	return nil
}

// target is the path and the query of the request.
func (t *TestRequest) target(r *plan.Route) string {
	if t.PathWithQuery == "" {
		return r.ResourcePath
	}
	return "/" + strings.TrimLeft(t.PathWithQuery, "/")
}

func (t *TestRequest) request(ctx context.Context, r *plan.Route) *http.Request {
	header := make(http.Header, len(t.Headers))
	for _, name := range slices.Sorted(maps.Keys(t.Headers)) {
		for _, v := range t.Headers[name] {
			header.Add(name, v)
		}
	}
	path, query, _ := strings.Cut(t.target(r), "?")
	made := &http.Request{
		Method: t.Method,
		URL:    &url.URL{Path: path, RawQuery: query},
		Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        header,
		Body:          io.NopCloser(bytes.NewReader(t.Body)),
		ContentLength: int64(len(t.Body)),
		Host:          testDomain,
		RequestURI:    t.target(r),
		RemoteAddr:    testSourceIP + ":0",
	}
	return made.WithContext(throughOf(ctx))
}

// testedParams returns the path's parameters as a resource's path names them.
//
// AWS: a path that is not the resource's is served all the same and has none;
// without a path, each parameter is its own name in braces (recorded:
// test_invoke_test_method).
func testedParams(resource, path string) []plan.Param {
	parts := strings.Split(strings.Trim(resource, "/"), "/")
	var params []plan.Param
	rest := strings.Trim(path, "/")
	for i, part := range parts {
		name, isParam := strings.CutPrefix(part, "{")
		name = strings.TrimSuffix(name, "}")
		if greedy, ok := strings.CutSuffix(name, "+"); isParam && ok && i == len(parts)-1 {
			if rest == "" {
				return nil
			}
			return append(params, plan.Param{Name: greedy, Value: rest})
		}
		segment, after, more := strings.Cut(rest, "/")
		if more != (i < len(parts)-1) || segment == "" && part != "" || !isParam && segment != part {
			return nil
		}
		if isParam {
			params = append(params, plan.Param{Name: name, Value: segment})
		}
		rest = after
	}
	return params
}

// testLog is the execution log as TestInvokeMethod answers it.
func (c *call) testLog() string {
	var b strings.Builder
	b.WriteString("Execution log for request " + c.requestID + "\n")
	n := narrator{c, logAll, true, func(at time.Time, message string) {
		b.WriteString(at.UTC().Format("Mon Jan 02 15:04:05 MST 2006"))
		b.WriteString(" : " + message + "\n")
	}}
	n.tell()
	return b.String()
}

// A testWriter keeps a response.
type testWriter struct {
	header http.Header
	body   bytes.Buffer
}

func (w *testWriter) Header() http.Header { return w.header }
func (w *testWriter) WriteHeader(int)     {}

func (w *testWriter) Write(b []byte) (int, error) {
	if w.body.Len()+len(b) > endpoint.MaxBody {
		return 0, errAnswerTooLarge // of a stream
	}
	return w.body.Write(b)
}
