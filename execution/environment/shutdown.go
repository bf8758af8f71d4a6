package environment

import (
	"syscall"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// An environment that has extensions is told before it ends. Without any, its
// end is sudden.
//
// AWS: "Shutdown phase" of the developer guide: nothing without extensions, 500
// ms with internal ones, two seconds with external ones, of which the runtime
// has the first 300 ms (as its samples of a graceful shutdown say).
const (
	internalShutdown = 500 * time.Millisecond
	runtimeShutdown  = 300 * time.Millisecond
	externalShutdown = 2 * time.Second
	// closeLimit is how long a closing server waits for all of them together.
	closeLimit = 2500 * time.Millisecond
)

// Why an environment ends, in the words of the Extensions API.
const (
	spindown = "spindown" // nobody needs it any more
	timeout  = "timeout"
	failure  = "failure"
)

// ending is the state that follows when the environment is to end, with mu held.
func (e *Environment) ending() State {
	if e.state != Starting && e.extensions.some() {
		return ShuttingDown
	}
	return Dead
}

// finishOff ends the processes of an environment whose state says already that
// it is over; now is its state, before what it was.
func (e *Environment) finishOff(before, now State, reason string) {
	box := e.sandbox()
	switch {
	case box == nil: // and killed when there is one
	case now == ShuttingDown:
		e.pool.fleet.running.Go(func() { e.shutDown(before == Frozen, reason) })
	default:
		box.Kill()
	}
}

func (e *Environment) sandbox() sandbox.Sandbox {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.box
}

// shutDown is the shutdown phase.
func (e *Environment) shutDown(frozen bool, reason string) {
	defer e.box.Kill()
	clock := e.pool.fleet.Clock
	if frozen {
		e.freezing.Lock()
		err := e.box.Thaw()
		e.freezing.Unlock()
		if err != nil {
			return
		}
	}
	e.log.hurry()
	limit := externalShutdown
	if len(e.extensions.external) == 0 {
		limit = internalShutdown
	}
	deadline := clock.Now().Add(limit)
	late, stop := aws.After(clock, limit)
	defer stop()
	// AWS: a runtime that has failed, or takes too long, is not asked.
	if reason == spindown {
		_ = e.box.Signal(syscall.SIGTERM)
		runtimeLate, stopRuntime := aws.After(clock, runtimeShutdown)
		if len(e.extensions.external) == 0 {
			runtimeLate = late
		}
		select {
		case <-e.box.Done():
		case <-e.runtimeGone:
		case <-runtimeLate:
		}
		stopRuntime()
	}
	if len(e.extensions.external) == 0 {
		return
	}
	_ = e.box.Signal(syscall.SIGKILL)
	e.api.Shutdown(reason, deadline)
	select {
	case <-e.box.Done(): // when all have ended
	case <-late:
	}
}
