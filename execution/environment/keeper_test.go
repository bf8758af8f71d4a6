package environment

import (
	"testing"
	"time"
)

// Whoever wakes the keeper amid one of its rounds sets the one next alarm that
// there is: rounds must not multiply.
func TestKeeperHasOneAlarm(t *testing.T) {
	p, d, clock := newPool(t)
	warm(t, p, d, clock, time.Millisecond, time.Millisecond)
	k := &p.fleet.keeper
	waiting := func() int {
		k.mu.Lock()
		defer k.mu.Unlock()
		return clock.Waiting()
	}
	k.mu.Lock()
	if k.alarm != nil {
		k.alarm()
	}
	k.set(lookSeldom)
	k.mu.Unlock()
	before := waiting()
	p.fleet.mu.Lock() // where a round comes by
	clock.Advance(lookSeldom)
	until(t, func() bool { return waiting() < before })
	k.wake()
	p.fleet.mu.Unlock()
	rounds := func() int {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.round
	}
	for range 20 {
		r := rounds()
		clock.Advance(lookEvery)
		until(t, func() bool { return rounds() > r && waiting() >= before })
	}
	if n := waiting(); n > before {
		t.Errorf("%d alarms, not %d", n, before)
	}
}
