package url

import (
	"context"
	"net/http"
	"testing"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/front"
)

// silent is a ResponseWriter that keeps nothing.
type silent struct{ header http.Header }

func (s *silent) Header() http.Header         { return s.header }
func (s *silent) Write(b []byte) (int, error) { return len(b), nil }
func (s *silent) WriteHeader(int)             {}

func typicalRequest() *http.Request {
	return request("GET", "/users/42?expand=orders&limit=10", "",
		"Accept", "application/json, text/plain, */*", "Accept-Encoding", "gzip, deflate, br", "Accept-Language", "en-GB,en;q=0.9",
		"Authorization", "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "Cache-Control", "no-cache", "Cookie", "session=5d41402abc4b2a76b9719d911017c592",
		"Origin", "https://example.com", "User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36")
}

func BenchmarkEvent(b *testing.B) {
	h := newHouse(b)
	h.open()
	c := new(call)
	c.begin(h.gateway, &silent{http.Header{}}, typicalRequest())
	for _, step := range []func(*call) *refusal{(*call).findURL, (*call).authorize, (*call).readBody, (*call).writeEvent} {
		if refused := step(c); refused != nil {
			b.Fatal(refused)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		c.event = c.appendEvent(c.event[:0])
	}
	b.SetBytes(int64(len(c.event)))
}

func BenchmarkResponse(b *testing.B) {
	payload := []byte(`{"statusCode":200,"headers":{"Content-Type":"application/json","Cache-Control":"no-store"},"body":"{\"id\":42,\"name\":\"Ada\",\"orders\":[1,2,3]}","isBase64Encoded":false}`)
	var r response
	b.ReportAllocs()
	for b.Loop() {
		if err := r.read(payload); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRequest is what the gateway adds to a request between net/http and
// the function.
func BenchmarkRequest(b *testing.B) {
	h := newHouse(b)
	h.open()
	h.gateway.invoker = still{&execution.Result{Payload: []byte(`{"statusCode":200,"headers":{"Content-Type":"application/json"},"body":"{\"id\":42}"}`)}}
	h.gateway.clock = aws.SystemClock{} // looking at the machine's clock is part of the cost
	r, w := typicalRequest(), &silent{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.gateway.ServeHTTP(w, r)
	}
}

// still is an invoker that always answers the same.
type still struct{ result *execution.Result }

func (s still) Invoke(context.Context, execution.Invocation) (*execution.Result, error) {
	return s.result, nil
}
func (s still) Enqueue(context.Context, execution.Invocation) (string, error) { return "", nil }

func FuzzResponse(f *testing.F) {
	for _, s := range []string{`{"statusCode": 200, "headers": {"a": 1}, "cookies": ["b"], "body": "\u00e9", "isBase64Encoded": true}`, `[1, {"a": null}]`, `"x"`, `{"statusCode": {}, "body": 1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var r response
		if err := r.read(payload); err == nil && (r.status < 200 || r.status > 599) {
			t.Errorf("the status is %d", r.status)
		}
		_ = r.readHead(payload)
		for _, f := range r.fields {
			if !front.IsToken(f.name) {
				t.Errorf("a header has the name %q", f.name)
			}
		}
	})
}
