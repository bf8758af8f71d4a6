package invoke

import (
	"context"
	"log/slog"
	"sync"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// Config is what a Service needs.
type Config struct {
	Documents state.Documents
	Queue     state.Queue // of asynchronous invocations, and of nothing else
	Fleet     *environment.Fleet
	Clock     aws.Clock
	Log       *slog.Logger

	// Results is told of the ends of asynchronous invocations. May be nil.
	Results execution.Results
	// Journeys keeps the journeys of asynchronous invocations. May be nil.
	Journeys *telemetry.Journeys
	// Concurrency is the account's limit in each region; 1000 if 0.
	Concurrency int
}

// A Service runs functions. It implements execution.Invoker.
type Service struct {
	Config
	functions *functions
	limits    limits

	life    context.Context // ends when Close begins
	end     context.CancelFunc
	workers sync.WaitGroup
}

var _ execution.Invoker = (*Service)(nil)

// New returns a service that follows the functions' documents until Close. The
// fleet stays its maker's to close, after the service.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Concurrency == 0 {
		c.Concurrency = defaultConcurrency
	}
	s := &Service{Config: c}
	s.limits.account = c.Concurrency
	s.life, s.end = context.WithCancel(context.Background())
	s.functions = follow(c.Documents, c.Fleet, &s.limits, c.Log, s.provision)
	return s
}

// Start begins to work on the queue and to start what is provisioned. What runs
// then may call the server at once.
func (s *Service) Start() {
	s.functions.each(s.provision)
	if s.Queue != nil {
		s.workers.Go(func() { s.work(s.life) })
	}
}

// Close stops taking asynchronous invocations from the queue. One that is under
// way goes back to it, to be run again by the next server.
func (s *Service) Close() {
	s.end()
	s.workers.Wait()
	s.functions.close()
}
