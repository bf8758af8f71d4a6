package environment

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
)

type sink struct {
	mu     sync.Mutex
	events []state.LogEvent
	full   bool
}

func (s *sink) Append(_, _, _, _ string, events []state.LogEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		return state.ErrNoSpace
	}
	s.events = append(s.events, events...)
	return nil
}

func newRecord(carriage bool) (*record, *sink, *aws.ManualClock) {
	s, clock := &sink{}, aws.NewManualClock(time.Unix(1700000000, 0))
	return &record{sink: s, clock: clock, carriage: carriage, budget: outputBurst, filled: clock.Now(), failed: func(error) {}}, s, clock
}

func TestOutputIsCutIntoEvents(t *testing.T) {
	long := strings.Repeat("x", maxEvent)
	for _, c := range []struct {
		name     string
		carriage bool
		writes   []string
		want     []string
	}{
		{"lines", false, []string{"a\nb\n"}, []string{"a\n", "b\n"}},
		{"parts of a line", false, []string{"a", "b", "c\nd"}, []string{"abc\n", "d\n"}},
		{"empty lines", false, []string{"\n\na\n"}, []string{"\n", "\n", "a\n"}},
		{"carriage returns of clients", true, []string{"a\rb\rc\nd\r\n"}, []string{"a\nb\nc\n", "d\n"}},
		{"carriage returns of others", false, []string{"a\rb\n"}, []string{"a\rb\n"}},
		{"long line", false, []string{long, "y\n"}, []string{long, "y\n"}},
		{"line of two megabytes", false, []string{strings.Repeat("x", 2_000_000) + "\n"},
			append(slices.Repeat([]string{long}, 7), strings.Repeat("x", 2_000_000-7*maxEvent)+"\n")},
		{"long line in parts", false, []string{long[:100], long, "\n"}, []string{long, long[:100] + "\n"}},
	} {
		r, s, clock := newRecord(c.carriage)
		for _, w := range c.writes {
			r.take(&r.own, []byte(w))
		}
		r.endLine(clock.Now())
		r.flush(false)
		var got []string
		for _, e := range s.events {
			got = append(got, e.Message)
		}
		if strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%s: %d events %.300q", c.name, len(got), got)
		}
	}
}

func TestOutputBeyondTheBudgetIsDropped(t *testing.T) {
	r, s, clock := newRecord(false)
	line := []byte(strings.Repeat("x", 1023) + "\n")
	for range 40 << 10 {
		r.take(&r.own, line)
	}
	clock.Advance(time.Second) // there is room for some more again
	r.take(&r.own, []byte("later\n"))
	r.flush(false)
	size := 0
	for _, e := range s.events {
		size += len(e.Message)
	}
	if size > outputBurst+outputRate {
		t.Errorf("%d bytes were kept", size)
	}
	last := s.events[len(s.events)-2:]
	if !strings.Contains(last[0].Message, "bytes of output were dropped here") || last[1].Message != "later\n" {
		t.Errorf("the last events are %q", last)
	}
}

func TestTailIsTheLastFourKilobytes(t *testing.T) {
	r, _, _ := newRecord(false)
	r.tailing = true
	for range 1000 {
		r.take(&r.own, []byte("0123456789\n"))
	}
	tail := r.takeTail()
	if len(tail) != tailSize || !strings.HasSuffix(string(tail), "\n0123456789\n") {
		t.Errorf("%d bytes, ending in %q", len(tail), tail[len(tail)-20:])
	}
}

// What the sink does not take for a while is kept, but not without bound.
func TestLinesWaitForTheSink(t *testing.T) {
	r, s, _ := newRecord(false)
	lost := 0
	r.failed = func(error) { lost++ }
	s.full = true
	r.take(&r.own, []byte("a\n"))
	r.flush(false)
	s.full = false
	r.take(&r.own, []byte("b\n"))
	r.flush(false)
	if len(s.events) != 2 || s.events[0].Message != "a\n" || lost != 0 {
		t.Errorf("%d losses; the sink has %+v", lost, s.events)
	}
	s.full = true
	most := 0
	for range 100 {
		r.take(&r.own, []byte(strings.Repeat("x", 100_000)+"\n"))
		most = max(most, r.size)
	}
	if lost == 0 || most > maxHeld {
		t.Errorf("%d losses, and %d bytes held", lost, most)
	}
	r.take(&r.own, []byte("last\n"))
	before := lost
	r.flush(true)
	if lost == before || len(r.held) != 0 {
		t.Error("what is lost in the end is not told")
	}
}
