package conformance

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// mirror is a function that answers with the event it was given, as it is: for
// custom integrations.
const mirror = `
def handler(event, context):
    return event
`

// newBackend starts an HTTP endpoint for integrations.
func newBackend(t testing.TB, serve http.HandlerFunc) (url string) {
	t.Helper()
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	return s.URL
}

// A seen is a request that a backend has got.
type seen struct {
	method, uri, body string
	header            http.Header
}

// newWitness starts a backend that tells the test what it sees, and answers
// what answer writes.
func newWitness(t testing.TB, answer http.HandlerFunc) (url string, requests <-chan seen) {
	t.Helper()
	c := make(chan seen, 64)
	return newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error("the backend reads:", err)
		}
		c <- seen{r.Method, r.RequestURI, string(body), r.Header.Clone()}
		answer(w, r)
	}), c
}

func respond(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// http puts an integration of a type (HTTP or HTTP_PROXY) with an endpoint on a
// method that is there.
func (a *restAPI) http(method, path string, kind types.IntegrationType, url string, change ...func(*apigateway.PutIntegrationInput)) {
	a.t.Helper()
	a.integrate(method, path, "", append([]func(*apigateway.PutIntegrationInput){func(in *apigateway.PutIntegrationInput) {
		in.Type, in.Uri, in.IntegrationHttpMethod = kind, &url, &method
	}}, change...)...)
}

// custom has a function serve a method through templates, with the permission to.
func (a *restAPI) custom(method, path string, f *function, change ...func(*apigateway.PutIntegrationInput)) {
	a.t.Helper()
	a.method(method, path)
	a.integrate(method, path, f.arn, append([]func(*apigateway.PutIntegrationInput){func(in *apigateway.PutIntegrationInput) {
		in.Type = types.IntegrationTypeAws
	}}, change...)...)
	f.permit(a.sourceARN("*"))
}

// response puts a method response and its integration response on a method.
// The headers that the latter maps are declared in the former.
func (a *restAPI) response(method, path, status string, change ...func(*apigateway.PutIntegrationResponseInput)) {
	a.t.Helper()
	in := &apigateway.PutIntegrationResponseInput{RestApiId: &a.id, ResourceId: a.resource(path), HttpMethod: &method, StatusCode: &status}
	for _, c := range change {
		c(in)
	}
	var declared map[string]bool
	if len(in.ResponseParameters) > 0 {
		declared = map[string]bool{}
	}
	for name := range in.ResponseParameters {
		declared[name] = false
	}
	_, err := apiGateway().PutMethodResponse(a.t.Context(), &apigateway.PutMethodResponseInput{
		RestApiId: &a.id, ResourceId: in.ResourceId, HttpMethod: &method, StatusCode: &status, ResponseParameters: declared})
	if err == nil {
		_, err = apiGateway().PutIntegrationResponse(a.t.Context(), in)
	}
	if err != nil {
		a.t.Fatal("put responses ", status, " of ", method, " ", path, ": ", err)
	}
}

// selecting gives an integration response its pattern and a JSON template.
func selecting(pattern, template string) func(*apigateway.PutIntegrationResponseInput) {
	return func(in *apigateway.PutIntegrationResponseInput) {
		if pattern != "" {
			in.SelectionPattern = &pattern
		}
		if template != "" {
			in.ResponseTemplates = map[string]string{"application/json": template}
		}
	}
}

// requestTemplate gives an integration a template for JSON.
func requestTemplate(template string) func(*apigateway.PutIntegrationInput) {
	return func(in *apigateway.PutIntegrationInput) {
		in.RequestTemplates = map[string]string{"application/json": template}
	}
}

// setting is one replace operation of a patch.
func setting(path, value string) types.PatchOperation {
	return types.PatchOperation{Op: types.OpReplace, Path: &path, Value: &value}
}

// patchStage changes a stage.
func (a *restAPI) patchStage(stage string, operations ...types.PatchOperation) *apigateway.UpdateStageOutput {
	a.t.Helper()
	out, err := apiGateway().UpdateStage(a.t.Context(), &apigateway.UpdateStageInput{RestApiId: &a.id, StageName: &stage, PatchOperations: operations})
	return must(a.t, out, err)
}

// gatewayResponse customises an answer of the gateway's own.
func (a *restAPI) gatewayResponse(kind types.GatewayResponseType, status string, headers map[string]string, template string) {
	a.t.Helper()
	in := &apigateway.PutGatewayResponseInput{RestApiId: &a.id, ResponseType: kind, ResponseParameters: map[string]string{}}
	if status != "" {
		in.StatusCode = aws.String(status)
	}
	for name, value := range headers {
		in.ResponseParameters["gatewayresponse.header."+name] = value
	}
	if template != "" {
		in.ResponseTemplates = map[string]string{"application/json": template}
	}
	if _, err := apiGateway().PutGatewayResponse(a.t.Context(), in); err != nil {
		a.t.Fatal("put gateway response ", kind, ": ", err)
	}
}

// wantHeader demands a header's value.
func (a answer) wantHeader(t testing.TB, name, value string) {
	t.Helper()
	if got := a.header.Get(name); got != value {
		t.Errorf("%s is %q, want %q", name, got, value)
	}
}
