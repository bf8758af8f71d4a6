package rest

import (
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/plan"
)

func TestPassthroughBehaviors(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	with := func(passthrough string, change ...func(*plan.Method)) map[string]*plan.Method {
		m := lambda(change...)
		m.Integration.PassthroughBehavior = passthrough
		return map[string]*plan.Method{"POST": m}
	}
	json, xml, other := requestTemplate("application/json", `{"made":"of json"}`), requestTemplate("application/xml", `{"made":"of xml"}`), requestTemplate("$default", `{"made":"of any"}`)
	h.deploy(plan.Deployment{Resources: []plan.Resource{
		resource("/json/match", with("WHEN_NO_MATCH", json)), resource("/json/templates", with("WHEN_NO_TEMPLATES", json)), resource("/json/never", with("NEVER", json)),
		resource("/xml/match", with("WHEN_NO_MATCH", xml)), resource("/xml/templates", with("WHEN_NO_TEMPLATES", xml)), resource("/xml/never", with("NEVER", xml)),
		resource("/none/match", with("WHEN_NO_MATCH")), resource("/none/templates", with("WHEN_NO_TEMPLATES")), resource("/none/never", with("NEVER")),
		resource("/any/never", with("NEVER", xml, other)),
	}})
	const sent, rejected = `{"sent":1}`, "415"
	ofJSON, ofXML := `{"made":"of json"}`, `{"made":"of xml"}`
	for _, c := range []struct{ path, contentType, want string }{
		{"/json/match", "", ofJSON}, {"/json/templates", "", ofJSON}, {"/json/never", "", ofJSON},
		{"/json/match", "application/json; charset=utf-8", ofJSON}, {"/json/never", "APPLICATION/JSON", ofJSON},
		{"/json/match", "application/xml", sent}, {"/json/templates", "application/xml", rejected}, {"/json/never", "application/xml", rejected},
		{"/xml/match", "", sent}, {"/xml/templates", "", rejected}, {"/xml/never", "", rejected},
		{"/xml/match", "application/xml", ofXML}, {"/xml/never", "application/xml", ofXML}, {"/xml/never", "application/json", rejected},
		{"/none/match", "text/plain", sent}, {"/none/templates", "text/plain", sent}, {"/none/never", "text/plain", rejected}, {"/none/never", "", rejected},
		{"/any/never", "text/plain", `{"made":"of any"}`}, {"/any/never", "application/xml", ofXML},
	} {
		var header []string
		if c.contentType != "" {
			header = []string{"Content-Type", c.contentType}
		}
		a := h.do("POST", "/v0"+c.path, sent, header...)
		if c.want == rejected {
			a.expect(415, "BadRequestException", `{"message": "Unsupported Media Type"}`).because("integration request", "passthroughBehavior")
			continue
		}
		if got := string(h.invoker.last(t).Payload); a.Code != 200 || got != c.want {
			t.Errorf("%s of %q: %d, the function received %s", c.path, c.contentType, a.Code, got)
		}
	}
}

// What a template may have got wrong is told in the journey, also when the
// request succeeds.
func TestDoubtsAboutTemplates(t *testing.T) {
	h := newHouse(t)
	h.deploy(mockSaying("$!quiet $lost\n$input.path('$').nope()"))
	a := h.do("GET", "/v0/a", "")
	if a.Code != 200 || a.Body.String() != " \n" {
		t.Errorf("%d %q", a.Code, a.Body)
	}
	j, _ := h.journeys.Find(a.header("x-amzn-RequestId"))
	steps, _ := j.Steps()
	var told string
	for _, s := range steps {
		if s.Name == stepIntegrationResponse && s.Detail != nil {
			what, _ := s.Detail.Explain()
			told += what
		}
	}
	for _, words := range []string{"line 1, column 9: $lost is not set", "line 2, column 18: the method nope"} {
		if !strings.Contains(told, words) {
			t.Errorf("%q does not tell %q", told, words)
		}
	}
}

// Recorded: test_input_body_formatting and test_input_path_template_formatting;
// the endpoint answers what it was sent.
func TestBodiesInTemplates(t *testing.T) {
	b := newBackend(t, nil)
	b.answer = echo(b)
	h := newHouse(t)
	const form = "Action=SendMessage&MessageBody=$input.body"
	for _, c := range []struct{ request, response, body, want string }{
		{"", "$input.body", "", "{}"},
		{"", "$input.body", `{"some": "value"}`, `{"some": "value"}`},
		{"", "$input.body", "some raw data", "some raw data"},
		{form, "", "", "Action=SendMessage&MessageBody={}"},
		{form, "", `{"some": "value"}`, `Action=SendMessage&MessageBody={"some": "value"}`},
		{"", form, "some raw data", "Action=SendMessage&MessageBody=some raw data"},
		{form, form, "", "Action=SendMessage&MessageBody=Action=SendMessage&MessageBody={}"},
		{"", "EncodedBody=$util.urlEncode($input.body)&EncodedBodyAccess=$util.urlEncode($input.body.test)", `{"some": "value"}`, "EncodedBody=%7B%22some%22%3A+%22value%22%7D&EncodedBodyAccess="},
		{"", "$input.path('$')", `{"foo": "bar"}`, "{foo=bar}"},
		{"", "$input.path('$')", `[{"foo": "bar"}]`, `[{"foo":"bar"}]`},
	} {
		m := httpTo("HTTP", "POST", b.URL)
		if c.request != "" {
			requestTemplate("application/json", c.request)(m)
		}
		if c.response != "" {
			m.Integration.Responses["200"].ResponseTemplates = map[string]string{"application/json": c.response}
		}
		h.deployMethod("/a", m)
		h.do("POST", "/v0/a", c.body).expect(200, "", c.want)
	}
}

func TestOverrides(t *testing.T) {
	b := newBackend(t, nil)
	b.answer = echo(b)
	h := newHouse(t)
	m := httpTo("HTTP", "POST", b.URL+"/{id}", parameters(
		"path.id", "'mapped'", "header.X-A", "'mapped'", "header.X-B", "'mapped'", "querystring.q", "'mapped'"),
		requestTemplate("application/json", `#set($context.requestOverride.path.id = "over")`+
			`#set($context.requestOverride.header.x-a = "over")#set($context.requestOverride.header.X-C = [1, "two"])`+
			`#set($context.requestOverride.querystring.q = ["a b", "c&d"])made`))
	m.Integration.Responses["200"].ResponseParameters = map[string]string{"method.response.header.X-R": "'mapped'", "method.response.header.X-S": "'mapped'"}
	m.Integration.Responses["200"].ResponseTemplates = map[string]string{"application/json": `#set($context.responseOverride.status = 418)` +
		`#set($context.responseOverride.header.x-r = "over")#set($context.responseOverride.header.X-T = ["1", "2"])$input.body $context.requestOverride.path.id`}
	h.deployMethod("/a", m)
	a := h.do("POST", "/v0/a", "{}").expect(418, "", "made over")
	if a.header("x-r") != "over" || a.header("X-S") != "mapped" || a.header("X-T") != "1|2" || a.header("X-R") != "" {
		t.Errorf("%v", a.Result().Header)
	}
	if got := b.heads(); b.asked.RequestURI != "/over?q=a%20b&q=c%26d" || got["X-A"] != "over" || got["X-B"] != "mapped" || got["X-C"] != "1|two" {
		t.Errorf("%s %v", b.asked.RequestURI, got)
	}
	// AWS: a status that no response can have is ignored.
	for source, want := range map[string]int{"99": 200, "600": 200, `"404"`: 404, `"x"`: 200, "[1]": 200, "503": 503} {
		m := httpTo("HTTP", "POST", b.URL)
		m.Integration.Responses["200"].ResponseTemplates = map[string]string{"application/json": "#set($context.responseOverride.status = " + source + ")"}
		h.deployMethod("/a", m)
		if a := h.get("/v0/a"); a.Code != want {
			t.Errorf("%s: %d", source, a.Code)
		}
	}
	h.deployMethod("/a", httpTo("HTTP", "POST", b.URL, requestTemplate("application/json", `#set($context.requestOverride.header.Content-Length = "3")a`)))
	h.do("POST", "/v0/a", "{}").expect(500, errServer, internal).because("integration request", "Content-Length")
}

func TestTemplatesThatFail(t *testing.T) {
	h := newHouse(t)
	h.deploy(plan.Deployment{Resources: []plan.Resource{
		resource("/broken", map[string]*plan.Method{"GET": mock("#if(", map[string]*plan.IntegrationResponse{"200": body("{}")})}),
		resource("/response", map[string]*plan.Method{"GET": mock(`{"statusCode":200}`, map[string]*plan.IntegrationResponse{"200": body("\n #foreach($x")})}),
		resource("/good", map[string]*plan.Method{"GET": mock(`{"statusCode":200}`, map[string]*plan.IntegrationResponse{"200": body("good")})}),
	}})
	h.get("/v0/broken").expect(500, errServer, internal).because("method request", "the request template of application/json", "line 1, column")
	h.get("/v0/response").expect(500, errServer, internal).because("integration response", "the response template of the integration response 200", "line 2, column")
	h.get("/v0/good").expect(200, "", "good")
}

func TestBodiesAreMapped(t *testing.T) {
	b := newBackend(t, nil)
	h := newHouse(t)
	h.deployMethod("/a", httpTo("HTTP_PROXY", "POST", b.URL, parameters("header.X-Name", "method.request.body.user.name", "header.X-All", "method.request.body",
		"querystring.first", "method.request.body.list[0]", "header.X-List", "method.request.body.list", "header.X-None", "method.request.body.none")))
	h.do("POST", "/v0/a", `{"user":{"name":"Ada"},"list":[1.0,2]}`).expect(200, "", `{"answer":"to POST"}`)
	got := b.heads()
	if got["X-Name"] != "Ada" || got["X-List"] != "[1.0,2]" || got["X-All"] != `{"user":{"name":"Ada"},"list":[1.0,2]}` || got["X-None"] != "" || b.asked.RequestURI != "/?first=1.0" {
		t.Errorf("%v %s", got, b.asked.RequestURI)
	}
	h.do("POST", "/v0/a", "no JSON").expect(200, "", `{"answer":"to POST"}`)
	if got := b.heads(); got["X-All"] != "no JSON" || got["X-Name"] != "" {
		t.Errorf("%v", got)
	}
	// What templates can read, mappings can.
	h.do("POST", "/v0/a", `{'user': {name: Ada,},}`).expect(200, "", `{"answer":"to POST"}`)
	if got := b.heads(); got["X-Name"] != "Ada" {
		t.Errorf("%v", got)
	}
	h.do("POST", "/v0/a", `{"user":`).expect(400, "BadRequestException", `{"message": "Invalid JSON in request body"}`).because("integration request", "not JSON")
}

// A path finds each part of what it has found before.
func TestMappedTextsAreBounded(t *testing.T) {
	h := newHouse(t)
	h.deployMethod("/a", httpTo("HTTP_PROXY", "POST", "http://127.0.0.1:1", parameters("header.X-All", "method.request.body.$..*")))
	deep := strings.Repeat(`{"a":`, 100) + `"` + strings.Repeat("x", 100_000) + `"` + strings.Repeat("}", 100)
	h.do("POST", "/v0/a", deep).expect(400, "BadRequestException", `{"message": "Invalid JSON in request body"}`).because("integration request", "too large")
}

func TestHeadersInTemplates(t *testing.T) {
	h := newHouse(t)
	h.deployMethod("/a/{id}", mock(`{"statusCode":200}`, map[string]*plan.IntegrationResponse{"200": body(
		`#foreach($n in $input.params().header.keySet())$n=$input.params().header.get($n);#end $input.params('id') $input.params('q') $context.httpMethod $stageVariables.v`)}),
		func(a *plan.RestAPI) { a.Stages["v0"].Variables = map[string]string{"v": "variable"} })
	a := h.do("GET", "/v0/a/7?q=1&q=2", "", "X-B", "1", "X-B", "2", traceHeader, "Root=1-5759e988-bd862e3fe1be46a994272793")
	want := "Host=api.execute-api.us-east-1.amazonaws.com;X-Amzn-Trace-Id=Root=1-5759e988-bd862e3fe1be46a994272793;X-B=2;X-Forwarded-For=192.0.2.1;X-Forwarded-Port=80;X-Forwarded-Proto=http; 7 2 GET variable"
	if got := a.Body.String(); got != want {
		t.Errorf("got  %s\nwant %s", strings.ReplaceAll(got, "\n", "⏎"), want)
	}
}
