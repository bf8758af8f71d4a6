package rest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/gateway/jsontext"
	"github.com/lamgate/lamgate/gateway/plan"
)

var update = flag.Bool("update", false, "rewrite the golden events")

// golden compares an event with the one in testdata, once what differs from
// run to run is replaced.
func golden(t *testing.T, name string, event []byte) {
	t.Helper()
	for _, r := range []struct{ pattern, with string }{
		{`"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"`, `"REQUEST-ID"`},
		{`"extendedRequestId":"[A-Za-z0-9_-]{15}="`, `"extendedRequestId":"EXTENDED-ID"`},
		{`"[A-Za-z0-9_-]{54}=="`, `"EDGE-ID"`},
		{`"Root=1-5ebe3025-[0-9a-f]{24}"`, `"TRACE"`},
	} {
		event = regexp.MustCompile(r.pattern).ReplaceAll(event, []byte(r.with))
	}
	var value any
	if err := json.Unmarshal(event, &value); err != nil {
		t.Fatalf("%v in %s", err, event)
	}
	got, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(bytes.TrimSpace(want)), string(got)); diff != "" {
		t.Errorf("%s differs:\n%s", path, diff)
	}
}

func TestEvents(t *testing.T) {
	edge := func(d *plan.Deployment) { d.EndpointType = "EDGE" }
	for _, c := range []struct {
		name   string
		method string
		target string
		body   string
		header []string
		change []func(*plan.Deployment)
		stage  map[string]string
	}{
		{name: "regional", method: "GET", target: "/proxy-value", header: []string{"Accept", "*/*", "Authorization", "token", "User-Agent", "curl/8.5.0"}},
		{name: "edge", method: "GET", target: "/proxy-value", header: []string{"Accept", "*/*", "X-Forwarded-For", "203.0.113.9"}, change: []func(*plan.Deployment){edge}},
		{name: "query", method: "GET", target: "/proxy-value/api?category=electronics&price=10&category=books&email=test%2Balias@gmail.com&plus=test+alias&empty=&bare&odd=%zz;split=1"},
		{name: "slashes", method: "GET", target: "//proxy-value//double/"},
		{name: "encoded", method: "GET", target: "/user/test%2Balias@gmail.com/plus/test+alias@gmail.com/%20%C3%A9"},
		{name: "body", method: "POST", target: "/a", body: "{\r\n\t\"a\": \"é\x00\xff\xe2\x82\"}", header: []string{"Content-Type", "application/json", "Content-Length", "9", "Connection", "keep-alive", "X-Many", "one", "X-Many", "two"}},
		{name: "binary", method: "POST", target: "/a", body: "\x00\xff", header: []string{"Content-Type", "image/png; x=y"},
			change: []func(*plan.Deployment){func(d *plan.Deployment) { d.BinaryMediaTypes = []string{"image/*"} }}},
		{name: "variables", method: "GET", target: "/a", stage: map[string]string{"table": "users\"dev\""}},
		{name: "mapped", method: "POST", target: "/foobar?testQueryString=foo", header: []string{"headerVar", "request-value"},
			change: []func(*plan.Deployment){func(d *plan.Deployment) {
				d.Resources[0].Methods["ANY"].Integration.RequestParameters = map[string]string{
					"integration.request.header.foobar":       "'mapped-value'",
					"integration.request.header.headerVar":    "method.request.querystring.testQueryString",
					"integration.request.querystring.testVar": "method.request.path.proxy",
					"integration.request.querystring.from":    "context.identity.sourceIp",
				}
			}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.function(permit(""))
			d := hello("ANY", "/{proxy+}")
			for _, change := range c.change {
				change(&d)
			}
			h.deploy(d, func(a *plan.RestAPI) { a.Stages["v0"].Variables = c.stage })
			h.do(c.method, "/v0"+c.target, c.body, c.header...).expect(200, "", "Hello, World!")
			golden(t, c.name, h.invoker.last(t).Payload)
		})
	}
}

func TestEventOfARootResource(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("GET", "/"))
	for target, want := range map[string]string{"/v0": "/v0", "/v0/": "/v0/"} {
		h.get(target).expect(200, "", "Hello, World!")
		var event struct {
			Path           string
			PathParameters map[string]string
			RequestContext struct{ Path, ResourcePath string }
		}
		if err := json.Unmarshal(h.invoker.last(t).Payload, &event); err != nil {
			t.Fatal(err)
		}
		if event.Path != "/" || event.RequestContext.Path != want || event.RequestContext.ResourcePath != "/" || event.PathParameters != nil {
			t.Errorf("%s: %+v", target, event)
		}
	}
}

func TestClientsTraceIsContinued(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("GET", "/a"))
	sent := "Root=1-5e66d96f-1234567890abcdef12345678;Sampled=1"
	a := h.do("GET", "/v0/a", "", "X-Amzn-Trace-Id", sent)
	if got := a.header("X-Amzn-Trace-Id"); !strings.HasPrefix(got, "Root=1-5e66d96f-1234567890abcdef12345678;Parent=") || !strings.Contains(got, ";Sampled=1;") {
		t.Errorf("answered %q", got)
	}
	var event struct{ Headers map[string]string }
	if err := json.Unmarshal(h.invoker.last(t).Payload, &event); err != nil || event.Headers["X-Amzn-Trace-Id"] != sent {
		t.Errorf("the event has %v, %v", event.Headers, err)
	}
}

// TestHeaderNamesAsSent speaks HTTP over a connection, as names are known only
// from there.
func TestHeaderNamesAsSent(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("ANY", "/a"))
	s := httptest.NewUnstartedServer(h.gateway)
	s.Listener = KeepHeaderNames(s.Config, s.Listener)
	s.Start()
	defer s.Close()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answers := bufio.NewReader(c)
	exchange := func(request string) {
		t.Helper()
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		r, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, r.Body)
		if r.StatusCode != 200 {
			t.Fatal(r.Status)
		}
	}
	sent := func() []string {
		t.Helper()
		var event struct{ MultiValueHeaders map[string][]string }
		if err := json.Unmarshal(h.invoker.last(t).Payload, &event); err != nil {
			t.Fatal(err)
		}
		var list []string
		for name, values := range event.MultiValueHeaders {
			if !strings.HasPrefix(name, "X-Forwarded-") && name != "X-Amzn-Trace-Id" {
				list = append(list, name+"="+strings.Join(values, ","))
			}
		}
		slices.Sort(list)
		return list
	}
	const target = " /_aws/execute-api/api/v0/a HTTP/1.1\r\nhost: 127.0.0.1\r\n"
	exchange("POST" + target + "tEsT-HEADeR: aValUE\r\nx-tenant-id: 1\r\nX-TENANT-ID: 2\r\nuser-agent: me\r\nauthorization: token\r\ncontent-length: 24\r\n\r\nX-Second: x\r\n\r\nx-second:")
	host := "Host=api.execute-api.us-east-1.amazonaws.com"
	if diff := cmp.Diff([]string{"Authorization=token", host, "User-Agent=me", "tEsT-HEADeR=aValUE", "x-tenant-id=1,2"}, sent()); diff != "" {
		t.Error(diff)
	}
	exchange("GET" + target + "X-SECOND: again\r\n\r\n")
	if diff := cmp.Diff([]string{host, "X-SECOND=again"}, sent()); diff != "" {
		t.Error(diff)
	}
	// Two at once: what net/http has read ahead may lose its case, never more.
	exchange("GET" + target + "x-third: 3\r\n\r\nGET" + target + "x-fourth: 4\r\n\r\n")
	if r, err := http.ReadResponse(answers, nil); err != nil || r.StatusCode != 200 {
		t.Fatal(r, err)
	} else {
		io.Copy(io.Discard, r.Body)
	}
	if got := strings.ToLower(fmt.Sprint(sent())); !strings.Contains(got, "x-fourth=4") {
		t.Error(got)
	}
}

func TestHeaderNamesOverHTTP2AreLowerCase(t *testing.T) {
	n := sentNames(&http.Request{ProtoMajor: 2})
	if got := n.find("X-Tenant-Id"); string(got) != "x-tenant-id" {
		t.Errorf("%q", got)
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\/\n\r\t\x00\x1f\x7f", "é€😀", "\xff\xfe", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\u2028"} {
		for at := range 9 { // wherever it stands among the eight that are looked at together
			f.Add("12345678"[:at] + s + "12345678"[at:])
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := jsontext.AppendString(nil, s)
		var got string
		if err := json.Unmarshal(b, &got); err != nil || !utf8.Valid(b) {
			t.Fatalf("%q: %q is no JSON: %v", s, b, err)
		}
		if utf8.ValidString(s) && got != s {
			t.Fatalf("%q became %q", s, got)
		}
	})
}

func TestBytesThatAreNotUTF8(t *testing.T) {
	for s, want := range map[string]string{
		"a\xffb":        "a\ufffdb",
		"\xe2\x82":      "\ufffd",             // the beginning of a character
		"\xe2\x82(":     "\ufffd(",            // broken off
		"\xed\xa0\x80":  "\ufffd\ufffd\ufffd", // a surrogate
		"\xc0\xaf":      "\ufffd\ufffd",       // not the shortest form
		"\xf0\x9f\x98":  "\ufffd",
		"\xf5\x80":      "\ufffd\ufffd",
		"\xf0\x80\x80":  "\ufffd\ufffd\ufffd",
		"ok \xf0\x9f é": "ok \ufffd é",
	} {
		var got string
		if err := json.Unmarshal(jsontext.AppendString(nil, s), &got); err != nil || got != want {
			t.Errorf("%q: %q, want %q (%v)", s, got, want, err)
		}
	}
}
