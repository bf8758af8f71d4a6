package invoke

import (
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lamgate/lamgate/aws"
)

func enter(t *testing.T, f *limit, version string, reason string) func() {
	t.Helper()
	leave, err := f.enter(version, manualClock())
	got := ""
	if err != nil {
		got = aws.AsFault(err).Members["Reason"]
	}
	if got != reason {
		t.Fatalf("entering was refused for %q, want %q", got, reason)
	}
	return leave
}

const (
	accountFull  = "ConcurrentInvocationLimitExceeded"
	reservedFull = "ReservedFunctionConcurrentInvocationLimitExceeded"
)

func TestAccountConcurrencyIsALimit(t *testing.T) {
	l := limits{account: 3}
	a, b, reserved := l.of("1", "r"), l.of("1", "r"), l.of("1", "r")
	reserved.reserve(new(1), nil)
	leave := enter(t, a, "1", "")
	enter(t, b, "1", "")
	enter(t, a, "1", accountFull)
	enter(t, reserved, "1", "")
	enter(t, reserved, "1", reservedFull)
	enter(t, l.of("1", "other"), "1", "")
	leave()
	enter(t, b, "1", "")
	// Giving up a reservation while it is used moves what is under way.
	reserved.reserve(nil, nil)
	if reserved.area.inFlight != 3 {
		t.Errorf("%d in flight", reserved.area.inFlight)
	}
}

// Provisioned concurrency is taken from the account whether it is used or not,
// and is used first.
func TestProvisionedConcurrencySpillsOver(t *testing.T) {
	l := limits{account: 4}
	a, b := l.of("1", "r"), l.of("1", "r")
	a.reserve(nil, map[string]int{"1": 2})
	enter(t, b, "1", "")
	enter(t, b, "1", "")
	enter(t, b, "1", accountFull) // two are held
	first := enter(t, a, "1", "")
	enter(t, a, "1", "")
	enter(t, a, "1", accountFull) // no room to spill over
	enter(t, a, "2", accountFull) // what is provisioned is of version 1
	first()
	// What is busy is held until it is free, though nothing is wanted any more.
	a.reserve(nil, nil)
	enter(t, b, "1", "")
	enter(t, b, "1", accountFull)
}

func TestProvisionedConcurrencyIsOfWhatIsReserved(t *testing.T) {
	l := limits{account: 10}
	f := l.of("1", "r")
	f.reserve(new(3), map[string]int{"1": 2})
	enter(t, f, "2", "")
	enter(t, f, "2", reservedFull)
	enter(t, f, "1", "")
	leave := enter(t, f, "1", "")
	enter(t, f, "1", reservedFull)
	leave()
	enter(t, f, "1", "")
	if a := f.area; a.reserved != 3 || a.held != 0 || a.inFlight != 0 {
		t.Errorf("area = %+v", a)
	}
}

// AWS: what is reserved may be used ten times a second.
func TestReservedConcurrencyLimitsTheRate(t *testing.T) {
	l, clock := limits{account: 10}, manualClock()
	f := l.of("1", "r")
	f.reserve(new(2), nil)
	run := func(n int) (ran int) {
		for range n {
			leave, err := f.enter("1", clock)
			if err != nil {
				if r := aws.AsFault(err).Members["Reason"]; r != "ReservedFunctionInvocationRateLimitExceeded" {
					t.Fatal(r)
				}
				continue
			}
			ran++
			leave()
		}
		return ran
	}
	if n := run(30); n != 20 {
		t.Errorf("%d of 30 at once", n)
	}
	clock.Advance(100 * time.Millisecond)
	if n := run(30); n != 2 {
		t.Errorf("%d in a tenth of a second", n)
	}
	clock.Advance(time.Hour)
	if n := run(30); n != 20 {
		t.Errorf("%d after a pause", n)
	}
}

// Whatever comes and goes, whatever is reserved and provisioned meanwhile: what
// is counted is what is there, and nobody enters beyond a limit.
func TestLimitsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const account = 20
		l, clock := limits{account: account}, manualClock()
		type member struct {
			*limit
			reserved int
			wanted   map[string]int
		}
		functions := make([]*member, 3)
		for i := range functions {
			functions[i] = &member{limit: l.of("1", "r"), reserved: -1}
		}
		type run struct {
			of    *member
			leave func()
		}
		var runs []run
		underWay := func(m *member) (n int) {
			for _, r := range runs {
				if r.of == m {
					n++
				}
			}
			return n
		}
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(t *rapid.T) {
				m := functions[rapid.IntRange(0, 2).Draw(t, "function")]
				clock.Advance(time.Second)
				leave, err := m.enter(strconv.Itoa(rapid.IntRange(1, 2).Draw(t, "version")), clock)
				if err != nil {
					return
				}
				runs = append(runs, run{m, leave})
				// A limit that was lowered below what is under way lets nobody in.
				if m.reserved >= 0 && underWay(m) > m.reserved {
					t.Fatalf("%d under way of %d reserved", underWay(m), m.reserved)
				}
			},
			"leave": func(t *rapid.T) {
				if len(runs) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(runs)-1).Draw(t, "run")
				runs[i].leave()
				runs = append(runs[:i], runs[i+1:]...)
			},
			"configure": func(t *rapid.T) {
				m := functions[rapid.IntRange(0, 2).Draw(t, "function")]
				// As the control plane allows: of the account's, and provisioned
				// within what is reserved. What is busy may still exceed it.
				m.reserved = rapid.IntRange(-1, 6).Draw(t, "reserved")
				rest := 6
				var reserved *int
				if m.reserved >= 0 {
					reserved, rest = &m.reserved, m.reserved
				}
				m.wanted = map[string]int{}
				for _, v := range []string{"1", "2"} {
					n := rapid.IntRange(0, rest).Draw(t, "provisioned")
					m.wanted[v], rest = n, rest-n
				}
				m.limit.reserve(reserved, m.wanted)
			},
			"": func(t *rapid.T) {
				a := functions[0].area
				reserved, held, free, all := 0, 0, 0, 0
				for _, m := range functions {
					busy, mine := 0, 0
					for _, s := range m.shares {
						if s.busy < 0 {
							t.Fatalf("%d busy", s.busy)
						}
						busy += s.busy
						mine += s.held()
					}
					if m.inFlight < 0 || m.inFlight+busy != underWay(m) || m.held != mine {
						t.Fatalf("in flight %d, busy %d, held %d; under way %d, held %d", m.inFlight, busy, m.held, underWay(m), mine)
					}
					all += underWay(m)
					if m.reserved >= 0 {
						reserved += m.reserved
					} else {
						held += m.held
						free += m.inFlight
					}
				}
				if a.reserved != reserved || a.held != held || a.inFlight != free {
					t.Fatalf("area %+v; reserved %d, held %d, in flight %d", a, reserved, held, free)
				}
				if all > account+18 { // what lowered reservations have left running
					t.Fatalf("%d under way", all)
				}
			},
		})
	})
}
