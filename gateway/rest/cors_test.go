package rest

import (
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/plan"
)

// preflight is the OPTIONS method that the console's "Enable CORS" makes: a
// MOCK whose integration response sets the headers of CORS.
func preflight(origin, methods, headers string) *plan.Method {
	const prefix = "method.response.header.Access-Control-Allow-"
	return &plan.Method{
		AuthorizationType: "NONE",
		Responses: map[string]*plan.MethodResponse{"200": {StatusCode: "200",
			ResponseModels:     map[string]string{"application/json": "Empty"},
			ResponseParameters: map[string]bool{prefix + "Origin": false, prefix + "Methods": false, prefix + "Headers": false}}},
		Integration: &plan.Integration{
			Type: "MOCK", PassthroughBehavior: "WHEN_NO_MATCH",
			RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`},
			Responses: map[string]*plan.IntegrationResponse{"200": {StatusCode: "200",
				ResponseTemplates: map[string]string{"application/json": ""},
				ResponseParameters: map[string]string{
					prefix + "Origin": "'" + origin + "'", prefix + "Methods": "'" + methods + "'", prefix + "Headers": "'" + headers + "'",
				}}},
		},
	}
}

// browser does what a browser does before it shows a script the answer to a
// request across origins; it returns why it would not.
func (h *house) browser(method, path, origin string, header ...string) string {
	h.t.Helper()
	asked := []string{"Origin", origin, "Access-Control-Request-Method", method}
	if len(header) > 0 {
		asked = append(asked, "Access-Control-Request-Headers", strings.ToLower(header[0]))
	}
	leave := h.do("OPTIONS", path, "", asked...)
	allows := func(a *answer, name, wanted string) bool {
		for allowed := range strings.SplitSeq(a.header("Access-Control-Allow-"+name), ",") {
			if allowed = strings.TrimSpace(allowed); allowed == "*" || strings.EqualFold(allowed, wanted) {
				return true
			}
		}
		return false
	}
	switch {
	case leave.Code != 200:
		return "the preflight is refused"
	case !allows(leave, "Origin", origin):
		return "the preflight does not allow the origin"
	case !allows(leave, "Methods", method):
		return "the preflight does not allow the method"
	case len(header) > 0 && !allows(leave, "Headers", header[0]):
		return "the preflight does not allow the header"
	}
	if got := h.do(method, path, "", append([]string{"Origin", origin}, header...)...); !allows(got, "Origin", origin) {
		return "the answer does not allow the origin"
	}
	return ""
}

func TestCORSAsTheConsoleEnablesIt(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.invoker.answering(`{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*"},"body":"Hello"}`)
	methods := map[string]*plan.Method{
		"OPTIONS": preflight("*", "GET,OPTIONS,PUT", "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token"),
		"GET":     proxyTo(helloARN), "PUT": proxyTo(helloARN), "DELETE": proxyTo(helloARN),
	}
	methods["PUT"].APIKeyRequired = true
	d := plan.Deployment{EndpointType: "REGIONAL", Resources: []plan.Resource{resource("/pets", methods), resource("/plain", map[string]*plan.Method{"GET": proxyTo(helloARN)})}}
	h.deploy(d)
	const origin = "https://shop.example"
	if why := h.browser("GET", "/v0/pets", origin, "authorization", "x"); why != "" {
		t.Error(why)
	}
	for _, c := range []struct {
		method, path string
		header       []string
		want         string
	}{
		{"DELETE", "/v0/pets", nil, "the preflight does not allow the method"},
		{"GET", "/v0/pets", []string{"x-other", "1"}, "the preflight does not allow the header"},
		{"GET", "/v0/plain", nil, "the preflight is refused"},
		// What the gateway itself refuses is hidden from scripts …
		{"PUT", "/v0/pets", nil, "the answer does not allow the origin"},
	} {
		if why := h.browser(c.method, c.path, origin, c.header...); why != c.want {
			t.Errorf("%s %s: %q, want %q", c.method, c.path, why, c.want)
		}
	}
	// … until the API's gateway responses carry the headers, too.
	d.GatewayResponses = map[string]plan.GatewayResponse{"DEFAULT_4XX": {ResponseType: "DEFAULT_4XX",
		ResponseParameters: map[string]string{"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}}}
	h.deploy(d)
	if why := h.browser("PUT", "/v0/pets", origin); why != "" {
		t.Error(why)
	}
	leave := h.do("OPTIONS", "/v0/pets", "", "Origin", origin).expect(200, "", "")
	if leave.header("Content-Type") != "application/json" || leave.header("X-Amzn-Trace-Id") != "" {
		t.Errorf("%v", leave.Result().Header)
	}
}
