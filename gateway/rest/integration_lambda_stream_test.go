package rest

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/gateway/relay"
	"github.com/lamgate/lamgate/telemetry"
)

const endOfHead = "\x00\x00\x00\x00\x00\x00\x00\x00"

// streamTo is a method that invokes a function for a streamed answer.
func streamTo(function string) *plan.Method {
	m := proxyTo(function)
	m.Integration.URI = "arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/" + function + "/response-streaming-invocations"
	m.Integration.ResponseTransferMode, m.Integration.TimeoutMillis = "STREAM", 900_000
	return m
}

// newStreamHouse has GET /a stream from a function.
func newStreamHouse(t *testing.T, answer func(context.Context, execution.Invocation) (*execution.Result, error)) *house {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(plan.Deployment{EndpointType: "REGIONAL", Resources: []plan.Resource{resource("/a", map[string]*plan.Method{"ANY": streamTo(helloARN)})}})
	h.invoker.answer = answer
	return h
}

// writing is a function that streams these pieces.
func writing(pieces ...string) func(context.Context, execution.Invocation) (*execution.Result, error) {
	return func(_ context.Context, i execution.Invocation) (*execution.Result, error) {
		i.Journey.Add(houseTime.Add(-time.Second), "invoke", telemetry.Passed, nil)
		if err := i.Stream.Begin(relay.ContentType, true); err != nil {
			return nil, err
		}
		for _, p := range pieces {
			if _, err := io.WriteString(i.Stream, p); err != nil {
				break
			}
		}
		return &execution.Result{RequestID: i.RequestID}, nil
	}
}

// listen has a real server before the gateway, and returns its address.
func (h *house) listen() string {
	s := httptest.NewServer(h.gateway)
	h.t.Cleanup(s.Close)
	return s.URL + "/_aws/execute-api/api"
}

func TestFunctionsAnswersThatAreStreamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces []string
		status int
		body   string
		header map[string]string
	}{
		{"a head in pieces", []string{`{"statusCode"`, `:201,"headers":{"X-A":1}}`, endOfHead[:5], endOfHead[5:] + "bo", "dy"}, 201, "body",
			map[string]string{"X-A": "1", "Content-Type": "application/json"}},
		{"nothing but an end", []string{"{}" + endOfHead}, 200, "", map[string]string{"Content-Type": "application/json"}},
		{"all kinds of headers", []string{`{"headers":{"content-type":"text/plain","date":"now"},"multiValueHeaders":{"X-B":["1","2"]},"cookies":["a=1; Path=/","b=2"]}` + endOfHead + "x"}, 200, "x",
			map[string]string{"Content-Type": "text/plain", "x-amzn-Remapped-date": "now", "X-B": "1|2", "Set-Cookie": "a=1; Path=/|b=2"}},
		{"zeros in the body", []string{"{}" + endOfHead + "\x00\x01"}, 200, "\x00\x01", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newStreamHouse(t, writing(c.pieces...))
			a := h.get("/v0/a").expect(c.status, "", c.body)
			for name, want := range c.header {
				if got := a.header(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			j, _ := h.journeys.Find(a.header("x-amzn-RequestId"))
			if steps, _ := j.Steps(); j.Invocation == "" || j.Invocation != h.invoker.last(t).RequestID || steps[0].Name != "invoke" || j.Status != c.status {
				t.Errorf("the journey is %+v", j)
			}
		})
	}
}

func TestStreamedAnswersThatAreNoResponses(t *testing.T) {
	for _, c := range []struct{ name, piece, why string }{
		{"no head", "just text", "ended before the 8 zero bytes"},
		{"no JSON", "just text" + endOfHead, "it is no JSON"},
		{"a list", "[]" + endOfHead, "it is an array, not an object"},
		{"a status that is none", `{"statusCode":99}` + endOfHead, `statusCode is "99"`},
		{"a body", `{"body":"a"}` + endOfHead, `no member "body" in what stands before a streamed body`},
		{"cookies that are no list", `{"cookies":"a=1"}` + endOfHead, "cookies is a string"},
		{"another member", `{"other":1}` + endOfHead, `no member "other"`},
		{"too much of it", strings.Repeat(" ", 17<<10) + endOfHead, "the first 16 KB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newStreamHouse(t, writing(c.piece))
			h.get("/v0/a").expect(502, errServer, `{"message": "Internal server error"}`).because("integration", c.why, "HttpResponseStream")
		})
	}
}

func TestStreamsOfFunctionsThatFail(t *testing.T) {
	t.Run("before the answer", func(t *testing.T) {
		h := newStreamHouse(t, func(context.Context, execution.Invocation) (*execution.Result, error) {
			return &execution.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"oops"}`)}, nil
		})
		h.get("/v0/a").expect(502, errServer, `{"message": "Internal server error"}`).because("integration", "oops")
	})
	t.Run("within the head", func(t *testing.T) {
		h := newStreamHouse(t, func(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
			writing("{")(ctx, i)
			return &execution.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"oops"}`)}, nil
		})
		h.get("/v0/a").expect(502, errServer, `{"message": "Internal server error"}`).because("integration", "oops")
	})
	t.Run("that Lambda refuses", func(t *testing.T) {
		h := newStreamHouse(t, func(context.Context, execution.Invocation) (*execution.Result, error) {
			return nil, aws.Faultf(429, "TooManyRequestsException", "Rate Exceeded.")
		})
		h.get("/v0/a").expect(500, errServer, `{"message": "Internal server error"}`).because("integration", "Rate Exceeded.")
	})
	t.Run("within the body", func(t *testing.T) {
		h := newStreamHouse(t, func(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
			writing("{}"+endOfHead+"half")(ctx, i)
			return &execution.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"oops"}`)}, nil
		})
		r, err := http.Get(h.listen() + "/v0/a")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		if body, err := io.ReadAll(r.Body); string(body) != "half" || err == nil {
			t.Errorf("the caller read %q as if it were whole", body)
		}
		a := &answer{httptest.NewRecorder(), h}
		a.Header()["x-amzn-RequestId"] = r.Header["X-Amzn-Requestid"]
		a.because("integration", "oops")
	})
}

// The caller has the first piece before the function writes the second.
func TestPiecesComeAsTheyAreWritten(t *testing.T) {
	seen := make(chan struct{})
	h := newStreamHouse(t, func(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
		writing(`{"headers":{"Content-Type":"text/event-stream"}}`+endOfHead, "data: 1\n\n")(ctx, i)
		<-seen
		io.WriteString(i.Stream, "data: 2\n\n")
		return &execution.Result{}, nil
	})
	r, err := http.Get(h.listen() + "/v0/a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	lines := bufio.NewReader(r.Body)
	if line, err := lines.ReadString('\n'); line != "data: 1\n" || err != nil {
		t.Fatalf("the first line is %q, %v", line, err)
	}
	close(seen)
	if rest, err := io.ReadAll(lines); string(rest) != "\ndata: 2\n\n" || err != nil || r.ContentLength != -1 {
		t.Errorf("the rest is %q, %v", rest, err)
	}
}

// A function is not stopped by its caller's going away: it writes for nobody,
// and ends when it ends.
func TestAFunctionRunsOnWithoutItsCaller(t *testing.T) {
	left, ended := make(chan struct{}), make(chan error, 1)
	h := newStreamHouse(t, func(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
		writing("{}"+endOfHead, "a")(ctx, i)
		<-left
		part := make([]byte, 1<<20)
		var err error
		for range 100 {
			if _, err = i.Stream.Write(part); err != nil {
				break
			}
		}
		if ctx.Err() == nil {
			ended <- err
		}
		return &execution.Result{}, nil
	})
	r, err := http.Get(h.listen() + "/v0/a")
	if err != nil {
		t.Fatal(err)
	}
	io.ReadFull(r.Body, make([]byte, 1))
	r.Body.Close()
	close(left)
	if err := <-ended; err == nil {
		t.Error("100 MB went to a caller who had left")
	}
}

// A refusal does not wait for the function that caused it.
func TestARefusalComesBeforeTheFunctionEnds(t *testing.T) {
	told := make(chan struct{})
	h := newStreamHouse(t, func(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
		writing("no JSON"+endOfHead)(ctx, i)
		<-told
		return &execution.Result{}, nil
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(strings.TrimSuffix(h.listen(), "/_aws/execute-api/api"), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /_aws/execute-api/api/v0/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(r.Body); r.StatusCode != 502 || string(body) != `{"message": "Internal server error"}` || err != nil {
		t.Errorf("got %d %q, %v", r.StatusCode, body, err)
	}
	close(told)
}

func TestTheTimeOfAStreamIsUp(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces []string
		whole  bool
	}{
		{"before the head", nil, true},
		{"within the body", []string{"{}" + endOfHead, "a"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newStreamHouse(t, func(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
				if c.pieces != nil {
					writing(c.pieces...)(ctx, i)
				}
				<-ctx.Done()
				return nil, ctx.Err()
			})
			address := h.listen()
			stop, moved := make(chan struct{}), make(chan struct{})
			go func() { // the gateway may not have begun to wait at the first
				defer close(moved)
				for {
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond):
						h.clock.Advance(4 * time.Minute)
					}
				}
			}()
			defer func() { close(stop); <-moved }()
			r, err := http.Get(address + "/v0/a")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			body, err := io.ReadAll(r.Body)
			if c.whole && (r.StatusCode != 504 || string(body) != `{"message": "Endpoint request timed out"}`) || c.whole != (err == nil) {
				t.Errorf("got %d %q, %v", r.StatusCode, body, err)
			}
		})
	}
}

func TestHEADOfAStream(t *testing.T) {
	h := newStreamHouse(t, writing(`{"statusCode":203}`+endOfHead, "body"))
	r, err := http.Head(h.listen() + "/v0/a")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != 203 {
		t.Errorf("got %d", r.StatusCode)
	}
}

// A function that does not stream has no head before its answer.
func TestAnAnswerThatIsNotStreamed(t *testing.T) {
	h := newStreamHouse(t, func(context.Context, execution.Invocation) (*execution.Result, error) {
		return &execution.Result{Payload: []byte(`{"statusCode":200,"body":"a"}`)}, nil
	})
	h.get("/v0/a").expect(502, errServer, `{"message": "Internal server error"}`).because("integration", "8 zero bytes")
}

// The test of a method collects what is streamed.
func TestATestOfAStream(t *testing.T) {
	h := newStreamHouse(t, writing(`{"statusCode":201}`+endOfHead, "bo", "dy"))
	result, err := h.gateway.TestInvoke(t.Context(), &TestRequest{
		Deployment: &plan.Deployment{ID: "dep", API: "api", Account: account, Region: region, Resources: []plan.Resource{resource("/a", map[string]*plan.Method{"GET": streamTo(helloARN)})}},
		ResourceID: "ra", Method: "GET",
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.Status != 201 || string(result.Body) != "body" || !strings.Contains(result.Log, "2021-11-15/functions/"+helloARN+"/response-streaming-invocations") {
		t.Errorf("got %d %q\n%s", result.Status, result.Body, result.Log)
	}
}
