package rest

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/plan"
)

// customising makes a deployment of one method whose gateway responses are the
// API's own.
func customising(responses ...plan.GatewayResponse) plan.Deployment {
	d := hello("GET", "/a/{id}")
	d.GatewayResponses = map[string]plan.GatewayResponse{}
	for _, r := range responses {
		d.GatewayResponses[r.ResponseType] = r
	}
	return d
}

const missingToken = `{"message":"Missing Authentication Token"}`

// The most common use: browsers see the gateway's errors only if these carry
// the headers of CORS.
func TestGatewayResponsesWithCORS(t *testing.T) {
	h := newHouse(t)
	cors := map[string]string{
		"gatewayresponse.header.Access-Control-Allow-Origin":  "'*'",
		"gatewayresponse.header.Access-Control-Allow-Headers": "'Content-Type,Authorization'",
		"gatewayresponse.header.X-Origin":                     "method.request.header.origin",
		"gatewayresponse.header.X-Absent":                     "method.request.header.nothing",
	}
	h.deploy(customising(
		plan.GatewayResponse{ResponseType: "DEFAULT_4XX", ResponseParameters: cors},
		plan.GatewayResponse{ResponseType: "DEFAULT_5XX", ResponseParameters: cors},
	))
	for path, want := range map[string]struct {
		status          int
		errorType, body string
	}{
		"/v0/nothing": {403, "MissingAuthenticationTokenException", missingToken},
		"/v0/a/1":     {500, errServer, internal}, // the function is not there
	} {
		got := h.do("GET", path, "", "Origin", "https://example.com").expect(want.status, want.errorType, want.body)
		if got.header("Access-Control-Allow-Origin") != "*" || got.header("Access-Control-Allow-Headers") != "Content-Type,Authorization" ||
			got.header("X-Origin") != "https://example.com" || got.header("X-Absent") != "" || got.header("Content-Type") != "application/json" {
			t.Errorf("%s: %v", path, got.Result().Header)
		}
	}
	// A stage that is not there has no deployment to ask.
	got := h.get("/v1/a").expect(403, "ForbiddenException", `{"message":"Forbidden"}`)
	if got.header("Access-Control-Allow-Origin") != "" {
		t.Error(got.Result().Header)
	}
}

func TestGatewayResponsesAreCustomised(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	d := customising(
		plan.GatewayResponse{
			ResponseType: "MISSING_AUTHENTICATION_TOKEN", StatusCode: "404",
			ResponseParameters: map[string]string{
				"gatewayresponse.header.WWW-Authenticate": "'Basic'",
				"gatewayresponse.header.x-path":           "context.path",
				"gatewayresponse.header.x-q":              "method.request.querystring.q",
				"gatewayresponse.header.x-stage-variable": "stageVariables.colour",
				"gatewayresponse.header.content-length":   "'1'",
				"gatewayresponse.body":                    "'x'",
				"gatewayresponse.header.x-wrong":          "context.nothing",
			},
			ResponseTemplates: map[string]string{
				"application/json": `{"message":$context.error.messageString,"type":"$context.error.responseType","stage":"${context.stage}",` +
					`"a":"$stageVariables.colour","q":"$method.request.querystring.q","none":"$context.authorizer.x","cost":"$5 $input.body $"}`,
				"text/plain": "$context.error.message.",
				"text/empty": "",
			},
		},
		plan.GatewayResponse{ResponseType: "BAD_REQUEST_BODY",
			ResponseTemplates: map[string]string{"application/json": `{"message":"$context.error.validationErrorString"}`}},
		plan.GatewayResponse{ResponseType: "DEFAULT_4XX", StatusCode: "499"},
	)
	m := d.Resources[0].Methods["GET"]
	m.RequestValidatorID = "v"
	m.RequestModels = map[string]string{"application/json": "M"}
	m.RequestParameters = map[string]bool{"method.request.querystring.n": true}
	d.Models = map[string]plan.Model{"M": {Name: "M", Schema: `{"type":"object"}`}}
	d.Validators = map[string]plan.RequestValidator{"v": {ID: "v", Name: "v", Body: true, Parameters: true}}
	h.deploy(d, func(a *plan.RestAPI) { a.Stages["v0"].Variables = map[string]string{"colour": "blue"} })

	const missing = "MissingAuthenticationTokenException"
	got := h.get("/v0/b?q=1+2").expect(404, missing,
		`{"message":"Missing Authentication Token","type":"MISSING_AUTHENTICATION_TOKEN","stage":"v0","a":"blue","q":"1 2","none":"","cost":"$5 $input.body $"}`)
	for name, want := range map[string]string{"WWW-Authenticate": "Basic", "x-path": "/v0/b", "x-q": "1 2", "x-stage-variable": "blue", "x-wrong": ""} {
		if got.header(name) != want {
			t.Errorf("%s: %q", name, got.header(name))
		}
	}
	if j, _ := h.journeys.Find(got.header("x-amzn-RequestId")); j.Status != 404 {
		t.Errorf("the journey ends with %d", j.Status)
	}
	plain := h.do("GET", "/v0/b", "", "Accept", "image/png, TEXT/plain;q=0.5").expect(404, missing, "Missing Authentication Token.")
	if plain.header("Content-Type") != "text/plain" {
		t.Error(plain.header("Content-Type"))
	}
	h.do("GET", "/v0/b", "", "Accept", "text/empty").expect(404, missing, "")
	// A line break from the caller breaks no header.
	if broken := h.get("/v0/b?q=1%0d%0aX-Evil:%201"); broken.header("x-q") != "" {
		t.Errorf("%q", broken.header("x-q"))
	}
	h.do("GET", "/v0/a/1?n=1", "[]").expect(400, "BadRequestException",
		`{"message":"[instance type (array) does not match any allowed primitive type (allowed: ["object"])]"}`)
	h.do("GET", "/v0/a/1", "{}").expect(499, "BadRequestException", `{"message": "Missing required request parameters: [n]"}`)
	h.do("GET", "/v0/a/1?n=1", "{}").expect(200, "", "Hello, World!")
}

// Each refusal is of the type that AWS gives it.
func TestGatewayResponseTypes(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	kinds := map[string]string{"gatewayresponse.header.kind": "context.error.responseType"}
	d := customising(plan.GatewayResponse{ResponseType: "DEFAULT_4XX", ResponseParameters: kinds},
		plan.GatewayResponse{ResponseType: "DEFAULT_5XX", ResponseParameters: kinds})
	closed := proxyTo("")
	d.Resources = append(d.Resources,
		resource("/key", map[string]*plan.Method{"GET": {APIKeyRequired: true, Integration: closed.Integration}}),
		resource("/iam", map[string]*plan.Method{"GET": {AuthorizationType: "AWS_IAM", Integration: closed.Integration}}),
		resource("/custom", map[string]*plan.Method{"GET": {AuthorizationType: "CUSTOM", Integration: closed.Integration}}),
		resource("/closed", map[string]*plan.Method{"GET": closed}),
	)
	h.deploy(d)
	kind := func(want string, got *answer) {
		t.Helper()
		if got.header("kind") != want || got.Code < 400 {
			t.Errorf("%d is of the type %q, want %q", got.Code, got.header("kind"), want)
		}
	}
	kind("MISSING_AUTHENTICATION_TOKEN", h.get("/v0/nothing"))
	kind("MISSING_AUTHENTICATION_TOKEN", h.get("/v0/iam"))
	kind("UNAUTHORIZED", h.get("/v0/custom"))
	kind("INVALID_API_KEY", h.get("/v0/key"))
	kind("API_CONFIGURATION_ERROR", h.get("/v0/closed"))
	kind("UNSUPPORTED_MEDIA_TYPE", h.do("GET", "/v0/a/1", "x", "Content-Encoding", "br"))
	kind("REQUEST_TOO_LARGE", h.do("GET", "/v0/a/1", strings.Repeat("x", maxBody+1)))
	kind("DEFAULT_4XX", h.get("/v0/a/1?"+strings.Repeat("x", maxTarget)))
	h.invoker.answering(`"no response"`)
	kind("API_CONFIGURATION_ERROR", h.get("/v0/a/1"))
	h.invoker.mu.Lock()
	h.invoker.answer = func(context.Context, execution.Invocation) (*execution.Result, error) {
		return &execution.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"x"}`)}, nil
	}
	h.invoker.mu.Unlock()
	kind("INTEGRATION_FAILURE", h.get("/v0/a/1"))
	h.invoker.mu.Lock()
	h.invoker.answer = func(context.Context, execution.Invocation) (*execution.Result, error) {
		return nil, aws.Faultf(http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.")
	}
	h.invoker.mu.Unlock()
	kind("INTEGRATION_FAILURE", h.get("/v0/a/1"))
}

func TestGatewayResponsesThatCannotBeUsed(t *testing.T) {
	h := newHouse(t)
	h.deploy(customising(plan.GatewayResponse{ResponseType: "DEFAULT_4XX", StatusCode: "100",
		ResponseParameters: map[string]string{"gatewayresponse.header.a": "'x\r\ny'", "gatewayresponse.header.b": "$context.path", "gatewayresponse.header.c d": "'x'"}}))
	got := h.get("/v0/nothing").expect(403, "MissingAuthenticationTokenException", missingToken)
	for _, name := range []string{"a", "b", "c d"} {
		if _, ok := got.Result().Header[http.CanonicalHeaderKey(name)]; ok || got.header(name) != "" {
			t.Error(name)
		}
	}
	j, _ := h.journeys.Find(got.header("x-amzn-RequestId"))
	steps, _ := j.Steps()
	what, mend := steps[len(steps)-1].Detail.Explain()
	for _, words := range []string{"DEFAULT_4XX", `"100"`, "header a", "$context.path"} {
		if !strings.Contains(what, words) {
			t.Errorf("the journey does not say %s: %s", words, what)
		}
	}
	if mend == "" {
		t.Error("nothing would mend it")
	}
}
