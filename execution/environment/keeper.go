package environment

import (
	"bufio"
	"bytes"
	"cmp"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The keeper looks after environments that nobody uses: it freezes them,
// retires them, and gives their logs to the sink. It looks around only while
// there are environments, and a busy one never waits for it.
type keeper struct {
	fleet *Fleet

	mu      sync.Mutex
	alarm   func() bool
	seldom  bool // the alarm is far off
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
		k.alarm = k.fleet.Clock.AfterFunc(d, k.look)
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
func (k *keeper) look() {
	f := k.fleet
	k.mu.Lock()
	if k.stopped {
		k.mu.Unlock()
		return
	}
	k.round++
	scarce := k.round%memoryEvery == 0 && memoryIsScarce()
	k.mu.Unlock()

	f.mu.Lock()
	pools := make([]*Pool, 0, len(f.pools))
	for p := range f.pools {
		pools = append(pools, p)
	}
	alive := make([]*Environment, 0, len(f.alive))
	for e := range f.alive {
		alive = append(alive, e)
	}
	f.mu.Unlock()

	now := f.Clock.Now()
	awake := false
	var idle []*Environment
	for _, p := range pools {
		stillIdle, old, pending := p.keep(now)
		for _, e := range old {
			e.end()
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
		retireOldest(idle)
	}
	f.Packages.Collect(keepCode)
	k.mu.Lock()
	switch {
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
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = slices.DeleteFunc(p.idle, func(e *Environment) bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		rested := now.Sub(e.idle)
		switch {
		case rested >= f.RetireAfter:
			old = append(old, e)
			return true
		case e.state == Idle && f.FreezeAfter >= 0 && rested >= f.FreezeAfter:
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
		case e.state == Idle:
			pending = true
		}
		idle = append(idle, e)
		return false
	})
	return idle, old, pending
}

// retireOldest ends the half of the idle that has rested longest.
func retireOldest(idle []*Environment) {
	slices.SortFunc(idle, func(a, b *Environment) int { return cmp.Compare(a.rested(), b.rested()) })
	for _, e := range idle[:(len(idle)+1)/2] {
		p := e.pool
		p.mu.Lock()
		i := slices.Index(p.idle, e)
		if i >= 0 {
			p.idle = slices.Delete(p.idle, i, i+1)
		}
		p.mu.Unlock()
		if i >= 0 {
			e.end()
		}
	}
}

func (e *Environment) rested() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.idle.UnixNano()
}

// memoryIsScarce tells whether the host has less than a sixteenth of its memory
// left.
func memoryIsScarce() bool {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return false
	}
	var total, available int64
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		fields := bytes.Fields(lines.Bytes())
		if len(fields) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(string(fields[1]), 10, 64)
		switch string(fields[0]) {
		case "MemTotal:":
			total = n
		case "MemAvailable:":
			available = n
		}
	}
	return total > 0 && available < total/16
}
