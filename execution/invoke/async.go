package invoke

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// AWS: what an asynchronous invocation gets that nobody has configured.
const (
	defaultRetries = 2
	defaultAge     = 6 * time.Hour
)

// How many asynchronous invocations are under way at most, and how many of them
// of one function: a slow one must not hold up the others.
const (
	parallel   = 512
	ofFunction = 64
)

// An event is an asynchronous invocation in the queue. It counts its attempts
// itself, since a message's deliveries also count those that were throttled, or
// cut short by the end of a server.
type event struct {
	Function    execution.FunctionRef
	RequestID   string
	Payload     []byte
	TraceHeader string    `json:",omitempty"`
	Accepted    time.Time // when Enqueue took it
	Attempts    int       // that have failed
}

// Enqueue implements execution.Invoker.
func (s *Service) Enqueue(ctx context.Context, i execution.Invocation) (string, error) {
	id, err := s.enqueue(ctx, &i)
	if err != nil {
		i.Journey.Add(s.Clock.Now(), "queue", verdictOf(err), refused{err})
	} else {
		i.Journey.Add(s.Clock.Now(), "queue", telemetry.Passed, queued{i.Function})
	}
	return id, err
}

func (s *Service) enqueue(ctx context.Context, i *execution.Invocation) (string, error) {
	if i.RequestID == "" {
		i.RequestID = aws.NewUUID()
	}
	if i.TraceHeader == "" {
		i.TraceHeader = aws.TraceFrom(ctx)
	}
	if len(i.Payload) > execution.MaxEvent {
		return "", tooLarge("%d byte payload is too large for the Event invocation type (limit %d bytes)", len(i.Payload), execution.MaxEvent)
	}
	// AWS: it must be right, but is "for synchronous invocations only", as the
	// API reference of Invoke has it: the function does not get it.
	if _, err := clientContext(i.ClientContext); err != nil {
		return "", err
	}
	if _, _, err := s.resolve(i.Function); err != nil {
		return "", err
	}
	b, err := json.Marshal(event{
		Function:    i.Function,
		RequestID:   i.RequestID,
		Payload:     i.Payload,
		TraceHeader: i.TraceHeader,
		Accepted:    s.Clock.Now(),
	})
	if err != nil {
		return "", fmt.Errorf("encode an asynchronous invocation: %w", err)
	}
	if err := s.Queue.Push(ctx, i.Function.Key(), b); err != nil {
		return "", fmt.Errorf("queue an asynchronous invocation: %w", err)
	}
	return i.RequestID, nil
}

// A retried event will be given to its function once more.
type retried struct {
	after    time.Duration
	next, of int
}

// Explain implements telemetry.Detail.
func (r retried) Explain() (what, mend string) {
	return fmt.Sprintf("the event will be given to the function again in %s: attempt %d of %d", r.after, r.next, r.of), ""
}

type queued struct{ ref execution.FunctionRef }

// Explain implements telemetry.Detail.
func (q queued) Explain() (what, mend string) {
	return "the event is stored and will be given to " + q.ref.Name + ", again should it fail", ""
}

// work runs queued invocations until ctx ends.
func (s *Service) work(ctx context.Context) {
	err := s.Queue.Work(ctx, parallel, ofFunction, func(ctx context.Context, m state.Message) state.Verdict {
		var e event
		if err := json.Unmarshal(m.Data, &e); err != nil {
			s.Log.Error("an asynchronous invocation cannot be read and is dropped", "error", err)
			return state.Verdict{}
		}
		return s.attempt(ctx, &e, m.Delivered)
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		s.Log.Error("asynchronous invocations have stopped", "error", err)
	}
}

// attempt runs an event once and says what becomes of its message.
func (s *Service) attempt(ctx context.Context, e *event, delivered int) state.Verdict {
	now := s.Clock.Now()
	t := s.treatment(e.Function)
	t.journey = s.journey(e, now, delivered)
	defer func() { s.Journeys.Record(t.journey) }()
	switch {
	case t.zero:
		// AWS: such functions' events are not tried, since August 2021.
		return s.over(ctx, e, &t, execution.Ended{Condition: execution.ZeroReservedConcurrency, Attempts: e.Attempts})
	case now.Sub(e.Accepted) >= t.age:
		return s.over(ctx, e, &t, execution.Ended{Condition: execution.EventAgeExceeded, Attempts: e.Attempts})
	}
	i := execution.Invocation{
		Function:    e.Function,
		Payload:     e.Payload,
		RequestID:   e.RequestID,
		TraceHeader: e.TraceHeader,
		Journey:     t.journey,
	}
	o, c, err := s.run(ctx, &i)
	t.arrived(s.Clock.Now(), err)
	t.ran(c)
	t.trace = i.TraceHeader
	switch {
	case err == nil && o.Cause == environment.None:
		return s.over(ctx, e, &t, execution.Ended{Condition: execution.Succeeded, Attempts: e.Attempts + 1, Result: &o.Result})
	case err == nil:
		return s.failed(ctx, e, &t, o)
	case ctx.Err() != nil:
		return state.Verdict{Retry: true} // the server ends; the next one runs it
	}
	t.journey.Add(s.Clock.Now(), "invoke", verdictOf(err), refused{err})
	switch {
	case aws.HasCode(err, "RecursiveInvocationException"):
		return s.over(ctx, e, &t, execution.Ended{Condition: execution.RecursiveInvocation, Attempts: e.Attempts, Err: err})
	case aws.HasCode(err, "ResourceNotFoundException"): // it has been deleted
		return s.over(ctx, e, &t, execution.Ended{Condition: execution.RetriesExhausted, Attempts: e.Attempts + 1, Err: err})
	}
	// AWS: throttling and faults of the service itself are retried for the
	// event's whole age, after one second first and five minutes at last.
	after := backoff(delivered)
	if s.Clock.Now().Add(after).Sub(e.Accepted) >= t.age {
		return s.over(ctx, e, &t, execution.Ended{Condition: execution.EventAgeExceeded, Attempts: e.Attempts, Err: err})
	}
	return state.Verdict{Retry: true, After: after}
}

func backoff(delivered int) time.Duration {
	return min(time.Second<<min(max(delivered-1, 0), 12), 5*time.Minute)
}

// failed is a function's failure: it is given the event again after one minute,
// then after two.
func (s *Service) failed(ctx context.Context, e *event, t *treatment, o *environment.Outcome) state.Verdict {
	again := *e
	again.Attempts++
	delay := time.Duration(again.Attempts) * time.Minute
	end := execution.Ended{Attempts: again.Attempts, Result: &o.Result}
	switch {
	case again.Attempts > t.retries:
		end.Condition = execution.RetriesExhausted
		return s.over(ctx, e, t, end)
	case s.Clock.Now().Add(delay).Sub(e.Accepted) >= t.age:
		end.Condition = execution.EventAgeExceeded
		return s.over(ctx, e, t, end)
	}
	b, err := json.Marshal(again)
	if err != nil {
		s.Log.Error("an asynchronous invocation cannot be encoded; its attempt is not counted", "function", e.Function.ARN(), "error", err)
	}
	t.journey.Add(s.Clock.Now(), "queue", telemetry.Passed, retried{delay, again.Attempts + 1, t.retries + 1})
	return state.Verdict{Retry: true, After: delay, Again: b}
}
