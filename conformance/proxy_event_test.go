package conformance

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// event asks the echo function's API and returns the event that came back.
func (a *restAPI) event(method, path, body string, headers ...string) map[string]any {
	a.t.Helper()
	got := a.ask(method, path, body, headers...)
	if got.status != 200 {
		a.t.Fatalf("%s %s: %d %s", method, path, got.status, got.body)
	}
	return decode(a.t, got.body)
}

// decode reads a JSON object.
func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return object
}

// newEchoAPI is an API whose every request comes back as an event.
func newEchoAPI(t *testing.T, variables map[string]string) *restAPI {
	f := newFunction(t, echo)
	a := newAPI(t)
	a.proxy("ANY", "/", f)
	a.proxy("ANY", "/users/{id}", f)
	a.proxy("ANY", "/{proxy+}", f)
	a.deploy("v0", variables)
	f.permit(a.sourceARN("*"))
	return a
}

// Every field of the event, for a request that fills most of them. What differs
// from request to request is replaced by its form.
func TestTheFunctionReceivesTheEventOfAWS(t *testing.T) {
	a := newEchoAPI(t, map[string]string{"colour": "green"})
	event := a.event("POST", "/v0/users/42?a=1&a=2&b=x+y", `{"name": "Ada"}`,
		"Content-Type", "application/json", "X-Custom", "first", "X-Custom", "second", "User-Agent", "conformance/1.0", "Accept", "*/*", "accept-language", "en")
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(event, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct{ pattern, replacement string }{
		{regexp.QuoteMeta(a.id), "API"},
		{`"Root=1-[0-9a-f]{8}-[0-9a-f]{24}"`, `"TRACE"`},
		{`"requestId": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"`, `"requestId": "UUID"`},
		{`"extendedRequestId": "[A-Za-z0-9_-]{15}="`, `"extendedRequestId": "EXTENDED ID"`},
		{`"requestTime": "\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000"`, `"requestTime": "TIME"`},
		{`"requestTimeEpoch": \d{13}`, `"requestTimeEpoch": 0`},
		{`"(deploymentId|resourceId)": "[a-z0-9]{6,10}"`, `"$1": "ID"`},
		{`"X-Forwarded-Port": "` + u.Port() + `"`, `"X-Forwarded-Port": "PORT"`},
		{`"X-Forwarded-Port": \[\s*"` + u.Port() + `"`, `"X-Forwarded-Port": ["PORT"`},
		{`"accountId": "\d{12}"`, `"accountId": "ACCOUNT"`},
	} {
		text = regexp.MustCompile(r.pattern).ReplaceAll(text, []byte(r.replacement))
	}
	golden(t, "proxy_event.json", text)
}

// golden compares JSON with a file of testdata.
func golden(t *testing.T, name string, text []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	b.WriteByte('\n')
	file := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestWhatARequestLacksIsNullInTheEvent(t *testing.T) {
	event := newEchoAPI(t, nil).event("GET", "/v0/", "")
	for _, name := range []string{"queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body"} {
		if value, ok := event[name]; !ok || value != nil {
			t.Errorf("%s is %v, want null", name, value)
		}
	}
	if event["isBase64Encoded"] != false {
		t.Errorf("isBase64Encoded is %v, want false", event["isBase64Encoded"])
	}
}

func TestPathsReachTheFunctionAsTheyWereSent(t *testing.T) {
	a := newEchoAPI(t, nil)
	for _, c := range []struct{ sent, path, proxy, contextPath string }{
		{"/v0/one", "/one", "one", "/v0/one"},
		{"/v0/one/", "/one/", "one", "/v0/one/"},
		{"/v0//one", "/one", "one", "/v0//one"},
		{"/v0/one//two", "/one//two", "one//two", "/v0/one//two"},
		{"/v0/a%2Bb", "/a%2Bb", "a%2Bb", "/v0/a%2Bb"},
		{"/v0/a%20b", "/a%20b", "a%20b", "/v0/a%20b"},
	} {
		t.Run(c.sent, func(t *testing.T) {
			event := a.event("GET", c.sent, "")
			got := []any{event["path"], event["pathParameters"].(map[string]any)["proxy"], event["requestContext"].(map[string]any)["path"]}
			want := []any{c.path, c.proxy, c.contextPath}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("path, proxy, requestContext.path (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheLastValueOfAQueryParameterStandsAloneAndAllStandTogether(t *testing.T) {
	event := newEchoAPI(t, nil).event("GET", "/v0/?a=1&a=2&plus=x+y&encoded=%26%3D&empty=&bare", "")
	if diff := cmp.Diff(map[string]any{"a": "2", "plus": "x y", "encoded": "&=", "empty": "", "bare": ""}, event["queryStringParameters"]); diff != "" {
		t.Error(diff)
	}
	multi := map[string]any{"a": []any{"1", "2"}, "plus": []any{"x y"}, "encoded": []any{"&="}, "empty": []any{""}, "bare": []any{""}}
	if diff := cmp.Diff(multi, event["multiValueQueryStringParameters"]); diff != "" {
		t.Error(diff)
	}
}

func TestBytesThatAreNoTextBecomeReplacementCharacters(t *testing.T) {
	event := newEchoAPI(t, nil).event("POST", "/v0/", "a\xff\xfeb", "Content-Type", "application/octet-stream")
	if got, want := event["body"], "a\ufffd\ufffdb"; got != want {
		t.Errorf("body is %q, want %q", got, want)
	}
}

func TestAnEdgeAPIAddsTheHeadersOfCloudFront(t *testing.T) {
	f := newFunction(t, echo)
	a := newAPI(t, edgeOptimised)
	a.proxy("GET", "/", f)
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	headers := a.event("GET", "/v0/", "")["headers"].(map[string]any)
	for _, name := range []string{"CloudFront-Viewer-Country", "CloudFront-Forwarded-Proto", "Via", "X-Amz-Cf-Id"} {
		if headers[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
}
