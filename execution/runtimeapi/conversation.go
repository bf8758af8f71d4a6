package runtimeapi

import (
	"sync"

	"github.com/lamgate/lamgate/execution"
)

// A phase is where the conversation with the runtime stands. Its names are
// those that the Runtime API's errors use.
type phase string

const (
	starting  phase = "Started"
	ready     phase = "Ready"              // it asks for an event and there is none
	running   phase = "Running"            // it has an event
	answering phase = "InvocationResponse" // its answer is passed on as it comes
	responded phase = "ResponseSent"
	failed    phase = "InitError"

	restoring     phase = "Restoring" // it has been told to go on, and asks for nothing yet
	restoreFailed phase = "RestoreError"
)

// A conversation keeps the order: the runtime asks, gets one event, answers it
// once, and asks again.
type conversation struct {
	mu        sync.Mutex
	phase     phase
	requestID string // of the event under way
	stream    execution.ResponseStream
	broken    bool        // the answer was broken off, having begun to go on
	sent      int64       // of it
	waiting   *connection // asked, and parked until there is an event
	pending   *Event      // sent before the runtime's connection was parked
}

func (t *conversation) now() phase {
	if t.phase == "" {
		return starting
	}
	return t.phase
}

// send takes an event and returns the connection that waits for it, nil if the
// event has to wait for the connection.
func (t *conversation) send(e *Event) *connection {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phase, t.requestID, t.stream = running, e.RequestID, e.Stream
	c := t.waiting
	if c == nil {
		t.pending = e
	}
	t.waiting = nil
	return c
}

// ask is the runtime asking for an event. again says that it asked before, on a
// connection that broke: the owner knows. It is refused, with the phase, when
// the runtime still has an event or asks already.
func (t *conversation) ask() (from phase, again, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	from = t.now()
	switch {
	case from == starting || from == responded || from == restoring:
		t.phase = ready
		return from, false, true
	case from == answering && t.broken:
		t.phase, t.broken = ready, false
		return from, false, true
	case t.waiting == nil && (from == ready || t.pending != nil):
		return from, true, true
	}
	return from, false, false
}

// given notes that the owner had an event at once.
func (t *conversation) given(e *Event) {
	t.mu.Lock()
	t.phase, t.requestID, t.stream = running, e.RequestID, e.Stream
	t.mu.Unlock()
}

// park has c wait for an event, unless there is one already.
func (t *conversation) park(c *connection) *Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.pending
	t.pending = nil
	if e == nil {
		t.waiting = c
	}
	return e
}

// leave is c going away: an event sent from now on waits for the next to ask.
func (t *conversation) leave(c *connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == c {
		t.waiting = nil
	}
}

// waits reports whether c is still parked.
func (t *conversation) waits(c *connection) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting == c
}

// expects reports whether an answer to the event id is due, and where it goes if
// it is to be passed on as it comes.
func (t *conversation) expects(id []byte) (execution.ResponseStream, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stream, t.phase == running && t.pending == nil && t.requestID == string(id)
}

// claim begins an answer that is passed on as it comes: no other counts from
// now on.
func (t *conversation) claim(id []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.phase != running || t.requestID != string(id) {
		return false
	}
	t.phase, t.broken = answering, false
	return true
}

// streamed ends a claimed answer.
func (t *conversation) streamed() {
	t.mu.Lock()
	t.phase, t.stream = responded, nil
	t.mu.Unlock()
}

// breakOff is a claimed answer that came to no end.
func (t *conversation) breakOff(sent int64) {
	t.mu.Lock()
	t.broken, t.sent, t.stream = true, sent, nil
	t.mu.Unlock()
}

// brokenAfter is how much of an answer that was broken off had gone on.
func (t *conversation) brokenAfter() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

// answer takes the answer to the event id; false if it is not due (any more).
func (t *conversation) answer(id []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.phase != running || t.requestID != string(id) {
		return false
	}
	t.phase = responded
	return true
}

// fail takes the runtime's report that it cannot go on, which it may make in one
// phase only.
func (t *conversation) fail(in, to phase) (from phase, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	from = t.now()
	if from != in {
		return from, false
	}
	t.phase = to
	return from, true
}

// restore is the runtime asking to be restored.
func (t *conversation) restore() (from phase, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	from = t.now()
	if from != starting {
		return from, false
	}
	t.phase = restoring
	return from, true
}

// past reports whether the conversation has gone on from p.
func (t *conversation) past(p phase) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now() != p
}
