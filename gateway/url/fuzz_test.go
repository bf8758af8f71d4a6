package url

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/relay"
)

// Whatever a caller sends, the function receives an event or the caller a
// refusal, and an event is JSON that says of the request what it was.
func FuzzRequests(f *testing.F) {
	h := newHouse(f)
	h.open()
	f.Add("GET /a%2Fb?x=%zz&&x=1&=y HTTP/1.1\r\nHost: " + host + "\r\nCookie: a=\"b\\;;c\r\nX-A: \xff\x01\u009b\"\\\r\n\r\n")
	f.Add("POST //a/../b? HTTP/1.0\r\nHost: " + host + ":443\r\nContent-Length: 3\r\nContent-Type: text/\r\n\r\n\xffab")
	f.Add("OPTIONS * HTTP/1.1\r\nHost: " + host + "\r\nX-Amzn-Trace-Id: Root=;Parent=\"\r\nX-Forwarded-For: \"\r\n\r\n")
	f.Add("GET http://" + host + "/a?b HTTP/1.1\r\nHost: other\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			return
		}
		if _, ok := Addressed(r); !ok {
			return
		}
		r.RemoteAddr = "127.0.0.1:1"
		h.invoker.calls = nil
		a := h.serve(r)
		if len(h.invoker.calls) == 0 {
			if a.Code < 400 {
				t.Fatalf("answered %d without the function", a.Code)
			}
			return
		}
		var event struct {
			RawPath, RawQueryString string
			Headers                 map[string]string
			RequestContext          struct{ HTTP struct{ Method, Path string } }
			Body                    string
		}
		d := json.NewDecoder(bytes.NewReader(h.invoker.calls[0].Payload))
		if err := d.Decode(&event); err != nil {
			t.Fatalf("%v: %s", err, h.invoker.calls[0].Payload)
		}
		path, query := target(r)
		if event.RawPath != strings.ToValidUTF8(path, "\ufffd") && strings.ToValidUTF8(path, "") == path || event.RequestContext.HTTP.Path != event.RawPath ||
			event.RawQueryString != query && strings.ToValidUTF8(query, "") == query || event.RequestContext.HTTP.Method != r.Method {
			t.Errorf("of %s %s?%s the function reads %+v", r.Method, path, query, event)
		}
		for name := range event.Headers {
			if name != strings.ToLower(name) {
				t.Errorf("the header %q is not in lower case", name)
			}
		}
	})
}

// Whatever a function answers, whole or as the beginning of a stream, its caller
// receives a response of HTTP.
func FuzzAnswers(f *testing.F) {
	whole, streamed := newHouse(f), newHouse(f)
	whole.open()
	streamed.open(func(u *execution.URL) { u.InvokeMode = modeStream })
	f.Add(`{"statusCode":"201","headers":{"Content-Type":"a","content-type":"b","X":1},"cookies":["a=b"],"body":"YQ==","isBase64Encoded":true}`)
	f.Add(`{"headers":{"a":"\u000d\u000ab: c"},"statusCode":200}`)
	f.Add(`{"statusCode":304,"body":"x"}` + endOfHead + "body")
	f.Fuzz(func(t *testing.T, payload string) {
		whole.invoker.answering(payload)
		streamed.invoker.answer = writing(relay.ContentType, payload)
		for _, h := range []*house{whole, streamed} {
			w := httptest.NewRecorder()
			h.gateway.ServeHTTP(w, request("GET", "/", ""))
			var b bytes.Buffer
			if err := w.Result().Write(&b); err != nil {
				t.Fatal(err)
			}
			r, err := http.ReadResponse(bufio.NewReader(&b), nil)
			if err != nil || r.StatusCode < 200 || r.StatusCode > 599 {
				t.Errorf("%v: %d of %q", err, w.Code, payload)
			}
		}
	})
}
