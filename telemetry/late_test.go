package telemetry

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// What happens after the answer is a step of the journey, whether that has been
// recorded already or not.
func TestLateStep(t *testing.T) {
	began := time.Unix(1700000000, 0)
	s := NewJourneys()
	s.Late("later", began.Add(time.Second), "two", Failed, Note("why"))
	for _, id := range []string{"earlier", "other", "later"} {
		j := &Journey{RequestID: "r-" + id, Invocation: id, Started: began}
		j.Add(began, "one", Passed, nil)
		s.Record(j)
	}
	s.Late("earlier", began.Add(time.Second), "two", Failed, Note("why"))
	for id, want := range map[string]int{"earlier": 2, "other": 1, "later": 2} {
		j, _ := s.Find(id)
		steps, _ := j.Steps()
		if len(steps) != want || want == 2 && (steps[1].Name != "two" || steps[1].Verdict != Failed || steps[1].At != time.Second) {
			t.Errorf("%s has %+v", id, steps)
		}
	}
	if s.waiting.Load() != 0 {
		t.Error("something still waits")
	}
	var none *Journeys
	none.Late("x", began, "two", Failed, nil)
}

// Steps whose journeys never come do not pile up, nor wait for ever.
func TestLateStepsWithoutJourneys(t *testing.T) {
	began := time.Unix(1700000000, 0)
	s := NewJourneys()
	for i := range 3 * maxLate {
		s.Late(fmt.Sprint(i), began, "x", Failed, nil)
	}
	if n := s.waiting.Load(); n != maxLate {
		t.Errorf("%d wait", n)
	}
	s.Record(&Journey{RequestID: "a", Started: began.Add(lateTime + 1)})
	if n := s.waiting.Load(); n != 0 {
		t.Errorf("%d wait after their time", n)
	}
}

// However the two meet, the step is there, once.
func TestLateStepsMeetTheirJourneys(t *testing.T) {
	s := NewJourneys()
	var both sync.WaitGroup
	for round := range 10 {
		for i := range maxLate / 2 {
			id := fmt.Sprint(round, i)
			both.Go(func() { s.Record(&Journey{RequestID: id}) })
			both.Go(func() { s.Late(id, time.Time{}, "late", Failed, nil) })
		}
		both.Wait()
		for i := range maxLate / 2 {
			j, _ := s.Find(fmt.Sprint(round, i))
			if steps, _ := j.Steps(); len(steps) != 1 {
				t.Fatalf("%d %d has %d late steps", round, i, len(steps))
			}
		}
	}
}
