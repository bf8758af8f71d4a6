package runtimeapi

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// MaxExtensions is how many an environment may have.
//
// AWS: quota "Extensions", 10 with the internal ones.
const MaxExtensions = 10

// An extensionPhase is where an extension stands. Its names are those that the
// Extensions API's errors use.
type extensionPhase string

const (
	extensionStarted    extensionPhase = "Started"    // it is to register
	extensionRegistered extensionPhase = "Registered" // it has not asked for an event yet
	extensionReady      extensionPhase = "Ready"      // it asks for its next event
	extensionRunning    extensionPhase = "Running"    // it has an event
	extensionInitError  extensionPhase = "InitError"
	extensionExitError  extensionPhase = "ExitError"
)

// An extensionStep is what an extension does.
type extensionStep uint8

const (
	stepRegister extensionStep = iota
	stepNext
	stepInitError
	stepExitError
)

// extensionTarget names where a step leads, in the messages of those that are
// not allowed.
//
// AWS: as its runtime interface emulator has them; the last is not the phase's
// own name.
var extensionTarget = [...]extensionPhase{
	stepRegister: extensionRegistered, stepNext: extensionReady, stepInitError: extensionInitError, stepExitError: "Exited",
}

// after returns where a step leads from p; false if it is not allowed. What has
// reported an error may do so again.
func (p extensionPhase) after(s extensionStep) (extensionPhase, bool) {
	switch s {
	case stepRegister:
		return extensionRegistered, p == extensionStarted
	case stepNext:
		return extensionReady, p == extensionRegistered || p == extensionRunning
	case stepInitError:
		return extensionInitError, p == extensionRegistered || p == extensionInitError
	case stepExitError:
		return extensionExitError, p != extensionStarted && p != extensionInitError
	}
	return p, false
}

// An extension is one that may register, or has.
type extension struct {
	name     string
	id       string // secret to the others only by being unguessable
	internal bool
	invoke   bool // it wants to be told of invocations
	shutdown bool // and of the environment's end

	phase   extensionPhase
	problem string      // the type of the error that it has reported
	waiting *connection // asked, and parked until there is an event
	pending string      // an event that came before it asked

	subscription *Subscription
}

// A registry knows an environment's extensions.
type registry struct {
	some atomic.Bool // there are any; without them, invocations pass by

	mu   sync.Mutex
	list []*extension
}

func (r *registry) expect(names []string) {
	for _, name := range names {
		r.list = append(r.list, &extension{name: name, phase: extensionStarted})
	}
	r.some.Store(len(names) > 0)
}

// register takes an extension's registration for events, which are checked.
func (r *registry) register(name string, closed bool, invoke, shutdown bool) (*extension, *fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.list, func(e *extension) bool { return e.name == name })
	var e *extension
	switch {
	case i >= 0 && !r.list[i].internal:
		e = r.list[i]
		if e.phase != extensionStarted {
			return nil, invalidExtensionStep(e.phase, stepRegister, name)
		}
	// AWS: the external ones are known before, and may be late.
	case closed:
		return nil, &registrationClosed
	case len(r.list) >= MaxExtensions:
		return nil, &tooManyExtensions
	case i >= 0:
		return nil, &extensionExists
	default:
		e = &extension{name: name, internal: true, phase: extensionStarted}
		r.list = append(r.list, e)
		r.some.Store(true)
	}
	e.id, e.phase, e.invoke, e.shutdown = newIdentifier(), extensionRegistered, invoke, shutdown
	return e, nil
}

// find returns the extension that has been given an identifier.
func (r *registry) find(id string) *extension {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.list {
		if e.id != "" && e.id == id {
			return e
		}
	}
	return nil
}

// ask is an extension asking for its next event, which is returned if there is
// one already; otherwise c waits for it. again says that it asked before, on a
// connection that broke.
func (r *registry) ask(e *extension, c *connection) (event string, again bool, _ *fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to, ok := e.phase.after(stepNext)
	again = e.phase == extensionReady && e.waiting == nil
	if !ok && !again {
		return "", false, invalidExtensionStep(e.phase, stepNext, e.id)
	}
	e.phase = to
	if event = e.pending; event != "" {
		e.pending, e.phase = "", extensionRunning
	} else {
		e.waiting = c
	}
	return event, again, nil
}

// fail takes an extension's report of an error, of a type; first is false if it
// has reported one before.
func (r *registry) fail(e *extension, s extensionStep, problem string) (first bool, _ *fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to, ok := e.phase.after(s)
	if !ok {
		return false, invalidExtensionStep(e.phase, s, e.id)
	}
	if first = e.phase != to; first {
		e.problem = problem
	}
	e.phase, e.pending = to, ""
	return first, nil
}

// waits reports whether c is still parked.
func (r *registry) waits(e *extension, c *connection) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return e.waiting == c
}

// leave is c going away: an event sent from now on waits for the next to ask.
func (r *registry) leave(c *connection) {
	if !r.some.Load() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.list {
		if e.waiting == c {
			e.waiting = nil
		}
	}
}

// send gives an event to all that want it, and returns how many do.
func (r *registry) send(event string, wants func(*extension) bool) int {
	var waiting [MaxExtensions]*connection
	to := waiting[:0]
	r.mu.Lock()
	told := 0
	for _, e := range r.list {
		if !wants(e) || e.phase != extensionRegistered && e.phase != extensionReady && e.phase != extensionRunning {
			continue
		}
		told++
		if e.waiting == nil {
			e.pending = event
			continue
		}
		e.phase = extensionRunning
		to = append(to, e.waiting)
		e.waiting = nil
	}
	r.mu.Unlock()
	for _, c := range to {
		c.send(event)
	}
	return told
}

// Settled reports whether all extensions ask for their next event: those that
// are to register have done so, and none is at work. One that has reported an
// error is not waited for.
func (s *Server) Settled() bool {
	r := &s.extensions
	if !r.some.Load() {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.list {
		switch e.phase {
		case extensionStarted, extensionRegistered, extensionRunning:
			return false
		}
		if e.pending != "" {
			return false
		}
	}
	return true
}

// A Standing is where an extension stands, as logs and telemetry tell it.
type Standing struct {
	Name      string
	State     string   // Started if it has not registered, Registered, Ready, Running, InitError or ExitError
	Events    []string // that it has registered for
	ErrorType string   // that it has reported
}

// Settled reports whether it is not waited for: it asks for its next event, or has
// reported an error.
func (x Standing) Settled() bool {
	switch extensionPhase(x.State) {
	case extensionStarted, extensionRegistered, extensionRunning:
		return false
	}
	return true
}

// Extensions tells where all extensions stand: those that are to register, and
// then the internal ones.
func (s *Server) Extensions() (list []Standing) {
	r := &s.extensions
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.list {
		x := Standing{Name: e.name, State: string(e.phase), ErrorType: e.problem}
		if e.invoke {
			x.Events = append(x.Events, "INVOKE")
		}
		if e.shutdown {
			x.Events = append(x.Events, "SHUTDOWN")
		}
		list = append(list, x)
	}
	return list
}

// Shutdown tells the extensions that have registered for it that the
// environment ends, and returns how many those are. reason is spindown, timeout
// or failure. One that is at work is told when it asks for its next event.
func (s *Server) Shutdown(reason string, deadline time.Time) int {
	if !s.extensions.some.Load() {
		return 0
	}
	b := append(make([]byte, 0, 128), `{"eventType":"SHUTDOWN","shutdownReason":`...)
	b = appendString(b, reason)
	b = append(b, `,"deadlineMs":`...)
	b = strconv.AppendInt(b, deadline.UnixMilli(), 10)
	return s.extensions.send(extensionEvent(append(b, '}')), func(e *extension) bool { return e.shutdown })
}

// inform tells the extensions of an invocation.
func (s *Server) inform(e *Event) {
	if !s.extensions.some.Load() {
		return
	}
	b := append(make([]byte, 0, 512), `{"eventType":"INVOKE","deadlineMs":`...)
	b = strconv.AppendInt(b, e.Deadline.UnixMilli(), 10)
	b = append(b, `,"requestId":`...)
	b = appendString(b, e.RequestID)
	b = append(b, `,"invokedFunctionArn":`...)
	b = appendString(b, e.FunctionARN)
	if e.TraceHeader != "" {
		b = append(b, `,"tracing":{"type":"X-Amzn-Trace-Id","value":`...)
		b = append(appendString(b, e.TraceHeader), '}')
	}
	s.extensions.send(extensionEvent(append(b, '}')), func(e *extension) bool { return e.invoke })
}

// extensionEvent returns the reply that brings an event.
func extensionEvent(body []byte) string {
	b := append(make([]byte, 0, 256+len(body)), "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Extension-Event-Identifier: "...)
	b = append(b, aws.NewUUID()...)
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	return string(append(b, body...))
}
