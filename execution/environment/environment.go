package environment

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/runtimeapi"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// An Environment is one sandbox with a runtime in it, from its start to its
// end. It is the Owner of its Runtime API.
type Environment struct {
	pool    *Pool
	log     *record
	born    time.Time // when its start began
	invoked bool      // it was started within an invocation, having failed before
	before  *Failure  // how it failed before; nil if it has not
	stem    bool      // it began as one
	counted bool      // as one of pool.starting; guarded by the pool
	// provisioned says that it is one of the pool's provision; guarded by the pool
	// once it has started.
	provisioned bool
	ahead       bool // it was started as one of those

	// Set once, before the runtime can speak.
	box      sandbox.Sandbox
	api      *runtimeapi.Server
	material *material
	command  string // the path of the runtime's

	context context.Context // ends with the sandbox; nil if nobody asked for it
	cancel  context.CancelFunc

	gone        chan struct{} // closed when nothing is left of it
	runtimeGone chan struct{} // closed when the runtime has ended beside extensions

	freezing sync.Mutex // orders Freeze before Thaw

	mu        sync.Mutex
	state     State
	ticket    *ticket // under way
	lastID    string  // of the last ticket
	witness   Witness // of the last ticket
	placed    bool    // among the starts under way
	stopPlace func() bool
	promised  int64  // bytes of memory, until it is ready
	turn      uint64 // grows with each alarm, so that an old one is recognised
	stop      func() bool
	began     time.Time // the init, or the ticket under way
	init      time.Duration
	cold      bool // the next REPORT has the init's duration
	idle      time.Time
	returning bool // it has answered, and asks for an event in a moment
	asked     bool // the runtime asks for an event, and extensions are still at work
	extensions
	pending  report // of an invocation that is answered, and is not over
	memory   int64
	measured time.Time
}

// to changes the state, with mu held. A transition that is not legal is a
// mistake of this package; it is reported and not made.
func (e *Environment) to(s State) bool {
	next, err := e.state.next(s)
	if err != nil {
		e.pool.fleet.Log.Error("illegal transition", "function", e.pool.function.Name, "environment", e.log.stream, "error", err)
		return false
	}
	e.state = next
	return true
}

// take gives the environment a ticket. ok is false if it is dead; frozen says
// that its processes are stopped.
func (e *Environment) take(t *ticket, now time.Time) (frozen, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state.over() {
		return false, false
	}
	frozen = e.state == Frozen
	if !e.to(Busy) {
		return false, false
	}
	t.assigned, t.deadline = now, e.pool.deadline(now)
	e.begin(t, now)
	e.arm(e.pool.config.Timeout)
	return frozen, true
}

// begin makes a ticket the one under way, with mu held.
func (e *Environment) begin(t *ticket, now time.Time) {
	e.ticket, e.lastID, e.witness, e.began = t, t.ID, t.Witness, now
	e.log.start(t, e.pool.config.Version, false, now)
}

// deadline is that of an event given now.
func (p *Pool) deadline(now time.Time) time.Time {
	if p.debugPort != 0 {
		return now.Add(debugTime)
	}
	return now.Add(p.config.Timeout)
}

// arm sets the alarm that ends the environment, with mu held.
func (e *Environment) arm(d time.Duration) {
	if e.pool.debugPort != 0 {
		return
	}
	e.turn++
	turn := e.turn
	e.stop = e.pool.fleet.Clock.AfterFunc(d, func() { e.expire(turn) })
}

// disarm ends the alarm, with mu held.
func (e *Environment) disarm() {
	e.turn++
	if e.stop != nil {
		e.stop()
		e.stop = nil
	}
}

// returned ends the waiting for an environment that has answered, with mu held.
func (e *Environment) returned() {
	if e.returning {
		e.returning = false
		e.pool.returning.Add(-1)
	}
}

func (e *Environment) dead() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state.over()
}

// rest makes the environment idle; false if it is dead.
func (e *Environment) rest(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.idle = now
	return !e.state.over() && e.to(Idle)
}

// deliver sends a taken ticket's event.
func (e *Environment) deliver(t *ticket, frozen bool) {
	if frozen {
		e.freezing.Lock()
		if err := e.box.Thaw(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			e.pool.fleet.Log.Error("environment does not thaw", "function", e.pool.function.Name, "error", err)
		}
		e.freezing.Unlock()
		e.pool.fleet.keeper.wake()
	}
	e.api.Send(t.event())
}

func (t *ticket) event() *runtimeapi.Event {
	return &runtimeapi.Event{
		RequestID:       t.ID,
		FunctionARN:     t.FunctionARN,
		Deadline:        t.deadline,
		TraceHeader:     t.TraceHeader,
		ClientContext:   t.ClientContext,
		CognitoIdentity: t.CognitoIdentity,
		Payload:         t.Payload,
		Stream:          t.stream(),
	}
}

// stream is where the answer goes, for the Runtime API.
func (t *ticket) stream() execution.ResponseStream {
	if t.relay == nil {
		return nil
	}
	return t.relay
}

// maxMemory returns the most memory the processes have held, in MB. It is asked
// of the sandbox once a second at most: it costs more than an event does.
func (e *Environment) maxMemory(now time.Time) int {
	e.mu.Lock()
	fresh := false
	if e.box != nil && (e.measured.IsZero() || now.Sub(e.measured) >= time.Second || e.state.over()) {
		e.memory, e.measured, fresh = e.box.MaxMemory(), now, true
	}
	memory := e.memory
	e.mu.Unlock()
	if fresh {
		e.pool.sawSize(memory)
	}
	return int((memory + 1<<20 - 1) >> 20)
}
