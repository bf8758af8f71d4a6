package environment

import (
	"context"
	"errors"
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
}

// A ticket is a request on its way: in line, or with an environment.
type ticket struct {
	Request
	arrived  time.Time
	assigned time.Time // when an environment took it, or began to start for it alone
	deadline time.Time
	gone     bool // given up while in line; guarded by the pool
	inLine   bool // guarded by the pool
	done     chan completion
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

	mu       sync.Mutex
	all      map[*Environment]struct{} // alive and ready for the first time
	idle     []*Environment            // the one used last at the end
	line     []*ticket                 // who waits, in order; may hold some that have gone
	waiting  int                       // of line, those that have not gone
	starting int                       // environments asked for that have not been ready yet
	begun    int                       // of starting, those whose turn has come
	retired  bool
	kept     bool // the fleet knows of it
	// returning are environments that have answered and will ask for an event
	// in a moment.
	returning atomic.Int64
	placement
}

// Invoke runs the function once and waits for its answer. When ctx ends first,
// a request in line is taken out of it; one that the function has goes on,
// without anybody waiting.
func (p *Pool) Invoke(ctx context.Context, r Request) (*Outcome, error) {
	now := p.fleet.Clock.Now()
	t := &ticket{Request: r, arrived: now, done: make(chan completion, 1)}
	p.mu.Lock()
	if p.fleet.closed.Load() {
		p.mu.Unlock()
		return nil, ErrClosed
	}
	if e, frozen := p.takeIdle(t, now); e != nil {
		p.mu.Unlock()
		e.deliver(t, frozen)
	} else {
		if p.waiting == 0 {
			p.lined = now
		}
		t.inLine = true
		p.line = append(p.line, t)
		p.waiting++
		p.keepIfUsed()
		p.consider()
		p.mu.Unlock()
	}
	select {
	case c := <-t.done:
		return c.outcome, c.err
	case <-ctx.Done():
		p.mu.Lock()
		if t.inLine && !t.gone {
			t.gone = true
			p.waiting--
		}
		p.mu.Unlock()
		return nil, ctx.Err()
	}
}

// takeIdle gives a ticket to the environment that was used last, which is the
// one most likely to be warm in every sense.
func (p *Pool) takeIdle(t *ticket, now time.Time) (e *Environment, frozen bool) {
	for n := len(p.idle); n > 0; n = len(p.idle) {
		e := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		if frozen, ok := e.take(t, now); ok {
			return e, frozen
		}
	}
	return nil, false
}

// next returns the ticket that has waited longest.
func (p *Pool) next() *ticket {
	for len(p.line) > 0 {
		t := p.line[0]
		p.line[0] = nil
		p.line = p.line[1:]
		if !t.gone {
			t.inLine = false
			p.waiting--
			return t
		}
	}
	p.line = nil
	return nil
}

// release takes an environment that is ready for an event and gives it the
// ticket at the head of the line, or puts it among the idle.
func (p *Pool) release(e *Environment, now time.Time, first bool, worked time.Duration) *ticket {
	p.mu.Lock()
	defer p.mu.Unlock()
	if first {
		p.all[e] = struct{}{}
		p.settle(e)
		p.sawStart(now.Sub(e.born))
	} else {
		p.sawWork(worked)
	}
	if t := p.next(); t != nil {
		if _, ok := e.take(t, now); ok {
			return t
		}
		p.putBack(t)
		return nil
	}
	if p.retired || p.fleet.closed.Load() {
		go e.end()
		return nil
	}
	if e.rest(now) {
		p.idle = append(p.idle, e)
		p.fleet.keeper.wake()
	}
	return nil
}

// putBack returns a ticket to the head of the line.
func (p *Pool) putBack(t *ticket) {
	t.inLine = true
	p.line = slices.Insert(p.line, 0, t)
	p.waiting++
	p.consider()
}

// remove forgets an environment that is dead.
func (p *Pool) remove(e *Environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, e)
	if i := slices.Index(p.idle, e); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	p.settle(e)
	p.consider()
	p.keepIfUsed()
}

// keepIfUsed has the fleet know of the pool as long as there is anything in it.
func (p *Pool) keepIfUsed() {
	used := len(p.all) > 0 || p.waiting > 0 || p.starting > 0
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
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, e := range idle {
		e.end()
	}
}

// Count returns how many environments the pool has, and how many of them are
// idle.
func (p *Pool) Count() (all, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all), len(p.idle)
}
