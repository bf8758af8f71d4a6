package url

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/relay"
	"github.com/lamgate/lamgate/telemetry"
)

const endOfHead = "\x00\x00\x00\x00\x00\x00\x00\x00"

// newStreamHouse has a URL of which answers are streamed.
func newStreamHouse(t *testing.T, answer func(context.Context, execution.Invocation) (*execution.Result, error)) *house {
	h := newHouse(t)
	h.open(func(u *execution.URL) { u.InvokeMode = "RESPONSE_STREAM" })
	h.invoker.answer = answer
	return h
}

// writing is a function that streams these pieces.
func writing(contentType string, pieces ...string) func(context.Context, execution.Invocation) (*execution.Result, error) {
	return func(_ context.Context, i execution.Invocation) (*execution.Result, error) {
		i.Journey.Add(houseTime.Add(-time.Second), "invoke", telemetry.Passed, nil)
		if err := i.Stream.Begin(contentType, true); err != nil {
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

func TestStreamedAnswers(t *testing.T) {
	for _, c := range []struct {
		name        string
		contentType string
		pieces      []string
		status      int
		body        string
		header      map[string]string
	}{
		{"a plain stream", "", []string{"he", "llo"}, 200, "hello", map[string]string{"Content-Type": "application/octet-stream"}},
		{"one that has a type", "text/event-stream", []string{"data: 1\n\n"}, 200, "data: 1\n\n", map[string]string{"Content-Type": "text/event-stream"}},
		{"nothing", "text/html", nil, 200, "", map[string]string{"Content-Type": "text/html"}},
		{"what looks like a response", "application/json", []string{`{"statusCode":201}`}, 200, `{"statusCode":201}`, map[string]string{"Content-Type": "application/json"}},
		{"a head", relay.ContentType, []string{`{"statusCode":201,"headers":{"X-A":"1","content-type":"text/html"},"cookies":["a=1","b=2"]}` + endOfHead, "bo", "dy"}, 201, "body",
			map[string]string{"X-A": "1", "Content-Type": "text/html", "Set-Cookie": "a=1|b=2"}},
		{"a head that says nothing", relay.ContentType, []string{"{}" + endOfHead + "body"}, 200, "body", map[string]string{"Content-Type": "application/json"}},
		{"no head", relay.ContentType, []string{"body"}, 502, failedBody, nil},
		{"a head that is no object", relay.ContentType, []string{"[]" + endOfHead}, 502, failedBody, nil},
		{"a head with a status that is none", relay.ContentType, []string{`{"statusCode":{}}` + endOfHead}, 502, failedBody, nil},
		{"a head with headers that are none", relay.ContentType, []string{`{"headers":[]}` + endOfHead}, 502, failedBody, nil},
		{"a head that has no end", relay.ContentType, []string{strings.Repeat(" ", 17<<10)}, 502, failedBody, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newStreamHouse(t, writing(c.contentType, c.pieces...))
			a := h.do("GET", "/", "").expect(c.status, c.body)
			for name, value := range c.header {
				a.with(name, value)
			}
			if c.body == failedBody {
				a.because("response", "the function's streamed answer is no response", "HttpResponseStream")
			}
			j, _ := h.journeys.Find(a.header("x-amzn-RequestId"))
			if steps, _ := j.Steps(); steps[0].Name != "invoke" || j.Status != c.status || j.Function != helloARN {
				t.Errorf("the journey is %+v", j)
			}
		})
	}
}

// A function that does not stream is not asked what it means: its answer is the
// body (recorded).
func TestWholeAnswersOfAStream(t *testing.T) {
	h := newStreamHouse(t, nil)
	h.invoker.answering(`{"statusCode": 201, "body": "x"}`)
	h.do("GET", "/", "").expect(200, `{"statusCode": 201, "body": "x"}`).with("Content-Type", "application/json")
}

func TestPiecesComeAsTheyAreWritten(t *testing.T) {
	seen := make(chan struct{})
	h := newStreamHouse(t, func(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
		writing("text/plain", "one\n")(ctx, i)
		<-seen
		io.WriteString(i.Stream, "two\n")
		return &execution.Result{}, nil
	})
	conn := dial(t, h)
	defer conn.Close()
	ask(conn, "GET", "/", "", "")
	r := answerOf(t, conn)
	lines := bufio.NewReader(r.Body)
	if line, err := lines.ReadString('\n'); line != "one\n" || err != nil {
		t.Fatalf("the first line is %q, %v", line, err)
	}
	close(seen)
	if rest, err := io.ReadAll(lines); string(rest) != "two\n" || err != nil {
		t.Errorf("the rest is %q, %v", rest, err)
	}
}

func TestStreamsThatBreak(t *testing.T) {
	h := newStreamHouse(t, func(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
		writing("text/plain", "half")(ctx, i)
		return &execution.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"oops"}`)}, nil
	})
	conn := dial(t, h)
	defer conn.Close()
	ask(conn, "GET", "/", "", "")
	r := answerOf(t, conn)
	if body, err := io.ReadAll(r.Body); string(body) != "half" || err == nil {
		t.Errorf("the caller read %q as if it were whole", body)
	}
	j, ok := h.journeys.Find(r.Header.Get("x-amzn-RequestId"))
	if !ok {
		t.Fatal("there is no journey")
	}
	steps, _ := j.Steps()
	if what, _ := steps[len(steps)-1].Detail.Explain(); !strings.Contains(what, "oops") {
		t.Errorf("the journey ends with %q", what)
	}
}

func TestAFunctionRunsOnWithoutItsCaller(t *testing.T) {
	left, ended := make(chan struct{}), make(chan error, 1)
	h := newStreamHouse(t, func(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
		writing("text/plain", "a")(ctx, i)
		<-left
		part := make([]byte, 1<<20)
		var err error
		for range 100 {
			if _, err = i.Stream.Write(part); err != nil {
				break
			}
		}
		ended <- err
		return &execution.Result{}, nil
	})
	conn := dial(t, h)
	ask(conn, "GET", "/", "", "")
	r := answerOf(t, conn)
	io.ReadFull(r.Body, make([]byte, 1))
	conn.Close()
	close(left)
	if err := <-ended; err == nil {
		t.Error("100 MB went to a caller who had left")
	}
}

// A caller who takes nothing holds nobody up for ever.
func TestACallerWhoTakesNothing(t *testing.T) {
	ended := make(chan struct{})
	h := newStreamHouse(t, func(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
		defer close(ended)
		i.Stream.Begin("text/plain", true)
		for part := make([]byte, 1<<20); ; {
			if _, err := i.Stream.Write(part); err != nil {
				return &execution.Result{}, nil
			}
		}
	})
	conn := dial(t, h)
	defer conn.Close()
	ask(conn, "GET", "/", "", "")
	for {
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
			h.clock.Advance(time.Minute) // the gateway may not have begun to wait before
		}
	}
}

// What is refused, or has no body, does not wait for the function's end.
func TestWhatComesBeforeTheFunctionEnds(t *testing.T) {
	for method, contentType := range map[string]string{"HEAD": "text/plain", "GET": relay.ContentType} {
		told := make(chan struct{})
		h := newStreamHouse(t, func(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
			writing(contentType, "no head"+endOfHead)(ctx, i)
			<-told
			return &execution.Result{}, nil
		})
		conn := dial(t, h)
		defer conn.Close()
		ask(conn, method, "/", "", "")
		r, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || method == "GET" && (r.StatusCode != 502 || string(body) != failedBody) || method == "HEAD" && r.StatusCode != 200 {
			t.Errorf("%s: %d %q, %v", method, r.StatusCode, body, err)
		}
		close(told)
	}
}
