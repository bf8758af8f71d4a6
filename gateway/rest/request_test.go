package rest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/plan"
)

const (
	internal  = `{"message": "Internal server error"}`
	noToken   = `{"message":"Missing Authentication Token"}`
	forbids   = `{"message":"Forbidden"}`
	errServer = "InternalServerErrorException"
	errToken  = "MissingAuthenticationTokenException"
	errForbid = "ForbiddenException"
)

func TestProxyAnswersWithAWSsHeaders(t *testing.T) {
	h := newHouse(t)
	h.function(permit("arn:aws:execute-api:us-east-1:000000000000:api/*/POST/lambda"))
	h.deploy(hello("POST", "/lambda"))
	a := h.do("POST", "/v0/lambda", "").expect(200, "", "Hello, World!")
	for name, pattern := range map[string]string{
		"x-amzn-RequestId": `^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`,
		"x-amz-apigw-id":   `^[A-Za-z0-9_-]{15}=$`,
		"X-Amzn-Trace-Id":  `^Root=1-5ebe3025-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0$`,
		"Content-Type":     `^application/json$`,
		"Content-Length":   `^13$`,
	} {
		if got := a.header(name); !regexp.MustCompile(pattern).MatchString(got) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := h.invoker.last(t); got.Function.ARN() != helloARN || got.TraceHeader != a.header("X-Amzn-Trace-Id") {
		t.Errorf("invoked %+v", got)
	}
	j, _ := h.journeys.Find(a.header("x-amz-apigw-id"))
	if j == nil || j.Status != 200 || j.Function != helloARN || j.Invocation != "invocation-id" {
		t.Errorf("journey %+v", j)
	}
}

func TestWhatDoesNotExist(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("POST", "/lambda"))
	h.do("POST", "/v1/lambda", "").expect(403, errForbid, forbids).because("stage", `no stage "v1"`)
	h.do("POST", "/", "").expect(403, errForbid, forbids)
	h.do("POST", "/v0/other", "").expect(403, errToken, noToken).because("match resource", "has no POST /other")
	h.get("/v0/lambda").expect(403, errToken, noToken).because("match resource", "it has POST /lambda", "create-deployment")
	r := httptest.NewRequest("POST", "http://none.execute-api.us-east-1.amazonaws.com/v0/lambda", nil)
	h.serve(r).expect(403, errForbid, forbids).because("stage", `no REST API "none"`)
	r = httptest.NewRequest("POST", "http://api.execute-api.eu-west-1.amazonaws.com/v0/lambda", nil)
	h.serve(r).expect(403, errForbid, forbids)
	if n := h.invoker.count(); n != 0 {
		t.Errorf("%d invocations", n)
	}
}

func TestAddresses(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("GET", "/a/{proxy+}"))
	for _, url := range []string{
		"http://api.execute-api.us-east-1.amazonaws.com/v0/a/b",
		"http://api.execute-api.us-east-1.amazonaws.com:4566/v0/a/b",
		"http://API.Execute-API.localhost:4566/v0/a/b",
		"http://api.execute-api.localhost.localstack.cloud:4566/v0/a/b",
		"http://127.0.0.1:4566/_aws/execute-api/api/v0/a/b",
		"http://127.0.0.1:4566/restapis/api/v0/_user_request_/a/b",
		"http://api.execute-api.localhost//v0/a/b",
	} {
		r := httptest.NewRequest("GET", url, nil)
		if _, ok := Addressed(r); !ok {
			t.Errorf("%s is not for the data plane", url)
		}
		h.serve(r).expect(200, "", "Hello, World!")
	}
	for _, path := range []string{"/_aws/execute-api/", "/_aws/execute-api//v0/a/b"} {
		h.serve(httptest.NewRequest("GET", "http://127.0.0.1:4566"+path, nil)).expect(403, "ForbiddenException", `{"message":"Forbidden"}`)
	}
	for _, url := range []string{
		"http://127.0.0.1:4566/restapis/api/stages/v0",
		"http://127.0.0.1:4566/restapis",
		"http://execute-api.localhost/",
		"http://api.execute-api.example.com/v0/a",
		"http://api.execute-api.us-east-1.x.amazonaws.com/v0/a",
		"http://.execute-api.localhost/v0/a",
		"http://127.0.0.1:4566/",
	} {
		if a, ok := Addressed(httptest.NewRequest("GET", url, nil)); ok {
			t.Errorf("%s is for %+v", url, a)
		}
	}
}

func TestFunctionThatFails(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("GET", "/a"))
	answer := func(r *execution.Result, err error) {
		h.invoker.answer = func(context.Context, execution.Invocation) (*execution.Result, error) { return r, err }
	}
	answer(&execution.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorType":"Sandbox.Timedout"}`)}, nil)
	h.get("/v0/a").expect(502, errServer, internal).because("integration", "Sandbox.Timedout", "lamgate logs hello")
	answer(&execution.Result{Payload: []byte(`"Hello World"`)}, nil)
	h.get("/v0/a").expect(502, errServer, internal).because("integration", "it is a string, not an object")
	answer(nil, aws.Faultf(429, "TooManyRequestsException", "Rate Exceeded."))
	h.get("/v0/a").expect(500, errServer, internal).because("integration", "Rate Exceeded.")
	answer(nil, errors.New("broken"))
	a := h.get("/v0/a").expect(500, errServer, internal).because("integration", "broken")
	if a.header("X-Amzn-Trace-Id") == "" {
		t.Error("a real integration's failure bears no trace")
	}
}

func TestIntegrationTimeout(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	d := hello("GET", "/a")
	d.Resources[0].Methods["GET"].Integration.TimeoutMillis = 50
	h.deploy(d)
	h.invoker.answer = func(ctx context.Context, _ execution.Invocation) (*execution.Result, error) {
		h.clock.Advance(50 * time.Millisecond)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	a := h.get("/v0/a").expect(504, errServer, `{"message": "Endpoint request timed out"}`).because("integration", "50ms", "timeoutInMillis")
	if j, _ := h.journeys.Find(a.header("x-amzn-RequestId")); j.Took != 50*time.Millisecond {
		t.Errorf("took %v", j.Took)
	}
	if n := h.clock.Waiting(); n != 0 {
		t.Errorf("%d alarms are left", n)
	}
}

func TestCallerWhoGoesAwayDoesNotEndTheFunction(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("GET", "/a"))
	gone, leave := context.WithCancel(t.Context())
	h.invoker.answer = func(ctx context.Context, _ execution.Invocation) (*execution.Result, error) {
		leave()
		return &execution.Result{Payload: []byte(`{}`)}, ctx.Err()
	}
	h.serve(httptest.NewRequest("GET", "http://api.execute-api.localhost/v0/a", nil).WithContext(gone)).expect(200, "", "")
}

func TestDeploymentTakesEffectAtTheNextRequest(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("GET", "/a"))
	h.get("/v0/a").expect(200, "", "Hello, World!")
	d := hello("GET", "/b")
	d.ID, d.API, d.Account, d.Region = "dep002", "api", account, region
	h.put(plan.DeploymentKey("api", "dep002"), d)
	h.get("/v0/b").expect(403, errToken, noToken)
	h.put(plan.RestAPIKey("api"), plan.RestAPI{ID: "api", Account: account, Region: region,
		Stages: map[string]*plan.Stage{"v0": {Name: "v0", Deployment: "dep002"}}})
	h.get("/v0/b").expect(200, "", "Hello, World!")
	h.get("/v0/a").expect(403, errToken, noToken)
}

func TestMistakesInADeploymentCloseOnlyWhatTheyTouch(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	byGet := proxyTo(helloARN)
	byGet.Integration.HTTPMethod = "GET"
	nowhere := proxyTo("x")
	nowhere.Integration.URI = "arn:aws:apigateway:us-east-1:sqs:path/queue"
	variable := proxyTo("arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.fn}")
	h.deploy(plan.Deployment{Resources: []plan.Resource{
		resource("/good", map[string]*plan.Method{"GET": proxyTo(helloARN)}),
		resource("/get", map[string]*plan.Method{"GET": byGet}),
		resource("/nowhere", map[string]*plan.Method{"GET": nowhere}),
		resource("/variable", map[string]*plan.Method{"GET": variable}),
		resource("/none", map[string]*plan.Method{"GET": {AuthorizationType: "NONE"}}),
		resource("/http", map[string]*plan.Method{"GET": {Integration: &plan.Integration{Type: "HTTP_PROXY"}}}),
	}})
	h.get("/v0/good").expect(200, "", "Hello, World!")
	h.get("/v0/get").expect(500, errServer, internal).because("method request", "invoked by POST only")
	h.get("/v0/nowhere").expect(500, errServer, internal).because("method request", "does not name a function")
	h.get("/v0/variable").expect(500, errServer, internal).because("integration", `no variable "fn"`)
	h.get("/v0/none").expect(500, errServer, internal).because("method request", "no integration")
	h.get("/v0/http").expect(500, errServer, internal).because("integration", "no URL of an HTTP endpoint")
}

func TestStageVariablesNameTheFunction(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	d := hello("GET", "/a")
	d.Resources[0].Methods["GET"] = proxyTo("arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.fn}")
	h.deploy(d, func(a *plan.RestAPI) { a.Stages["v0"].Variables = map[string]string{"fn": "hello"} })
	h.get("/v0/a").expect(200, "", "Hello, World!")
}

func TestBodiesAndHeadsAreBounded(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("ANY", "/{proxy+}"))
	tooLong := `{"message":"Request Too Long"}`
	h.do("POST", "/v0/a", strings.Repeat("x", maxBody)).expect(200, "", "Hello, World!")
	h.do("POST", "/v0/a", strings.Repeat("x", maxBody+1)).expect(413, "RequestEntityTooLargeException", tooLong)
	chunked := httptest.NewRequest("POST", "http://api.execute-api.localhost/v0/a", struct{ *strings.Reader }{strings.NewReader(strings.Repeat("x", maxBody+1))})
	chunked.ContentLength = -1
	h.serve(chunked).expect(413, "RequestEntityTooLargeException", tooLong)
	h.get("/v0/"+strings.Repeat("a", maxTarget)).expect(414, "RequestURITooLongException", `{"message":"URI Too Long"}`)
	h.do("GET", "/v0/a", "", "X-Bomb", strings.Repeat("a", maxHead)).expect(431, "RequestHeaderFieldsTooLargeException", `{"message":"Request Header Fields Too Large"}`)
	h.get("/v0/"+strings.Repeat("a/", 4000)).expect(200, "", "Hello, World!")
}

func TestHeadHasNoBody(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("ANY", "/a"))
	s := httptest.NewServer(h.gateway)
	defer s.Close()
	r, err := http.Head(s.URL + "/_aws/execute-api/api/v0/a")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != 200 || r.ContentLength != 13 {
		t.Errorf("%v", r)
	}
}
