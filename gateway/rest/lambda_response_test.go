package rest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/jsontext"
)

func TestAnswersThatAreResponses(t *testing.T) {
	for _, c := range []struct {
		payload string
		status  int
		body    string
		fields  string // "name: value, …"
	}{
		{`{}`, 200, "", ""},
		{` { } `, 200, "", ""},
		{`{"body":"only"}`, 200, "only", ""},
		{`{"headers":{"X-A":"1"}}`, 200, "", "X-A: 1"},
		{`{"statusCode":"404","body":"numeric string"}`, 404, "numeric string", ""},
		{`{"statusCode":201.0}`, 201, "", ""},
		{`{"statusCode":200,"headers":{"a":true,"b":false,"c":12,"d":-1.5e3,"e":""}}`, 200, "", "a: true, b: false, c: 12, d: -1.5e3, e: "},
		{`{"statusCode":null,"headers":null,"multiValueHeaders":null,"body":null,"isBase64Encoded":null}`, 200, "", ""},
		{`{"headers":{"a":null},"multiValueHeaders":{"b":null,"c":[null,"x"]}}`, 200, "", "c: x"},
		{`{"multiValueHeaders":{"Set-Cookie":["a=1","b=2"]}}`, 200, "", "Set-Cookie: a=1, Set-Cookie: b=2"},
		{`{"headers":{"x-a":"one","X-B":"b"},"multiValueHeaders":{"X-A":["two","three"]}}`, 200, "", "X-A: two, X-A: three, X-A: one, X-B: b"},
		{`{"headers":{"X-A":"two"},"multiValueHeaders":{"X-A":["two","three"]}}`, 200, "", "X-A: two, X-A: three"},
		{`{"headers":{"X-A":"1","X-A":"2"}}`, 200, "", "X-A: 2"},
		{`{"body":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 é"}`, 200, "\"\\/\b\f\n\r\té😀 é", ""},
		{`{"body":"\ud83d alone, \ud83dA, \udE00"}`, 200, "\ufffd alone, \ufffdA, \ufffd", ""},
		{`{"body":"b","body":"again"}`, 200, "again", ""},
		{`{"isBase64Encoded":false,"statusCode":200,"headers":{},"multiValueHeaders":{},"body":"Hello, World!"}`, 200, "Hello, World!", ""},
	} {
		var l lambdaResponse
		if err := decodeLambdaResponse([]byte(c.payload), &l); err != nil {
			t.Errorf("%s: %v", c.payload, err)
			continue
		}
		var r response
		l.merge(&r)
		var fields []string
		for _, f := range r.fields {
			fields = append(fields, f.name+": "+f.value)
		}
		if got := strings.Join(fields, ", "); r.status != c.status || string(r.body) != c.body || got != c.fields {
			t.Errorf("%s: %d %q %q", c.payload, r.status, r.body, got)
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for _, c := range []struct{ payload, why string }{
		{``, `it is nothing, not an object (at byte 0)`},
		{`null`, `it is null, not an object (at byte 0)`},
		{`"Hello World"`, `it is a string, not an object (at byte 0)`},
		{`[{"statusCode":200}]`, `it is an array, not an object (at byte 0)`},
		{`<html>`, `it is no JSON, not an object (at byte 0)`},
		{`{"statusCode":200,"body":{"message":"Hello"}}`, `body is an object, not a string; if it is to be JSON, put the JSON into a string (at byte 25)`},
		{`{"body":1}`, `body is a number, not a string; if it is to be JSON, put the JSON into a string (at byte 8)`},
		{`{"statusCode":200,"message":"x"}`, `there is no member "message" in a response (at byte 28)`},
		{`{"statuscode":200}`, `there is no member "statuscode" in a response (at byte 14)`},
		{`{"cookies":[]}`, `there is no member "cookies" in a response (at byte 11)`},
		{`{"statusCode":"abc"}`, `statusCode is "abc", not a number from 200 to 599 (at byte 14)`},
		{`{"statusCode":600}`, `statusCode is "600", not a number from 200 to 599 (at byte 14)`},
		{`{"statusCode":100}`, `statusCode is "100", not a number from 200 to 599 (at byte 14)`},
		{`{"statusCode":200.5}`, `statusCode is "200.5", not a number from 200 to 599 (at byte 14)`},
		{`{"statusCode":{}}`, `statusCode is an object, not a string, a number or a boolean (at byte 14)`},
		{`{"statusCode":true}`, `statusCode is "true", not a number from 200 to 599 (at byte 14)`},
		{`{"headers":"x"}`, `headers is a string, not an object (at byte 11)`},
		{`{"headers":{"X-A":["1"]}}`, `headers.X-A is an array, not a string, a number or a boolean (at byte 18)`},
		{`{"headers":{"X A":"1"}}`, `headers has the name "X A", which no header can have (at byte 18)`},
		{`{"headers":{"":"1"}}`, `headers has the name "", which no header can have (at byte 15)`},
		{`{"headers":{"X-A":"1\r\nX-B: 2"}}`, `headers.X-A has a line break or a zero byte in its value (at byte 31)`},
		{`{"multiValueHeaders":{"X-A":"1"}}`, `multiValueHeaders.X-A is a string, not an array (at byte 28)`},
		{`{"multiValueHeaders":{"X-A":[{}]}}`, `multiValueHeaders.X-A is an object, not a string, a number or a boolean (at byte 29)`},
		{`{"isBase64Encoded":"maybe"}`, `isBase64Encoded is "maybe", neither true nor false (at byte 19)`},
		{`{"isBase64Encoded":1}`, `isBase64Encoded is "1", neither true nor false (at byte 19)`},
		{`{"statusCode":200} trailing`, `something follows the object (at byte 19)`},
		{`{"statusCode":200,}`, `a member's name should stand here (at byte 18)`},
		{`{"statusCode" 200}`, `a colon should stand here (at byte 14)`},
		{`{"statusCode":200 "body":""}`, `a comma or } should stand here (at byte 18)`},
		{`{"body":"x`, `a string has no end (at byte 10)`},
		{`{"body":"x\`, `a string has no end (at byte 10)`},
		{`{"body":"\x"}`, `an escape sequence is no character (at byte 9)`},
		{`{"body":"\u12"}`, `an escape sequence is no character (at byte 9)`},
		{"{\"body\":\"a\nb\"}", `a control character stands in a string (at byte 10)`},
		{`{"headers":{"a":01}}`, `a comma or } should stand here (at byte 17)`},
		{`{"body":nul}`, `this is no JSON (at byte 8)`},
		{`{`, `a member's name should stand here (at byte 1)`},
	} {
		var l lambdaResponse
		err := decodeLambdaResponse([]byte(c.payload), &l)
		if err == nil || err.Error() != c.why {
			t.Errorf("%s:\ngot  %v\nwant %s", c.payload, err, c.why)
		}
	}
}

func TestTooManyHeaders(t *testing.T) {
	payload := `{"multiValueHeaders":{"a":[` + strings.Repeat(`"x",`, maxResponseHeaders) + `"x"]}}`
	if err := decodeLambdaResponse([]byte(payload), new(lambdaResponse)); err == nil || !strings.Contains(err.Error(), "more than 512 values") {
		t.Error(err)
	}
}

// FuzzLambdaResponse holds the decoder against encoding/json: what it takes is
// JSON and means the same, and what it refuses it can explain.
func FuzzLambdaResponse(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"statusCode":200,"headers":{"a":"b"},"multiValueHeaders":{"a":["b",1,true]},"body":"\u00e9","isBase64Encoded":true}`,
		`{"statusCode":"404"}`, `[]`, `{"body":"\ud800"}`, `{"headers":{"a":-0.1e+5}}`, ` {"body":null} `,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var l lambdaResponse
		before := slices.Clone(payload)
		err := decodeLambdaResponse(payload, &l)
		if !slices.Equal(before, payload) {
			t.Fatal("the payload was changed")
		}
		if err != nil {
			m, ok := err.(*jsontext.SyntaxError)
			if !ok || m.Offset < 0 || m.Offset > len(payload) {
				t.Fatalf("%v", err)
			}
			return
		}
		var want struct {
			StatusCode *json.RawMessage `json:"statusCode"`
			Body       *string          `json:"body"`
		}
		if !json.Valid(payload) {
			t.Fatalf("%q was taken", payload)
		}
		if err := json.Unmarshal(payload, &want); err != nil {
			t.Fatal(err)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(payload, &members); err != nil {
			t.Fatal(err)
		}
		for name := range members {
			switch name {
			case "statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded":
			default:
				t.Fatalf("%q was taken with %q", payload, name)
			}
		}
		var body string
		if json.Unmarshal(members["body"], &body); members["body"] != nil && body != strings.ToValidUTF8(string(l.body), "\ufffd") && strings.Count(string(payload), `"body"`) == 1 && json.Valid(payload) && !strings.Contains(body, "\ufffd") {
			t.Fatalf("%q: body %q, want %q", payload, l.body, body)
		}
		if l.status < 200 || l.status > 599 {
			t.Fatal(l.status)
		}
	})
}

func TestHeadersThatTheGatewayOwns(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("GET", "/a"))
	h.invoker.answering(`{"headers":{"authorization":"a","Connection":"close","Content-Length":"99","Date":"d","Host":"h","Server":"s",
		"WWW-Authenticate":"Basic","User-Agent":"u","Transfer-Encoding":"chunked","Trailer":"x","x-amzn-RequestId":"mine","x-amz-apigw-id":"mine",
		"content-type":"text/plain","x-custom":"1","Location":"/b","Via":"v"},"multiValueHeaders":{"Set-Cookie":["a=1","b=2"],"Content-Type":["text/html"]},"body":"hi"}`)
	a := h.get("/v0/a").expect(200, "", "hi")
	want := map[string]string{
		"x-amzn-Remapped-authorization": "a", "x-amzn-Remapped-Connection": "close", "x-amzn-Remapped-Content-Length": "99",
		"x-amzn-Remapped-Date": "d", "x-amzn-Remapped-Host": "h", "x-amzn-Remapped-Server": "s", "x-amzn-Remapped-WWW-Authenticate": "Basic",
		"x-amzn-Remapped-User-Agent": "u", "x-amzn-Remapped-x-amzn-RequestId": "mine",
		"Content-Type": "text/html", "Content-Length": "2", "x-custom": "1", "Location": "/b", "Via": "v", "Set-Cookie": "a=1|b=2",
	}
	got := a.Result().Header
	for _, name := range []string{"x-amzn-RequestId", "x-amz-apigw-id", "X-Amzn-Trace-Id"} {
		if a.header(name) == "" || a.header(name) == "mine" {
			t.Errorf("%s: %q", name, a.header(name))
		}
		delete(got, name)
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %q was not expected", name, got[name])
		}
	}
	for name, value := range want {
		if a.header(name) != value {
			t.Errorf("%s: %q, want %q", name, a.header(name), value)
		}
	}
}

func TestBinaryResponses(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	d := hello("GET", "/a")
	d.BinaryMediaTypes = []string{"image/png", "application/*"}
	h.deploy(d)
	h.invoker.answering(`{"headers":{"Content-Type":"image/png"},"body":"AP8=","isBase64Encoded":true}`)
	for accept, body := range map[string]string{
		"image/png":                 "\x00\xff",
		"IMAGE/PNG;q=0.8, text/css": "\x00\xff",
		"application/octet-stream":  "\x00\xff",
		"text/html, image/png":      "AP8=",
		"*/*":                       "AP8=",
		"":                          "AP8=",
	} {
		h.do("GET", "/v0/a", "", "Accept", accept).expect(200, "", body)
	}
	h.invoker.answering(`{"body":"not base64!","isBase64Encoded":true}`)
	h.do("GET", "/v0/a", "", "Accept", "image/png").expect(500, errServer, internal).because("integration", "base64")

	d.BinaryMediaTypes = []string{"*/*"}
	h.deploy(d)
	h.invoker.answering(`{"body":"AP8=","isBase64Encoded":true}`)
	h.get("/v0/a").expect(200, "", "\x00\xff")
}

func TestStatusesWithoutABody(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("GET", "/a"))
	for _, status := range []string{"204", "304"} {
		h.invoker.answering(`{"statusCode":` + status + `,"body":"lost"}`)
		a := h.get("/v0/a")
		if a.Body.Len() != 0 || a.header("Content-Length") != "" || http.StatusText(a.Code) == "OK" {
			t.Errorf("%s: %v", status, a.Result())
		}
	}
}
