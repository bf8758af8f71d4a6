package runtimeapi

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
)

// An environment stands in for the real one: it has events, and keeps answers.
type environment struct {
	mu      sync.Mutex
	events  []*Event
	ready   chan struct{}
	answers chan Answer
	failed  chan Answer
}

func (e *environment) Ready() *Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ready <- struct{}{}
	if len(e.events) == 0 {
		return nil
	}
	next := e.events[0]
	e.events = e.events[1:]
	return next
}

func (e *environment) Answered(a Answer)   { e.answers <- a }
func (e *environment) InitFailed(a Answer) { e.failed <- a }

func (e *environment) Restored()                            {}
func (e *environment) Registered(string, bool)              {}
func (e *environment) ExtensionReady(string)                {}
func (e *environment) ExtensionFailed(string, string, bool) {}
func (e *environment) Subscribed(Subscription)              {}

func serve(t testing.TB, events ...*Event) (*Server, *environment, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{events: events, ready: make(chan struct{}, 100), answers: make(chan Answer, 100), failed: make(chan Answer, 100)}
	s := New(l, e, Options{})
	t.Cleanup(s.Close)
	return s, e, l.Addr().String()
}

// A client is a runtime that may say anything.
type client struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

func dial(t testing.TB, address string) *client {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{t, c, bufio.NewReader(c)}
}

func (c *client) say(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, s); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) hear() (int, http.Header, string) {
	c.t.Helper()
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return r.StatusCode, r.Header, string(b)
}

func (c *client) expect(said string, status int, body string) {
	c.t.Helper()
	c.say(said)
	if got, _, b := c.hear(); got != status || strings.TrimSpace(b) != body {
		c.t.Errorf("%.80q got %d %s, not %d %s", said, got, b, status, body)
	}
}

const next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"

func post(path, body string, headers ...string) string {
	h := ""
	for _, x := range headers {
		h += x + "\r\n"
	}
	return fmt.Sprintf("POST /2018-06-01/runtime/%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s", path, h, len(body), body)
}

const ok = `{"status":"OK"}`

var first = &Event{RequestID: "id-1", FunctionARN: "arn:aws:lambda:r:1:function:f", Deadline: time.UnixMilli(1700000000123),
	TraceHeader: "Root=1-x", ClientContext: "{\n\"custom\":{}}", CognitoIdentity: `{"cognitoIdentityId":"c"}`, Payload: []byte(`{"n":1}`)}

func TestEventHasAllItsHeaders(t *testing.T) {
	_, _, address := serve(t, first)
	c := dial(t, address)
	c.say(next)
	status, h, body := c.hear()
	if status != 200 || body != `{"n":1}` {
		t.Errorf("%d %s", status, body)
	}
	for name, want := range map[string]string{
		"Lambda-Runtime-Aws-Request-Id": "id-1", "Lambda-Runtime-Deadline-Ms": "1700000000123",
		"Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:r:1:function:f", "Lambda-Runtime-Trace-Id": "Root=1-x",
		"Lambda-Runtime-Client-Context": `{ "custom":{}}`, "Lambda-Runtime-Cognito-Identity": `{"cognitoIdentityId":"c"}`,
		"Content-Type": "application/json",
	} {
		if h.Get(name) != want {
			t.Errorf("%s is %q, not %q", name, h.Get(name), want)
		}
	}
}

// An event that comes while the runtime waits, or before it asks, reaches it.
func TestSendReachesTheRuntime(t *testing.T) {
	s, e, address := serve(t)
	c := dial(t, address)
	c.say(next)
	<-e.ready
	s.Send(first)
	if _, h, _ := c.hear(); h.Get("Lambda-Runtime-Aws-Request-Id") != "id-1" {
		t.Error("the event has no ID")
	}
	// The answer and the next question, in one write: the replies come together.
	c.say(post("invocation/id-1/response", `"done"`) + next)
	if a := <-e.answers; string(a.Body) != `"done"` || a.Failed {
		t.Errorf("%+v", a)
	}
	<-e.ready
	s.Send(&Event{RequestID: "id-2"})
	if status, _, body := c.hear(); status != 202 || strings.TrimSpace(body) != ok {
		t.Errorf("%d %s", status, body)
	}
	if _, h, _ := c.hear(); h.Get("Lambda-Runtime-Aws-Request-Id") != "id-2" {
		t.Error("another event")
	}
	// What is wrong with an answer is told without waiting for an event.
	c.say(post("invocation/id-2/response", strings.Repeat("x", execution.MaxResponse+1)) + next)
	if status, _, _ := c.hear(); status != 413 {
		t.Errorf("%d for a response that is too large", status)
	}
	<-e.ready
	c.conn.Close() // the connection that waits breaks, and the runtime asks again
	s.Send(&Event{RequestID: "id-3"})
	c = dial(t, address)
	for range 100 { // the break may be noticed after the new question
		c.say(next)
		if status, h, _ := c.hear(); status == 200 {
			if h.Get("Lambda-Runtime-Aws-Request-Id") != "id-3" {
				t.Error("another event")
			}
			break
		}
	}
}

// A function may have answered before the write that brought it the event has
// returned. Its answer does not wait for that.
func TestAnswersOutrunTheWriteOfTheirEvent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	returns := make(chan struct{})
	e := &environment{ready: make(chan struct{}, 100), answers: make(chan Answer, 100), failed: make(chan Answer, 100)}
	s := New(lingering{l, returns}, e, Options{})
	t.Cleanup(s.Close)
	c := dial(t, l.Addr().String())
	c.say(next)
	<-e.ready
	for parked := false; !parked; runtime.Gosched() {
		s.talk.mu.Lock()
		parked = s.talk.waiting != nil
		s.talk.mu.Unlock()
	}
	sent := make(chan struct{})
	go func() { s.Send(first); close(sent) }()
	c.hear()
	c.say(post("invocation/id-1/response", `"done"`))
	select {
	case a := <-e.answers:
		if string(a.Body) != `"done"` {
			t.Errorf("%+v", a)
		}
	case <-time.After(20 * time.Second):
		t.Error("the answer waits")
	}
	close(returns)
	<-sent
	if status, _, _ := c.hear(); status != 202 {
		t.Errorf("%d", status)
	}
}

// lingering accepts connections whose writes have long arrived when they return.
type lingering struct {
	net.Listener
	returns chan struct{}
}

func (l lingering) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return lingeringConn{c, l.returns}, err
}

type lingeringConn struct {
	net.Conn
	returns chan struct{}
}

func (c lingeringConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	<-c.returns
	return n, err
}

func TestAnswers(t *testing.T) {
	large := strings.Repeat("x", execution.MaxResponse+1)
	for _, c := range []struct {
		name, said string
		status     int
		reply      string
		want       Answer
	}{
		{"response", post("invocation/id-1/response", `{}`), 202, ok, Answer{Body: []byte(`{}`)}},
		{"empty", post("invocation/id-1/response", ``), 202, ok, Answer{Body: []byte{}}},
		{"error", post("invocation/id-1/error", `{"errorMessage":"m"}`, "Lambda-Runtime-Function-Error-Type: T"), 202, ok,
			Answer{Failed: true, ErrorType: "T", Body: []byte(`{"errorMessage":"m"}`)}},
		{"chunked", "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", 202, ok,
			Answer{Body: []byte("abc0123456789")}},
		{"stream that fails", "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nLambda-Runtime-Function-Error-Type: Runtime.Broken\r\n\r\n", 202, ok,
			Answer{Failed: true, ErrorType: "Runtime.Broken"}},
		{"too large", post("invocation/id-1/response", large), 413,
			`{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}`, Answer{TooLarge: len(large)}},
		{"as large as may be", post("invocation/id-1/response", large[1:]), 202, ok, Answer{Body: []byte(large[1:])}},
		{"chunks too large", "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(large), large), 413,
			`{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}`, Answer{TooLarge: len(large)}},
		{"long header", post("invocation/id-1/error", `{}`, "Lambda-Runtime-Function-XRay-Error-Cause: "+strings.Repeat("s", 300000)), 202, ok, Answer{Failed: true, Body: []byte(`{}`)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, e, address := serve(t, first)
			r := dial(t, address)
			r.say(next)
			r.hear()
			r.expect(c.said, c.status, c.reply)
			a := <-e.answers
			if a.Failed != c.want.Failed || a.ErrorType != c.want.ErrorType || a.TooLarge != c.want.TooLarge || string(a.Body) != string(c.want.Body) {
				t.Errorf("the answer is %.200v", a)
			}
			// Once is enough, and the conversation goes on.
			r.expect(c.said, 400, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
			r.say(next)
			<-e.ready
			<-e.ready
		})
	}
}

func TestRuntimesOutOfTurn(t *testing.T) {
	_, e, address := serve(t, first)
	c := dial(t, address)
	c.expect(post("invocation/id-1/response", `1`), 400, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
	c.say(next)
	c.hear()
	c.expect(next, 403, `{"errorMessage":"State transition from Running to Ready failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`)
	c.expect(post("invocation/other/response", `1`), 400, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
	c.expect(post("invocation/id-1/response", `1`, "Lambda-Runtime-Function-Response-Mode: wild"), 400,
		`{"errorMessage":"Invalid function response mode","errorType":"InvalidFunctionResponseMode"}`)
	c.expect(post("init/error", `1`), 403, `{"errorMessage":"State transition from Running to InitError failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`)
	c.expect(strings.Replace(next, "GET", "POST", 1), 405, `{"errorMessage":"the Runtime API does not take this method here","errorType":"MethodNotAllowed"}`)
	c.expect("GET /2018-06-01/runtime/other HTTP/1.1\r\n\r\n", 404, `{"errorMessage":"the Runtime API has no such path","errorType":"NotFound"}`)
	c.say("GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n\r\n")
	if status, _, body := c.hear(); status != 501 || !strings.Contains(body, "Runtime.RestoreNotSupported") {
		t.Errorf("restore: %d %s", status, body)
	}
	c.expect("GET /2018-06-01/ping HTTP/1.1\r\n\r\n", 200, "pong")
	c.expect(post("invocation/id-1/response", `"still"`), 202, ok)
	if a := <-e.answers; string(a.Body) != `"still"` {
		t.Errorf("%+v", a)
	}
}

func TestInitError(t *testing.T) {
	_, e, address := serve(t)
	c := dial(t, address)
	c.expect(post("init/error", `{"errorType":"X"}`, "Lambda-Runtime-Function-Error-Type: Runtime.X"), 202, ok)
	if a := <-e.failed; a.ErrorType != "Runtime.X" || string(a.Body) != `{"errorType":"X"}` {
		t.Errorf("%+v", a)
	}
}

// Whatever a runtime sends, the server goes on, and so does the conversation on
// another connection.
func TestGarbage(t *testing.T) {
	for _, said := range []string{
		"\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "\x16\x03\x01\x02\x00", "GET / HTTP/1.1\r\nbad header\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
		"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", post("invocation/id-1/response", "x")[:60],
		next[:20], "GET / HTTP/1.1\r\n" + strings.Repeat("a: b\r\n", 200) + "\r\n", "GET /" + strings.Repeat("x", 2<<20) + " HTTP/1.1\r\n\r\n",
	} {
		_, e, address := serve(t, first)
		bad := dial(t, address)
		io.WriteString(bad.conn, said)
		bad.conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, bad.conn)
		c := dial(t, address)
		c.say(next)
		c.hear()
		c.expect(post("invocation/id-1/response", `1`), 202, ok)
		<-e.answers
	}
}

// An endless runtime asks for ever and reads nothing until the test has seen
// enough of what it is answered.
type endless struct {
	net.Conn
	asks    []byte
	at      int
	writes  int
	largest int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		m := copy(p[n:], e.asks[e.at:])
		n, e.at = n+m, (e.at+m)%len(e.asks)
	}
	return n, nil
}

func (e *endless) Write(p []byte) (int, error) {
	e.largest = max(e.largest, len(p))
	if e.writes++; e.writes == 20 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func (e *endless) Close() error { return nil }

// A runtime that asks on and on, and never comes to an end of its questions,
// makes the server hold no more than a few of its replies.
func TestRepliesDoNotPileUp(t *testing.T) {
	s, _, _ := serve(t)
	e := &endless{asks: []byte("GET /2018-06-01/ping HTTP/1.1\r\n\r\n")}
	newConnection(s, e).run()
	if e.largest > 2*maxUnsent {
		t.Errorf("%d bytes were held", e.largest)
	}
}

// A runtime that begins several answers has the server hold one of them; when
// that comes to nothing, the next counts.
func TestOneBodyAtATime(t *testing.T) {
	s, e, address := serve(t, first)
	c := dial(t, address)
	c.say(next)
	c.hear()
	half := dial(t, address)
	half.say("POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nContent-Length: 6000000\r\n\r\nx")
	for s.reading.TryLock() {
		s.reading.Unlock()
		runtime.Gosched()
	}
	c.say(post("invocation/id-1/response", `"x"`))
	half.conn.Close()
	if a := <-e.answers; string(a.Body) != `"x"` {
		t.Errorf("%+v", a)
	}
}

// A listener that cannot accept for a moment, as when the server has no file
// left, is not given up.
func TestAcceptingGoesOn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{events: []*Event{first}, ready: make(chan struct{}, 1), answers: make(chan Answer, 1), failed: make(chan Answer, 1)}
	s := New(&troubled{Listener: l}, e, Options{})
	defer s.Close()
	c := dial(t, l.Addr().String())
	c.say(next)
	c.hear()
}

type troubled struct {
	net.Listener
	accepted int
}

func (l *troubled) Accept() (net.Conn, error) {
	if l.accepted++; l.accepted <= 2 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

// What a runtime says before it dies is heard.
func TestDrain(t *testing.T) {
	s, e, address := serve(t, first)
	c := dial(t, address)
	c.say(next)
	c.hear()
	last := dial(t, address)
	last.say(post("invocation/id-1/error", `{}`))
	c.conn.Close()
	last.conn.Close()
	s.Drain(time.Now().Add(10 * time.Second))
	select {
	case <-e.answers:
	default:
		t.Error("the last words are lost")
	}
}

func FuzzConnection(f *testing.F) {
	f.Add([]byte(next + post("invocation/id-1/response", "x") + next))
	f.Add([]byte("POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Add([]byte("POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{}"))
	f.Add([]byte(next + streamed + chunks("a", "bc") + "0\r\nLambda-Runtime-Function-Error-Type: E\r\nLambda-Runtime-Function-Error-Body: e30=\r\n\r\n" + next))
	f.Fuzz(func(t *testing.T, said []byte) {
		e := *first
		if len(said)%2 == 1 {
			e.Stream = sink{}
		}
		_, _, address := serve(t, &e)
		c := dial(t, address)
		c.conn.Write(said)
		c.conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, c.conn)
	})
}
