//go:build soak

package server_test

import (
	"testing"
	"time"
)

// TestKilledServerLosesNothingForLong is TestKilledServerLosesNothing for ten
// minutes.
func TestKilledServerLosesNothingForLong(t *testing.T) { testKills(t, 10*time.Minute) }

// TestColdStartsForLong starts ten thousand environments on one server.
func TestColdStartsForLong(t *testing.T) {
	home := newSite(t)
	p := home.start(t)
	p.createTestRole(t)
	coldStarts(t, p, 500)
	before, memory := p.holds(t), p.anonymousMemory(t)
	for range 10 {
		coldStarts(t, p, 1000)
		settled(t, p, before)
		t.Logf("%+v, %d MB", p.holds(t), p.anonymousMemory(t)>>20)
	}
	if now := p.anonymousMemory(t); now > 2*memory+32<<20 {
		t.Errorf("the server takes %d MB, and took %d", now>>20, memory>>20)
	}
	p.stop(t)
}
