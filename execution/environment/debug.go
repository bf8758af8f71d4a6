package environment

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/lamgate/lamgate/execution/sandbox"
)

// A function that is being debugged has one environment, in which a debugger
// listens at a port that stays the same from one environment to the next. It has
// all the time in the world.

// debugTime is the time that such a function is told it has.
const debugTime = 24 * time.Hour

// ports are those of debuggers, each with the environment that has it.
type ports struct {
	mu     sync.Mutex
	owners map[int]*Environment
}

// claim gives e a port, when nothing is left of the environment that had it.
func (o *ports) claim(ctx context.Context, port int, e *Environment) error {
	for {
		o.mu.Lock()
		owner := o.owners[port]
		if owner == nil || owner == e {
			if o.owners == nil {
				o.owners = map[int]*Environment{}
			}
			o.owners[port] = e
			o.mu.Unlock()
			return nil
		}
		o.mu.Unlock()
		owner.end(spindown)
		select {
		case <-owner.gone:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// free gives up what e has.
func (o *ports) free(e *Environment) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for port, owner := range o.owners {
		if owner == e {
			delete(o.owners, port)
		}
	}
}

// forward leads the host's port to the debugger in a sandbox with a network of
// its own, until the sandbox ends.
func (e *Environment) forward(port int) error {
	f := e.pool.fleet
	if f.Network == sandbox.HostNetwork {
		return nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("listen for a debugger: %w", err)
	}
	f.running.Go(func() {
		<-e.box.Done()
		l.Close()
	})
	f.running.Go(func() {
		for {
			outer, err := l.Accept()
			if err != nil {
				return
			}
			f.running.Go(func() { e.join(outer, port) })
		}
	})
	return nil
}

// join carries what a debugger and its client say to each other.
func (e *Environment) join(outer net.Conn, port int) {
	defer outer.Close()
	ctx, cancel := context.WithTimeout(context.Background(), deliveryLimit)
	inner, err := e.box.Dial(ctx, port)
	cancel()
	if err != nil {
		e.pool.fleet.Log.Warn("no way to the debugger", "function", e.pool.function.Name, "port", port, "error", err)
		return
	}
	defer inner.Close()
	both := make(chan struct{}, 2)
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		both <- struct{}{}
	}
	go carry(inner, outer)
	go carry(outer, inner)
	select {
	case <-both: // either end is the end of both
	case <-e.box.Done():
	}
	outer.Close()
	inner.Close()
	<-both
}
