package environment

import (
	"math"
	"time"
)

// placement decides whether those in line wait for an environment to be freed,
// or for a new one. All of it is guarded by the pool.
type placement struct {
	work  time.Duration // that an invocation takes, lately; 0 if none has ended
	start time.Duration // that a start takes, lately
	alarm bool          // overdue is due
}

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

// consider starts as many environments as the line is worth. Whoever is in line
// takes what comes first in any case.
func (p *Pool) consider() {
	// Whatever is decided now, nobody waits for longer than a start takes
	// without one being made.
	missing := p.waiting - p.starting - int(p.returning.Load())
	if p.waiting > p.starting && !p.alarm && !p.fleet.closed.Load() {
		p.alarm = true
		p.fleet.Clock.AfterFunc(p.patience(), p.overdue)
	}
	if missing <= 0 || p.fleet.closed.Load() {
		return
	}
	if p.work > 0 && len(p.all) > 0 {
		// So many environments would bring the last in line to its turn within
		// the time of a start.
		worth := int(math.Ceil(float64(p.work) * float64(p.waiting) / float64(p.patience())))
		missing = min(missing, worth-len(p.all)-p.starting)
	}
	for range missing {
		p.starting++
		p.fleet.launch(p)
	}
}

// overdue starts environments for those whose wait has become longer than a
// start, whatever the estimate said.
func (p *Pool) overdue() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alarm = false
	if p.fleet.closed.Load() {
		return
	}
	now := p.fleet.Clock.Now()
	late := 0
	for _, t := range p.line {
		if now.Sub(t.arrived) < p.patience() {
			break
		}
		if !t.gone {
			late++
		}
	}
	for range late - p.starting {
		p.starting++
		p.fleet.launch(p)
	}
	if p.waiting > p.starting {
		p.alarm = true
		p.fleet.Clock.AfterFunc(p.patience(), p.overdue)
	}
}
