package runtimeapi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
)

// A caller takes what is streamed to it: each Write is told, and waits for the
// test if it is to.
type caller struct {
	contentType string
	streaming   bool
	begun       int
	wrote       chan string
	gone        error
	stop        chan struct{} // the test is over
}

func (c *caller) Begin(contentType string, streaming bool) error {
	c.contentType, c.streaming = contentType, streaming
	c.begun++
	return nil
}

func (c *caller) Write(p []byte) (int, error) {
	if c.gone != nil {
		return 0, c.gone
	}
	select {
	case c.wrote <- string(p):
		return len(p), nil
	case <-c.stop:
		return 0, io.ErrClosedPipe
	}
}

// all returns what has been written and is still to be read by the test.
func (c *caller) all() string {
	var b strings.Builder
	for {
		select {
		case s := <-c.wrote:
			b.WriteString(s)
		default:
			return b.String()
		}
	}
}

// streaming serves one event with a stream to a runtime that has asked for it.
func streaming(t testing.TB) (*caller, *environment, *client, string) {
	t.Helper()
	to := &caller{wrote: make(chan string, 1000), stop: make(chan struct{})}
	e := *first
	e.Stream = to
	_, env, address := serve(t, &e)
	t.Cleanup(func() { close(to.stop) })
	r := dial(t, address)
	r.say(next)
	r.hear()
	return to, env, r, address
}

func chunks(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(p), p)
	}
	return b.String()
}

const streamed = "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nContent-Type: text/x\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\r\n"

func TestStreams(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 10000)
	trace := `{"errorMessage":"` + strings.Repeat("e", 100000) + `"}`
	for _, c := range []struct {
		name, said string
		status     int
		passed     string
		streaming  bool
		want       Answer
	}{
		{"one chunk", streamed + chunks("hello") + "0\r\n\r\n", 202, "hello", true, Answer{Streamed: 5}},
		{"many", streamed + chunks("a", long, "b") + "0\r\n\r\n", 202, "a" + long + "b", true, Answer{Streamed: int64(len(long) + 2)}},
		{"empty", streamed + "0\r\n\r\n", 202, "", true, Answer{}},
		{"of known length", post("invocation/id-1/response", long, "Content-Type: text/x", "Lambda-Runtime-Function-Response-Mode: streaming"), 202, long, true, Answer{Streamed: int64(len(long))}},
		{"an answer that is none", post("invocation/id-1/response", `{"a":1}`, "Content-Type: text/x"), 202, `{"a":1}`, false, Answer{Streamed: 7}},
		{"chunks without a mode", strings.Replace(streamed, "Lambda-Runtime-Function-Response-Mode: streaming\r\n", "", 1) + chunks("x", "y") + "0\r\n\r\n", 202, "xy", false, Answer{Streamed: 2}},
		{"more than may be answered at once", post("invocation/id-1/response", strings.Repeat("x", execution.MaxResponse+1), "Content-Type: text/x"), 202,
			strings.Repeat("x", execution.MaxResponse+1), false, Answer{Streamed: execution.MaxResponse + 1}},
		{"error midway", streamed + chunks("half") + "0\r\nLambda-Runtime-Function-Error-Type: E\r\nLambda-Runtime-Function-Error-Body: " + base64.StdEncoding.EncodeToString([]byte(trace)) + "\r\n\r\n",
			202, "half", true, Answer{Failed: true, ErrorType: "E", Body: []byte(trace), Streamed: 4}},
		{"error midway without a body", streamed + chunks("half") + "0\r\nlambda-runtime-function-error-type: E\r\nLambda-Runtime-Function-Error-Body: ???\r\n\r\n",
			202, "half", true, Answer{Failed: true, ErrorType: "E", Streamed: 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			to, e, r, _ := streaming(t)
			r.expect(c.said, c.status, ok)
			a := <-e.answers
			if a.Failed != c.want.Failed || a.ErrorType != c.want.ErrorType || string(a.Body) != string(c.want.Body) || a.Streamed != c.want.Streamed {
				t.Errorf("the answer is %.200v", a)
			}
			if got := to.all(); got != c.passed {
				t.Errorf("%d bytes have passed: %.80q", len(got), got)
			}
			if to.begun != 1 || to.contentType != "text/x" || to.streaming != c.streaming {
				t.Errorf("begun %d times, %q, streaming %v", to.begun, to.contentType, to.streaming)
			}
			r.expect(streamed+"0\r\n\r\n", 400, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
		})
	}
}

// An error that comes before anything has been streamed is an answer like any
// other.
func TestStreamFailsBeforeItBegins(t *testing.T) {
	for name, said := range map[string]string{
		"as an error":  post("invocation/id-1/error", `{"errorMessage":"m"}`, "Lambda-Runtime-Function-Error-Type: E"),
		"as a trailer": streamed + "0\r\nLambda-Runtime-Function-Error-Type: E\r\nLambda-Runtime-Function-Error-Body: eyJlcnJvck1lc3NhZ2UiOiJtIn0=\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			to, e, r, _ := streaming(t)
			r.expect(said, 202, ok)
			if a := <-e.answers; !a.Failed || a.ErrorType != "E" || string(a.Body) != `{"errorMessage":"m"}` || a.Streamed != 0 {
				t.Errorf("%+v", a)
			}
			if to.begun != 0 {
				t.Error("the stream has begun")
			}
		})
	}
}

// What the runtime has sent so far reaches the caller while it goes on, and no
// more is read than the caller takes.
func TestStreamPassesAsItComes(t *testing.T) {
	to, e, r, _ := streaming(t)
	to.wrote = make(chan string) // nobody takes anything yet
	r.say(streamed + chunks("one"))
	if got := <-to.wrote; got != "one" {
		t.Errorf("%q has passed", got)
	}
	r.say("3\r\ntw")
	if got := <-to.wrote; got != "tw" {
		t.Errorf("%q has passed", got)
	}
	r.say("o\r\n5\r\nthree\r\n4\r\nfour\r\n0") // and the end of the last chunk's line is yet to come
	if got := <-to.wrote; got != "othreefour" {
		t.Errorf("%q has passed", got)
	}
	r.say("\r\n\r\n")
	<-e.answers

	to, _, r, _ = streaming(t)
	to.wrote = make(chan string)
	r.say(streamed)
	r.conn.SetDeadline(time.Now().Add(100 * time.Millisecond))
	part := chunks(strings.Repeat("x", 1<<20))
	var err error
	written := 0
	for range 64 {
		if _, err = io.WriteString(r.conn, part); err != nil {
			break
		}
		written++
	}
	if err == nil {
		t.Errorf("%d MB were read from the runtime, and the caller took none", written)
	}
}

// A caller that goes away lets the function run on.
func TestCallerIsGone(t *testing.T) {
	to, e, r, _ := streaming(t)
	to.gone = errors.New("gone")
	r.expect(streamed+chunks(strings.Repeat("x", 1<<20), "y")+"0\r\n\r\n", 202, ok)
	if a := <-e.answers; a.Streamed != 0 || a.Failed {
		t.Errorf("%+v", a)
	}
	r.say(next)
	<-e.ready
	<-e.ready
}

// A stream that is broken off is still the one that is awaited: the runtime's
// end will tell why. If the runtime lives and asks for another event, it is
// over.
func TestStreamIsBrokenOff(t *testing.T) {
	to, e, r, address := streaming(t)
	r.say(streamed + chunks("half"))
	if got := <-to.wrote; got != "half" {
		t.Errorf("%q has passed", got)
	}
	other := dial(t, address)
	other.expect(post("invocation/id-1/response", "other"), 400, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
	other.expect(next, 403, `{"errorMessage":"State transition from InvocationResponse to Ready failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`)
	r.conn.(interface{ CloseWrite() error }).CloseWrite()
	if status, _, body := r.hear(); status != 400 || !strings.Contains(body, "TruncatedHTTPRequest") {
		t.Errorf("%d %s", status, body)
	}
	select {
	case a := <-e.answers:
		t.Errorf("answered: %+v", a)
	default:
	}
	other.say(next)
	if a := <-e.answers; !a.Failed || a.ErrorType != "Runtime.TruncatedResponse" || a.Streamed != 4 {
		t.Errorf("%+v", a)
	}
	<-e.ready
	<-e.ready
}

func TestStreamIsTooLarge(t *testing.T) {
	to, e, r, _ := streaming(t)
	to.wrote = make(chan string)
	got := make(chan int)
	go func() {
		n := 0
		for s := range to.wrote {
			n += len(s)
		}
		got <- n
	}()
	go func() {
		io.WriteString(r.conn, streamed)
		part := chunks(strings.Repeat("x", 1<<20))
		for range execution.MaxStream>>20 + 1 {
			io.WriteString(r.conn, part)
		}
	}()
	if status, _, body := r.hear(); status != 413 || !strings.Contains(body, "(209715200 bytes)") {
		t.Errorf("%d %s", status, body)
	}
	if a := <-e.answers; !a.Failed || a.ErrorType != "Function.ResponseSizeTooLarge" || a.Streamed != execution.MaxStream ||
		string(a.Body) != `{"errorMessage":"Response payload size exceeded maximum allowed payload size (209715200 bytes).","errorType":"Function.ResponseSizeTooLarge"}` {
		t.Errorf("%+v %s", a, a.Body)
	}
	close(to.wrote)
	if n := <-got; n != execution.MaxStream {
		t.Errorf("%d bytes have passed", n)
	}
}

func BenchmarkStream(b *testing.B) {
	// One answer of a gigabyte's size is too long: each is 64 MB.
	const size, chunk = 64 << 20, 64 << 10
	to := &sink{}
	e := *first
	e.Stream = to
	_, env, address := serve(b, &e)
	said := []byte(chunks(strings.Repeat("x", chunk)))
	b.SetBytes(size)
	for b.Loop() {
		env.mu.Lock()
		env.events = []*Event{&e}
		env.mu.Unlock()
		r := dial(b, address)
		r.say(next)
		<-env.ready
		r.hear()
		r.say(streamed)
		for range size / chunk {
			r.conn.Write(said)
		}
		r.say("0\r\n\r\n")
		r.hear()
		<-env.answers
		r.conn.Close()
	}
}

type sink struct{}

func (sink) Begin(string, bool) error    { return nil }
func (sink) Write(p []byte) (int, error) { return len(p), nil }
