package environment

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// The keeper looks after environments that nobody uses: it freezes them,
// retires them, and gives their logs to the sink. It looks around only while
// there are environments, and a busy one never waits for it.
type keeper struct {
	fleet *Fleet

	mu      sync.Mutex
	alarm   func() bool // stops the next round; nil if there is none
	turn    uint64      // of that round: one that was overtaken goes by
	seldom  bool        // the alarm is far off
	stopped bool
	round   int
}

const (
	lookEvery   = 250 * time.Millisecond
	lookSeldom  = 5 * time.Second // when all are frozen
	keepCode    = 30 * time.Minute
	memoryEvery = 20 // rounds
)

// wake makes sure that the keeper looks around soon.
func (k *keeper) wake() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.alarm != nil && k.seldom {
		k.alarm()
		k.alarm = nil
	}
	if k.alarm == nil {
		k.set(lookEvery)
	}
}

// set sets the alarm, with mu held.
func (k *keeper) set(d time.Duration) {
	if !k.stopped {
		k.seldom = d > lookEvery
		k.turn++
		turn := k.turn
		k.alarm = k.fleet.Clock.AfterFunc(d, func() { k.look(turn) })
	}
}

func (k *keeper) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = true
	if k.alarm != nil {
		k.alarm()
	}
}

// look is one round.
func (k *keeper) look(turn uint64) {
	f := k.fleet
	k.mu.Lock()
	if k.stopped || k.turn != turn {
		k.mu.Unlock()
		return
	}
	k.round++
	scarce := k.round%memoryEvery == 0 && f.budget.scarce()
	k.mu.Unlock()

	pools, alive := f.allPools(), f.allAlive()

	now := f.Clock.Now()
	awake := false
	var idle []*Environment
	for _, p := range pools {
		stillIdle, old, pending := p.keep(now)
		for _, e := range old {
			e.end(spindown)
		}
		idle = append(idle, stillIdle...)
		awake = awake || pending
	}
	for _, e := range alive {
		if e.log.flushOld(flushEvery) {
			awake = true
		}
	}
	if scarce {
		f.stems.clearAll(false)
		retireOldest(idle)
	}
	f.Packages.Collect(keepCode)
	k.mu.Lock()
	switch {
	case k.turn != turn: // somebody has set the next one meanwhile
	case len(alive) == 0:
		k.alarm = nil
	case awake || len(idle) < len(alive):
		k.set(lookEvery)
	default:
		k.set(lookSeldom)
	}
	k.mu.Unlock()
	// One may have come meanwhile and found the alarm set.
	if len(alive) == 0 && len(f.States()) > 0 {
		k.wake()
	}
}

// keep freezes and retires a pool's idle environments. It returns those that
// remain idle, those to end, and whether any is still to be frozen.
func (p *Pool) keep(now time.Time) (idle, old []*Environment, pending bool) {
	f := p.fleet
	if p.debugPort != 0 {
		return nil, nil, true // a debugger may hold it
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = slices.DeleteFunc(p.idle, func(e *Environment) bool {
		rested := e.rested(now)
		if rested >= f.RetireAfter {
			old = append(old, e)
			return true
		}
		pending = p.freeze(e, rested) || pending
		idle = append(idle, e)
		return false
	})
	for _, e := range p.ready {
		pending = p.freeze(e, e.rested(now)) || pending
	}
	return idle, old, pending
}

// freeze stops an idle environment's processes if it has rested for long enough.
// It returns whether that is still to come.
func (p *Pool) freeze(e *Environment, rested time.Duration) (pending bool) {
	f := p.fleet
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.state != Idle:
		return false
	case f.FreezeAfter < 0 || rested < f.FreezeAfter, e.log.telling():
		return true
	}
	if e.to(Frozen) {
		// Who takes it from here on waits for this before it thaws.
		e.freezing.Lock()
		f.running.Go(func() {
			defer e.freezing.Unlock()
			if err := e.box.Freeze(); err != nil {
				f.Log.Debug("environment was not frozen", "function", p.function.Name, "error", err)
			}
		})
	}
	return false
}

// retireOldest ends the half of the idle that has rested longest, and returns
// it.
func retireOldest(idle []*Environment) (ended []*Environment) {
	since := func(e *Environment) int64 {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.idle.UnixNano()
	}
	slices.SortFunc(idle, func(a, b *Environment) int { return cmp.Compare(since(a), since(b)) })
	for _, e := range idle[:(len(idle)+1)/2] {
		p := e.pool
		p.mu.Lock()
		i := slices.Index(p.idle, e)
		if i >= 0 {
			p.idle = slices.Delete(p.idle, i, i+1)
		}
		p.mu.Unlock()
		if i >= 0 {
			e.end(spindown)
			ended = append(ended, e)
		}
	}
	return ended
}

func (e *Environment) rested(now time.Time) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return now.Sub(e.idle)
}
