package telemetry

import (
	"sync"
	"sync/atomic"
)

// KeptJourneys is how many journeys a Journeys keeps.
const KeptJourneys = 4096

// Journeys keeps the journeys of the last requests. Recording copies a
// journey, so that its writer can use it again, and readers get copies too:
// nobody ever waits for more than one copy of one journey.
type Journeys struct {
	recorded atomic.Uint64
	kept     []keptJourney
}

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
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.number > number {
		return // a later request has overtaken this one by a whole round
	}
	k.number = number
	k.journey = *j
}

// Find returns the journey of a request by the ID that its caller was given,
// in x-amzn-RequestId or x-amz-apigw-id, or by that of the invocation it led
// to; the latest, if there are several.
func (s *Journeys) Find(id string) (*Journey, bool) {
	var found *Journey
	var latest uint64
	for i := range s.kept {
		k := &s.kept[i]
		k.mu.Lock()
		j := &k.journey
		if k.number > latest && (j.RequestID == id || j.ExtendedID == id || j.Invocation == id) {
			found, latest = new(*j), k.number
		}
		k.mu.Unlock()
	}
	return found, found != nil
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
