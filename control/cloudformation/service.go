package cloudformation

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/resource"
	"github.com/lamgate/lamgate/state"
)

// Config is what a Service needs.
type Config struct {
	Documents state.Documents
	Clock     aws.Clock
	Log       *slog.Logger

	resource.Clients
}

// A Service implements the operations of AWS CloudFormation.
type Service struct {
	docs    state.Documents
	clock   aws.Clock
	log     *slog.Logger
	types   resource.Catalogue
	objects resource.S3

	ctx     context.Context // of the operations under way
	cancel  context.CancelFunc
	working sync.WaitGroup

	mu      sync.Mutex
	running map[string]chan struct{} // by the stack's ID; closed when its operation ends
	exports sync.Mutex               // held while outputs are checked against the exports of other stacks
}

// New returns a Service. It changes nothing before Start.
func New(c Config) *Service {
	ctx, cancel := context.WithCancel(context.Background())
	return &Service{
		docs: c.Documents, clock: c.Clock, log: c.Log,
		types: resource.NewCatalogue(c.Clients), objects: c.S3,
		ctx: ctx, cancel: cancel, running: map[string]chan struct{}{},
	}
}

// Start goes on with the operations that the last run of the server left, and
// clears away documents that nothing refers to.
func (s *Service) Start() error {
	stacks, err := state.LoadAll[stack](s.docs, stacksPrefix)
	if err != nil {
		return err
	}
	for _, st := range stacks {
		switch {
		case st.Status == deleteComplete:
			if err := s.bury(s.ctx, st); err != nil {
				return err
			}
		case st.inProgress():
			s.log.Info("stack operation goes on", "stack", st.Name, "status", st.Status)
			s.launch(st)
		}
	}
	return s.collect(s.ctx)
}

// Close stops the operations under way where they are; Start, of the next
// Service, goes on with them.
func (s *Service) Close() {
	s.cancel()
	s.working.Wait()
}

func (s *Service) now() int64 { return s.clock.Now().UnixMilli() }

func millis(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	return new(time.UnixMilli(ms).UTC())
}

// launch drives a stack's operation to its end, once the one before it has
// cleared up behind itself.
func (s *Service) launch(st *stack) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	before := s.running[st.ID]
	done := make(chan struct{})
	s.running[st.ID] = done
	s.working.Go(func() {
		defer func() {
			s.mu.Lock()
			if s.running[st.ID] == done {
				delete(s.running, st.ID)
			}
			s.mu.Unlock()
			close(done)
		}()
		if before != nil {
			<-before
		}
		err := s.drive(st.key())
		if err != nil && !errors.Is(err, context.Canceled) {
			s.log.Error("stack operation stopped; it goes on when the server starts again", "stack", st.Name, "error", err)
		}
	})
}

// await gives an operation a moment to end, so that a client that asks at once
// and then only every half minute need not wait for that.
func (s *Service) await(ctx context.Context, st *stack) {
	s.mu.Lock()
	done := s.running[st.ID]
	s.mu.Unlock()
	if done == nil {
		return
	}
	late, stop := aws.After(s.clock, time.Second)
	defer stop()
	select {
	case <-done:
	case <-late:
	case <-ctx.Done():
	}
}
