package conformance

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func TestRecordedRouting(t *testing.T) {
	r := recorded(t, "test_routing_not_found")
	a := newAPI(t)
	a.mock("GET", "/existing", `{"statusCode": 200, "message": "exists"}`)
	a.deploy("dev")
	r.holdBody("working-route", a.get("/dev/existing"))
	fault := func(step string, got answer) {
		r.hold(step, map[string]any{"content": json.RawMessage(got.body), "errorType": got.header.Get("x-amzn-ErrorType")})
	}
	fault("not-found", a.get("/dev/missing"))
	fault("wrong-method", a.ask("POST", "/dev/existing", ""))
}

// patchMethod changes a method and keeps the answer.
func (a *restAPI) patchMethod(method, path string, w *wireTap, operations ...types.PatchOperation) {
	a.t.Helper()
	_, err := apiGateway().UpdateMethod(a.t.Context(), &apigateway.UpdateMethodInput{
		RestApiId: &a.id, ResourceId: a.resource(path), HttpMethod: &method, PatchOperations: operations,
	}, w.tap)
	if err != nil {
		a.t.Fatal("update method ", method, " ", path, ": ", err)
	}
}

func patch(op types.Op, path, value string) types.PatchOperation {
	return types.PatchOperation{Op: op, Path: &path, Value: &value}
}

func TestRecordedRequestValidator(t *testing.T) {
	r := recorded(t, "test_api_gateway_request_validator")
	f := newFunction(t, echo)
	a := newAPI(t)
	a.model("testSchema", `{"title": "testSchema", "type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}`)
	validator := a.validator(true, true)
	const path = "/nested/{test}"
	for _, method := range []string{"GET", "POST"} {
		a.method(method, path, func(in *apigateway.PutMethodInput) {
			in.RequestValidatorId = validator
			in.RequestModels = map[string]string{"application/json": "testSchema"}
			in.RequestParameters = map[string]bool{"method.request.path.test": true, "method.request.querystring.qs1": true, "method.request.header.x-header-param": true}
		})
		a.integrate(method, path, f.arn)
		a.response(method, path, "200")
	}
	a.deploy("local")
	f.permit(a.sourceARN("*/*/nested/*"))
	all := []string{"x-header-param", "test", "Content-Type", "application/json"}
	if got := a.ask("POST", "/local/nested/value?qs1=test", `{"a": 1, "b": 2}`, all...); got.status != http.StatusOK {
		t.Error(got)
	}

	// A path parameter that the resource does not have is missing for ever.
	var w wireTap
	a.patchMethod("POST", path, &w,
		patch(types.OpAdd, "/requestParameters/method.request.path.issuer", "true"),
		patch(types.OpRemove, "/requestParameters/method.request.path.test", "true"))
	r.hold("change-request-path-names", r.method(&w, f))
	a.deploy("local")
	r.holdBody("missing-all-required-request-params-post", a.ask("POST", "/local/nested/value", `{"test": "test"}`, "Content-Type", "application/json"))
	r.holdBody("missing-required-headers-request-params-get", a.get("/local/nested/value?qs1=test"))
	r.holdBody("missing-required-qs-request-params-get", a.ask("GET", "/local/nested/value", "", "x-header-param", "test"))

	a.patchMethod("POST", path, &w,
		patch(types.OpAdd, "/requestParameters/method.request.path.test", "true"),
		patch(types.OpRemove, "/requestParameters/method.request.path.issuer", "true"))
	r.hold("revert-request-path-names", r.method(&w, f))
	a.deploy("local")
	r.holdBody("invalid-request-body", a.ask("POST", "/local/nested/value?qs1=test", `{"test": "test"}`, all...))
	// A GET without a body lacks one.
	r.holdBody("invalid-request-body", a.ask("GET", "/local/nested/value?qs1=test", "", "x-header-param", "test"))
}

// method is a method's description in the recording's words: its function's ARN
// has an account and a region of its own there.
func (r *recording) method(w *wireTap, f *function) any {
	var m map[string]any
	if err := json.Unmarshal(w.body, &m); err != nil {
		r.t.Fatal(err)
	}
	if i, ok := m["methodIntegration"].(map[string]any); ok {
		i["uri"] = strings.NewReplacer(f.arn, "arn:<partition>:lambda:<region>:111111111111:function:<fn_name:1>",
			"arn:aws:apigateway:"+region, "arn:<partition>:apigateway:<region>").Replace(i["uri"].(string))
		r.known["<fn_name:1>"], r.known["<partition>"], r.known["<region>"] = "<fn_name:1>", "<partition>", "<region>"
	}
	return m
}

// models compares the API's models; schemas are compared as what they say.
func (r *recording) models(a *restAPI) {
	r.t.Helper()
	var w wireTap
	if _, err := apiGateway().GetModels(a.t.Context(), &apigateway.GetModelsInput{RestApiId: &a.id}, w.tap); err != nil {
		r.t.Fatal(err)
	}
	var got struct {
		Items []map[string]any `json:"item"`
	}
	if err := json.Unmarshal(w.body, &got); err != nil {
		r.t.Fatal(err)
	}
	for _, m := range got.Items {
		m["schema"] = json.RawMessage(m["schema"].(string))
	}
	r.known["<api-id>"] = a.id
	r.hold("get-models-with-ref", map[string]any{"items": got.Items})
}

// validated is an API whose POST /validate wants a body of a model.
func validated(a *restAPI, model string) {
	validator := a.validator(true, false)
	a.method("POST", "/validate", func(in *apigateway.PutMethodInput) {
		in.RequestValidatorId, in.RequestModels = validator, map[string]string{"application/json": model}
	})
	a.mockIntegration("POST", "/validate", `{"data": "ok"}`)
	a.deploy("dev")
}

func TestRecordedModelsThatReferToOthers(t *testing.T) {
	r := recorded(t, "test_api_gateway_request_validator_with_ref_models")
	a := newAPI(t)
	a.model("testSchema", `{"$schema": "http://json-schema.org/draft-04/schema#", "title": "testSchema", "type": "object",
		"properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}`)
	a.model("testSchemaList", `{"type": "array", "items": {"$ref": "https://apigateway.amazonaws.com/restapis/`+a.id+`/models/testSchema"}}`)
	r.models(a)
	validated(a, "testSchemaList")
	post := func(body string) answer {
		return a.ask("POST", "/dev/validate", body, "Content-Type", "application/json")
	}
	r.holdBody("successful", post(`[{"a": 1, "b": 2}]`))
	r.holdBody("failed-validation", post(`[{"a": 1}]`))
}

func TestRecordedModelsOfOneOfOthers(t *testing.T) {
	r := recorded(t, "test_api_gateway_request_validator_with_ref_one_ofmodels")
	a := newAPI(t)
	a.model("StatusModel", `{"type": "object", "properties": {"Status": {"type": "string"}, "Order": {"type": "integer"}}, "required": ["Status", "Order"]}`)
	a.model("TestModel", `{"type": "object", "properties": {"status": {"oneOf": [{"type": "null"},
		{"$ref": "https://apigateway.amazonaws.com/restapis/`+a.id+`/models/StatusModel"}]}}, "required": ["status"]}`)
	r.models(a)
	validated(a, "TestModel")
	post := func(body string) answer {
		return a.ask("POST", "/dev/validate", body, "Content-Type", "application/json")
	}
	r.holdBody("successful", post(`{"status": null}`))
	r.holdBody("successful-with-data", post(`{"status": {"Status": "works", "Order": 1}}`))
	r.holdBody("failed-validation-no-data", post(`{}`))
	r.holdBody("failed-validation-bad-data", post(`{"status": {"Status": "works", "Order": "2"}}`))
}

// The headers of an answer, in lower case. What CloudFront adds is left out of
// the recording: nothing stands before the API here.
func TestRecordedTraceIDs(t *testing.T) {
	r := recorded(t, "test_invocation_trace_id")
	f := newFunction(t, echo)
	a := newAPI(t)
	a.mock("GET", "/path", `{"statusCode": 200}`)
	a.method("ANY", "/{proxy+}")
	a.integrate("ANY", "/{proxy+}", f.arn, func(in *apigateway.PutIntegrationInput) {
		in.Credentials = aws.String(newRole(t, trustIn("apigateway.amazonaws.com"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}]}`))
	})
	a.deploy("dev")
	for _, step := range r.steps {
		for name := range step.(map[string]any) {
			if name == "via" || name == "connection" || name == "x-cache" || strings.HasPrefix(name, "x-amz-cf-") {
				delete(step.(map[string]any), name)
			}
		}
	}
	headers := func(step string, got answer) (trace string) {
		t.Helper()
		lower := map[string]any{}
		for name, values := range got.header {
			lower[strings.ToLower(name)] = values[0]
		}
		lower["date"], lower["content-length"] = "date", "content-length"
		r.hold(step, lower)
		return got.header.Get("X-Amzn-Trace-Id")
	}
	const root, parent = "Root=1-3152b799-8954dae64eda91bc9a23a7e8", "Parent=7fa8c0f79203be72"
	const whole = root + ";" + parent + ";Sampled=1"
	headers("normal-req-headers-MOCK", a.get("/dev/path"))
	headers("trace-id-req-headers-MOCK", a.ask("GET", "/dev/path", "", "X-Amzn-Trace-Id", whole))
	headers("normal-req-headers-AWS_PROXY", a.get("/dev/proxy-value"))
	if got := headers("trace-id-req-headers-AWS_PROXY", a.ask("GET", "/dev/proxy-value", "", "X-Amzn-Trace-Id", whole)); !strings.Contains(got, whole) {
		t.Errorf("the trace is %s, want the caller's", got)
	}
	got := headers("trace-id-small-req-headers-AWS_PROXY", a.ask("GET", "/dev/proxy-value", "", "X-Amzn-Trace-Id", root))
	if part := strings.Split(got, ";"); part[0] != root || len(part) < 2 || !strings.HasPrefix(part[1], "Parent=") || part[1] == parent {
		t.Errorf("the trace is %s, want the caller's root and a new parent", got)
	}
}
