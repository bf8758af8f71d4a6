package environment

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lamgate/lamgate/execution"
)

// ErrClosed is what invocations get that a closing server cannot take.
var ErrClosed = errors.New("the server is shutting down")

// A Request is one event for a function.
type Request struct {
	ID              string
	FunctionARN     string
	Payload         []byte
	TraceHeader     string
	ClientContext   string // JSON
	CognitoIdentity string // JSON
	LogTail         bool
	Stream          execution.ResponseStream // takes the answer as it comes; nil to have it in the Outcome
	Witness         Witness                  // of what fails later; may be nil
}

// A ticket is a request on its way: in line, or with an environment.
type ticket struct {
	Request
	arrived  time.Time
	assigned time.Time // when an environment took it, or began to start for it alone
	deadline time.Time
	// provisioned says that it went to an environment of provisioned concurrency.
	provisioned bool
	relay       *relay // to Stream; nil without one
	done        chan completion
}

// complete ends a ticket, as soon as its stream is not used any more.
func (t *ticket) complete(c completion) {
	if t.relay == nil {
		t.done <- c
		return
	}
	t.relay.end(func() {
		if n := t.relay.passed.Load(); c.outcome != nil && c.outcome.Streamed != n {
			o := *c.outcome // whose log may be written at this moment
			o.Streamed, c.outcome = n, &o
		}
		t.done <- c
	})
}

// A completion is what becomes of a ticket: err if it never reached the
// function.
type completion struct {
	outcome *Outcome
	err     error
}

// A Pool holds the environments of one generation of a function's version: all
// run the same code with the same configuration.
type Pool struct {
	fleet    *Fleet
	function execution.FunctionRef
	config   execution.Configuration

	debugPort int // where its one environment is debugged; 0 if it is not

	mu       sync.Mutex
	all      map[*Environment]struct{} // alive and ready for the first time
	idle     []*Environment            // the one used last at the end
	line     []*ticket                 // who waits, in order
	resets   []reset                   // to be started again; the last at the end
	starting int                       // environments asked for that have not been ready yet
	begun    int                       // of starting, those whose turn has come
	retired  bool
	kept     bool // the fleet knows of it
	// returning are environments that have answered and will ask for an event
	// in a moment.
	returning atomic.Int64
	size      int64 // of an environment, lately; 0 if none has been measured
	placement
	provision
}

// Invoke runs the function once and waits for its answer. When ctx ends first,
// a request in line is taken out of it; one that the function has goes on,
// without anybody waiting. ended is called when the request is over, which then
// is later than the return.
func (p *Pool) Invoke(ctx context.Context, r Request, ended func()) (*Outcome, error) {
	now := p.fleet.Clock.Now()
	t := &ticket{Request: r, arrived: now, done: make(chan completion, 1)}
	if r.Stream != nil {
		t.relay = &relay{to: r.Stream}
	}
	p.mu.Lock()
	if e, frozen := p.takeIdle(t, now); e != nil {
		p.mu.Unlock()
		if len(r.Payload) > sentAtOnce {
			go e.deliver(t, frozen)
		} else {
			e.deliver(t, frozen)
		}
	} else {
		p.join(t, now)
		p.mu.Unlock()
	}
	select {
	case c := <-t.done:
		ended()
		return c.outcome, c.err
	case <-ctx.Done():
		if p.leave(t) {
			ended()
		} else {
			go func() {
				<-t.done
				ended()
			}()
		}
		if t.relay != nil {
			t.relay.abandon()
		}
		return nil, ctx.Err()
	}
}

// sentAtOnce is the size of an event that a connection takes without waiting for
// the runtime to read it. The sending of a larger one must not keep its invoker
// from going away.
const sentAtOnce = 64 << 10

// join puts a ticket at the end of the line.
func (p *Pool) join(t *ticket, now time.Time) {
	if len(p.line) == 0 {
		p.lined = now
	}
	p.line = append(p.line, t)
	p.keepIfUsed()
	if p.fleet.closed.Load() { // and may have emptied its lines before
		p.dismiss()
		return
	}
	p.consider()
}

// leave takes a ticket out of the line; false if it has left it.
func (p *Pool) leave(t *ticket) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.line, t)
	if i < 0 {
		return false
	}
	p.line = slices.Delete(p.line, i, i+1)
	p.keepIfUsed()
	return true
}

// dismiss sends everybody in line away, since the fleet is closed.
func (p *Pool) dismiss() {
	for t := p.next(); t != nil; t = p.next() {
		t.complete(completion{err: ErrClosed})
	}
	p.keepIfUsed()
}

// takeIdle gives a ticket to the environment that was used last, which is the
// one most likely to be warm in every sense. What is provisioned is used first.
func (p *Pool) takeIdle(t *ticket, now time.Time) (e *Environment, frozen bool) {
	for _, list := range [...]*[]*Environment{&p.ready, &p.idle} {
		for n := len(*list); n > 0; n = len(*list) {
			e := (*list)[n-1]
			(*list)[n-1] = nil
			*list = (*list)[:n-1]
			t.provisioned = e.provisioned
			if frozen, ok := e.take(t, now); ok {
				return e, frozen
			}
		}
	}
	return nil, false
}

// next returns the ticket that has waited longest.
func (p *Pool) next() *ticket {
	if len(p.line) == 0 {
		p.line = nil
		return nil
	}
	t := p.line[0]
	p.line[0] = nil
	p.line = p.line[1:]
	return t
}

// release takes an environment that is ready for an event and gives it the
// ticket at the head of the line, or puts it among the idle.
func (p *Pool) release(e *Environment, now time.Time, first bool, worked time.Duration) *ticket {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.mu.Lock()
	over := e.state.over()
	e.returned() // not earlier: until now nobody in line needs another for it
	e.mu.Unlock()
	if over {
		return nil // and removed already, or about to be
	}
	if first {
		p.all[e] = struct{}{}
		p.settle(e)
		switch {
		case e.provisioned:
			p.provisionReady()
		case !e.stem: // of which there are few: the next start may be an ordinary one
			p.sawStart(now.Sub(e.born))
		}
	} else {
		p.sawWork(worked)
	}
	if e.provisioned && p.alive > p.provision.wanted {
		p.demote(e)
	}
	if t := p.next(); t != nil {
		t.provisioned = e.provisioned
		if _, ok := e.take(t, now); ok {
			return t
		}
		p.putBack(t)
		return nil
	}
	if p.retired || p.fleet.closed.Load() {
		p.fleet.running.Go(func() { e.end(spindown) })
		return nil
	}
	if e.rest(now) {
		if e.provisioned {
			p.ready = append(p.ready, e)
		} else {
			p.idle = append(p.idle, e)
		}
		p.fleet.keeper.wake()
	}
	return nil
}

// putBack returns a ticket to the head of the line.
func (p *Pool) putBack(t *ticket) {
	p.line = slices.Insert(p.line, 0, t)
	p.consider()
}

// remove forgets an environment that is dead.
func (p *Pool) remove(e *Environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.provisioned {
		_, was := p.all[e]
		p.demote(e)
		if !was {
			p.provisionFailed("FUNCTION_ERROR_INIT_FAILURE")
		}
	}
	delete(p.all, e)
	for _, list := range [...]*[]*Environment{&p.ready, &p.idle} {
		if i := slices.Index(*list, e); i >= 0 {
			*list = slices.Delete(*list, i, i+1)
		}
	}
	p.settle(e)
	p.replenish()
	p.consider()
	p.keepIfUsed()
}

// keepIfUsed has the fleet know of the pool as long as there is anything in it.
func (p *Pool) keepIfUsed() {
	used := len(p.all) > 0 || len(p.line) > 0 || p.starting > 0 || p.alive > 0 || p.provision.wanted > 0
	if used != p.kept {
		p.kept = used
		p.fleet.remember(p, used)
	}
}

// Retire ends the pool: what is idle goes at once, what is busy or in line
// finishes first. The pool may still be invoked by those who got hold of it
// earlier.
func (p *Pool) Retire() {
	p.mu.Lock()
	p.retired = true
	p.provision.wanted = 0
	idle := slices.Concat(p.ready, p.idle)
	p.ready, p.idle, p.resets = nil, nil, nil
	p.keepIfUsed()
	p.mu.Unlock()
	if p.debugPort != 0 { // whoever stands at a breakpoint has done with the old code
		p.mu.Lock()
		idle = slices.Collect(maps.Keys(p.all))
		p.mu.Unlock()
	}
	for _, e := range idle {
		e.end(spindown)
	}
}

// Count returns how many environments the pool has, and how many of them are
// idle.
func (p *Pool) Count() (all, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all), len(p.idle) + len(p.ready)
}
