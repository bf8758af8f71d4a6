package environment

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/lamgate/lamgate/execution/runtimeapi"
	"github.com/lamgate/lamgate/execution/sandbox"
)

const (
	// AWS: the init phase has ten seconds.
	initLimit = 10 * time.Second
	// A start holds its place among those at once until it is ready, but not
	// longer: an init that waits for something must not hold up others.
	placeLimit = time.Second
	placeLook  = 100 * time.Millisecond
)

// start makes the sandbox and runs the runtime in it. What goes wrong is told
// to whoever waits for the environment.
func (e *Environment) start() {
	p, f := e.pool, e.pool.fleet
	f.admit(e)
	ctx, cancel := context.WithCancel(f.life)
	defer cancel()
	m, err := p.gather(ctx)
	if err != nil {
		e.abort(err)
		return
	}
	e.material = m
	key, err := f.issue(p)
	if err != nil {
		m.release()
		e.abort(fmt.Errorf("credentials of role %s: %w", p.config.Role, err))
		return
	}
	if e.become(ctx, key) {
		return
	}
	if p.debugPort != 0 {
		if err := f.ports.claim(ctx, p.debugPort, e); err != nil {
			m.release()
			e.abort(err)
			return
		}
	}
	listener, address, err := f.listen()
	if err != nil {
		m.release()
		e.abort(err)
		return
	}
	if err = e.openLog(); err != nil {
		m.release()
		closeListener(listener)
		e.abort(err)
		return
	}
	e.announce()
	if v, standings, ok := tooMany(m.extensions); ok {
		e.log.explain(fmt.Sprintf("there are %d extensions in %s, and an environment has at most %d", len(m.extensions), extensionsDir, runtimeapi.MaxExtensions), f.Clock.Now())
		for _, x := range standings {
			e.log.extension(x, f.Clock.Now())
		}
		e.unstartable(listener, v)
		return
	}
	command := p.command(m)
	if command == nil {
		e.unstartable(listener, m.notStartable())
		return
	}
	e.command = command[0]
	variables := e.variables(m, key, address)
	e.extend(variables)
	share, quota := f.cpu(p.config.MemoryMB)
	began := f.Clock.Now()
	// Not by the fleet's life: it is made in a moment, and then ended like others.
	box, err := f.Driver.Start(context.WithoutCancel(ctx), sandbox.Spec{
		Name:       e.name(),
		Root:       m.root,
		Directory:  m.directory,
		Task:       m.taskDir(),
		Opt:        m.optDir(),
		Runtime:    m.command.Directories,
		Command:    command,
		Env:        list(variables),
		Extensions: e.external,
		MemoryMB:   p.memoryMB(),
		TmpMB:      max(p.config.EphemeralMB, 512),
		CPU:        share,
		CPUQuota:   quota,
		Sockets:    e.sockets(),
		Traced:     m.command.Traces,
		Network:    f.Network,
		Listener:   listener,
		Output:     e.log.own.writer,

		ExtensionOutput: e.extensionOutput(),
		Log:             e.log.own.log,
	})
	if err != nil {
		if v, x, ok := cannotLaunch(err); ok {
			e.log.extension(x, f.Clock.Now())
			e.unstartable(listener, v)
			return
		}
		if v, ok := m.cannotExec(err, e.command); ok {
			e.unstartable(listener, v)
			return
		}
		if errors.Is(err, sandbox.ErrEnded) { // whoever did it might have come a moment later
			f.Log.Warn("sandbox ended while it was made", "function", p.function.Name, "error", err)
			e.unstartable(listener, exited(sandbox.Exit{Code: -1, Signal: "killed"}))
			return
		}
		e.discard(listener)
		e.abort(fmt.Errorf("start a sandbox: %w", err))
		return
	}
	if l := box.RuntimeAPI(); l != nil {
		listener = l
	}
	if l := box.Endpoint(); l != nil {
		f.serveEndpoint(l)
	}
	e.live(box, began, func() *runtimeapi.Server { return runtimeapi.New(listener, e, e.options()) })
	if p.debugPort != 0 {
		if err := e.forward(p.debugPort); err != nil {
			f.Log.Error("function cannot be debugged", "function", p.function.Name, "port", p.debugPort, "error", err)
		}
	}
}

// openLog makes the pipes for what the processes print.
func (e *Environment) openLog() error {
	err := e.log.own.open()
	if err == nil && e.framed() {
		err = e.log.own.openLog()
	}
	if err == nil && len(e.material.extensions) > 0 {
		_, err = e.log.openBeside()
	}
	if err != nil {
		e.log.own.close()
	}
	return err
}

// framed reports whether the runtime is given a log for frames. lamgate's own
// clients keep an event of many lines together without.
//
// AWS: all but them have one.
func (e *Environment) framed() bool { return e.material.runtime == nil || !e.material.runtime.Own }

func (e *Environment) extensionOutput() *os.File {
	if e.log.beside == nil {
		return nil
	}
	return e.log.beside.writer
}

// name is the environment's, for people.
func (e *Environment) name() string { return e.pool.function.Name + " " + e.log.stream }

// options are what the Runtime API is told of the environment.
func (e *Environment) options() runtimeapi.Options {
	p := e.pool
	return runtimeapi.Options{
		FunctionName: p.function.Name, Version: p.config.Version, Handler: p.config.Handler, Account: p.function.Account,
		Extensions: e.extensions.names(), SnapStart: p.snapStart(),
	}
}

// sockets is how many connections into the sandbox there may be.
func (e *Environment) sockets() int {
	if len(e.external) == 0 && e.pool.debugPort == 0 {
		return 0
	}
	return sandbox.MaxSockets
}

// announce begins the log.
func (e *Environment) announce() {
	f, m := e.pool.fleet, e.material
	e.log.carriage = m.runtime != nil && m.runtime.Own
	if e.log.json && !e.log.carriage && e.pool.config.ApplicationLogLevel != "" {
		e.log.sifts = parseLevel(e.pool.config.ApplicationLogLevel, quiet)
	}
	e.log.begin()
	e.log.initStart(m, e.describe(), f.Clock.Now())
}

// live begins the environment's life: there is a sandbox. serve lets the runtime
// be heard, which waits until it is written down.
func (e *Environment) live(box sandbox.Sandbox, began time.Time, serve func() *runtimeapi.Server) {
	p, f := e.pool, e.pool.fleet
	e.mu.Lock()
	e.box, e.began, e.api = box, began, serve()
	dead := e.state.over()
	if !dead {
		e.to(Initialising)
		if e.ticket != nil {
			e.arm(p.config.Timeout)
		} else {
			e.arm(p.initTime(e.ahead))
		}
	}
	e.mu.Unlock()
	f.running.Go(e.attend)
	if len(e.external) > 0 {
		f.running.Go(e.watch)
	}
	if dead || f.closed.Load() { // meanwhile
		box.Kill()
	}
}

// abort is a start that failed, and not by the function's fault: whoever has
// waited longest is told.
func (e *Environment) abort(err error) {
	e.pool.fleet.gone(e)
	e.pool.fleet.started(e)
	e.mu.Lock()
	t := e.ticket
	e.ticket = nil
	dead := e.state.over()
	if !dead {
		e.to(Dead)
	}
	e.mu.Unlock()
	if dead && t == nil {
		e.pool.remove(e)
		return
	}
	if t == nil {
		e.pool.mu.Lock()
		if !e.provisioned {
			t = e.pool.next()
		}
		e.pool.mu.Unlock()
	}
	e.pool.remove(e)
	switch {
	case t != nil && e.pool.fleet.closed.Load():
		t.complete(completion{err: ErrClosed})
	case t != nil:
		t.complete(completion{err: err})
	case !e.pool.fleet.closed.Load():
		e.pool.fleet.Log.Error("environment did not start", "function", e.pool.function.Name, "error", err)
	}
}

// unstartable is a start that failed by the function's fault, without a
// sandbox. It takes the same way as every failed init.
func (e *Environment) unstartable(l net.Listener, v verdict) {
	e.fail(anyTurn, v)
	e.discard(l)
	e.pool.fleet.gone(e)
}

// discard gives up what start has got hold of before there is a sandbox.
func (e *Environment) discard(l net.Listener) {
	closeListener(l)
	e.log.close()
	e.material.release()
}

func closeListener(l net.Listener) {
	if l != nil {
		l.Close()
	}
}
