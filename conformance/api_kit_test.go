package conformance

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// A restAPI is a REST API that a test builds.
type restAPI struct {
	t         testing.TB
	id        string
	resources map[string]string // IDs by path
}

// newAPI creates an empty REST API and removes it after the test.
func newAPI(t testing.TB, change ...func(*apigateway.CreateRestApiInput)) *restAPI {
	t.Helper()
	in := &apigateway.CreateRestApiInput{
		Name:                  aws.String(uniqueName("api")),
		EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}},
	}
	for _, c := range change {
		c(in)
	}
	out, err := apiGateway().CreateRestApi(t.Context(), in)
	if err != nil {
		t.Fatal("create REST API:", err)
	}
	t.Cleanup(func() { apiGateway().DeleteRestApi(cleanup(), &apigateway.DeleteRestApiInput{RestApiId: out.Id}) })
	return &restAPI{t, *out.Id, map[string]string{"/": *out.RootResourceId}}
}

// resource returns the ID of the resource at a path, which it creates if need
// be, with those above it.
func (a *restAPI) resource(path string) *string {
	a.t.Helper()
	if id, ok := a.resources[path]; ok {
		return &id
	}
	i := strings.LastIndexByte(path, '/')
	parent := path[:i]
	if parent == "" {
		parent = "/"
	}
	out, err := apiGateway().CreateResource(a.t.Context(), &apigateway.CreateResourceInput{
		RestApiId: &a.id, ParentId: a.resource(parent), PathPart: aws.String(path[i+1:]),
	})
	if err != nil {
		a.t.Fatal("create resource ", path, ": ", err)
	}
	a.resources[path] = *out.Id
	return out.Id
}

// method creates a method that asks nothing of its callers.
func (a *restAPI) method(method, path string, change ...func(*apigateway.PutMethodInput)) {
	a.t.Helper()
	in := &apigateway.PutMethodInput{RestApiId: &a.id, ResourceId: a.resource(path), HttpMethod: &method, AuthorizationType: aws.String("NONE")}
	for _, c := range change {
		c(in)
	}
	if _, err := apiGateway().PutMethod(a.t.Context(), in); err != nil {
		a.t.Fatal("put method ", method, " ", path, ": ", err)
	}
}

// proxy has a function serve a method, without the permission to.
func (a *restAPI) proxy(method, path string, f *function, change ...func(*apigateway.PutIntegrationInput)) {
	a.t.Helper()
	a.method(method, path)
	a.integrate(method, path, f.arn, change...)
}

// integrate puts a proxy integration with a function on a method.
func (a *restAPI) integrate(method, path, functionARN string, change ...func(*apigateway.PutIntegrationInput)) {
	a.t.Helper()
	in := &apigateway.PutIntegrationInput{
		RestApiId: &a.id, ResourceId: a.resource(path), HttpMethod: &method, Type: types.IntegrationTypeAwsProxy, IntegrationHttpMethod: aws.String("POST"),
		Uri: aws.String("arn:aws:apigateway:" + region + ":lambda:path/2015-03-31/functions/" + functionARN + "/invocations"),
	}
	for _, c := range change {
		c(in)
	}
	if _, err := apiGateway().PutIntegration(a.t.Context(), in); err != nil {
		a.t.Fatal("put integration ", method, " ", path, ": ", err)
	}
}

// mock has a MOCK integration answer a method with a body.
func (a *restAPI) mock(method, path, body string) {
	a.t.Helper()
	a.method(method, path)
	a.mockIntegration(method, path, body)
}

func (a *restAPI) mockIntegration(method, path, body string) {
	a.t.Helper()
	ctx, resource := a.t.Context(), a.resource(path)
	_, err := apiGateway().PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{RestApiId: &a.id, ResourceId: resource, HttpMethod: &method, StatusCode: aws.String("200")})
	if err == nil {
		_, err = apiGateway().PutIntegration(ctx, &apigateway.PutIntegrationInput{
			RestApiId: &a.id, ResourceId: resource, HttpMethod: &method, Type: types.IntegrationTypeMock,
			RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`},
		})
	}
	if err == nil {
		_, err = apiGateway().PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{
			RestApiId: &a.id, ResourceId: resource, HttpMethod: &method, StatusCode: aws.String("200"),
			ResponseTemplates: map[string]string{"application/json": body},
		})
	}
	if err != nil {
		a.t.Fatal("put MOCK integration ", method, " ", path, ": ", err)
	}
}

// deploy publishes the API on a stage and returns the deployment's ID.
func (a *restAPI) deploy(stage string, variables ...map[string]string) string {
	a.t.Helper()
	in := &apigateway.CreateDeploymentInput{RestApiId: &a.id, StageName: &stage, Variables: map[string]string{}}
	for _, v := range variables {
		maps.Copy(in.Variables, v)
	}
	out, err := apiGateway().CreateDeployment(a.t.Context(), in)
	if err != nil {
		a.t.Fatal("create deployment: ", err)
	}
	return *out.Id
}

// sourceARN is the ARN by which permissions name a part of the API.
func (a *restAPI) sourceARN(pattern string) string {
	return "arn:aws:execute-api:" + region + ":" + account + ":" + a.id + "/" + pattern
}

// url is where a path, which begins with the stage, is served.
func (a *restAPI) url(path string) string { return endpoint + "/_aws/execute-api/" + a.id + path }

// An answer is what a caller got.
type answer struct {
	status int
	header http.Header
	body   string
}

// get asks for a path, which begins with the stage.
func (a *restAPI) get(path string) answer {
	a.t.Helper()
	return a.ask(http.MethodGet, path, "")
}

// ask sends a request. Headers are given as name, value, name, value …
func (a *restAPI) ask(method, path, body string, headers ...string) answer {
	a.t.Helper()
	return send(a.t, newRequest(a.t.Context(), a.t, method, a.url(path), body, headers...))
}

func newRequest(ctx context.Context, t testing.TB, method, url, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		} else {
			// As it is: functions see the caller's own case.
			r.Header[headers[i]] = append(r.Header[headers[i]], headers[i+1])
		}
	}
	return r
}

func send(t testing.TB, r *http.Request) answer {
	t.Helper()
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := io.Copy(&body, response.Body); err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, body.String()}
}

// want demands a status and a body.
func (a answer) want(t testing.TB, status int, body string) {
	t.Helper()
	if a.status != status || a.body != body {
		t.Errorf("got  %d %s\nwant %d %s", a.status, a.body, status, body)
	}
}

// wantGatewayFault demands an answer of the gateway's own.
func (a answer) wantGatewayFault(t testing.TB, status int, errorType, body string) {
	t.Helper()
	a.want(t, status, body)
	if got := a.header.Get("x-amzn-ErrorType"); got != errorType {
		t.Errorf("x-amzn-ErrorType is %q, want %q", got, errorType)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q, want application/json", got)
	}
	for _, name := range []string{"x-amzn-RequestId", "x-amz-apigw-id"} {
		if a.header.Get(name) == "" {
			t.Errorf("there is no %s", name)
		}
	}
}

// The gateway's own answers, to the byte.
const (
	missingToken    = `{"message":"Missing Authentication Token"}`
	forbidden       = `{"message":"Forbidden"}`
	internalError   = `{"message": "Internal server error"}`
	timedOut        = `{"message": "Endpoint request timed out"}`
	requestTooLarge = `{"message":"Request Too Long"}`
)

func (a answer) wantMissingToken(t testing.TB) {
	t.Helper()
	a.wantGatewayFault(t, http.StatusForbidden, "MissingAuthenticationTokenException", missingToken)
}

func (a answer) wantInternalError(t testing.TB) {
	t.Helper()
	a.wantGatewayFault(t, http.StatusInternalServerError, "InternalServerErrorException", internalError)
}

func (a answer) wantBadGateway(t testing.TB) {
	t.Helper()
	a.wantGatewayFault(t, http.StatusBadGateway, "InternalServerErrorException", internalError)
}
