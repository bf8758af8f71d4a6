package environment

import (
	"math"
	"time"
)

// placement decides whether those in line wait for an environment to be freed,
// or for a new one. All of it is guarded by the pool.
type placement struct {
	work   time.Duration // that an invocation takes, lately; 0 if none has ended
	start  time.Duration // that a start takes, lately
	alarm  bool          // overdue is due
	forced int           // of those starting, how many are so because of a lasting line
	lined  time.Time     // since when there has always been somebody in line
}

// sustained is how long a line may last before it is taken for lasting load
// rather than a burst. Then waiting is no longer the cheaper choice, for the
// next ones will wait as well, and one more environment is tried, as long as
// the host has processors to spare: where it has not, more of them only take
// each other's time.
const sustained = 200 * time.Millisecond

// usualStart is how long a start is taken to last before one has been seen.
const usualStart = 50 * time.Millisecond

// sawWork notes how long an invocation kept its environment.
func (s *placement) sawWork(d time.Duration) {
	d = max(d, 1)
	if s.work == 0 {
		s.work = d
	}
	s.work += (d - s.work) / 8
}

func (s *placement) sawStart(d time.Duration) {
	if s.start == 0 {
		s.start = d
	}
	s.start += (d - s.start) / 4
}

// patience is how long it is worth waiting for an environment to be freed: as
// long as a start would take.
func (s *placement) patience() time.Duration {
	if s.start == 0 {
		return usualStart
	}
	return max(s.start, 5*time.Millisecond)
}

// wanted is how many more environments the line is worth.
func (p *Pool) wanted() int {
	missing := len(p.line) - int(p.returning.Load())
	if p.work > 0 && len(p.all) > 0 {
		// So many would bring the last in line to its turn within the time of a
		// start.
		worth := int(math.Ceil(float64(p.work) * float64(len(p.line)) / float64(p.patience())))
		missing = min(missing, worth-len(p.all))
	}
	return missing
}

// late is how many have been in line for longer than a start takes: each of them
// gets an environment, whatever the estimate says.
func (p *Pool) late() (n int) {
	now := p.fleet.Clock.Now()
	for _, t := range p.line {
		if now.Sub(t.arrived) < p.patience() {
			break
		}
		n++
	}
	return n
}

// consider starts as many environments as the line is worth. Whoever is in line
// takes what comes first in any case.
func (p *Pool) consider() {
	if len(p.line) == 0 || p.fleet.closed.Load() {
		return
	}
	p.launch(p.wanted() - p.starting)
	p.watch()
}

// watch sets the alarm if there are some in line for whom nothing is started.
func (p *Pool) watch() {
	if len(p.line) > p.starting && !p.alarm && !p.fleet.closed.Load() {
		p.alarm = true
		p.fleet.Clock.AfterFunc(p.patience(), p.overdue)
	}
}

// overdue is the alarm of those in line.
func (p *Pool) overdue() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alarm = false
	if !p.fleet.closed.Load() {
		p.launch(p.late() - p.starting)
		p.grow()
	}
	p.consider()
}

// grow adds to the environments of a line that lasts.
func (p *Pool) grow() {
	now := p.fleet.Clock.Now()
	if len(p.line) <= p.starting || now.Sub(p.lined) < sustained {
		return
	}
	p.lined = now // what is added shows its effect first
	if p.fleet.spare() {
		n := min(len(p.line)-p.starting, 1+len(p.all)/4)
		p.forced += n
		p.launch(n)
	}
}

func (p *Pool) launch(n int) {
	if p.debugPort != 0 {
		n = min(n, 1-len(p.all)-p.starting)
	}
	for range n {
		p.starting++
		p.fleet.launch(p)
	}
}

// begin is the turn of a start. It reports whether there is still need for it:
// much may have changed since it was asked for.
func (p *Pool) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.forced > 0 && len(p.line) > 0 && !p.fleet.closed.Load() {
		p.forced--
		p.begun++
		return true
	}
	wanted := max(p.wanted(), p.late())
	if p.debugPort != 0 {
		wanted = max(wanted, 1-len(p.all)) // it awaits its debugger
	}
	if p.fleet.closed.Load() || wanted <= p.begun {
		p.starting--
		p.watch()
		p.keepIfUsed()
		return false
	}
	p.begun++
	return true
}

// settle takes an environment out of those that are starting, as it is ready or
// has failed.
func (p *Pool) settle(e *Environment) {
	if e.counted {
		e.counted = false
		p.starting--
		p.begun--
	}
}
