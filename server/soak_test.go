//go:build soak

package server_test

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// long is how long a long test takes: SOAK_MINUTES, ten unless told otherwise.
func long(t *testing.T) time.Duration {
	minutes := 10
	if s := os.Getenv("SOAK_MINUTES"); s != "" {
		var err error
		if minutes, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	return time.Duration(minutes) * time.Minute
}

// TestKilledServerLosesNothingForLong is TestKilledServerLosesNothing for
// long.
func TestKilledServerLosesNothingForLong(t *testing.T) { testKills(t, long(t)) }

// TestKilledEnvironmentsLoseNothingForLong is TestKilledEnvironmentsLoseNothing
// for long.
func TestKilledEnvironmentsLoseNothingForLong(t *testing.T) { testLoad(t, long(t), 2) }

// TestFunctionsLeaveNothingForLong starts ten thousand environments on one
// server, and some on one that has a network for them.
func TestFunctionsLeaveNothingForLong(t *testing.T) {
	t.Run("beside stem cells", func(t *testing.T) { leavesNothing(t, 10_000) })
	t.Run("without stem cells", func(t *testing.T) { leavesNothing(t, 2_000, "--warm", "0") })
	t.Run("with a way out", func(t *testing.T) { leavesNothing(t, 2_000, "--network", "egress") })
}
