package conformance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// executionLog returns what a stage's execution log says of a request.
func (a *restAPI) executionLog(stage, request string) string {
	a.t.Helper()
	var b strings.Builder
	for _, message := range logged(a.t, "API-Gateway-Execution-Logs_"+a.id+"/"+stage) {
		if line, of := strings.CutPrefix(message, "("+request+") "); of {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// wantInOrder demands that a log says these in this order.
func wantInOrder(t testing.TB, log string, parts ...string) {
	t.Helper()
	rest := log
	for _, part := range parts {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Errorf("%q is not in its place in the log\n%s", part, log)
			continue
		}
		rest = after
	}
}

// INFO with data tells each request's way, bodies and all.
func TestAnExecutionLogTellsEachStep(t *testing.T) {
	letGatewaysLog(t)
	a := newAPI(t)
	a.method("POST", "/pets/{id}")
	a.http("POST", "/pets/{id}", types.IntegrationTypeHttp, newBackend(t, respond(200, "from the endpoint")))
	a.response("POST", "/pets/{id}", "200", selecting("", "shaped"))
	a.deploy("v0")
	a.patchStage("v0", setting("/*/*/logging/loglevel", "INFO"), setting("/*/*/logging/dataTrace", "true"))
	got := a.ask("POST", "/v0/pets/7?q=1", `{"a": 1}`, "Content-Type", "application/json")
	got.want(t, http.StatusOK, "shaped")
	id := got.header.Get("x-amzn-RequestId")
	var log string
	eventually(t, "the request's last line is in the log", func() bool {
		log = a.executionLog("v0", id)
		return strings.Contains(log, "Method completed with status")
	})
	wantInOrder(t, log,
		"Extended Request Id: "+got.header.Get("x-amz-apigw-id"),
		"Starting execution for request: "+id,
		// AWS: without the stage, as in the log that clebert/aws-simple's thread 167 shows.
		"HTTP Method: POST, Resource Path: /pets/7",
		"Method request path: {id=7}",
		"Method request query string: {q=1}",
		"Method request headers: {",
		`Method request body before transformations: {"a": 1}`,
		"Endpoint request URI: http://127.0.0.1:",
		"Endpoint request headers: {",
		`Endpoint request body after transformations: {"a": 1}`,
		"Sending request to http://127.0.0.1:",
		"Received response. Status: 200, Integration latency: ",
		"Endpoint response headers: {",
		"Endpoint response body before transformations: from the endpoint",
		"Method response body after transformations: shaped",
		"Method response headers: {",
		"Successfully completed execution",
		"Method completed with status: 200",
	)
}

// ERROR tells of what failed, and of nothing else.
func TestAnExecutionLogOfErrorsIsSilentAboutSuccess(t *testing.T) {
	letGatewaysLog(t)
	f := newFunction(t, parrot)
	a := newAPI(t)
	a.proxy("POST", "/", f)
	f.permit(a.sourceARN("*"))
	a.deploy("v0")
	a.patchStage("v0", setting("/*/*/logging/loglevel", "ERROR"))
	fine := a.ask("POST", "/v0/", `{"body": "fine"}`, "Content-Type", "application/json")
	fine.want(t, http.StatusOK, "fine")
	bad := a.ask("POST", "/v0/", `{"body": 1, "unknown": 2}`, "Content-Type", "application/json")
	bad.wantBadGateway(t)
	var log string
	eventually(t, "the failure is in the log", func() bool {
		log = a.executionLog("v0", bad.header.Get("x-amzn-RequestId"))
		return log != ""
	})
	wantInOrder(t, log, "Execution failed due to configuration error: Malformed Lambda proxy response")
	if got := a.executionLog("v0", fine.header.Get("x-amzn-RequestId")); got != "" {
		t.Errorf("of the success the log says\n%s", got)
	}
}
