package url

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		host, target string
		want         Address
		ok           bool
	}{
		{"abc.lambda-url.us-east-1.on.aws", "/a/b?c=d", Address{"abc", "us-east-1", "abc.lambda-url.us-east-1.on.aws", "/a/b", "c=d"}, true},
		{"ABC.Lambda-URL.us-east-1.on.aws:443", "/", Address{"abc", "us-east-1", "ABC.Lambda-URL.us-east-1.on.aws", "/", ""}, true},
		{"abc.lambda-url.us-east-1.localhost:4566", "//a", Address{"abc", "us-east-1", "abc.lambda-url.us-east-1.localhost", "//a", ""}, true},
		{"abc.lambda-url.localhost:4566", "/", Address{"abc", "", "abc.lambda-url.localhost", "/", ""}, true},
		{"abc.lambda-url.eu-west-1.localhost.localstack.cloud:4566", "/", Address{"abc", "eu-west-1", "abc.lambda-url.eu-west-1.localhost.localstack.cloud", "/", ""}, true},
		{"localhost", "/_aws/lambda-url/Abc/x%20y?z", Address{"abc", "", "", "/x%20y", "z"}, true},
		{"localhost", "/_aws/lambda-url/abc", Address{"abc", "", "", "/", ""}, true},
		{"localhost", "/_aws/lambda-url/", Address{"", "", "", "/", ""}, true},
		{"lambda-url.us-east-1.on.aws", "/", Address{}, false},
		{".lambda-url.us-east-1.on.aws", "/", Address{}, false},
		{"abc.lambda-url.on.aws", "/", Address{}, false},
		{"abc.lambda-url.us-east-1.example.com", "/", Address{}, false},
		{"abc.execute-api.us-east-1.amazonaws.com", "/", Address{}, false},
		{"localhost", "/_aws/lambda-urls/abc", Address{}, false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host, r.RequestURI = c.host, c.target
		if got, ok := Addressed(r); ok != c.ok || ok && got != c.want {
			t.Errorf("%s %s: %+v, %v", c.host, c.target, got, ok)
		}
	}
}

func TestWhereAServerServesAURL(t *testing.T) {
	r := httptest.NewRequest("GET", Of("http://127.0.0.1:4566", "abc")+"x", nil)
	if got, ok := Addressed(r); !ok || got != (Address{ID: "abc", Path: "/x"}) {
		t.Errorf("%s is %+v, %v", r.URL, got, ok)
	}
}

func TestURLsFollowTheirFunctions(t *testing.T) {
	h := newHouse(t)
	unknown := func(target string) {
		t.Helper()
		h.do("GET", target, "").expect(403, `{"Message":null}`).with("x-amzn-ErrorType", "AccessDeniedException").with("Content-Type", "application/json").
			because("function URL", "there is no function URL")
	}
	unknown("/")
	h.open()
	h.do("GET", "/", "").expect(200, "Hello, World!")
	r := request("GET", "/", "")
	r.Host = urlID + ".lambda-url.eu-west-1.on.aws"
	h.serve(r).expect(403, `{"Message":null}`)
	r = request("GET", "/_aws/lambda-url/"+urlID+"/a", "")
	r.Host = "127.0.0.1:4566"
	h.serve(r).expect(200, "Hello, World!")
	if context := h.invoker.last(t)["requestContext"].(map[string]any); context["domainName"] != host {
		t.Errorf("by a path, the domain is %v", context["domainName"])
	}

	h.open(func(u *execution.URL) { u.ID = "another" })
	unknown("/")
	h.open()
	h.do("GET", "/", "").expect(200, "Hello, World!")
	d, err := h.docs.Get(execution.FunctionKey(account, region, "hello"))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.docs.Delete(t.Context(), d.Key, d.Revision); err != nil {
		t.Fatal(err)
	}
	unknown("/")
}

// An alias's URL invokes the alias, by the alias's policy.
func TestURLsOfAliases(t *testing.T) {
	h := newHouse(t)
	h.aliased("live", execution.URL{}, public(helloARN+":live")...)
	h.do("GET", "/", "").expect(200, "Hello, World!")
	if got := h.invoker.calls[0].Function.ARN(); got != helloARN+":live" {
		t.Errorf("invoked %s", got)
	}
	h.aliased("live", execution.URL{}, public(helloARN)...)
	h.do("GET", "/", "").expect(403, forbiddenBody).because("authorization", "--qualifier live")
}

// What is not there is left out, and all kinds of parts arrive as AWS sends them.
func TestEvents(t *testing.T) {
	for name, c := range map[string]struct {
		method, target, body string
		header               []string
		want                 string // the parts of the event beside its context and the gateway's own headers
	}{
		"nothing": {"GET", "/", "", nil,
			`{"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{},"isBase64Encoded":false}`},
		"a query": {"GET", "/pa2%Fth/1?q=query&multiQuery=foo&multiQuery=%2Fbar&a+b=%zz&flag", "", nil,
			`{"version":"2.0","routeKey":"$default","rawPath":"/pa2%Fth/1","rawQueryString":"q=query&multiQuery=foo&multiQuery=%2Fbar&a+b=%zz&flag",
			"headers":{},"queryStringParameters":{"q":"query","multiQuery":"foo,/bar","a b":"%zz","flag":""},"isBase64Encoded":false}`},
		"cookies and headers": {"GET", "//a//b/", "", []string{"Cookie", "a=1; b=\"2\"", "Cookie", "c=3;", "ExTrA-HeadErs", "With WeiRd CapS", "X-B", "1", "X-B", "2", "Connection", "close"},
			`{"version":"2.0","routeKey":"$default","rawPath":"//a//b/","rawQueryString":"","cookies":["a=1","b=\"2\"","c=3"],
			"headers":{"extra-headers":"With WeiRd CapS","x-b":"1,2"},"isBase64Encoded":false}`},
		"text": {"POST", "/", "text \u00e9", []string{"Content-Type", "text/plain; charset=utf-8"},
			`{"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{"content-type":"text/plain; charset=utf-8"},"body":"text é","isBase64Encoded":false}`},
		"JSON": {"POST", "/", `{"a":1}`, []string{"Content-Type", "Application/JSON"},
			`{"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{"content-type":"Application/JSON"},"body":"{\"a\":1}","isBase64Encoded":false}`},
		"a form": {"POST", "/", "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"},
			`{"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{"content-type":"application/x-www-form-urlencoded"},"body":"YT1i","isBase64Encoded":true}`},
		"a body of no type": {"POST", "/", "\xff\x00", nil,
			`{"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{},"body":"/wA=","isBase64Encoded":true}`},
		"packed text": {"POST", "/", "abc", []string{"Content-Type", "text/plain", "Content-Encoding", "gzip"},
			`{"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{"content-type":"text/plain","content-encoding":"gzip"},"body":"YWJj","isBase64Encoded":true}`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.open()
			r := request(c.method, "/", c.body, c.header...)
			r.RequestURI = c.target
			h.serve(r).expect(200, "Hello, World!")
			event := h.invoker.last(t)
			delete(event, "requestContext")
			headers := event["headers"].(map[string]any)
			for _, own := range []string{"x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "host"} {
				if headers[own] == nil {
					t.Errorf("there is no header %s", own)
				}
				delete(headers, own)
			}
			equalJSON(t, event, c.want)
		})
	}
}

// The event that Lambda's guide shows, as a signed request makes it.
func TestTheEventOfTheGuide(t *testing.T) {
	h := newHouse(t)
	h.open()
	r := request("POST", "/my/path?parameter1=value1&parameter1=value2&parameter2=value", "Hello from client!",
		"Cookie", "cookie1; cookie2", "Header1", "value1", "Header2", "value1", "Header2", "value2", "User-Agent", "agent", "Content-Type", "text/plain",
		"X-Amzn-Trace-Id", "Root=1-5e6b67ad-2d4a5560cf6fb7a02780c3a0", "X-Forwarded-For", "10.0.0.1")
	a := h.serve(r).expect(200, "Hello, World!")
	want, err := os.ReadFile("testdata/event.json")
	if err != nil {
		t.Fatal(err)
	}
	equalJSON(t, h.invoker.last(t), strings.ReplaceAll(string(want), "REQUEST-ID", a.header("x-amzn-RequestId")))
	i := h.invoker.calls[0]
	if i.RequestID != a.header("x-amzn-RequestId") || !strings.HasPrefix(i.TraceHeader, "Root=1-5e6b67ad-2d4a5560cf6fb7a02780c3a0;Parent=") || a.header("X-Amzn-Trace-Id") != i.TraceHeader {
		t.Errorf("the invocation is %+v\nand the caller reads %v", i, a.Result().Header)
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, payload string
		status        int
		body          string
		header        map[string]string
	}{
		// What has no statusCode is the body (recorded).
		{"an object", `{"hello": "world"}`, 200, `{"hello":"world"}`, map[string]string{"Content-Type": "application/json", "Content-Length": "17"}},
		{"a list", `["hello", 3, true]`, 200, `["hello",3,true]`, nil},
		{"a string", `"hello"`, 200, "hello", map[string]string{"Content-Type": "application/json"}},
		{"a number", `3.1`, 200, "3.1", nil},
		{"a boolean", `true`, 200, "true", nil},
		{"null", `null`, 200, "null", nil},
		{"nothing", ``, 200, "", map[string]string{"Content-Length": "0"}},
		{"an object like a response", `{"body": "a", "headers": 5}`, 200, `{"body":"a","headers":5}`, nil},
		{"a status of null", `{"statusCode": null}`, 200, `{"statusCode":null}`, nil},

		{"a response", `{"statusCode": 200, "body": "body123"}`, 200, "body123", map[string]string{"Content-Type": "application/json", "Content-Length": "7"}},
		{"a body of JSON", `{"statusCode": 200, "body": "{\"hello\": \"world\"}"}`, 200, `{"hello": "world"}`, nil},
		{"a numeric string", `{"statusCode": "418", "body": "i'm a teapot"}`, 418, "i'm a teapot", nil},
		{"that of the guide", `{"statusCode": 201, "headers": {"Content-Type": "application/json", "My-Custom-Header": "Custom Value"},
			"body": "{ \"message\": \"Hello, world!\" }", "cookies": ["Cookie_1=Value1; Expires=21 Oct 2021 07:48 GMT", "Cookie_2=Value2; Max-Age=78000"], "isBase64Encoded": false}`,
			201, `{ "message": "Hello, world!" }`, map[string]string{"My-Custom-Header": "Custom Value", "Set-Cookie": "Cookie_1=Value1; Expires=21 Oct 2021 07:48 GMT|Cookie_2=Value2; Max-Age=78000"}},
		{"base64", `{"statusCode":200,"body":"/wA=","isBase64Encoded":true,"headers":{"content-type":"image/x"}}`, 200, "\xff\x00", map[string]string{"Content-Type": "image/x"}},
		{"members that no response has", `{"statusCode":200,"multiValueHeaders":{"a":["b"]},"other":{"x":[1]}}`, 200, "", nil},
		{"headers that are no strings", `{"statusCode":200,"headers":{"x-a":1,"x-b":true,"x-c":null}}`, 200, "", map[string]string{"x-a": "1", "x-b": "true", "x-c": ""}},
		{"headers of the front", `{"statusCode":200,"headers":{"WWW-Authenticate":"Basic","Date":"now","Transfer-Encoding":"chunked"}}`, 200, "",
			map[string]string{"x-amzn-Remapped-WWW-Authenticate": "Basic", "x-amzn-Remapped-Date": "now", "Transfer-Encoding": ""}},
		{"no body", `{"statusCode":204,"body":"x"}`, 204, "", map[string]string{"Content-Length": ""}},

		{"a status that is none", `{"statusCode":"ok"}`, 502, failedBody, nil},
		{"a status of 99", `{"statusCode":99}`, 502, failedBody, nil},
		{"a body that is none", `{"body":{"a":1},"statusCode":200}`, 502, failedBody, nil},
		{"headers that are none", `{"statusCode":200,"headers":[]}`, 502, failedBody, nil},
		{"a header that is none", `{"statusCode":200,"headers":{"a":[]}}`, 502, failedBody, nil},
		{"a header that splits", `{"statusCode":200,"headers":{"a":"b\r\nc: d"}}`, 502, failedBody, nil},
		{"a name that splits", `{"statusCode":200,"headers":{"a b":"c"}}`, 502, failedBody, nil},
		{"cookies that are none", `{"statusCode":200,"cookies":"a=b"}`, 502, failedBody, nil},
		{"base64 that is none", `{"statusCode":200,"body":"*","isBase64Encoded":true}`, 502, failedBody, nil},
		{"no JSON", `hello`, 502, failedBody, nil},
		{"half of it", `{"statusCode":200`, 502, failedBody, nil},
		{"too much of it", `{"statusCode":200} {}`, 502, failedBody, nil},
		{"too deep", strings.Repeat("[", 2000), 502, failedBody, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.open()
			h.invoker.answering(c.payload)
			a := h.do("GET", "/", "").expect(c.status, c.body)
			for name, value := range c.header {
				a.with(name, value)
			}
			if c.body == failedBody {
				a.with("Content-Type", "application/json").because("response", "the function's answer is no response", "statusCode")
			} else if a.header("X-Amzn-Trace-Id") == "" {
				t.Error("the caller learns nothing of the trace")
			}
		})
	}
}

func TestFunctionsThatDoNotAnswer(t *testing.T) {
	for _, c := range []struct {
		name      string
		result    *execution.Result
		err       error
		status    int
		errorType string
		body      string
		why       string
	}{
		{"an error", &execution.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"oops"}`)}, nil, 502, "", failedBody, "oops"},
		{"throttled", nil, aws.Faultf(429, "TooManyRequestsException", "Rate Exceeded."), 429, "TooManyRequestsException", `{"Message":"Rate Exceeded."}`, "Rate Exceeded."},
		{"gone", nil, aws.Faultf(404, "ResourceNotFoundException", "Function not found: x"), 403, "AccessDeniedException", forbiddenBody, "Function not found"},
		{"not ready", nil, aws.Faultf(409, "ResourceConflictException", "Pending"), 502, "", failedBody, "Pending"},
		{"broken", nil, errors.New("no room"), 502, "", failedBody, "no room"},
	} {
		for _, mode := range []string{"BUFFERED", "RESPONSE_STREAM"} {
			t.Run(c.name+" "+mode, func(t *testing.T) {
				h := newHouse(t)
				h.open(func(u *execution.URL) { u.InvokeMode = mode })
				h.invoker.answer = func(context.Context, execution.Invocation) (*execution.Result, error) { return c.result, c.err }
				h.do("GET", "/", "").expect(c.status, c.body).with("x-amzn-ErrorType", c.errorType).because("invocation", c.why)
			})
		}
	}
}

func TestBodiesThatAreTooLarge(t *testing.T) {
	h := newHouse(t)
	h.open()
	const body = `{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}`
	for _, size := range []int{6<<20 + 1, 6 << 20, 5 << 20} { // the last is too large as base64
		h.do("POST", "/", strings.Repeat("a", size)).expect(413, body).with("x-amzn-ErrorType", "RequestEntityTooLargeException").with("Connection", "close").because("request", "bytes")
	}
	chunked := request("POST", "/", strings.Repeat("a", 6<<20+1), "Content-Type", "text/plain")
	chunked.ContentLength = -1
	h.serve(chunked).expect(413, body)
	h.do("POST", "/", strings.Repeat("a", 5<<20), "Content-Type", "text/plain").expect(200, "Hello, World!")
}

func TestBodiesThatDoNotCome(t *testing.T) {
	h := newHouse(t)
	h.open()
	h.gateway.patience = 10 * time.Millisecond
	conn := dial(t, h)
	defer conn.Close()
	ask(conn, "POST", "/", "Content-Length: 10\r\n", "abc")
	if r := answerOf(t, conn); r.StatusCode != 400 {
		t.Errorf("got %d", r.StatusCode)
	}
}
