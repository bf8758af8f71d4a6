package rest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/gateway/plan"
)

// A backend is an HTTP endpoint that remembers what it was asked.
type backend struct {
	*httptest.Server
	mu     sync.Mutex
	asked  *http.Request
	body   []byte
	answer http.HandlerFunc
}

func newBackend(t testing.TB, answer http.HandlerFunc) *backend {
	b := &backend{answer: answer}
	b.Server = httptest.NewUnstartedServer(b)
	b.Config.ErrorLog = log.New(io.Discard, "", 0)
	b.Start()
	t.Cleanup(b.Close)
	return b
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.asked, b.body = r, body
	b.mu.Unlock()
	if b.answer != nil {
		b.answer(w, r)
		return
	}
	fmt.Fprintf(w, `{"answer":"to %s"}`, r.Method)
}

// heads returns the headers that the endpoint received, but for the connection's
// own.
func (b *backend) heads() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := map[string]string{}
	for name, values := range b.asked.Header {
		got[name] = strings.Join(values, "|")
	}
	delete(got, "Connection")
	return got
}

func httpTo(kind, method, uri string, change ...func(*plan.Method)) *plan.Method {
	m := &plan.Method{AuthorizationType: "NONE", Responses: map[string]*plan.MethodResponse{},
		Integration: &plan.Integration{Type: kind, HTTPMethod: method, URI: uri, TimeoutMillis: 29000}}
	if kind == "HTTP" {
		m.Responses["200"] = &plan.MethodResponse{StatusCode: "200"}
		m.Integration.Responses = map[string]*plan.IntegrationResponse{"200": {StatusCode: "200"}}
	}
	for _, f := range change {
		f(m)
	}
	return m
}

func parameters(pairs ...string) func(*plan.Method) {
	return func(m *plan.Method) {
		m.Integration.RequestParameters = map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m.Integration.RequestParameters["integration.request."+pairs[i]] = pairs[i+1]
		}
	}
}

func (h *house) deployMethod(path string, m *plan.Method, change ...func(*plan.RestAPI)) {
	h.t.Helper()
	h.deploy(plan.Deployment{EndpointType: "REGIONAL", Resources: []plan.Resource{resource(path, map[string]*plan.Method{"ANY": m})}}, change...)
}

// Recorded: test_apigateway_header_remapping_http[HTTP_PROXY], without mapped
// parameters.
func TestHTTPProxyPassesHeadersOn(t *testing.T) {
	b := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{
			"Server": "nginx", "Via": "1.1 proxy", "X-Amzn-Trace-Id": "Root=endpoint", "X-Amzn-Requestid": "endpoint-id",
			"WWW-Authenticate": "Basic", "Content-Type": "text/plain; charset=utf-8", "Set-Cookie": "a=1", "X-Own": "yes",
		} {
			w.Header().Set(name, value)
		}
		w.Header().Add("Set-Cookie", "b=2")
		w.WriteHeader(418)
		io.WriteString(w, "short and stout")
	})
	h := newHouse(t)
	h.deployMethod("/test", httpTo("HTTP_PROXY", "POST", b.URL+"/base"))
	a := h.do("PUT", "/v0/test?b=2&a=1&b=%26%20x", `{"message":"hello world"}`,
		"Accept", "text/html", "Authorization", "secret", "Content-Type", "application/json", "Content-Encoding", "identity",
		"Referer", "https://example.com/", "Te", "trailers", "Via", "1.0 fred", "User-Agent", "test/integration", "X-Forwarded-For", "10.0.0.1",
		"X-Many", "1", "X-Many", "2")
	a.expect(418, "", "short and stout")
	for name, want := range map[string]string{
		"x-amzn-Remapped-Server": "nginx", "x-amzn-Remapped-Content-Length": "15", "x-amzn-Remapped-X-Amzn-Requestid": "endpoint-id",
		"x-amzn-Remapped-Www-Authenticate": "Basic", "Via": "", "X-Amzn-Trace-Id": "Root=endpoint", "Content-Type": "text/plain; charset=utf-8",
		"Set-Cookie": "a=1|b=2", "X-Own": "yes", "Content-Length": "15",
	} {
		if got := a.header(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if a.header("x-amzn-Remapped-Date") == "" {
		t.Error("the endpoint's Date is lost")
	}
	got := b.heads()
	for name, want := range map[string]string{
		"Accept": "text/html", "Authorization": "secret", "Content-Type": "application/json", "Referer": "https://example.com/",
		"User-Agent": "test/integration", "X-Many": "1|2", "X-Amzn-Apigateway-Api-Id": "api",
		"X-Forwarded-For": "10.0.0.1, 192.0.2.1", "X-Forwarded-Port": "80", "X-Forwarded-Proto": "http",
		"Content-Encoding": "", "Te": "", "Via": "", "Content-Length": "25",
	} {
		if got[name] != want {
			t.Errorf("the endpoint got %s %q, want %q", name, got[name], want)
		}
	}
	if !strings.HasPrefix(got[traceHeader], "Root=1-") {
		t.Errorf("%v", got)
	}
	if r := b.asked; r.Method != "POST" || r.Host != strings.TrimPrefix(b.URL, "http://") || r.RequestURI != "/base?a=1&b=2&b=%26%20x" {
		t.Errorf("%s %s %s", r.Method, r.Host, r.RequestURI)
	}
	if string(b.body) != `{"message":"hello world"}` {
		t.Errorf("%s", b.body)
	}
}

// Recorded: test_http_proxy_integration_request_data_mappings.
func TestHTTPProxyMapsParameters(t *testing.T) {
	b := newBackend(t, nil)
	h := newHouse(t)
	h.deployMethod("/{pathVariable}", httpTo("HTTP_PROXY", "POST", b.URL+"?testVar={pathVar}&testQs={qsVar}", parameters(
		"header.headerVar", "method.request.header.foobar",
		"path.qsVar", "method.request.querystring.testVar",
		"path.pathVar", "method.request.path.pathVariable",
		"querystring.queryString", "method.request.querystring.testQueryString",
		"querystring.testQs", "method.request.querystring.testQueryString",
		"querystring.testEmptyQs", "method.request.header.emptyheader")))
	h.do("POST", "/v0/foobar?testQueryString=foo&testVar=bar", `{"message":"hello world"}`, "foobar", "mapped-value", "headerVar", "request-value").
		expect(200, "", `{"answer":"to POST"}`)
	if got, _ := url.ParseQuery(b.asked.URL.RawQuery); strings.Join(got["testVar"], ",") != "foobar,bar" || strings.Join(got["testQs"], ",") != "bar,foo" ||
		got.Get("queryString") != "foo" || got.Get("testQueryString") != "foo" || got.Has("testEmptyQs") {
		t.Errorf("%s", b.asked.RequestURI)
	}
	if got := b.heads(); got["Headervar"] != "mapped-value" || got["Foobar"] != "mapped-value" {
		t.Errorf("%v", got)
	}
}

// A journey tells what was called, without what would let its reader call it too.
func TestJourneysOfProxiesKeepNoTokens(t *testing.T) {
	h := newHouse(t)
	h.deployMethod("/{proxy+}", httpTo("HTTP_PROXY", "GET", newBackend(t, nil).URL+"/{proxy}", parameters("path.proxy", "method.request.path.proxy")))
	a := h.get("/v0/key?X-Amz-Security-Token=secret&a=b").expect(200, "", `{"answer":"to GET"}`)
	j, _ := h.journeys.Find(a.header("x-amzn-RequestId"))
	var told string
	steps, _ := j.Steps()
	for _, step := range steps {
		if step.Detail != nil {
			what, mend := step.Detail.Explain()
			told += what + mend + "\n"
		}
	}
	if strings.Contains(told, "secret") || !strings.Contains(told, "/key?X-Amz-Security-Token=(6 bytes withheld)&a=b was answered with 200") {
		t.Errorf("told:\n%s", told)
	}
}

func TestPathsOfEndpoints(t *testing.T) {
	b := newBackend(t, nil)
	h := newHouse(t)
	h.deploy(plan.Deployment{Resources: []plan.Resource{
		resource("/p/{proxy+}", map[string]*plan.Method{"ANY": httpTo("HTTP_PROXY", "ANY", "${stageVariables.url}/base/{proxy}", parameters("path.proxy", "method.request.path.proxy"))}),
		resource("/unmapped/{proxy+}", map[string]*plan.Method{"ANY": httpTo("HTTP_PROXY", "ANY", b.URL+"/{proxy}")}),
		resource("/empty", map[string]*plan.Method{"ANY": httpTo("HTTP_PROXY", "ANY", b.URL+"/{id}", parameters("path.id", "method.request.querystring.id"))}),
		resource("/variable", map[string]*plan.Method{"ANY": httpTo("HTTP_PROXY", "ANY", "${stageVariables.none}/")}),
	}}, func(a *plan.RestAPI) { a.Stages["v0"].Variables = map[string]string{"url": b.URL} })
	for sent, want := range map[string]string{
		"/v0/p/a/b":               "/base/a/b",
		"/v0/p/a%2Fb/c%20d?x=%2B": "/base/a%2Fb/c%20d?x=%2B",
		"/v0/p/ä":                 "/base/%C3%A4",
		"/v0/empty?id=a+b%2Fc%3F": "/a%20b/c%3F?id=a%20b%2Fc%3F",
	} {
		r := httptest.NewRequest("DELETE", "http://api.execute-api.us-east-1.amazonaws.com/", nil)
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(sent, "?")
		if p, err := url.PathUnescape(r.URL.Path); err == nil {
			r.URL.Path, r.URL.RawPath = p, r.URL.Path
		}
		r.RequestURI = sent
		if a := h.serve(r); a.Code != 200 || b.asked.RequestURI != want || b.asked.Method != "DELETE" {
			t.Errorf("%s: %d, the endpoint was asked for %s", sent, a.Code, b.asked.RequestURI)
		}
	}
	h.get("/v0/unmapped/a").expect(500, errServer, internal).because("method request", "nothing is mapped to the parameter {proxy}", "integration.request.path.proxy")
	h.get("/v0/empty").expect(500, errServer, internal).because("integration", "{id}", "has no value")
	h.get("/v0/variable").expect(500, errServer, internal).because("integration", `no variable "none"`)
}

// Recorded: test_apigateway_header_remapping_http[HTTP],
// test_http_integration_invoke_status_code_passthrough[HTTP].
func TestHTTPCustom(t *testing.T) {
	b := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("X-Endpoint", "1")
		if r.URL.Path == "/400" {
			w.WriteHeader(400)
		}
		io.WriteString(w, "the endpoint's")
	})
	h := newHouse(t)
	h.deployMethod("/{map+}", httpTo("HTTP", "POST", b.URL+"/{map}", parameters("path.map", "method.request.path.map",
		"header.X-Mapped", "context.stage", "header.Te", "'trailers'", "header.Via", "'me'", "querystring.q", "method.request.multivaluequerystring.a")))
	a := h.do("GET", "/v0/400?a=1&a=2&c=3", "", "X-Client", "no", "User-Agent", "curl", "Accept", "text/html", "Content-Type", "text/css")
	a.expect(200, "", "the endpoint's")
	if a.header("Content-Type") != "application/json" || a.header("X-Endpoint") != "" || !strings.Contains(a.header("X-Amzn-Trace-Id"), "Root=") {
		t.Errorf("%v", a.Result().Header)
	}
	got := b.heads()
	delete(got, traceHeader)
	want := map[string]string{"Accept": "application/json", "User-Agent": "AmazonAPIGateway_api", "X-Amzn-Apigateway-Api-Id": "api", "X-Mapped": "v0", "Content-Length": "0"}
	if fmt.Sprint(got) != fmt.Sprint(want) || b.asked.RequestURI != "/400?q=1&q=2" {
		t.Errorf("%v\n%v\n%s", got, want, b.asked.RequestURI)
	}
	h.do("GET", "/v0/a", "a=b", "Content-Type", "application/x-www-form-urlencoded").expect(200, "", "the endpoint's")
	if got := b.heads(); got["Content-Type"] != "application/x-www-form-urlencoded" || string(b.body) != "a=b" {
		t.Errorf("%v %s", got, b.body)
	}
}

func TestEndpointsThatFail(t *testing.T) {
	network := `{"message": "Network error communicating with endpoint"}`
	secret := newBackend(t, nil)
	secure := httptest.NewUnstartedServer(secret)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	hangUp := newBackend(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	huge := newBackend(t, func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 10<<20+1)) })
	away := newBackend(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	gone := newBackend(t, nil)
	gone.Close()
	h := newHouse(t)
	at := func(uri string, change ...func(*plan.Method)) map[string]*plan.Method {
		return map[string]*plan.Method{"ANY": httpTo("HTTP_PROXY", "GET", uri, change...)}
	}
	h.deploy(plan.Deployment{Resources: []plan.Resource{
		resource("/refused", at(gone.URL)),
		resource("/untrusted", at(secure.URL)),
		resource("/insecure", at(secure.URL, func(m *plan.Method) { m.Integration.InsecureSkipVerification = true })),
		resource("/plain", at("https"+strings.TrimPrefix(secret.URL, "http"))),
		resource("/hangup", at(hangUp.URL)),
		resource("/huge", at(huge.URL)),
		resource("/redirect", at(away.URL)),
		resource("/ftp", at("ftp://example.com")),
		resource("/user", at("http://user@127.0.0.1/")),
	}})
	h.get("/v0/refused").expect(504, errServer, network).because("integration", "start the endpoint")
	h.get("/v0/untrusted").expect(500, errServer, internal).because("integration", "insecureSkipVerification")
	h.get("/v0/insecure").expect(200, "", `{"answer":"to GET"}`)
	h.get("/v0/plain").expect(504, errServer, network).because("integration", "speak TLS")
	h.get("/v0/hangup").expect(504, errServer, network).because("integration", "failed")
	h.get("/v0/huge").expect(500, errServer, internal).because("integration", "10 MB")
	if a := h.get("/v0/redirect"); a.Code != 302 || a.header("Location") != "/elsewhere" {
		t.Errorf("%v", a)
	}
	h.get("/v0/ftp").expect(500, errServer, internal).because("integration", "no URL of an HTTP endpoint")
	h.get("/v0/user").expect(500, errServer, internal).because("integration", "no URL of an HTTP endpoint")
}

func TestEndpointsHaveTheIntegrationsTime(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	b := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-release
	})
	defer close(release)
	h := newHouse(t)
	h.deployMethod("/a", httpTo("HTTP_PROXY", "GET", b.URL, func(m *plan.Method) { m.Integration.TimeoutMillis = 50 }))
	go func() {
		<-asked
		h.clock.Advance(50 * time.Millisecond)
	}()
	h.get("/v0/a").expect(504, errServer, `{"message": "Endpoint request timed out"}`).because("integration", "50ms", "timeoutInMillis")
}

func TestStreamedResponses(t *testing.T) {
	first, release := make(chan struct{}), make(chan struct{})
	b := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		close(first)
		select {
		case <-release:
			io.WriteString(w, "data: 2\n\n")
		case <-r.Context().Done():
		}
	})
	h := newHouse(t)
	h.deployMethod("/a", httpTo("HTTP_PROXY", "GET", b.URL, func(m *plan.Method) {
		m.Integration.ResponseTransferMode, m.Integration.TimeoutMillis = "STREAM", 900_000
	}))
	s := httptest.NewServer(h.gateway)
	defer s.Close()
	r, err := http.Get(s.URL + "/_aws/execute-api/api/v0/a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	<-first
	chunk := make([]byte, 64)
	if n, err := r.Body.Read(chunk); err != nil || string(chunk[:n]) != "data: 1\n\n" {
		t.Fatalf("%q, %v", chunk[:n], err)
	}
	close(release)
	rest, err := io.ReadAll(r.Body)
	if err != nil || string(rest) != "data: 2\n\n" || r.Header.Get("Content-Type") != "text/event-stream" || r.ContentLength != -1 {
		t.Errorf("%q, %v, %v", rest, err, r.Header)
	}
}

// AWS: what is silent for 30 seconds is over at an edge-optimised endpoint; a
// regional one waits five minutes.
func TestSilentStreamsEnd(t *testing.T) {
	for kind, ends := range map[string]bool{"EDGE": true, "REGIONAL": false} {
		t.Run(kind, func(t *testing.T) {
			release := make(chan struct{})
			b := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "a")
				w.(http.Flusher).Flush()
				select {
				case <-release:
					io.WriteString(w, "b")
				case <-r.Context().Done():
				}
			})
			h := newHouse(t)
			h.deploy(plan.Deployment{EndpointType: kind, Resources: []plan.Resource{resource("/a", map[string]*plan.Method{
				"GET": httpTo("HTTP_PROXY", "GET", b.URL, func(m *plan.Method) {
					m.Integration.ResponseTransferMode, m.Integration.TimeoutMillis = "STREAM", 900_000
				})})}})
			s := httptest.NewServer(h.gateway)
			defer s.Close()
			r, err := http.Get(s.URL + "/_aws/execute-api/api/v0/a")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			if _, err := io.ReadFull(r.Body, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			h.clock.Advance(30 * time.Second)
			if !ends {
				close(release)
			}
			read := make(chan struct{})
			var rest []byte
			go func() {
				rest, err = io.ReadAll(r.Body)
				close(read)
			}()
			for done := false; !done; {
				select {
				case <-read:
					done = true
				case <-time.After(time.Millisecond):
					if ends { // the gateway may not have begun to wait before
						h.clock.Advance(30 * time.Second)
					}
				}
			}
			if ends != (err != nil) || !ends && string(rest) != "b" {
				t.Errorf("%q, %v", rest, err)
			}
		})
	}
}

func TestWhoLeavesAStreamEndsIt(t *testing.T) {
	ended := make(chan struct{})
	b := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "a")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(ended)
	})
	h := newHouse(t)
	h.deployMethod("/a", httpTo("HTTP_PROXY", "GET", b.URL, func(m *plan.Method) { m.Integration.ResponseTransferMode = "STREAM" }))
	s := httptest.NewServer(h.gateway)
	defer s.Close()
	r, err := http.Get(s.URL + "/_aws/execute-api/api/v0/a")
	if err != nil {
		t.Fatal(err)
	}
	io.ReadFull(r.Body, make([]byte, 1))
	r.Body.Close()
	<-ended
}

func TestWhoTakesNothingOfAStreamEndsIt(t *testing.T) {
	b := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		for part := make([]byte, 1<<20); ; {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	})
	h := newHouse(t)
	h.deployMethod("/a", httpTo("HTTP_PROXY", "GET", b.URL, func(m *plan.Method) { m.Integration.ResponseTransferMode = "STREAM" }))
	served := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(served)
		h.gateway.ServeHTTP(w, r)
	}))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /_aws/execute-api/api/v0/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
	for {
		select {
		case <-served:
			return
		case <-time.After(time.Millisecond):
			h.clock.Advance(time.Minute) // the gateway may not have begun to wait before
		}
	}
}

func TestVPCLinks(t *testing.T) {
	b := newBackend(t, nil)
	inside, err := url.Parse(b.URL + "/inside")
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, func(c *Config) { c.Endpoints = map[string]*url.URL{"vpclink/orders": inside} })
	h.put(plan.VPCLinkKey("abc123"), plan.VPCLink{ID: "abc123", Account: account, Region: region, Name: "orders"})
	h.put(plan.VPCLinkKey("unled1"), plan.VPCLink{ID: "unled1", Account: account, Region: region, Name: "unled"})
	through := func(id string) map[string]*plan.Method {
		return map[string]*plan.Method{"GET": httpTo("HTTP_PROXY", "GET", "http://nlb.internal.example/orders", func(m *plan.Method) {
			m.Integration.ConnectionType, m.Integration.ConnectionID = "VPC_LINK", id
		})}
	}
	h.deploy(plan.Deployment{Resources: []plan.Resource{
		resource("/a", through("${stageVariables.link}")), resource("/unled", through("unled1")), resource("/none", through("nolink")), resource("/unnamed", through("")),
	}}, func(a *plan.RestAPI) { a.Stages["v0"].Variables = map[string]string{"link": "abc123"} })
	h.get("/v0/a?x=1").expect(200, "", `{"answer":"to GET"}`)
	if b.asked.Host != "nlb.internal.example" || b.asked.RequestURI != "/inside/orders?x=1" {
		t.Errorf("%s %s", b.asked.Host, b.asked.RequestURI)
	}
	h.get("/v0/unled").expect(500, errServer, internal).because("integration", "unled", "lamgate serve --endpoint vpclink/unled=URL")
	h.get("/v0/none").expect(500, errServer, internal).because("integration", "there is no VPC link nolink")
	h.get("/v0/unnamed").expect(500, errServer, internal).because("method request", "connectionId")
}

func TestClientCertificatesAreShown(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ApiGateway"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	shown := ""
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { shown = r.TLS.PeerCertificates[0].Subject.CommonName }))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.StartTLS()
	defer s.Close()
	h := newHouse(t)
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	h.put(plan.ClientCertificateKey("cert01"), plan.ClientCertificate{ID: "cert01", Account: account, Certificate: encode("CERTIFICATE", der), PrivateKey: encode("PRIVATE KEY", private)})
	m := httpTo("HTTP_PROXY", "GET", s.URL, func(m *plan.Method) { m.Integration.InsecureSkipVerification = true })
	h.deployMethod("/a", m, func(a *plan.RestAPI) { a.Stages["v0"].ClientCertificateID = "cert01" })
	h.get("/v0/a").expect(200, "", "")
	if shown != "ApiGateway" {
		t.Errorf("the endpoint saw %q", shown)
	}
	h.deployMethod("/a", m, func(a *plan.RestAPI) { a.Stages["v0"].ClientCertificateID = "none" })
	h.get("/v0/a").expect(500, errServer, internal).because("integration", "client certificate none does not exist")
}

// AWS: the tables of "Content type conversions in API Gateway".
func TestContentConversions(t *testing.T) {
	const png = "\x89PNG\xff"
	const packed = "iVBORw=="
	b := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		kind, body := r.Header.Get("X-Kind"), png
		if kind == "text" {
			body = packed
		}
		if kind == "png" {
			w.Header().Set("Content-Type", "image/png")
		} else {
			w.Header().Set("Content-Type", "text/plain")
		}
		io.WriteString(w, body)
	})
	h := newHouse(t)
	custom := func(request, response string) map[string]*plan.Method {
		return map[string]*plan.Method{"ANY": httpTo("HTTP", "POST", b.URL, parameters("header.X-Kind", "method.request.header.kind"), func(m *plan.Method) {
			m.Integration.ContentHandling = request
			m.Integration.Responses["200"].ContentHandling = response
		})}
	}
	const text, binary = "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"
	d := plan.Deployment{BinaryMediaTypes: []string{"image/png"}, Resources: []plan.Resource{
		resource("/none", custom("", "")), resource("/text", custom(text, text)), resource("/binary", custom(binary, binary)),
		resource("/proxy", map[string]*plan.Method{"ANY": httpTo("HTTP_PROXY", "POST", b.URL, parameters("header.X-Kind", "method.request.header.kind"))}),
	}}
	h.deploy(d)
	base64PNG := "iVBOR/8="
	for _, c := range []struct{ path, contentType, body, received, kind, accept, answered string }{
		{"/none", "text/plain", "t\xff", "t\ufffd", "png", "text/plain", base64PNG},
		{"/none", "image/png", png, png, "png", "image/png", png},
		{"/none", "text/plain", "t", "t", "text", "image/png", "\x89PNG"},
		{"/none", "text/plain", "t", "t", "text", "text/plain", packed},
		{"/text", "image/png", png, base64PNG, "png", "image/png", base64PNG},
		{"/text", "text/plain", "t", "t", "text", "image/png", packed},
		{"/binary", "text/plain", packed, "\x89PNG", "text", "text/plain", "\x89PNG"},
		{"/binary", "image/png", png, png, "png", "text/plain", png},
		{"/proxy", "image/png", png, png, "png", "image/png", png},
		{"/proxy", "text/plain", "t\xff", "t\ufffd", "png", "*/*", base64PNG},
	} {
		a := h.do("POST", "/v0"+c.path, c.body, "Content-Type", c.contentType, "Accept", c.accept, "kind", c.kind)
		if a.Code != 200 || a.Body.String() != c.answered || string(b.body) != c.received {
			t.Errorf("%v: %d %q, the endpoint got %q", c, a.Code, a.Body, b.body)
		}
	}
	h.do("POST", "/v0/binary", "no base64!", "Content-Type", "text/plain").expect(500, errServer, internal).because("integration request", "not base64")
	h.do("POST", "/v0/none", "t", "Accept", "image/png", "kind", "other").expect(500, errServer, internal).because("integration response", "not base64")
	d.BinaryMediaTypes = nil
	h.deploy(d)
	if a := h.do("POST", "/v0/proxy", png, "Content-Type", "image/png", "kind", "png", "Accept", "image/png"); a.Body.String() != "\ufffdPNG\ufffd" || string(b.body) != "\ufffdPNG\ufffd" {
		t.Errorf("%q, the endpoint got %q", a.Body, b.body)
	}
}

// Recorded: test_apigateway_header_remapping_http[HTTP], what mappings set.
func TestMappedResponseHeaders(t *testing.T) {
	b := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("X-Two", "1")
		w.Header().Add("X-Two", "2")
		io.WriteString(w, `{"url":"/there","list":[1,{"a":null}],"n":1.50}`)
	})
	h := newHouse(t)
	mappings := map[string]string{
		"X-Two": "integration.response.header.X-Two", "X-All": "integration.response.multivalueheader.X-Two", "X-None": "integration.response.header.X-None",
		"Location": "integration.response.body.url", "X-List": "integration.response.body.list", "X-First": "integration.response.body.list[0]",
		"X-Missing": "integration.response.body.missing", "X-Stage": "context.stage", "X-Var": "stageVariables.v", "X-Static": "'it is'", "Content-Type": "'text/x'",
	}
	for _, name := range []string{"Authorization", "Connection", "Content-Length", "Content-MD5", "Date", "Expect", "Host", "Max-Forwards",
		"Proxy-Authenticate", "Server", "Trailer", "Upgrade", "User-Agent", "WWW-Authenticate", "TE", "Via", "Transfer-Encoding"} {
		mappings[name] = "'set'"
	}
	h.deployMethod("/a", httpTo("HTTP", "GET", b.URL, func(m *plan.Method) {
		m.Integration.Responses["200"].ResponseParameters = map[string]string{}
		for name, source := range mappings {
			m.Integration.Responses["200"].ResponseParameters["method.response.header."+name] = source
		}
	}), func(a *plan.RestAPI) { a.Stages["v0"].Variables = map[string]string{"v": "variable"} })
	a := h.get("/v0/a").expect(200, "", `{"url":"/there","list":[1,{"a":null}],"n":1.50}`)
	var got []string
	for name, values := range a.Result().Header {
		switch name {
		case "x-amzn-RequestId", "x-amz-apigw-id", "X-Amzn-Trace-Id":
			continue
		}
		got = append(got, name+": "+strings.Join(values, "|"))
	}
	slices.Sort(got)
	want := []string{
		"Content-Length: 47", "Content-Type: text/x", "Location: /there", "TE: set", "Via: set", "X-All: 1,2", "X-First: 1", `X-List: [1,{"a":null}]`,
		"X-Stage: v0", "X-Static: it is", "X-Two: 2", "X-Var: variable",
		"x-amzn-Remapped-Authorization: set", "x-amzn-Remapped-Connection: set", "x-amzn-Remapped-Content-Length: set", "x-amzn-Remapped-Content-MD5: set",
		"x-amzn-Remapped-Date: set", "x-amzn-Remapped-Expect: set", "x-amzn-Remapped-Host: set", "x-amzn-Remapped-Max-Forwards: set",
		"x-amzn-Remapped-Proxy-Authenticate: set", "x-amzn-Remapped-Server: set", "x-amzn-Remapped-Trailer: set", "x-amzn-Remapped-Upgrade: set",
		"x-amzn-Remapped-User-Agent: set", "x-amzn-Remapped-WWW-Authenticate: set",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// BenchmarkHTTPProxy is what the gateway does for a request to an HTTP endpoint
// before it is sent and after it has been answered.
func BenchmarkHTTPProxy(b *testing.B) {
	h := newHouse(b)
	h.deploy(plan.Deployment{EndpointType: "REGIONAL", Resources: []plan.Resource{resource("/users/{id}", map[string]*plan.Method{
		"GET": httpTo("HTTP_PROXY", "GET", "http://127.0.0.1:9/users/{id}", parameters("path.id", "method.request.path.id"))})}})
	c, r, body := new(call), typicalRequest(), bytes.Repeat([]byte("x"), 512)
	b.ReportAllocs()
	for b.Loop() {
		c.begin(h.gateway, r)
		for _, step := range []func(*call) *gatewayResponse{(*call).findStage, (*call).matchResource, (*call).methodRequest, (*call).integrationRequest} {
			if refusal := step(c); refusal != nil {
				b.Fatal(refusal)
			}
		}
		binding := c.route.Binding.(*plan.HTTP)
		if refusal := c.addressEndpoint(binding, &c.transform.asked); refusal != nil {
			b.Fatal(refusal)
		}
		c.writeHTTPHeaders(binding)
		c.received.status, c.received.body = 200, body
		c.received.headers = append(c.received.headers, field{"Content-Type", "application/json"}, field{"Date", "now"}, field{"Content-Length", "512"})
		for _, step := range []func(*call) *gatewayResponse{(*call).integrationResponse, (*call).methodResponse} {
			if refusal := step(c); refusal != nil {
				b.Fatal(refusal)
			}
		}
		c.reset()
	}
}

// echo answers the body that was asked with.
func echo(b *backend) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		w.Write(b.body)
	}
}
