package environment

import (
	"context"
	"errors"
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

// debugTime is the time that such a function is told it has, and debuggerMB the
// memory that it has besides its own: the debugger runs in its sandbox.
const (
	debugTime  = 24 * time.Hour
	debuggerMB = 1024
)

// ErrUpdated is what an invocation gets that stood in a debugger when its function
// was updated.
var ErrUpdated = errors.New("the function was updated while it was debugged")

// Debug starts the environment of a function that is to be debugged before anybody
// invokes it, so that a debugger can be attached to it. The error says what is
// missing for that.
func (p *Pool) Debug(ctx context.Context) error {
	switch {
	case p.debugPort == 0:
		return errors.New("the server was not told to debug it")
	case p.config.IsImage():
		return errors.New("lamgate has no debugger for container images: put one into the image, with --network host")
	}
	m, err := p.gather(ctx)
	if err != nil {
		return err
	}
	m.release()
	if m.nothing != nil {
		return m.nothing
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.retired {
		p.launch(1)
		p.keepIfUsed()
	}
	return nil
}

// Debugged reports whether the pool was made for a function that is debugged.
func (p *Pool) Debugged() bool { return p.debugPort != 0 }

// memoryMB is what an environment may hold.
func (p *Pool) memoryMB() int {
	n := max(p.config.MemoryMB, 1)
	if p.debugPort != 0 {
		n += debuggerMB
	}
	return n
}

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
