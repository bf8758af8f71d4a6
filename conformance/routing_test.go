package conformance

import (
	"net/http"
	"testing"
)

func TestAPathWithoutResourceLacksAnAuthenticationToken(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/hello", "hello")
	a.deploy("v0")
	a.get("/v0/hello").want(t, http.StatusOK, "hello")
	a.get("/v0/nowhere").wantMissingToken(t)
	a.get("/v0/hello/deeper").wantMissingToken(t)
	a.get("/v0").wantMissingToken(t)
	a.get("/v0/HELLO").wantMissingToken(t)
}

func TestAMethodThatTheResourceLacksLacksAnAuthenticationToken(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/hello", "hello")
	a.deploy("v0")
	a.ask("POST", "/v0/hello", "{}").wantMissingToken(t)
	a.ask("OPTIONS", "/v0/hello", "").wantMissingToken(t)
}

func TestAStageThatDoesNotExistIsForbidden(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "root")
	a.deploy("v0")
	a.get("/v1/").wantGatewayFault(t, http.StatusForbidden, "ForbiddenException", forbidden)
}

func TestAnAPIThatDoesNotExistIsForbidden(t *testing.T) {
	a := &restAPI{t: t, id: "abcdefghij"}
	a.get("/v0/").wantGatewayFault(t, http.StatusForbidden, "ForbiddenException", forbidden)
}

func TestALiteralBeatsAParameterAndAParameterBeatsAProxy(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/users/me", "literal")
	a.mock("GET", "/users/{id}", "parameter")
	a.mock("GET", "/users/{id}/posts", "below a parameter")
	a.mock("GET", "/users/{id}/{proxy+}", "proxy")
	a.mock("GET", "/{proxy+}", "root proxy")
	a.deploy("v0")
	for path, want := range map[string]string{
		"/users/me":       "literal",
		"/users/42":       "parameter",
		"/users/42/posts": "below a parameter",
		"/users/42/a/b":   "proxy",
		"/elsewhere":      "root proxy",
		"/a/b/c":          "root proxy",
	} {
		t.Run(path[1:], func(t *testing.T) { a.get("/v0"+path).want(t, http.StatusOK, want) })
	}
	a.get("/v0/").wantMissingToken(t) // a proxy wants a segment at least
}

func TestANamedMethodBeatsANY(t *testing.T) {
	a := newAPI(t)
	a.mock("ANY", "/", "any")
	a.mock("GET", "/", "get")
	a.deploy("v0")
	a.get("/v0/").want(t, http.StatusOK, "get")
	a.ask("DELETE", "/v0/", "").want(t, http.StatusOK, "any")
	a.ask("PATCH", "/v0", "{}", "Content-Type", "application/json").want(t, http.StatusOK, "any")
}

func TestATrailingSlashIsNoOtherResource(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/hello", "hello")
	a.deploy("v0")
	a.get("/v0/hello/").want(t, http.StatusOK, "hello")
}

func TestEveryAnswerHasItsRequestIDs(t *testing.T) {
	f := newFunction(t, greeter)
	a := newAPI(t)
	a.mock("GET", "/mock", "hello")
	a.proxy("GET", "/function", f)
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	seen := map[string]bool{}
	for _, path := range []string{"/v0/mock", "/v0/function", "/v0/nowhere", "/other"} {
		h := a.get(path).header
		for _, name := range []string{"x-amzn-RequestId", "x-amz-apigw-id"} {
			if id := h.Get(name); id == "" || seen[id] {
				t.Errorf("%s: %s is %q, want one of its own", path, name, id)
			} else {
				seen[id] = true
			}
		}
	}
}

func TestOnlyRealIntegrationsTellTheTrace(t *testing.T) {
	f := newFunction(t, greeter)
	a := newAPI(t)
	a.mock("GET", "/mock", "hello")
	a.proxy("GET", "/function", f)
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	if got := a.get("/v0/function").header.Get("X-Amzn-Trace-Id"); got == "" {
		t.Error("the function's answer has no X-Amzn-Trace-Id")
	}
	if got := a.get("/v0/mock").header.Get("X-Amzn-Trace-Id"); got != "" {
		t.Errorf("the MOCK's answer has the X-Amzn-Trace-Id %q", got)
	}
}
