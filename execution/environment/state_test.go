package environment

import "testing"

func TestOnlyLegalTransitions(t *testing.T) {
	all := []State{Starting, Initialising, Idle, Frozen, Busy, Settling, ShuttingDown, Dead}
	want := map[State]string{
		Starting: "initialising dead", Initialising: "idle busy shutting down dead", Idle: "frozen busy shutting down dead",
		Frozen: "busy shutting down dead", Busy: "idle busy settling shutting down dead", Settling: "idle busy shutting down dead",
		ShuttingDown: "dead", Dead: "",
	}
	for _, from := range all {
		got := ""
		for _, to := range all {
			next, err := from.next(to)
			if (err == nil) != (next == to) && from != to {
				t.Errorf("%s to %s: %s, %v", from, to, next, err)
			}
			if err == nil {
				if got != "" {
					got += " "
				}
				got += to.String()
			}
		}
		if got != want[from] {
			t.Errorf("from %s: %q, not %q", from, got, want[from])
		}
	}
}
