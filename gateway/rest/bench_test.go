package rest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/plan"
)

// silent is a ResponseWriter that keeps nothing.
type silent struct{ header http.Header }

func (s *silent) Header() http.Header         { return s.header }
func (s *silent) Write(b []byte) (int, error) { return len(b), nil }
func (s *silent) WriteHeader(int)             {}

func typicalRequest() *http.Request {
	r := httptest.NewRequest("GET", "http://api.execute-api.us-east-1.amazonaws.com/v0/users/42?expand=orders&limit=10", nil)
	for name, value := range map[string]string{
		"Accept":          "application/json, text/plain, */*",
		"Accept-Encoding": "gzip, deflate, br",
		"Accept-Language": "en-GB,en;q=0.9",
		"Authorization":   "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
		"Cache-Control":   "no-cache",
		"Cookie":          "session=5d41402abc4b2a76b9719d911017c592",
		"Origin":          "https://example.com",
		"User-Agent":      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
	} {
		r.Header.Set(name, value)
	}
	return r
}

// prepared returns a call that has come as far as the integration.
func prepared(b testing.TB, endpoint string) *call {
	h := newHouse(b)
	h.function(permit(""))
	d := hello("GET", "/users/{id}")
	d.EndpointType = endpoint
	h.deploy(d)
	c := new(call)
	c.begin(h.gateway, typicalRequest())
	for _, step := range []func(*call) *gatewayResponse{(*call).findStage, (*call).matchResource, (*call).methodRequest, (*call).integrationRequest} {
		if refusal := step(c); refusal != nil {
			b.Fatal(refusal)
		}
	}
	return c
}

func BenchmarkEvent(b *testing.B) {
	for _, endpoint := range []string{"REGIONAL", "EDGE"} {
		b.Run(endpoint, func(b *testing.B) {
			c := prepared(b, endpoint)
			b.ReportAllocs()
			for b.Loop() {
				c.event = c.appendEvent(c.event[:0])
			}
			b.SetBytes(int64(len(c.event)))
		})
	}
}

func BenchmarkLambdaResponse(b *testing.B) {
	payload := []byte(`{"statusCode":200,"headers":{"Content-Type":"application/json","Cache-Control":"no-store"},"body":"{\"id\":42,\"name\":\"Ada\",\"orders\":[1,2,3]}","isBase64Encoded":false}`)
	var l lambdaResponse
	b.ReportAllocs()
	for b.Loop() {
		if err := decodeLambdaResponse(payload, &l); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRequest is what the gateway adds to a request between net/http and
// the function.
func BenchmarkRequest(b *testing.B) {
	for _, endpoint := range []string{"REGIONAL", "EDGE"} {
		b.Run(endpoint, func(b *testing.B) {
			h := newHouse(b)
			h.function(permit("arn:aws:execute-api:us-east-1:000000000000:api/*/GET/users/*"))
			d := hello("GET", "/users/{id}")
			d.EndpointType = endpoint
			h.deploy(d)
			result := &execution.Result{Payload: []byte(`{"statusCode":200,"headers":{"Content-Type":"application/json"},"body":"{\"id\":42}"}`)}
			h.gateway.invoker = invokerFunc(func() *execution.Result { return result })
			h.gateway.clock = aws.SystemClock{} // looking at the machine's clock is part of the cost
			r := typicalRequest()
			w := &silent{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.gateway.ServeHTTP(w, r)
			}
		})
	}
}

type invokerFunc func() *execution.Result

func (f invokerFunc) Invoke(context.Context, execution.Invocation) (*execution.Result, error) {
	return f(), nil
}
func (f invokerFunc) Enqueue(context.Context, execution.Invocation) (string, error) { return "", nil }

func BenchmarkRefusal(b *testing.B) {
	h := newHouse(b)
	h.deploy(plan.Deployment{Resources: []plan.Resource{resource("/a", nil)}})
	h.gateway.clock = aws.SystemClock{}
	r, w := typicalRequest(), &silent{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.gateway.ServeHTTP(w, r)
	}
}
