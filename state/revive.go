package state

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sys/unix"

	"github.com/lamgate/lamgate/aws"
)

var (
	errClosed     = errors.New("state is closed")
	errRestarting = errors.New("state restarts its engine")
)

// reviveDelay is how long a store whose engine has failed waits between
// attempts to start another.
const reviveDelay = 500 * time.Millisecond

// running returns the engine.
func (s *Store) running() (*engine, error) {
	if e := s.engine.Load(); e != nil {
		return e, nil
	}
	if s.life.Err() != nil {
		return nil, errClosed
	}
	if s.space.short() {
		return nil, fmt.Errorf("%w (%w)", ErrNoSpace, errRestarting)
	}
	return nil, errRestarting
}

// blame says of a write that has failed why it did, and sees to an engine that
// has stopped: a full disk is not to end the server.
func (s *Store) blame(e *engine, err error) error {
	if !e.server.JetStreamEnabled() || errors.Is(err, jetstream.ErrAsyncPublishTimeout) {
		e.fail(err)
	}
	if e.failed.Err() == nil {
		return err
	}
	if s.life.Err() != nil {
		return errClosed
	}
	cause := context.Cause(e.failed)
	// The engine tells its troubles in words only.
	if strings.Contains(cause.Error(), unix.ENOSPC.Error()) || s.space.short() {
		return fmt.Errorf("%w (%w)", ErrNoSpace, errRestarting)
	}
	return fmt.Errorf("%w: %w", errRestarting, cause)
}

// tend runs while the store does: when an engine fails, it starts another.
func (s *Store) tend(e *engine) {
	for {
		select {
		case <-s.life.Done():
			return
		case <-e.failed.Done():
		}
		s.log.Error("state: the engine failed and is started again", "error", context.Cause(e.failed))
		s.engine.Store(nil)
		e.stop()
		e = s.revive()
		if e == nil {
			return
		}
		s.log.Info("state: the engine runs again")
		s.chore(s.sweep)
	}
}

// revive tries to start an engine until it runs, or the store closes.
func (s *Store) revive() *engine {
	for {
		err := s.start()
		if err == nil {
			return s.engine.Load()
		}
		s.log.Warn("state: the engine does not start", "error", err)
		again, stop := aws.After(s.clock, reviveDelay)
		select {
		case <-again:
		case <-s.life.Done():
			stop()
			return nil
		}
	}
}
