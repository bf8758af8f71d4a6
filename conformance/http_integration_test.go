package conformance

import (
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// A custom integration passes on what is mapped, and of the client's own
// headers nothing.
func TestAnHTTPIntegrationPassesOnlyWhatIsMapped(t *testing.T) {
	url, requests := newWitness(t, respond(200, `{"from":"endpoint"}`))
	a := newAPI(t)
	a.method("POST", "/pets/{id}", func(in *apigateway.PutMethodInput) {
		in.RequestParameters = map[string]bool{"method.request.path.id": true, "method.request.querystring.kind": false, "method.request.header.X-Client": false}
	})
	a.http("POST", "/pets/{id}", types.IntegrationTypeHttp, url+"/animals/{animal}", func(in *apigateway.PutIntegrationInput) {
		in.RequestParameters = map[string]string{
			"integration.request.path.animal":      "method.request.path.id",
			"integration.request.querystring.type": "method.request.querystring.kind",
			"integration.request.header.X-Passed":  "method.request.header.X-Client",
			"integration.request.header.X-Static":  "'always'",
			"integration.request.header.X-API":     "context.apiId",
			"integration.request.header.X-Name":    "method.request.body.name",
		}
	})
	a.response("POST", "/pets/{id}", "200")
	a.deploy("v0")
	got := a.ask("POST", "/v0/pets/rex?kind=dog&other=1", `{"name":"Rex"}`, "Content-Type", "application/json", "X-Client", "me", "X-Other", "no", "User-Agent", "browser", "Accept", "text/html", "Cookie", "a=b")
	got.want(t, http.StatusOK, `{"from":"endpoint"}`)
	saw := <-requests
	if saw.method != "POST" || saw.uri != "/animals/rex?type=dog" || saw.body != `{"name":"Rex"}` {
		t.Errorf("the endpoint sees %s %s %s", saw.method, saw.uri, saw.body)
	}
	for name, want := range map[string]string{
		"Accept": "application/json", "User-Agent": "AmazonAPIGateway_" + a.id, "Content-Type": "application/json",
		"X-Passed": "me", "X-Static": "always", "X-Api": a.id, "X-Name": "Rex",
		"X-Client": "", "X-Other": "", "Cookie": "",
	} {
		if got := saw.header.Get(name); got != want {
			t.Errorf("the endpoint sees %s: %q, want %q", name, got, want)
		}
	}
}

// No selection pattern matches the endpoint's 400, so the default response's
// 200 is the answer. With a pattern, it is that response's.
func TestAStatusThatNoPatternMatchesTakesTheDefault(t *testing.T) {
	url := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Backend", "yes")
		w.WriteHeader(map[string]int{"/400": 400, "/404": 404, "/503": 503}[r.URL.Path])
		io.WriteString(w, "from the endpoint")
	})
	a := newAPI(t)
	for _, path := range []string{"/400", "/404", "/503"} {
		a.method("GET", path)
		a.http("GET", path, types.IntegrationTypeHttp, url+path)
		a.response("GET", path, "200", func(in *apigateway.PutIntegrationResponseInput) {
			in.ResponseParameters = map[string]string{"method.response.header.X-Mapped": "integration.response.header.X-Backend"}
		})
		a.response("GET", path, "502", selecting(`5\d{2}`, "it is down"))
		a.response("GET", path, "404", selecting("404", ""))
	}
	a.deploy("v0")
	got := a.get("/v0/400")
	got.want(t, http.StatusOK, "from the endpoint")
	got.wantHeader(t, "X-Mapped", "yes")
	got.wantHeader(t, "X-Backend", "")
	a.get("/v0/404").want(t, http.StatusNotFound, "from the endpoint")
	a.get("/v0/503").want(t, http.StatusBadGateway, "it is down")
}

// HTTP_PROXY passes everything on, both ways.
func TestAnHTTPProxyPassesAllOn(t *testing.T) {
	url, requests := newWitness(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Backend", "yes")
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusConflict)
		io.WriteString(w, "no")
	})
	a := newAPI(t)
	a.method("ANY", "/{proxy+}", func(in *apigateway.PutMethodInput) {
		in.RequestParameters = map[string]bool{"method.request.path.proxy": true}
	})
	a.http("ANY", "/{proxy+}", types.IntegrationTypeHttpProxy, url+"/base/{proxy}", func(in *apigateway.PutIntegrationInput) {
		in.RequestParameters = map[string]string{"integration.request.path.proxy": "method.request.path.proxy"}
	})
	a.deploy("v0")
	got := a.ask("PUT", "/v0/some/where?a=1&a=2&b=x%20y", "payload", "Content-Type", "text/plain", "X-Client", "me", "Accept", "text/html")
	got.want(t, http.StatusConflict, "no")
	got.wantHeader(t, "X-Backend", "yes")
	got.wantHeader(t, "Content-Type", "text/plain")
	if c := got.header["Set-Cookie"]; !slices.Equal(c, []string{"a=1", "b=2"}) {
		t.Errorf("the cookies are %q", c)
	}
	saw := <-requests
	// ANY here is the method of the integration as well.
	if saw.method != "PUT" || saw.body != "payload" || saw.header.Get("X-Client") != "me" || saw.header.Get("Accept") != "text/html" || saw.header.Get("Content-Type") != "text/plain" {
		t.Errorf("the endpoint sees %+v", saw)
	}
	if saw.uri != "/base/some/where?a=1&a=2&b=x%20y" && saw.uri != "/base/some/where?a=1&a=2&b=x+y" {
		t.Errorf("the endpoint sees %s", saw.uri)
	}
}

func TestAnEndpointThatIsNotThereIsAnIntegrationFailure(t *testing.T) {
	a := newAPI(t)
	a.method("GET", "/")
	a.http("GET", "/", types.IntegrationTypeHttpProxy, "http://127.0.0.1:1/")
	a.deploy("v0")
	// AWS: seen in the wild with status, type and body: RhinoSecurityLabs/IPRotate_Burp_Extension, its thread 17.
	a.get("/v0/").wantGatewayFault(t, http.StatusGatewayTimeout, "InternalServerErrorException", `{"message": "Network error communicating with endpoint"}`)
}

func TestAnEndpointThatIsLateIsAGatewayTimeout(t *testing.T) {
	late := make(chan struct{})
	url := newBackend(t, func(w http.ResponseWriter, r *http.Request) { <-late })
	t.Cleanup(func() { close(late) })
	a := newAPI(t)
	a.method("GET", "/")
	a.http("GET", "/", types.IntegrationTypeHttpProxy, url, func(in *apigateway.PutIntegrationInput) { in.TimeoutInMillis = aws.Int32(50) })
	a.deploy("v0")
	a.get("/v0/").wantGatewayFault(t, http.StatusGatewayTimeout, "InternalServerErrorException", timedOut)
}
