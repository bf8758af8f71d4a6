package destination

import (
	"errors"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/telemetry"
)

// A refusal is why a record cannot be delivered, whatever happens next.
type refusal struct {
	what, mend string
	denied     bool // by the role's policies
}

func (r *refusal) Error() string { return r.what }

// undelivered tells that a record is dropped.
func (s *Service) undelivered(d *delivery, err error, now time.Time) {
	u := &undelivered{target: d.Target, deadLetter: d.DeadLetter != nil}
	verdict := telemetry.Failed
	if r, ok := errors.AsType[*refusal](err); ok {
		u.what, u.mend = r.what, r.mend
		if r.denied {
			verdict = telemetry.Denied
		}
	} else if f := aws.AsFault(err); f != nil {
		u.what = "it answered " + f.Code + ": " + f.Message
	} else {
		u.what = "it did not answer for an hour: " + err.Error()
	}
	what, mend := u.Explain()
	s.Log.Error("an asynchronous invocation's end was not delivered", "function", d.Function.ARN(), "request", d.RequestID, "why", what, "mend", mend)
	if s.Journeys == nil {
		return
	}
	j, ok := s.Journeys.Find(d.RequestID) // what has been told of it so far
	if !ok {
		j = &telemetry.Journey{
			RequestID: d.RequestID, Invocation: d.RequestID, Function: d.Function.ARN(), Account: d.Function.Account, Region: d.Function.Region, Started: now,
		}
	}
	j.Add(now, "destination", verdict, u)
	s.Journeys.Record(j)
}

// undelivered is a record that was dropped.
type undelivered struct {
	target     string
	deadLetter bool
	what, mend string
}

// Explain implements telemetry.Detail.
func (u *undelivered) Explain() (what, mend string) {
	sent := "the record of the invocation"
	if u.deadLetter {
		sent = "the event"
	}
	return sent + " did not reach " + u.target + " and is dropped: " + u.what, u.mend
}
