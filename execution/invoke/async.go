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
	maxRetries = 2
	maxAge     = 6 * time.Hour
)

// How many asynchronous invocations are under way at most, and how many of them
// of one function: a slow one must not hold up the others.
const (
	parallel   = 512
	ofFunction = 64
)

// An event is an asynchronous invocation in the queue. A failed one is pushed
// again with one attempt more, since a message's deliveries also count those
// that were throttled, or cut short by the end of a server.
type event struct {
	Function      execution.FunctionRef
	RequestID     string
	Payload       []byte
	ClientContext string    `json:",omitempty"`
	TraceHeader   string    `json:",omitempty"`
	Accepted      time.Time // when Enqueue took it
	Attempts      int       // that have failed
	NotBefore     time.Time `json:",omitzero"`
}

// Abandoned is an asynchronous invocation that has failed for good.
type Abandoned struct {
	Function  execution.FunctionRef
	RequestID string
	Payload   []byte
	// Condition is that of AWS's destinations: RetriesExhausted or
	// EventAgeExceeded.
	Condition string
	Attempts  int
	Result    *execution.Result // of the last attempt; nil if it never ran
	Err       error             // why it never ran
}

// Exhausted is told of asynchronous invocations that have failed for good.
type Exhausted interface {
	Abandoned(ctx context.Context, a Abandoned)
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
	if len(i.Payload) > execution.MaxEvent {
		return "", tooLarge("%d byte payload is too large for the Event invocation type (limit %d bytes)", len(i.Payload), execution.MaxEvent)
	}
	if _, _, err := s.resolve(i.Function); err != nil {
		return "", err
	}
	err := s.push(ctx, event{
		Function:      i.Function,
		RequestID:     i.RequestID,
		Payload:       i.Payload,
		ClientContext: i.ClientContext,
		TraceHeader:   i.TraceHeader,
		Accepted:      s.Clock.Now(),
	})
	return i.RequestID, err
}

func (s *Service) push(ctx context.Context, e event) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode an asynchronous invocation: %w", err)
	}
	if err := s.Queue.Push(ctx, e.Function.Key(), b); err != nil {
		return fmt.Errorf("queue an asynchronous invocation: %w", err)
	}
	return nil
}

type queued struct{ ref execution.FunctionRef }

// Explain implements telemetry.Detail.
func (q queued) Explain() (what, mend string) {
	return "the event is stored and will be given to " + q.ref.Name + ", up to three times should it fail", ""
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
	if wait := e.NotBefore.Sub(now); wait > 0 {
		return state.Verdict{Retry: true, After: wait}
	}
	if now.Sub(e.Accepted) >= maxAge {
		s.abandon(ctx, e, "EventAgeExceeded", nil, nil)
		return state.Verdict{}
	}
	o, err := s.run(ctx, &execution.Invocation{
		Function:      e.Function,
		Payload:       e.Payload,
		RequestID:     e.RequestID,
		ClientContext: e.ClientContext,
		TraceHeader:   e.TraceHeader,
	})
	switch {
	case err == nil && o.Cause == environment.None:
		return state.Verdict{}
	case err == nil:
		return s.failed(ctx, e, o)
	case ctx.Err() != nil, errors.Is(err, environment.ErrClosed):
		return state.Verdict{Retry: true} // the server ends; the next one runs it
	case aws.HasCode(err, "ResourceNotFoundException"):
		s.abandon(ctx, e, "RetriesExhausted", nil, err) // the function has been deleted
		return state.Verdict{}
	}
	// AWS: throttling and faults of the service itself are retried for the
	// event's whole age, after one second first and five minutes at last.
	return state.Verdict{Retry: true, After: backoff(delivered)}
}

func backoff(delivered int) time.Duration {
	return min(time.Second<<min(max(delivered-1, 0), 12), 5*time.Minute)
}

// failed is a function's failure: it is given the event again after one minute,
// then after two.
func (s *Service) failed(ctx context.Context, e *event, o *environment.Outcome) state.Verdict {
	again := *e
	again.Attempts++
	delay := time.Duration(again.Attempts) * time.Minute
	switch {
	case again.Attempts > maxRetries:
		s.abandon(ctx, &again, "RetriesExhausted", &o.Result, nil)
		return state.Verdict{}
	case s.Clock.Now().Add(delay).Sub(e.Accepted) >= maxAge:
		s.abandon(ctx, &again, "EventAgeExceeded", &o.Result, nil)
		return state.Verdict{}
	}
	again.NotBefore = s.Clock.Now().Add(delay)
	// First the new message, then the old one's end: a crash between the two
	// runs the event once more often, never once less.
	if err := s.push(context.WithoutCancel(ctx), again); err != nil {
		s.Log.Error("the retry of an asynchronous invocation was not stored", "function", e.Function.ARN(), "error", err)
		return state.Verdict{Retry: true, After: delay}
	}
	return state.Verdict{}
}

// abandon tells who is to know that an event has failed for good. It does so
// also while the server ends: the event's message is removed.
func (s *Service) abandon(ctx context.Context, e *event, condition string, r *execution.Result, err error) {
	s.Log.Warn("an asynchronous invocation failed for good", "function", e.Function.ARN(), "request", e.RequestID, "condition", condition, "attempts", e.Attempts)
	if s.Exhausted != nil {
		s.Exhausted.Abandoned(context.WithoutCancel(ctx), Abandoned{
			Function: e.Function, RequestID: e.RequestID, Payload: e.Payload,
			Condition: condition, Attempts: e.Attempts, Result: r, Err: err,
		})
	}
}
