package invoke

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// A treatment is what a function says of its asynchronous invocations, and what
// is known of one of them.
type treatment struct {
	config     execution.EventInvoke
	retries    int
	age        time.Duration
	zero       bool // no concurrency is reserved for the function
	deadLetter string
	role       string

	journey *telemetry.Journey
	trace   string // that the function was given
}

// treatment is how an invocation is treated now: what is configured later holds
// for what is queued already.
//
// AWS: each version and alias has a configuration of its own, and none but that
// which was invoked counts.
func (s *Service) treatment(ref execution.FunctionRef) treatment {
	t := treatment{retries: defaultRetries, age: defaultAge}
	f, ok := s.functions.find(ref)
	if !ok {
		return t
	}
	qualifier := ref.Qualifier
	if qualifier == "" {
		qualifier = execution.Latest
	}
	t.config = f.doc.EventInvoke[qualifier]
	if t.config.MaxRetries != nil {
		t.retries = *t.config.MaxRetries
	}
	if t.config.MaxAge != nil {
		t.age = *t.config.MaxAge
	}
	t.zero = f.doc.ReservedConcurrency != nil && *f.doc.ReservedConcurrency == 0
	c, ok := f.doc.Resolve(ref.Qualifier, 1)
	if !ok {
		c = &f.doc.Latest // its version is gone
	}
	t.ran(c)
	return t
}

// ran notes which version it is. Each has its own role and dead-letter queue.
func (t *treatment) ran(c *execution.Configuration) {
	if c != nil {
		t.deadLetter, t.role = c.DeadLetterTarget, c.Role
	}
}

// journey returns the journey of an attempt, which continues that of the one
// before; nil if none are kept.
func (s *Service) journey(e *event, now time.Time, delivered int) *telemetry.Journey {
	if s.Journeys == nil {
		return nil
	}
	if e.Attempts > 0 || delivered > 1 {
		if j, ok := s.Journeys.Find(e.RequestID); ok {
			return j
		}
	}
	return &telemetry.Journey{
		RequestID: e.RequestID, Invocation: e.RequestID, Function: e.Function.ARN(), Account: e.Function.Account, Region: e.Function.Region, Started: now,
	}
}

// arrived notes what Invoke would have answered.
func (t *treatment) arrived(now time.Time, err error) {
	if t.journey == nil {
		return
	}
	t.journey.Took, t.journey.Status = now.Sub(t.journey.Started), http.StatusOK
	if f := aws.AsFault(err); f != nil {
		t.journey.Status = f.Status
	} else if err != nil {
		t.journey.Status = http.StatusInternalServerError
	}
}

// over is the end of an event: who is to know of it is told, then its message is
// removed. A crash between the two tells twice, never not at all.
func (s *Service) over(ctx context.Context, e *event, t *treatment, end execution.Ended) state.Verdict {
	if end.Condition != execution.Succeeded {
		s.Log.Warn("an asynchronous invocation failed for good", "function", e.Function.ARN(), "request", e.RequestID, "condition", end.Condition, "attempts", end.Attempts)
	}
	end.Function, end.RequestID, end.Payload, end.TraceHeader = e.Function, e.RequestID, e.Payload, t.trace
	end.Accepted, end.At = e.Accepted, s.Clock.Now()
	end.Config, end.DeadLetter, end.Role = t.config, t.deadLetter, t.role
	if t.journey != nil && t.journey.Status == 0 {
		t.arrived(end.At, throttled("")) // it was not tried
	}
	t.journey.Add(end.At, "queue", verdictOfEnd(&end), overOf(&end))
	if s.Results == nil {
		return state.Verdict{}
	}
	// The function has run: what keeps its end from being stored, such as a full
	// disk, is waited for, and it is not run again unless the server ends first.
	for tried := 1; ; tried++ {
		err := s.Results.Ended(context.WithoutCancel(ctx), end)
		if err == nil {
			return state.Verdict{}
		}
		s.Log.Error("the end of an asynchronous invocation is not stored yet", "function", e.Function.ARN(), "request", e.RequestID, "error", err)
		again, stop := aws.After(s.Clock, backoff(tried))
		select {
		case <-again:
		case <-ctx.Done():
			stop()
			return state.Verdict{Retry: true}
		}
	}
}

func verdictOfEnd(e *execution.Ended) telemetry.Verdict {
	if e.Condition == execution.Succeeded {
		return telemetry.Passed
	}
	return telemetry.Failed
}

// over explains an end. It keeps nothing of the event.
type over struct {
	function  string
	condition string
	attempts  int
	deleted   bool
	told      []string // ARNs
}

func overOf(e *execution.Ended) over {
	o := over{e.Function.Name, e.Condition, e.Attempts, aws.HasCode(e.Err, "ResourceNotFoundException"), nil}
	to := []string{e.Config.OnFailure, e.DeadLetter}
	if e.Condition == execution.Succeeded {
		to = []string{e.Config.OnSuccess}
	}
	for _, arn := range to {
		if arn != "" {
			o.told = append(o.told, arn)
		}
	}
	return o
}

// Explain implements telemetry.Detail.
func (o over) Explain() (what, mend string) {
	configure := "aws lambda put-function-event-invoke-config --function-name " + o.function
	switch {
	case o.condition == execution.Succeeded:
		what = "the event has been processed"
	case o.deleted:
		what = "the event is given up: what it is for has been deleted"
	case o.condition == execution.RetriesExhausted:
		what, mend = fmt.Sprintf("the event is given up after attempt %d", o.attempts), configure+" --maximum-retry-attempts N, up to 2"
	case o.condition == execution.EventAgeExceeded:
		what, mend = "the event is given up: it would be too old at its next attempt", configure+" --maximum-event-age-in-seconds N, up to 21600"
	case o.condition == execution.ZeroReservedConcurrency:
		what, mend = "the event is given up: the function's reserved concurrency is 0", "aws lambda delete-function-concurrency --function-name "+o.function
	default:
		what = "the event is given up: " + o.condition
	}
	if len(o.told) > 0 {
		what += "; " + strings.Join(o.told, " and ") + " will be told"
	}
	return what, mend
}
