package rest

import (
	"testing"
	"time"

	"github.com/lamgate/lamgate/gateway/plan"
)

func TestRequiredParameters(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	d := hello("GET", "/{issuer}/a")
	m := d.Resources[0].Methods["GET"]
	m.RequestValidatorID = "v1"
	m.RequestParameters = map[string]bool{
		"method.request.header.x-header-param": true,
		"method.request.path.issuer":           true,
		"method.request.path.other":            true,
		"method.request.querystring.qs1":       true,
		"method.request.querystring.qs2":       false,
	}
	d.Validators = map[string]plan.RequestValidator{"v1": {ID: "v1", Parameters: true}}
	h.deploy(d)
	missing := func(names string) string {
		return `{"message": "Missing required request parameters: [` + names + `]"}`
	}
	h.get("/v0/x/a").expect(400, "BadRequestException", missing("x-header-param, other, qs1")).because("method request", "qs1")
	h.do("GET", "/v0/x/a?qs1=", "", "X-Header-Param", "x").expect(400, "BadRequestException", missing("other, qs1"))
	delete(m.RequestParameters, "method.request.path.other")
	h.deploy(d)
	h.do("GET", "/v0/x/a?qs1=1", "", "X-Header-Param", "x").expect(200, "", "Hello, World!")
	d.Validators["v1"] = plan.RequestValidator{ID: "v1"}
	h.deploy(d)
	h.get("/v0/x/a").expect(200, "", "Hello, World!")
	m.RequestValidatorID = "gone"
	h.deploy(d)
	h.get("/v0/x/a").expect(500, errServer, internal).because("method request", "request validator gone does not exist")
}

// AWS: recorded: test_api_gateway_request_validator and its siblings with
// models that refer to others.
func TestBodiesAreHeldAgainstModels(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	d := hello("POST", "/a")
	m := d.Resources[0].Methods["POST"]
	m.RequestValidatorID = "v1"
	m.RequestModels = map[string]string{"application/json": "Pets"}
	d.Models = map[string]plan.Model{
		"Pet":  {Name: "Pet", Schema: `{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}`},
		"Pets": {Name: "Pets", Schema: `{"type":"array","items":{"$ref":"https://apigateway.amazonaws.com/restapis/xyz/models/Pet"}}`},
	}
	d.Validators = map[string]plan.RequestValidator{"v1": {ID: "v1", Name: "bodies", Body: true}}
	h.deploy(d)
	const invalid = `{"message": "Invalid request body"}`
	h.do("POST", "/v0/a", `[{"a":1}]`).expect(200, "", "Hello, World!")
	h.do("POST", "/v0/a", `[{"a":1}]`, "Content-Type", "application/JSON; charset=utf-8").expect(200, "", "Hello, World!")
	h.do("POST", "/v0/a", `[{"b":1}]`).expect(400, "BadRequestException", invalid).
		because("method request", `at /0 object has missing required properties (["a"])`, "Pets")
	h.do("POST", "/v0/a", `[{"a":"x"}]`, "Content-Type", "application/json").expect(400, "BadRequestException", invalid)
	h.do("POST", "/v0/a", ``).expect(400, "BadRequestException", invalid)
	h.do("POST", "/v0/a", `[`).expect(400, "BadRequestException", invalid).because("method request", "no JSON", "line 1")
	h.do("POST", "/v0/a", `anything`, "Content-Type", "text/plain").expect(200, "", "Hello, World!")
	d.Validators["v1"] = plan.RequestValidator{ID: "v1", Name: "nothing"}
	h.deploy(d)
	h.do("POST", "/v0/a", `[`).expect(200, "", "Hello, World!")
	d.Validators["v1"] = plan.RequestValidator{ID: "v1", Name: "bodies", Body: true}
	delete(d.Models, "Pet")
	h.deploy(d)
	h.do("POST", "/v0/a", `[]`).expect(500, errServer, internal).because("method request", "the model Pets", `no model "Pet"`)
}

func TestThrottle(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	settings := map[string]plan.MethodSettings{
		"users/GET": {ThrottlingRateLimit: 2, ThrottlingBurstLimit: 3},
		"*/*":       {ThrottlingRateLimit: -1, ThrottlingBurstLimit: -1},
	}
	h.deploy(plan.Deployment{Resources: []plan.Resource{
		resource("/users", map[string]*plan.Method{"GET": proxyTo(helloARN), "POST": proxyTo(helloARN)}),
	}}, func(a *plan.RestAPI) { a.Stages["v0"].MethodSettings = settings })
	through := func(n int) {
		t.Helper()
		for range n {
			h.get("/v0/users").expect(200, "", "Hello, World!")
		}
		h.get("/v0/users").expect(429, "TooManyRequestsException", `{"message":"Too Many Requests"}`).because("throttle", "2 requests a second")
	}
	through(3)
	for range 5 {
		h.do("POST", "/v0/users", "").expect(200, "", "Hello, World!")
	}
	h.clock.Advance(time.Second)
	through(2)
	h.clock.Advance(time.Hour)
	through(3)
}

func TestQueryStrings(t *testing.T) {
	for query, want := range map[string]string{
		"":              "",
		"a=1&a=2":       "a=1 a=2",
		"b=1&a=2":       "a=2 b=1",
		"a":             "a=",
		"=v":            "=v",
		"&&a=b=c&":      "a=b=c",
		"a=%41%4&b=%":   "a=A%4 b=%",
		"%61=+":         "a= ",
		"a=1;b=2":       "a=1 b=2",
		"a=%ff":         "a=\xff",
		"a%5B%5D=1&a[]": "a[]=1 a[]=",
	} {
		got := ""
		for i, f := range parseQuery(nil, query) {
			if i > 0 {
				got += " "
			}
			got += f.name + "=" + f.value
		}
		if got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

// A call that is used again has room for parameters before it has any.
func TestParametersOfARequestThatIsRefusedEarly(t *testing.T) {
	c := new(call)
	c.query = make([]field, 0, 4)
	c.address.Query = "b=2&a=1"
	if got := c.queryFields(); len(got) != 2 || got[0] != (field{"a", "1"}) {
		t.Errorf("%v", got)
	}
}
