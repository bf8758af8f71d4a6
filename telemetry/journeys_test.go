package telemetry

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestJourneyIsFoundByEachOfItsIDs(t *testing.T) {
	s := NewJourneys()
	s.Record(&Journey{RequestID: "other"})
	s.Record(&Journey{RequestID: "request", ExtendedID: "extended", Invocation: "invocation", Status: 200})
	for _, id := range []string{"request", "extended", "invocation"} {
		if j, ok := s.Find(id); !ok || j.Status != 200 {
			t.Errorf("Find(%q) = %v, %v", id, j, ok)
		}
	}
	if j, ok := s.Find("unknown"); ok {
		t.Errorf("found %v", j)
	}
}

func TestJourneysKeepTheLast(t *testing.T) {
	s := NewJourneys()
	for i := range KeptJourneys + 10 {
		s.Record(&Journey{RequestID: fmt.Sprint(i)})
	}
	if _, ok := s.Find("9"); ok {
		t.Error("the tenth is still there")
	}
	if _, ok := s.Find("10"); !ok {
		t.Error("the eleventh is gone")
	}
	latest := s.Latest(3)
	if len(latest) != 3 || latest[0].RequestID != fmt.Sprint(KeptJourneys+9) {
		t.Errorf("Latest = %v", latest)
	}
	if all := s.Latest(KeptJourneys * 2); len(all) != KeptJourneys {
		t.Errorf("Latest returned %d", len(all))
	}
}

func TestRecordedJourneyIsACopy(t *testing.T) {
	s := NewJourneys()
	j := &Journey{RequestID: "a"}
	j.Add(time.Time{}, "one", Passed, nil)
	s.Record(j)
	j.RequestID = "b"
	j.Add(time.Time{}, "two", Denied, Note("late"))
	found, ok := s.Find("a")
	if !ok {
		t.Fatal("lost")
	}
	if steps, _ := found.Steps(); len(steps) != 1 {
		t.Errorf("steps = %v", steps)
	}
}

func TestJourneyCountsStepsThatItCannotHold(t *testing.T) {
	var j Journey
	for range MaxSteps + 2 {
		j.Add(time.Time{}, "step", Passed, nil)
	}
	if steps, lost := j.Steps(); len(steps) != MaxSteps || lost != 2 {
		t.Errorf("%d steps, %d lost", len(steps), lost)
	}
	var none *Journey
	none.Add(time.Time{}, "step", Passed, nil)
	if steps, lost := none.Steps(); steps != nil || lost != 0 {
		t.Error("a nil journey has steps")
	}
}

func TestJourneysBesideReaders(t *testing.T) {
	s := NewJourneys()
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			var j Journey
			for i := range KeptJourneys {
				j = Journey{RequestID: fmt.Sprint(w, "-", i)}
				j.Add(time.Time{}, "step", Passed, Note(j.RequestID))
				s.Record(&j)
			}
		})
	}
	for range 20 {
		for _, j := range s.Latest(100) {
			steps, _ := j.Steps()
			if what, _ := steps[0].Detail.Explain(); what != j.RequestID {
				t.Errorf("journey %s has the step of %s", j.RequestID, what)
			}
		}
	}
	writers.Wait()
}

func BenchmarkJourney(b *testing.B) {
	s := NewJourneys()
	var j Journey
	now := time.Now()
	for b.Loop() {
		j = Journey{RequestID: "6f9d4c82-4d9b-11e9-9895-2fd0d402e35d", Started: now}
		for range 8 {
			j.Add(now, "step", Passed, Note("a note"))
		}
		s.Record(&j)
	}
}

func TestMergedJourneysAreInTheOrderOfTime(t *testing.T) {
	began := time.Unix(1_700_000_000, 0)
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	j, other := &Journey{Started: began}, &Journey{Started: began}
	j.Add(at(1), "one", Passed, nil)
	j.Add(at(4), "four", Passed, nil)
	other.Add(at(2), "two", Passed, nil)
	other.Add(at(3), "three", Failed, nil)
	other.Add(at(5), "five", Passed, nil)
	j.Merge(other)
	(*Journey)(nil).Merge(other)
	steps, lost := j.Steps()
	var names string
	for _, s := range steps {
		names += s.Name + " "
	}
	if names != "one two three four five " || lost != 0 {
		t.Errorf("the steps are %s, %d lost", names, lost)
	}
	for range MaxSteps {
		other.Add(at(6), "more", Passed, nil)
	}
	j.Merge(other)
	if steps, lost := j.Steps(); len(steps) != MaxSteps || lost != 5+27-MaxSteps || steps[0].Name != "one" {
		t.Errorf("%d steps, %d lost, the first %s", len(steps), lost, steps[0].Name)
	}
}
