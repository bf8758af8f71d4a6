package runtimeapi

import (
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A witness is an owner that keeps what it is told of extensions.
type witness struct {
	*environment
	told chan string
}

func (w *witness) Registered(name string, internal bool) {
	w.told <- fmt.Sprintf("registered %s %v", name, internal)
}
func (w *witness) ExtensionReady(name string) { w.told <- "ready " + name }
func (w *witness) ExtensionFailed(name, errorType string, exit bool) {
	w.told <- fmt.Sprintf("failed %s %s %v", name, errorType, exit)
}
func (w *witness) Restored()                 { w.told <- "restored" }
func (w *witness) Subscribed(s Subscription) { w.told <- fmt.Sprintf("subscribed %+v", s) }

func (w *witness) expect(t testing.TB, want string) {
	t.Helper()
	if got := <-w.told; got != want {
		t.Errorf("told %q, not %q", got, want)
	}
}

// serveWith serves an environment with options.
func serveWith(t testing.TB, o Options, events ...*Event) (*Server, *witness, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{&environment{events: events, ready: make(chan struct{}, 1000), answers: make(chan Answer, 100), failed: make(chan Answer, 100)}, make(chan string, 1000)}
	s := New(l, w, o)
	t.Cleanup(s.Close)
	return s, w, l.Addr().String()
}

var withExtensions = Options{FunctionName: "f", Version: "$LATEST", Handler: `a"b`, Account: "123456789012", Extensions: []string{"agent", "other"}}

func extensionSays(verb, path, body string, headers ...string) string {
	return fmt.Sprintf("%s /2020-01-01/extension/%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s", verb, path, lines(headers), len(body), body)
}

func lines(headers []string) string {
	if len(headers) == 0 {
		return ""
	}
	return strings.Join(headers, "\r\n") + "\r\n"
}

// register registers an extension and returns its identifier's header.
func register(t testing.TB, c *client, name string, events ...string) string {
	t.Helper()
	body := `{"events":[]}`
	if len(events) > 0 {
		body = `{"events":["` + strings.Join(events, `","`) + `"]}`
	}
	c.say(extensionSays("POST", "register", body, "Lambda-Extension-Name: "+name))
	status, h, reply := c.hear()
	if status != 200 {
		t.Fatalf("%d %s", status, reply)
	}
	return "Lambda-Extension-Identifier: " + h.Get("Lambda-Extension-Identifier")
}

func TestRegistration(t *testing.T) {
	_, w, address := serveWith(t, withExtensions)
	c := dial(t, address)
	c.say(extensionSays("POST", "register", `{"events":["INVOKE","SHUTDOWN"]}`, "Lambda-Extension-Name: agent", "Lambda-Extension-Accept-Feature: other, accountId"))
	status, h, body := c.hear()
	if status != 200 || body != `{"functionName":"f","functionVersion":"$LATEST","handler":"a\"b","accountId":"123456789012"}` {
		t.Errorf("%d %s", status, body)
	}
	if id := h.Get("Lambda-Extension-Identifier"); !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("the identifier is %q", id)
	}
	w.expect(t, "registered agent false")
	c.expect(extensionSays("POST", "register", `{"events":["INVOKE"]}`, "Lambda-Extension-Name: inside"), 200, `{"functionName":"f","functionVersion":"$LATEST","handler":"a\"b"}`)
	w.expect(t, "registered inside true")
	for i := range MaxExtensions - 3 {
		register(t, c, fmt.Sprint("more", i))
		<-w.told
	}
	c.expect(extensionSays("POST", "register", `{}`, "Lambda-Extension-Name: eleventh"), 403, `{"errorMessage":"Extension limit (10) reached","errorType":"Extension.TooManyExtensions"}`)
}

func TestRegistrationsThatAreRefused(t *testing.T) {
	_, w, address := serveWith(t, withExtensions)
	c := dial(t, address)
	register(t, c, "agent")
	register(t, c, "inside")
	for _, x := range []struct{ body, name, want string }{
		{`{"events":["INVOKE"]}`, "", `{"errorMessage":"Empty extension name","errorType":"Extension.InvalidExtensionName"}`},
		{`{"events":["INVOKE"]}`, strings.Repeat("x", 256), `{"errorMessage":"an extension's name has at most 255 characters","errorType":"Extension.InvalidExtensionName"}`},
		{`nonsense`, "a", `{"errorMessage":"invalid character 'o' in literal null (expecting 'u')","errorType":"InvalidRequestFormat"}`},
		{`{"events":["INVOKE"],"configurationKeys":["k"]}`, "a", `{"errorMessage":"configurationKeys are deprecated; use environment variables instead","errorType":"InvalidRequestFormat"}`},
		{`{"events":["` + strings.Repeat("x", maxExtensionBody) + `"]}`, "a", `{"errorMessage":"a registration has at most 65536 bytes","errorType":"InvalidRequestFormat"}`},
		{`{"events":["SLEEP"]}`, "other", `{"errorMessage":"SLEEP: ErrorInvalidEventType","errorType":"Extension.InvalidEventType"}`},
		{`{"events":["INVOKE","SHUTDOWN"]}`, "a", `{"errorMessage":"SHUTDOWN: ShutdownEventNotSupportedForInternalExtension","errorType":"Extension.InvalidEventType"}`},
		{`{"events":[]}`, "agent", `{"errorMessage":"State transition from Registered to Registered failed for extension agent. Error: State transition is not allowed","errorType":"Extension.InvalidExtensionState"}`},
		{`{"events":[]}`, "inside", `{"errorMessage":"Extension with this name already registered","errorType":"Extension.InvalidExtensionState"}`},
	} {
		c.expect(extensionSays("POST", "register", x.body, "Lambda-Extension-Name: "+x.name), 403, x.want)
	}
	// Once the runtime has started, internal extensions come too late.
	c.say(next)
	<-w.ready
	late := dial(t, address)
	late.expect(extensionSays("POST", "register", `{}`, "Lambda-Extension-Name: late"), 403, `{"errorMessage":"Extension registration closed already","errorType":"Extension.RegistrationClosed"}`)
	late.expect(extensionSays("GET", "register", ``), 405, `{"errorMessage":"the Runtime API does not take this method here","errorType":"MethodNotAllowed"}`)
	late.expect(extensionSays("GET", "elsewhere", ``), 404, `{"errorMessage":"the Runtime API has no such path","errorType":"NotFound"}`)
}

func TestExtensionsAreIdentified(t *testing.T) {
	_, _, address := serveWith(t, withExtensions)
	c := dial(t, address)
	for _, path := range []string{"event/next", "init/error", "exit/error"} {
		verb := "POST"
		if path == "event/next" {
			verb = "GET"
		}
		for header, want := range map[string]string{
			"X: y":                               `{"errorMessage":"Missing Lambda-Extension-Identifier header","errorType":"Extension.MissingExtensionIdentifier"}`,
			"Lambda-Extension-Identifier: agent": `{"errorMessage":"Invalid Lambda-Extension-Identifier","errorType":"Extension.InvalidExtensionIdentifier"}`,
			"Lambda-Extension-Identifier: 11111111-2222-4333-8444-555555555555": `{"errorMessage":"Unknown extension 11111111-2222-4333-8444-555555555555","errorType":"Extension.UnknownExtensionIdentifier"}`,
		} {
			c.expect(extensionSays(verb, path, "", header), 403, want)
		}
	}
	id := register(t, c, "agent")
	c.expect(extensionSays("POST", "init/error", "", id), 403, `{"errorMessage":"Lambda-Extension-Function-Error-Type not found","errorType":"Extension.MissingHeader"}`)
}

// An invocation reaches the runtime and the extensions that want to hear of
// invocations, whether they wait or ask later; the end reaches those that want
// to hear of it.
func TestEventsReachExtensions(t *testing.T) {
	s, w, address := serveWith(t, withExtensions)
	if s.Settled() {
		t.Error("settled before the extensions have registered")
	}
	runtime, agent, other, inside := dial(t, address), dial(t, address), dial(t, address), dial(t, address)
	agentID := register(t, agent, "agent", "INVOKE", "SHUTDOWN")
	otherID := register(t, other, "other", "SHUTDOWN")
	insideID := register(t, inside, "inside", "INVOKE")
	for range 3 {
		<-w.told
	}
	agent.say(extensionSays("GET", "event/next", "", agentID))
	w.expect(t, "ready agent")
	other.say(extensionSays("GET", "event/next", "", otherID))
	w.expect(t, "ready other")
	runtime.say(next)
	<-w.ready
	if s.Settled() {
		t.Error("settled before the internal one has asked")
	}
	inside.say(extensionSays("GET", "event/next", "", insideID))
	w.expect(t, "ready inside")
	if !s.Settled() {
		t.Error("not settled")
	}

	s.Send(first)
	const invoke = `{"eventType":"INVOKE","deadlineMs":1700000000123,"requestId":"id-1","invokedFunctionArn":"arn:aws:lambda:r:1:function:f","tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-x"}}`
	for _, c := range []*client{agent, inside} {
		if status, h, body := c.hear(); status != 200 || body != invoke || h.Get("Lambda-Extension-Event-Identifier") == "" || h.Get("Content-Type") != "application/json" {
			t.Errorf("%d %v %s", status, h, body)
		}
	}
	if _, h, _ := runtime.hear(); h.Get("Lambda-Runtime-Aws-Request-Id") != "id-1" {
		t.Error("the runtime has another event")
	}
	if s.Settled() {
		t.Error("settled while extensions are at work")
	}
	runtime.say(post("invocation/id-1/response", "{}") + next)
	<-w.answers
	<-w.ready
	agent.say(extensionSays("GET", "event/next", "", agentID))
	w.expect(t, "ready agent")
	if s.Settled() {
		t.Error("settled while one is at work")
	}
	// The internal one has its event still: the next waits for it.
	if told := s.Shutdown("spindown", time.UnixMilli(1700000002000)); told != 2 {
		t.Errorf("%d are told", told)
	}
	for _, c := range []*client{agent, other} {
		if _, _, body := c.hear(); body != `{"eventType":"SHUTDOWN","shutdownReason":"spindown","deadlineMs":1700000002000}` {
			t.Error(body)
		}
	}
	s.Send(&Event{RequestID: "id-2"})
	inside.say(extensionSays("GET", "event/next", "", insideID))
	if _, _, body := inside.hear(); !strings.Contains(body, `"requestId":"id-2"`) || strings.Contains(body, "tracing") {
		t.Error(body)
	}
}

// A connection that breaks while its extension waits is not the extension's
// end.
func TestExtensionAsksAgain(t *testing.T) {
	s, w, address := serveWith(t, withExtensions)
	c := dial(t, address)
	id := register(t, c, "agent", "INVOKE")
	<-w.told
	c.say(extensionSays("GET", "event/next", "", id))
	w.expect(t, "ready agent")
	c.conn.Close()
	c = dial(t, address)
	for {
		c.say(extensionSays("GET", "event/next", "", id))
		c.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := c.in.Peek(1); err != nil {
			break // it waits, and not in vain
		}
		if status, _, body := c.hear(); status != 403 || !strings.Contains(body, "from Ready to Ready") {
			t.Fatalf("%d %s", status, body)
		}
	}
	c.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	s.Send(first)
	if _, _, body := c.hear(); !strings.Contains(body, "id-1") {
		t.Error(body)
	}
	select {
	case told := <-w.told:
		t.Error(told)
	default:
	}
}

func TestExtensionsFail(t *testing.T) {
	const because = "Lambda-Extension-Function-Error-Type: Extension.Because"
	s, w, address := serveWith(t, withExtensions)
	c := dial(t, address)
	id := register(t, c, "agent", "INVOKE")
	<-w.told
	c.expect(extensionSays("POST", "init/error", "{}", id, because), 202, ok)
	w.expect(t, "failed agent Extension.Because false")
	c.expect(extensionSays("POST", "init/error", "{}", id, because), 202, ok) // once is what counts
	name := strings.TrimPrefix(id, "Lambda-Extension-Identifier: ")
	c.expect(extensionSays("POST", "exit/error", "{}", id, because), 403,
		`{"errorMessage":"State transition from InitError to Exited failed for extension `+name+`. Error: State transition is not allowed","errorType":"Extension.InvalidExtensionState"}`)
	c.expect(extensionSays("GET", "event/next", "", id), 403,
		`{"errorMessage":"State transition from InitError to Ready failed for extension `+name+`. Error: State transition is not allowed","errorType":"Extension.InvalidExtensionState"}`)
	id = register(t, c, "other", "SHUTDOWN")
	<-w.told
	c.expect(extensionSays("POST", "exit/error", "{}", id, because), 202, ok)
	w.expect(t, "failed other Extension.Because true")
	if s.Shutdown("failure", time.Now()) != 0 {
		t.Error("one that has failed is told of the end")
	}
	if !s.Settled() {
		t.Error("those that have failed are waited for")
	}
}

type nowhere struct{ net.Conn }

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

// Whatever an extension does, in whatever order, is answered as a small model
// of its life has it.
func TestExtensionLife(t *testing.T) {
	const unregistered, registered, waits, lost, works, initError, exitError = 0, 1, 2, 3, 4, 5, 6
	rapid.Check(t, func(t *rapid.T) {
		s := &Server{}
		s.extensions.expect([]string{"agent"})
		r := &s.extensions
		e := r.list[0]
		c := newConnection(s, nowhere{})
		life, event := unregistered, false // event: one is yet to be asked for
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"register", "next", "init", "exit", "send", "lose"}).Draw(t, "step") {
			case "register":
				_, f := r.register("agent", false, true, false)
				if (f == nil) != (life == unregistered) {
					t.Fatalf("register in %d: %v", life, f)
				}
				life = max(life, registered)
			case "next":
				got, again, f := r.ask(e, c)
				allowed := life == registered || life == lost || life == works
				if (f == nil) != allowed || again != (life == lost) || (got != "") != (allowed && event) {
					t.Fatalf("next in %d: %q %v %v", life, got, again, f)
				}
				switch {
				case allowed && event:
					life, event = works, false
				case allowed:
					life = waits
				}
			case "init":
				first, f := r.fail(e, stepInitError, "E")
				if (f == nil) != (life == registered || life == initError) || first != (life == registered) {
					t.Fatalf("init in %d: %v %v", life, first, f)
				}
				if f == nil {
					life, event = initError, false
				}
			case "exit":
				first, f := r.fail(e, stepExitError, "E")
				alive := life >= registered && life <= works
				if (f == nil) != (alive || life == exitError) || first != alive {
					t.Fatalf("exit in %d: %v %v", life, first, f)
				}
				if f == nil {
					life, event = exitError, false
				}
			case "send":
				told := r.send("event", func(e *extension) bool { return e.invoke })
				if alive := life >= registered && life <= works; (told == 1) != alive {
					t.Fatalf("send in %d: %d", life, told)
				}
				switch life {
				case waits:
					life = works
				case registered, lost, works:
					event = true
				}
			case "lose":
				r.leave(c)
				if life == waits {
					life = lost
				}
			}
			if settled := !event && (life == waits || life == lost) || life >= initError; s.Settled() != settled {
				t.Fatalf("settled: %v in %d, event %v", s.Settled(), life, event)
			}
		}
	})
}

func TestRestore(t *testing.T) {
	_, w, address := serveWith(t, Options{SnapStart: true})
	c := dial(t, address)
	const restoreNext = "GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n\r\n"
	c.expect(post("restore/error", "{}"), 403, `{"errorMessage":"State transition from Started to RestoreError failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`)
	c.expect(restoreNext, 200, "")
	w.expect(t, "restored")
	c.expect(restoreNext, 403, `{"errorMessage":"State transition from Restoring to Ready failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`)
	c.expect(post("init/error", "{}"), 403, `{"errorMessage":"State transition from Restoring to InitError failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`)
	c.say(next)
	<-w.ready

	_, w, address = serveWith(t, Options{SnapStart: true})
	c = dial(t, address)
	c.expect(restoreNext, 200, "")
	c.expect(post("restore/error", `{"errorMessage":"m"}`, "Lambda-Runtime-Function-Error-Type: Runtime.AfterRestore"), 202, ok)
	if a := <-w.failed; a.ErrorType != "Runtime.AfterRestore" || string(a.Body) != `{"errorMessage":"m"}` {
		t.Errorf("%+v", a)
	}
}
