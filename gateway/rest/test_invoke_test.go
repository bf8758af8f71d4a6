package rest

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// test invokes a method and returns what was shown, with the log's times and
// IDs made the same.
func (h *house) test(t *TestRequest) (*TestResult, string) {
	h.t.Helper()
	t.Deployment.API, t.Deployment.Account, t.Deployment.Region = "api", account, region
	r, err := h.gateway.TestInvoke(h.t.Context(), t)
	if err != nil {
		h.t.Fatal(err)
	}
	log := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).ReplaceAllString(r.Log, "ID")
	return r, anonymous.Replace(strings.ReplaceAll(log, "Fri May 15 06:01:09 UTC 2020 : ", ""))
}

func TestTestOfAMock(t *testing.T) {
	h := newHouse(t)
	d := mockSaying(`{"pets": "all"}`)
	d.Resources[0].Path = "/pets/{petId}"
	m := d.Resources[0].Methods["GET"]
	m.AuthorizationType, m.APIKeyRequired = "AWS_IAM", true // nobody is asked
	m.Integration.Responses["200"].ResponseParameters = nil
	for _, c := range []struct{ path, shown, params, query string }{
		{"/pets/123?foo=bar", "/pets/123", "petId=123", "foo=bar"},
		{"", "/pets/{petId}", "petId={petId}", ""},
		{"/random/test", "/random/test", "", ""},
	} {
		r, log := h.test(&TestRequest{Deployment: &d, ResourceID: "ra", Method: "GET", PathWithQuery: c.path, Body: []byte("b")})
		want := `Execution log for request ID
Starting execution for request: ID
HTTP Method: GET, Resource Path: ` + c.shown + `
Method request path: {` + c.params + `}
Method request query string: {` + c.query + `}
Method request headers: {}
Method request body before transformations: b
Method response body after transformations: {"pets": "all"}
Method response headers: {Content-Type=application/json}
Successfully completed execution
Method completed with status: 200
`
		if log != want {
			t.Errorf("the log is\n%s\nwant\n%s", log, want)
		}
		if r.Status != 200 || string(r.Body) != `{"pets": "all"}` || len(r.Headers) != 1 || r.Headers["Content-Type"][0] != "application/json" {
			t.Errorf("%+v", r)
		}
	}
}

func TestTestOfAFunction(t *testing.T) {
	h := newHouse(t)
	h.function(permit("arn:aws:execute-api:us-east-1:000000000000:api/test-invoke-stage/GET/a"))
	d := hello("GET", "/a")
	d.Resources[0].Methods["GET"].Integration.URI = strings.Replace(d.Resources[0].Methods["GET"].Integration.URI, "function:hello", "function:${stageVariables.f}", 1)
	r, log := h.test(&TestRequest{Deployment: &d, ResourceID: "ra", Method: "GET", StageVariables: map[string]string{"f": "hello"},
		Headers: map[string][]string{"x-one": {"1", "2"}}})
	if r.Status != 200 || string(r.Body) != "Hello, World!" {
		t.Errorf("answered %d %s\n%s", r.Status, r.Body, log)
	}
	payload := string(h.invoker.last(t).Payload)
	for _, part := range []string{`"stage":"test-invoke-stage"`, `"sourceIp":"test-invoke-source-ip"`, `"domainName":"testPrefix.testDomainName"`, `"path":"/a"`} {
		if !strings.Contains(payload, part) {
			t.Errorf("the event lacks %s:\n%s", part, payload)
		}
	}
	if !strings.Contains(log, "\nMethod request headers: {X-One=1,2}\n") && !strings.Contains(log, "x-one=1,2") {
		t.Errorf("the log is\n%s", log)
	}
}

func TestTestOfWhatFails(t *testing.T) {
	h := newHouse(t)
	h.function()
	d := hello("GET", "/a")
	r, log := h.test(&TestRequest{Deployment: &d, ResourceID: "ra", Method: "GET"})
	if r.Status != 500 || string(r.Body) != `{"message": "Internal server error"}` ||
		len(r.Headers) != 1 || r.Headers["x-amzn-ErrorType"][0] != "InternalServerErrorException" {
		t.Errorf("%+v", r)
	}
	if !strings.HasSuffix(log, "Execution failed due to configuration error: Invalid permissions on Lambda function\nMethod completed with status: 500\n") {
		t.Errorf("the log is\n%s", log)
	}
	d = plan.Deployment{Resources: []plan.Resource{resource("/", map[string]*plan.Method{"GET": {AuthorizationType: "NONE",
		Integration: &plan.Integration{Type: "HTTP", HTTPMethod: "GET", URI: "http://no.such.host.invalid", TimeoutMillis: 29000}}})}}
	if _, log = h.test(&TestRequest{Deployment: &d, ResourceID: "r", Method: "GET"}); !strings.Contains(log, "\nExecution failed due to configuration error: Invalid endpoint address\n") {
		t.Errorf("the log is\n%s", log)
	}
	_, err := h.gateway.TestInvoke(t.Context(), &TestRequest{Deployment: &d, ResourceID: "ra", Method: "PUT"})
	if f := aws.AsFault(err); f == nil || f.Status != 404 {
		t.Errorf("%v", err)
	}
}

func TestTestedParams(t *testing.T) {
	for _, c := range []struct {
		resource, path string
		want           map[string]string
	}{
		{"/", "/", nil},
		{"/a/{b}/c/{d}", "/a/1/c/2", map[string]string{"b": "1", "d": "2"}},
		{"/a/{b}", "/a/1/2", nil},
		{"/a/{b}", "/x/1", nil},
		{"/a/{b}", "/a", nil},
		{"/{proxy+}", "/a/b/c", map[string]string{"proxy": "a/b/c"}},
		{"/a/{proxy+}", "/a", nil},
	} {
		got := map[string]string{}
		for _, p := range testedParams(c.resource, c.path) {
			got[p.Name] = p.Value
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("%s of %s: %v", c.path, c.resource, got)
		}
	}
}
