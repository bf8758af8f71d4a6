package destination

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// An AccessKey is what a call is signed with.
type AccessKey struct{ ID, Secret, SessionToken string }

// Config is what a Service needs.
type Config struct {
	Queue    state.Queue // of deliveries, and of nothing else
	Roles    *policy.Roles
	Clock    aws.Clock
	Log      *slog.Logger
	Journeys *telemetry.Journeys // may be nil

	// Invoker runs destinations that are functions.
	Invoker execution.Invoker
	// Services returns the handler of an AWS service that lamgate itself is, by
	// its signing name, or nil.
	Services func(service string) http.Handler
	// Endpoints are where the other services are, by their names.
	Endpoints map[string]*url.URL
	// Credentials issues the key of a role's session.
	Credentials func(account, role, session string) AccessKey
}

// How many deliveries are under way at most, and how many of them of one
// destination: one that does not answer must not hold up the others.
const (
	parallel      = 64
	ofDestination = 8
)

// A Service delivers. It implements execution.Results.
type Service struct {
	Config
	transport *http.Transport

	life    context.Context // ends when Close begins
	end     context.CancelFunc
	workers sync.WaitGroup
}

var _ execution.Results = (*Service)(nil)

// New returns a service that stores, and delivers between Start and Close.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{Config: c, transport: newTransport()}
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// Start begins to deliver.
func (s *Service) Start() {
	s.workers.Go(func() {
		if err := s.Queue.Work(s.life, parallel, ofDestination, s.work); err != nil && !errors.Is(err, context.Canceled) {
			s.Log.Error("records of asynchronous invocations are no longer delivered", "error", err)
		}
	})
}

// Close stops delivering. What is not delivered is when the next server starts.
func (s *Service) Close() {
	s.end()
	s.workers.Wait()
	s.transport.CloseIdleConnections()
}

// A delivery is a message of the queue: its head as JSON, a line feed, and the
// body as it is to arrive.
type delivery struct {
	ID          string
	Target      string // ARN
	Role        string
	Function    execution.FunctionRef
	RequestID   string
	TraceHeader string `json:",omitempty"`
	Condition   string
	Ended       time.Time
	DeadLetter  *deadLetter `json:",omitempty"` // nil for a record

	body []byte
}

// Ended implements execution.Results.
func (s *Service) Ended(ctx context.Context, e execution.Ended) error {
	d := delivery{
		ID: aws.NewUUID(), Target: e.Config.OnFailure, Role: e.Role, Function: e.Function, RequestID: e.RequestID,
		TraceHeader: e.TraceHeader, Condition: e.Condition, Ended: e.At,
	}
	if e.Condition == execution.Succeeded {
		d.Target = e.Config.OnSuccess
	}
	if d.Target != "" {
		d.body = recordOf(&e)
		if err := s.push(ctx, &d); err != nil {
			return err
		}
	}
	if e.DeadLetter != "" && e.Condition != execution.Succeeded {
		d.ID, d.Target, d.DeadLetter, d.body = aws.NewUUID(), e.DeadLetter, deadLetterOf(&e), e.Payload
		return s.push(ctx, &d)
	}
	return nil
}

func (s *Service) push(ctx context.Context, d *delivery) error {
	head, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode a delivery: %w", err)
	}
	message := append(append(head, '\n'), d.body...)
	if err := s.Queue.Push(ctx, d.Target, message); err != nil {
		return fmt.Errorf("store the delivery to %s: %w", d.Target, err)
	}
	return nil
}

func readDelivery(message []byte) (*delivery, error) {
	head, body, ok := bytes.Cut(message, []byte{'\n'})
	if !ok {
		return nil, errors.New("it has no body")
	}
	d := &delivery{body: body}
	return d, json.Unmarshal(head, d)
}
