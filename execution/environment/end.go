package environment

import (
	"time"

	"github.com/lamgate/lamgate/execution/runtimeapi"
)

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
	if v.cause == Timeout && (initialising || e.ticket == nil) {
		v.culprit = e.awaited()
	}
	v.failed = v.failure(before, took)
	v.failed.RequestID = e.lastID
	t, pending, asked := e.ticket, e.pending, e.asked
	e.ticket, e.pending = nil, report{}
	answeredID, witness := "", e.witness
	if t == nil && !initialising {
		answeredID = e.lastID
	}
	after := e.ending()
	e.to(after)
	e.disarm()
	e.returned()
	e.mu.Unlock()

	if initialising {
		e.pool.fleet.started(e)
		i := e.describe()
		i.Duration = took
		if !asked { // else that was told
			e.log.initialised(i, v, now)
		}
		e.standings(now)
		e.log.initReport(i, v, now)
		if t != nil { // its init ran within the invocation
			e.log.start(t, e.pool.config.Version, true, now)
		}
	}
	if t != nil || !initialising { // before anybody learns of it, and comes again
		e.pool.reset(e, v.failed, now)
	}
	switch {
	case t != nil:
		e.finish(t, now, v)
		e.pool.remove(e)
	case initialising:
		e.pool.initFailed(e, v.failed)
	case pending.ticket != nil:
		pending.verdict = v
		e.report(&pending, now)
		e.told(witness, answeredID, v.failed)
		e.pool.remove(e)
	default:
		// Between two events: nobody waits, but the log says so.
		e.log.died(answeredID, v, now)
		e.told(witness, answeredID, v.failed)
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
	e.returned()
	t, pending := e.ticket, e.pending
	e.ticket, e.pending = nil, report{}
	e.mu.Unlock()
	if t != nil {
		err := ErrClosed
		if e.pool.debugPort != 0 && !e.pool.fleet.closed.Load() {
			err = ErrUpdated
		}
		t.complete(completion{err: err})
	}
	if pending.ticket != nil {
		e.report(&pending, now)
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
