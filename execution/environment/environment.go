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
	invoked bool      // it was started within an invocation, its init having failed before
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
	pending  *report // of an invocation that is answered, and goes on in extensions
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
	e.ticket, e.lastID, e.began = t, t.ID, now
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

// disarm ends the alarm, and what it watches, with mu held.
func (e *Environment) disarm() {
	if e.returning {
		e.returning = false
		e.pool.returning.Add(-1)
	}
	e.turn++
	if e.stop != nil {
		e.stop()
		e.stop = nil
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

// Ready implements runtimeapi.Owner.
func (e *Environment) Ready() *runtimeapi.Event {
	e.mu.Lock()
	e.asked = true
	if e.state == Initialising {
		e.log.initialised(e.describe(), verdict{}, e.pool.fleet.Clock.Now())
	}
	e.mu.Unlock()
	if t := e.settle(); t != nil {
		return t.event()
	}
	return nil
}

// settle is called when the runtime or an extension asks for its next event. If
// all of them do, what was under way is over, and the environment takes the next
// request, which is returned, or rests.
func (e *Environment) settle() *ticket {
	now := e.pool.fleet.Clock.Now()
	e.mu.Lock()
	if e.state.over() || !e.asked {
		e.mu.Unlock()
		return nil
	}
	if !e.api.Settled() {
		if e.state == Busy {
			e.to(Settling)
		}
		e.mu.Unlock()
		return nil
	}
	e.asked = false
	pending := e.pending
	e.pending = nil
	first := e.state == Initialising
	var worked time.Duration
	if first {
		e.init, e.cold = now.Sub(e.began), true
		if t := e.ticket; t != nil { // its init ran within the invocation
			e.to(Busy)
			e.mu.Unlock()
			e.initialised(now)
			e.log.start(t, e.pool.config.Version, true, now)
			e.pool.adopt(e)
			return t
		}
	} else {
		worked = now.Sub(e.began)
	}
	e.disarm()
	e.mu.Unlock()
	if pending != nil {
		e.report(pending, pending.verdict, now)
	}
	if first {
		e.initialised(now)
	}
	e.pool.fleet.started(e)
	return e.pool.release(e, now, first, worked)
}

// initialised ends the init phase, which went well.
func (e *Environment) initialised(now time.Time) {
	i := e.describe()
	i.Duration = e.init
	e.standings(now)
	e.log.initReport(i, verdict{}, now)
	e.log.settled()
}

// describe is the init phase as logs and extensions are told of it.
func (e *Environment) describe() runtimeapi.Init {
	p := e.pool
	i := runtimeapi.Init{
		Type: e.initType(), Phase: "init", FunctionName: p.function.Name, FunctionVersion: p.config.Version, InstanceID: e.log.stream,
		MemoryMB: p.config.MemoryMB,
	}
	if e.invoked {
		i.Phase = "invoke"
	}
	return i
}

// Answered implements runtimeapi.Owner.
func (e *Environment) Answered(a runtimeapi.Answer) {
	now := e.pool.fleet.Clock.Now()
	e.mu.Lock()
	t := e.ticket
	e.ticket = nil
	if t != nil && !e.returning {
		e.returning = true
		e.pool.returning.Add(1)
	}
	goesOn := e.extensions.some()
	e.mu.Unlock()
	switch {
	case t == nil:
	case goesOn:
		e.answer(t, now, answered(a))
	default:
		e.finish(t, now, answered(a))
	}
}

// InitFailed implements runtimeapi.Owner.
func (e *Environment) InitFailed(a runtimeapi.Answer) { e.fail(anyTurn, initFailed(a)) }

// expire is the alarm: an init or an invocation that takes too long, or a
// runtime that has answered and does not ask again.
func (e *Environment) expire(turn uint64) { e.fail(turn, timedOut(e.pool.config.Timeout)) }

// anyTurn is none of turn.
const anyTurn = 0

// fail ends the environment because of v, which becomes the answer to what is
// under way, if it is not over already and its turn is still the one meant. It
// reports whether that is so.
func (e *Environment) fail(turn uint64, v verdict) bool {
	now := e.pool.fleet.Clock.Now()
	e.mu.Lock()
	if e.state.over() || turn != anyTurn && turn != e.turn {
		e.mu.Unlock()
		return false
	}
	before := e.state
	initialising := before == Initialising || before == Starting
	took := now.Sub(e.began)
	t, pending := e.ticket, e.pending
	e.ticket, e.pending = nil, nil
	answeredID := ""
	if t == nil && !initialising {
		answeredID = e.lastID
	}
	after := e.ending()
	e.to(after)
	e.disarm()
	e.mu.Unlock()

	if initialising {
		e.pool.fleet.started(e)
		i := e.describe()
		i.Duration = took
		e.standings(now)
		e.log.initReport(i, v, now)
		if t != nil { // its init ran within the invocation
			e.log.start(t, e.pool.config.Version, true, now)
		}
	}
	switch {
	case t != nil:
		e.finish(t, now, v)
		e.pool.remove(e)
	case initialising:
		e.pool.initFailed(e)
	case pending != nil:
		e.report(pending, v, now)
		e.pool.remove(e)
	default:
		// Between two events: nobody waits, but the log says so.
		e.log.died(answeredID, v, now)
		e.pool.remove(e)
	}
	reason := failure
	if v.cause == Timeout {
		reason = timeout
	}
	e.finishOff(before, after, reason)
	return true
}

// end retires the environment.
func (e *Environment) end(reason string) {
	now := e.pool.fleet.Clock.Now()
	e.mu.Lock()
	if e.state.over() {
		e.mu.Unlock()
		return
	}
	before, after := e.state, e.ending()
	e.to(after)
	e.disarm()
	t, pending := e.ticket, e.pending
	e.ticket, e.pending = nil, nil
	e.mu.Unlock()
	if t != nil {
		err := ErrClosed
		if e.pool.debugPort != 0 && !e.pool.fleet.closed.Load() {
			err = ErrUpdated
		}
		t.complete(completion{err: err})
	}
	if pending != nil {
		e.report(pending, pending.verdict, now)
	}
	e.pool.remove(e)
	e.finishOff(before, after, reason)
}

// attend waits for the sandbox's end and tidies up.
func (e *Environment) attend() {
	<-e.box.Done()
	// What the runtime said with its last breath counts.
	e.api.Drain(time.Now().Add(time.Second))
	e.fail(anyTurn, exited(e.box.Exit()))
	e.mu.Lock()
	if e.state != Dead {
		e.to(Dead)
	}
	e.mu.Unlock()
	if l := e.box.Endpoint(); l != nil {
		l.Close()
	}
	e.endSubscriptions()
	e.log.close()
	e.material.release()
	e.pool.fleet.gone(e)
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
