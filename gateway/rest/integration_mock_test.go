package rest

import (
	"testing"

	"github.com/lamgate/lamgate/gateway/plan"
)

// mock is a method that answers by itself.
func mock(template string, responses map[string]*plan.IntegrationResponse) *plan.Method {
	m := &plan.Method{AuthorizationType: "NONE", Responses: map[string]*plan.MethodResponse{},
		Integration: &plan.Integration{Type: "MOCK", RequestTemplates: map[string]string{"application/json": template}, Responses: responses}}
	for status := range responses {
		m.Responses[status] = &plan.MethodResponse{StatusCode: status}
	}
	return m
}

func body(text string) *plan.IntegrationResponse {
	return &plan.IntegrationResponse{ResponseTemplates: map[string]string{"application/json": text}}
}

func TestMock(t *testing.T) {
	h := newHouse(t)
	teapot := body("short and stout")
	teapot.SelectionPattern = new(`4\d{2}`)
	preflight := &plan.IntegrationResponse{ResponseParameters: map[string]string{
		"method.response.header.Access-Control-Allow-Origin":  "'*'",
		"method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
		"method.response.header.X-Stage":                      "context.stage",
		"method.response.header.X-None":                       "integration.response.header.X",
	}}
	types := &plan.IntegrationResponse{ResponseTemplates: map[string]string{"text/plain": "text", "application/json": "{}"}}
	undeclared := mock(`{"statusCode":200}`, map[string]*plan.IntegrationResponse{"200": body("")})
	undeclared.Responses = nil
	strict := mock(`{"statusCode":200}`, map[string]*plan.IntegrationResponse{"200": body("{}")})
	strict.Integration.PassthroughBehavior = "NEVER"
	at := func(m *plan.Method) map[string]*plan.Method { return map[string]*plan.Method{"GET": m} }
	ok := map[string]*plan.IntegrationResponse{"200": body(`{"message":"mock"}`)}
	h.deploy(plan.Deployment{Resources: []plan.Resource{
		resource("/plain", at(mock(`{"statusCode": 200}`, ok))),
		resource("/comma", at(mock(` { "statusCode": 200, } `, ok))),
		resource("/bare", at(mock(`{ statusCode: 200 }`, ok))),
		resource("/selected", at(mock(`{"statusCode": 418}`, map[string]*plan.IntegrationResponse{"200": body("no"), "418": teapot}))),
		resource("/cors", at(mock("{\n  \"statusCode\": 204\n}", map[string]*plan.IntegrationResponse{"204": preflight}))),
		resource("/types", at(mock(`{"statusCode": 200}`, map[string]*plan.IntegrationResponse{"200": types}))),
		resource("/unmatched", at(mock(`{"statusCode": 500}`, map[string]*plan.IntegrationResponse{"418": teapot}))),
		resource("/dynamic", at(mock(`{"statusCode": $input.params("status")}`, ok))),
		resource("/dynamicbody", at(mock(`{"statusCode": 200}`, map[string]*plan.IntegrationResponse{"200": body(`#set($a = 1)$a`)}))),
		resource("/none", at(mock(`{}`, ok))),
		resource("/undeclared", at(undeclared)),
		resource("/strict", at(strict)),
	}})
	for _, path := range []string{"/plain", "/comma", "/bare"} {
		a := h.get("/v0"+path).expect(200, "", `{"message":"mock"}`)
		if a.header("X-Amzn-Trace-Id") != "" {
			t.Error("a MOCK tells of a trace")
		}
		if a.header("Content-Type") != "application/json" || a.header("x-amzn-RequestId") == "" || a.header("x-amz-apigw-id") == "" {
			t.Errorf("%v", a.Result().Header)
		}
	}
	h.get("/v0/selected").expect(418, "", "short and stout")
	a := h.get("/v0/cors").expect(204, "", "")
	if a.header("Access-Control-Allow-Origin") != "*" || a.header("Access-Control-Allow-Methods") != "GET,OPTIONS" || a.header("X-Stage") != "v0" || a.header("X-None") != "" {
		t.Errorf("%v", a.Result().Header)
	}
	h.get("/v0/types").expect(200, "", "{}")
	if a := h.do("GET", "/v0/types", "", "Accept", "text/css, text/plain;q=0.5"); a.Body.String() != "text" || a.header("Content-Type") != "text/plain" {
		t.Errorf("%v", a)
	}
	h.get("/v0/unmatched").expect(500, errServer, internal).because("integration response", "status 500")
	h.get("/v0/dynamic?status=200").expect(200, "", `{"message":"mock"}`)
	h.get("/v0/dynamicbody").expect(200, "", "1")
	h.get("/v0/none").expect(500, errServer, internal).because("integration", "tells no statusCode")
	h.get("/v0/undeclared").expect(500, errServer, internal).because("integration response", "method response")
	h.do("GET", "/v0/strict", "", "Content-Type", "text/plain").expect(415, "BadRequestException", `{"message": "Unsupported Media Type"}`)
	h.do("GET", "/v0/strict", "", "Content-Type", "application/json; charset=utf-8").expect(200, "", "{}")
}

// AWS: seen in execution logs: with */* every body is binary, and no template
// reads that.
func TestNoTemplateReadsABinaryBody(t *testing.T) {
	h := newHouse(t)
	ok := map[string]*plan.IntegrationResponse{"200": body("fine")}
	text := mock(`{"statusCode": 200}`, ok)
	text.Integration.ContentHandling = plan.ConvertToText
	d := plan.Deployment{BinaryMediaTypes: []string{"*/*"}, Resources: []plan.Resource{
		resource("/binary", map[string]*plan.Method{"OPTIONS": mock(`{"statusCode": 200}`, ok)}),
		resource("/text", map[string]*plan.Method{"OPTIONS": text}),
	}}
	h.deploy(d)
	h.do("OPTIONS", "/v0/binary", "").expect(500, errServer, internal).because("integration request", "binaryMediaTypes", "CONVERT_TO_TEXT")
	h.do("OPTIONS", "/v0/text", "").expect(200, "", "fine")
	d.BinaryMediaTypes = []string{"image/*"}
	h.deploy(d)
	h.do("OPTIONS", "/v0/binary", "").expect(200, "", "fine")
}
