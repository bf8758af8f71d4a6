package environment

import "time"

// A reset is what remains of an environment that has failed: its name, and no
// process. The next start for the pool's line starts it again, within the
// invocation that has waited longest.
//
// AWS: "Failures during the invoke phase" in "Lambda execution environment" of the
// developer guide. The init then is suppressed: no INIT_START and no Init Duration
// tell of it, its time is the invocation's and ends with the function's timeout.
type reset struct {
	stream string          // of its log
	gone   <-chan struct{} // closed when nothing is left of its processes
	since  time.Time
	failed *Failure
}

// reset keeps an environment that fails. Its processes may be about to end.
func (p *Pool) reset(e *Environment, f *Failure, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	// What is provisioned is started again at once, and what is debugged by its
	// debugger.
	if !e.provisioned && p.debugPort == 0 && !p.retired && !p.fleet.closed.Load() {
		p.resets = append(p.resets, reset{e.log.stream, e.gone, now, f})
	}
}

// resume takes the environment that was reset last and whoever is to start it
// again; nil if there is nothing or nobody. A start whose turn has come then is
// not of one of the pool's starts any more, since it is for this one alone.
func (p *Pool) resume() (*reset, *ticket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.resets)
	if n == 0 {
		return nil, nil
	}
	r := p.resets[n-1]
	if p.fleet.Clock.Now().Sub(r.since) >= p.fleet.RetireAfter { // and so are the others
		p.resets = nil
		return nil, nil
	}
	t := p.next()
	if t == nil {
		return nil, nil
	}
	p.resets = p.resets[:n-1]
	p.starting--
	p.begun--
	p.keepIfUsed()
	return &r, t
}

// restart starts a reset environment again, for which there is a place and, as
// promised, memory.
func (p *Pool) restart(r *reset, t *ticket, promised int64) {
	f := p.fleet
	e := p.newEnvironment(nil)
	e.log.stream, e.before, e.promised = r.stream, r.failed, promised
	select {
	case <-r.gone:
	default: // its extensions may take a moment, and others need no longer wait
		f.leave()
		select {
		case <-r.gone:
		case <-f.life.Done():
		}
		if !f.enter() {
			f.budget.keep(promised)
			t.complete(completion{err: ErrClosed})
			return
		}
	}
	e.startFor(t)
}

// startFor starts an environment whose init is part of an invocation.
func (e *Environment) startFor(t *ticket) {
	now := e.pool.fleet.Clock.Now()
	t.assigned, t.deadline = now, e.pool.deadline(now)
	e.invoked = true
	e.ticket, e.lastID, e.witness = t, t.ID, t.Witness
	e.start()
}
