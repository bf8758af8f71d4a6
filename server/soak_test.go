//go:build soak

package server_test

import (
	"fmt"
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
	coldStarts(t, p, 1000)
	var before holding
	eventually(t, 20*time.Second, func() error {
		// Two stem cells, each of an interpreter and its init.
		if before = p.holds(t); before.tasks != 4 {
			return fmt.Errorf("%d processes, and not those in stock", before.tasks)
		}
		return nil
	})
	var half int64
	for round := 2; round <= 10; round++ {
		coldStarts(t, p, 1000)
		settled(t, p, before)
		memory := p.anonymousMemory(t)
		t.Logf("after %d000: %+v, %d MB", round, p.holds(t), memory>>20)
		if round == 5 {
			half = memory
		}
	}
	// Caches have filled by then.
	if now := p.anonymousMemory(t); now > half+24<<20 {
		t.Errorf("the server takes %d MB, and took %d after half as many functions", now>>20, half>>20)
	}
	p.stop(t)
}
