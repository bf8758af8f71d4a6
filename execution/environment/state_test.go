package environment

import "testing"

func TestOnlyLegalTransitions(t *testing.T) {
	all := []State{Starting, Initialising, Idle, Frozen, Busy, Dead}
	want := map[State]string{
		Starting: "initialising dead", Initialising: "idle busy dead", Idle: "frozen busy dead",
		Frozen: "busy dead", Busy: "idle busy dead", Dead: "",
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
