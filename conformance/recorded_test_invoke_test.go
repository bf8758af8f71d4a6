package conformance

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

var configurationError = regexp.MustCompile(`(Execution failed due to configuration error: ).*`)

var logDate = regexp.MustCompile(`^[A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} \d{2}:\d{2}:\d{2} UTC \d{4} : `)

// tried holds a test of a method against a step.
func (r *recording) tried(step string, a *restAPI, change func(*apigateway.TestInvokeMethodInput)) {
	r.t.Helper()
	in := &apigateway.TestInvokeMethodInput{RestApiId: &a.id, HttpMethod: new("GET")}
	change(in)
	var w wireTap
	if _, err := apiGateway().TestInvokeMethod(a.t.Context(), in, w.tap); err != nil {
		r.holdOperation(step, &w)
		return
	}
	var got map[string]any
	if err := json.Unmarshal(w.body, &got); err != nil {
		r.t.Fatal(err)
	}
	// The recording has the body read, and the log by its lines.
	got["body"] = json.RawMessage(got["body"].(string))
	lines := map[string]any{}
	for i, line := range strings.Split(got["log"].(string), "\n") {
		line = configurationError.ReplaceAllString(line, "${1}Invalid endpoint address")
		lines[fmt.Sprintf("line%02d", i)] = logDate.ReplaceAllString(line, "DDD MMM dd hh:mm:ss UTC yyyy : ")
	}
	got["log"] = lines
	r.hold(step, got)
	delete(r.known, "<latency>")
}

func TestRecordedTestsOfMethods(t *testing.T) {
	r := recorded(t, "test_invoke_test_method")
	a := newAPI(t)
	a.mock("GET", "/pets", `{"pets": "all the pets"}`)
	a.mock("GET", "/pets/{petId}", `{"petId": "$input.params('petId')"}`)
	a.mock("POST", "/pets/{petId}", `{"petId": "$input.params('petId')"}`)
	pets, pet := a.resource("/pets"), a.resource("/pets/{petId}")
	for _, c := range []struct {
		step     string
		resource *string
		path     string
	}{
		{"test-invoke-method-get-pets", pets, "/pets"},
		{"test-invoke-method-get-pets-bad-path", pets, "/random/test"},
		{"test-invoke-method-get-pets-id", pet, "/pets/123"},
		{"test-invoke-method-get-pets-id-no-path", pet, ""},
		{"test-invoke-method-get-pets-id-bad-path", pet, "/random/test"},
		{"test-invoke-method-get-with-qs", pet, "/pets/123?foo=bar"},
	} {
		r.tried(c.step, a, func(in *apigateway.TestInvokeMethodInput) {
			if in.ResourceId = c.resource; c.path != "" {
				in.PathWithQueryString = &c.path
			}
		})
	}
	r.tried("test-invoke-method-post-with-body", a, func(in *apigateway.TestInvokeMethodInput) {
		in.ResourceId, in.HttpMethod, in.PathWithQueryString, in.Body = pet, new("POST"), new("/pets/123"), new(`{"foo": "bar"}`)
	})
	r.tried("resource-method-not-found", a, func(in *apigateway.TestInvokeMethodInput) { in.ResourceId, in.HttpMethod = pet, new("DELETE") })
	r.tried("resource-id-not-found", a, func(in *apigateway.TestInvokeMethodInput) { in.ResourceId = new("unknown") })
	r.tried("rest-api-not-found", a, func(in *apigateway.TestInvokeMethodInput) { in.RestApiId, in.ResourceId = new("unknown"), pet })
}

// Which endpoint the recording is of is not known; it failed before there was a
// request to it. Of the line that says so, all but the reason is compared: the
// endpoint may name the variable that is missing.
func TestRecordedTestOfAMethodThatFails(t *testing.T) {
	r := recorded(t, "test_failed_invoke_test_method")
	a := newAPI(t)
	a.method("GET", "/")
	a.http("GET", "/", types.IntegrationTypeHttp, "http://${stageVariables.host}/")
	a.response("GET", "/", "200")
	r.tried("test-invoke-failure", a, func(in *apigateway.TestInvokeMethodInput) { in.ResourceId = a.resource("/") })
}
