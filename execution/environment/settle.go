package environment

import (
	"time"

	"github.com/lamgate/lamgate/execution/runtimeapi"
)

// Ready implements runtimeapi.Owner.
func (e *Environment) Ready() *runtimeapi.Event {
	e.mu.Lock()
	e.asked = true
	switch {
	case e.state == Initialising:
		e.log.initialised(e.describe(), verdict{}, e.pool.fleet.Clock.Now())
	case e.pending.ticket != nil && e.extensions.some(): // which may be at work for longer
		now := e.pool.fleet.Clock.Now()
		o := e.pending.whole(now)
		e.log.runtimeDone(&e.pending, &o, now)
		e.pending.done = now
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
	e.pending = report{}
	first := e.state == Initialising
	var worked time.Duration
	if first {
		e.init, e.cold = now.Sub(e.began), true
		if t := e.ticket; t != nil { // its init ran within the invocation
			e.to(Busy)
			// With mu held: the alarm must find it begun.
			e.initialised(now)
			e.log.start(t, e.pool.config.Version, true, now)
			e.mu.Unlock()
			e.pool.adopt(e)
			return t
		}
	} else {
		worked = now.Sub(e.began)
	}
	e.disarm()
	e.mu.Unlock()
	if pending.ticket != nil {
		e.report(&pending, now)
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
