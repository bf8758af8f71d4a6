package telemetry

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// KeptJourneys is how many journeys a Journeys keeps.
const KeptJourneys = 4096

// Journeys keeps the journeys of the last requests. Recording copies a
// journey, so that its writer can use it again, and readers get copies too:
// nobody ever waits for more than one copy of one journey.
type Journeys struct {
	recorded atomic.Uint64
	kept     []keptJourney

	waiting atomic.Int32 // how many are late
	mu      sync.Mutex
	late    []lateStep // of journeys that have not been recorded yet
}

// A lateStep came when the request it is of had been answered.
type lateStep struct {
	id   string
	at   time.Time
	step Step
}

// What is late waits for its journey, but not for ever.
const (
	maxLate  = 64
	lateTime = time.Minute
)

type keptJourney struct {
	mu      sync.Mutex
	number  uint64 // counts from 1; 0 if nothing is here
	journey Journey
}

// NewJourneys returns an empty Journeys. Its memory is touched only as
// requests come.
func NewJourneys() *Journeys {
	return &Journeys{kept: make([]keptJourney, KeptJourneys)}
}

// Record keeps a copy of j in the place of the oldest. Journeys may be nil, and
// then nothing is kept.
func (s *Journeys) Record(j *Journey) {
	if s == nil || j == nil {
		return
	}
	number := s.recorded.Add(1)
	k := &s.kept[(number-1)%KeptJourneys]
	if k.keep(number, j) && s.waiting.Load() > 0 {
		s.catchUp(k, number, j)
	}
}

// keep stores a journey; false if a later one has overtaken it by a whole round.
func (k *keptJourney) keep(number uint64, j *Journey) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.number > number {
		return false
	}
	k.number = number
	k.journey = *j
	return true
}

// add appends a step to a journey that is still kept.
func (k *keptJourney) add(number uint64, l *lateStep) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.number == number {
		k.journey.Add(l.at, l.step.Name, l.step.Verdict, l.step.Detail)
	}
}

// Late adds a step to the journey of a request that has been answered, whether
// that is recorded already or will be in a moment.
func (s *Journeys) Late(id string, now time.Time, name string, v Verdict, d Detail) {
	if s == nil {
		return
	}
	l := lateStep{id, now, Step{Name: name, Verdict: v, Detail: d}}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Counted first: who records the journey from here on sees it, whom the search
	// would miss.
	s.waiting.Store(int32(len(s.late) + 1))
	if k, number := s.find(id); k != nil {
		k.add(number, &l)
	} else {
		s.late = append(s.late[max(0, len(s.late)-maxLate+1):], l)
	}
	s.waiting.Store(int32(len(s.late)))
}

// catchUp adds to a journey what has waited for it.
func (s *Journeys) catchUp(k *keptJourney, number uint64, j *Journey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = slices.DeleteFunc(s.late, func(l lateStep) bool {
		if !j.is(l.id) {
			return j.Started.Sub(l.at) > lateTime
		}
		k.add(number, &l)
		return true
	})
	s.waiting.Store(int32(len(s.late)))
}

// is reports whether a journey is that of a request, as Find knows it.
func (j *Journey) is(id string) bool {
	return j.RequestID == id || j.ExtendedID == id || j.Invocation == id
}

// find returns where the latest journey of a request is kept, and its number.
func (s *Journeys) find(id string) (found *keptJourney, number uint64) {
	for i := range s.kept {
		k := &s.kept[i]
		k.mu.Lock()
		if k.number > number && k.journey.is(id) {
			found, number = k, k.number
		}
		k.mu.Unlock()
	}
	return found, number
}

// Find returns the journey of a request by the ID that its caller was given,
// in x-amzn-RequestId or x-amz-apigw-id, or by that of the invocation it led
// to; the latest, if there are several.
func (s *Journeys) Find(id string) (*Journey, bool) {
	k, number := s.find(id)
	if k == nil {
		return nil, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.number != number {
		return nil, false // the oldest of all, and overwritten meanwhile
	}
	return new(k.journey), true
}

// Latest returns up to n of the latest journeys, the last first.
func (s *Journeys) Latest(n int) []*Journey {
	last := s.recorded.Load()
	var list []*Journey
	for number := last; number > 0 && len(list) < n && last-number < KeptJourneys; number-- {
		k := &s.kept[(number-1)%KeptJourneys]
		k.mu.Lock()
		if k.number == number {
			list = append(list, new(k.journey))
		}
		k.mu.Unlock()
	}
	return list
}
