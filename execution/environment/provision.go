package environment

import (
	"slices"
	"time"

	"github.com/lamgate/lamgate/execution"
)

// A provision is what a pool keeps ready of provisioned concurrency:
// environments that are started before anybody needs them, are used first and
// are not retired. All of it is guarded by the pool.
type provision struct {
	wanted    int
	alive     int            // started, or about to be, and not dead
	available int            // of alive, those that have been ready
	ready     []*Environment // idle; the one used last at the end
	failures  int            // starts that failed one after the other
	reason    string         // why the last of them failed
	waiting   bool           // for the time of the next try
	pretended int            // of a function that is debugged: what was asked for
}

// AWS: an environment of provisioned concurrency, or of SnapStart, may take 130 seconds for its
// init, or the function's timeout if that is longer, but not more than 15
// minutes ("Lambda runtime environment" in the developer guide).
const (
	provisionedInit    = 130 * time.Second
	provisionedInitMax = 15 * time.Minute
)

// initTime is how long an environment's init may take.
func (p *Pool) initTime(provisioned bool) time.Duration {
	if provisioned || p.snapStart() {
		return min(max(provisionedInit, p.config.Timeout), provisionedInitMax)
	}
	return initLimit
}

// Provision has the pool keep n environments ready. It returns at once: see
// Allocation for how far they are. What is too many is let go, the busy when they
// have finished.
func (p *Pool) Provision(n int) {
	p.mu.Lock()
	if p.debugPort != 0 {
		p.pretended = n
	}
	if p.retired || p.debugPort != 0 {
		n = 0
	}
	if n != p.provision.wanted {
		p.failures, p.reason = 0, ""
	}
	p.provision.wanted = n
	var old []*Environment
	for p.alive > n && len(p.ready) > 0 {
		e := p.ready[0]
		p.ready = slices.Delete(p.ready, 0, 1)
		p.demote(e)
		old = append(old, e)
	}
	p.keepIfUsed() // before anything starts: who closes the fleet must find it
	p.replenish()
	p.mu.Unlock()
	for _, e := range old {
		e.end(spindown)
	}
}

// Allocation tells how far the provisioned concurrency is. That of a function
// which is debugged is said to be there: it has one environment, and the stack
// that it is of is not to wait for more.
func (p *Pool) Allocation() execution.Allocation {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.debugPort != 0 {
		return execution.Allocation{Requested: p.pretended, Allocated: p.pretended, Available: p.pretended, Status: "READY"}
	}
	a := execution.Allocation{Requested: p.provision.wanted, Allocated: p.available, Available: p.available, Status: "IN_PROGRESS"}
	switch {
	case p.available >= p.provision.wanted:
		a.Status = "READY"
	case p.failures > 0:
		a.Status, a.Reason = "FAILED", p.reason
	}
	return a
}

// replenish starts what is missing, with mu held.
func (p *Pool) replenish() {
	for !p.waiting && p.alive < p.provision.wanted && !p.fleet.closed.Load() {
		p.alive++
		p.fleet.running.Go(p.startProvisioned)
	}
}

func (p *Pool) startProvisioned() {
	f := p.fleet
	placed := f.enter()
	p.mu.Lock()
	if !placed || f.closed.Load() || p.alive > p.provision.wanted {
		p.alive--
		p.keepIfUsed()
		p.mu.Unlock()
		if placed {
			f.leave()
		}
		return
	}
	promised, ok := p.promise()
	p.mu.Unlock()
	if !ok {
		f.leave()
		p.mu.Lock()
		p.alive--
		p.provisionFailed(ErrNoMemory.Error())
		p.keepIfUsed()
		p.mu.Unlock()
		return
	}
	e := p.newEnvironment(nil)
	e.provisioned, e.ahead, e.promised = true, true, promised
	e.start()
}

// A failed start is tried again, but not without a pause.
const (
	provisionAgain    = time.Second
	provisionAgainMax = time.Minute
)

// provisionFailed notes a start that came to nothing, with mu held.
func (p *Pool) provisionFailed(reason string) {
	p.failures++
	p.reason = reason
	if p.waiting || p.fleet.closed.Load() {
		return
	}
	p.waiting = true
	pause := min(provisionAgain<<min(p.failures-1, 10), provisionAgainMax)
	p.fleet.Clock.AfterFunc(pause, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.waiting = false
		p.replenish()
		p.keepIfUsed()
	})
}

// provisioned counts a start that has come to its end well, with mu held.
func (p *Pool) provisionReady() {
	p.available++
	p.failures, p.reason = 0, ""
}

// demote makes an environment an ordinary one, with mu held.
func (p *Pool) demote(e *Environment) {
	if !e.provisioned {
		return
	}
	e.provisioned = false
	p.alive--
	if _, ok := p.all[e]; ok {
		p.available--
	}
}
