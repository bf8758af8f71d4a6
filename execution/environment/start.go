package environment

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/code"
	"github.com/lamgate/lamgate/execution/runtimeapi"
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
)

const (
	// AWS: the init phase has ten seconds.
	initLimit = 10 * time.Second
	// A start holds its place among those at once until it is ready, but not
	// longer: an init that waits for something must not hold up others.
	placeLimit = time.Second
)

// launch starts an environment for a pool's line, in its turn. If by then there
// is nobody in line for it, none is started.
func (f *Fleet) launch(p *Pool) {
	f.running.Go(func() {
		if !f.enter() {
			p.begin() // the fleet is closed, and so it does not
			return
		}
		if !p.begin() {
			f.leave()
			return
		}
		e := p.newEnvironment(nil)
		e.counted = true
		e.start()
	})
}

// initFailed is an init phase that came to nothing: it is run again within the
// invocation that has waited longest, and what comes of it then is its answer.
//
// AWS: this is how Lambda treats a failed init phase.
func (p *Pool) initFailed(e *Environment) {
	p.mu.Lock()
	t := p.next()
	p.mu.Unlock()
	p.remove(e)
	switch {
	case t == nil:
		return
	case p.fleet.closed.Load():
		t.done <- completion{err: ErrClosed}
		return
	}
	p.fleet.running.Go(func() {
		if !p.fleet.enter() {
			t.done <- completion{err: ErrClosed}
			return
		}
		again := p.newEnvironment(e)
		now := p.fleet.Clock.Now()
		t.assigned, t.deadline = now, now.Add(p.config.Timeout)
		again.invoked = true
		again.ticket, again.lastID = t, t.ID
		again.start()
	})
}

// adopt counts an environment whose init ran within an invocation.
func (p *Pool) adopt(e *Environment) {
	p.fleet.started(e)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !e.dead() {
		p.all[e] = struct{}{}
		p.keepIfUsed()
	}
}

// newEnvironment returns one that is starting. It continues the log stream of
// the one before, if there is one.
func (p *Pool) newEnvironment(before *Environment) *Environment {
	now := p.fleet.Clock.Now()
	c := &p.config
	log := &record{
		sink: p.fleet.Logs, clock: p.fleet.Clock, failed: p.fleet.logFailed,
		account: p.function.Account, region: p.function.Region, group: c.LogGroup,
		stream: streamName(c.Version, now),
		json:   c.LogFormat == "JSON",
	}
	if log.group == "" {
		log.group = "/aws/lambda/" + p.function.Name
	}
	if before != nil {
		log.stream = before.log.stream
	}
	return &Environment{pool: p, log: log, born: now, began: now, placed: true}
}

// streamName names an environment's log stream.
//
// AWS: YYYY/MM/DD/[VERSION] and 32 hexadecimal digits.
func streamName(version string, now time.Time) string {
	var b [16]byte
	rand.Read(b[:])
	return now.UTC().Format("2006/01/02") + "/[" + version + "]" + hex.EncodeToString(b[:])
}

// start makes the sandbox and runs the runtime in it. What goes wrong is told
// to whoever waits for the environment.
func (e *Environment) start() {
	p, f := e.pool, e.pool.fleet
	f.admit(e)
	runtime, warning, err := f.Runtimes.Find(p.config.Runtime)
	if err != nil {
		e.abort(aws.Faultf(http.StatusBadGateway, "InvalidRuntimeException", "%v", err))
		return
	}
	ctx, cancel := context.WithCancel(f.life)
	defer cancel()
	e.code, err = f.Packages.Open(ctx, p.config.Code)
	if errors.Is(err, code.ErrPackage) {
		// AWS: "Lambda could not unzip the deployment package", InvalidZipFileException
		// of the Invoke operation in the API reference.
		err = aws.Faultf(http.StatusBadGateway, "InvalidZipFileException", "%v", err).With("Type", "User")
	}
	if err != nil {
		e.abort(err)
		return
	}
	key, err := f.issue(p)
	if err != nil {
		e.code.Release()
		e.abort(fmt.Errorf("credentials of role %s: %w", p.config.Role, err))
		return
	}
	listener, address, err := f.listen()
	if err != nil {
		e.code.Release()
		e.abort(err)
		return
	}
	e.log.carriage = runtime.Family != runtimes.Provided
	e.output, err = e.log.open()
	if err != nil {
		e.code.Release()
		closeListener(listener)
		e.abort(err)
		return
	}
	f.running.Go(e.log.follow)
	e.log.initStart(runtime, warning, f.Clock.Now())

	command := runtime.Command(p.config.MemoryMB)
	if runtime.Family == runtimes.Provided {
		command = entrypoint(e.code.Dir)
	} else if wrapper := p.config.Environment["AWS_LAMBDA_EXEC_WRAPPER"]; wrapper != "" {
		// AWS: a script that is to start the runtime, given as its arguments.
		command = append([]string{wrapper}, command...)
	}
	e.mu.Lock()
	if e.ticket != nil {
		e.log.start(e.ticket, p.config.Version, f.Clock.Now())
	}
	e.mu.Unlock()
	if command == nil {
		e.unstartable(listener, invalidEntrypoint("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"))
		return
	}
	began := f.Clock.Now()
	box, err := f.Driver.Start(ctx, sandbox.Spec{
		Name:     p.function.Name + " " + e.log.stream,
		Task:     e.code.Dir,
		Runtime:  runtime.Directories,
		Command:  command,
		Env:      e.variables(runtime, key, address),
		MemoryMB: max(p.config.MemoryMB, 1),
		TmpMB:    max(p.config.EphemeralMB, 512),
		Network:  f.Network,
		Output:   e.output,
	})
	if err != nil {
		if v, ok := cannotExec(err, command[0]); ok {
			e.unstartable(listener, v)
			return
		}
		e.discard(listener)
		e.abort(fmt.Errorf("start a sandbox: %w", err))
		return
	}
	if listener == nil {
		listener = box.RuntimeAPI()
	}
	if l := box.Endpoint(); l != nil {
		f.serveEndpoint(l)
	}
	e.mu.Lock()
	e.box, e.began = box, began
	e.api = runtimeapi.New(listener, e, runtimeapi.Options{
		FunctionName: p.function.Name, Version: p.config.Version, Handler: p.config.Handler, Account: p.function.Account,
	})
	dead := e.state == Dead
	if !dead {
		e.to(Initialising)
		if e.ticket != nil {
			e.arm(p.config.Timeout)
		} else {
			e.arm(initLimit)
		}
	}
	e.mu.Unlock()
	f.running.Go(e.attend)
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
	dead := e.state == Dead
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
		t = e.pool.next()
		e.pool.mu.Unlock()
	}
	e.pool.remove(e)
	if t != nil {
		t.done <- completion{err: err}
	} else {
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
	e.output.Close()
	e.log.close()
	e.code.Release()
}

func closeListener(l net.Listener) {
	if l != nil {
		l.Close()
	}
}

// entrypoint returns the command of a custom runtime, whose package is in dir.
func entrypoint(dir string) []string {
	info, err := os.Stat(filepath.Join(dir, "bootstrap"))
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	return []string{"/var/task/bootstrap"}
}

// cannotExec tells whether a sandbox failed because the function's file cannot
// be run.
//
// AWS: Runtime.InvalidEntrypoint, with Go's words for the reason.
func cannotExec(err error, path string) (verdict, bool) {
	for _, reason := range []syscall.Errno{syscall.ENOEXEC, syscall.EACCES, syscall.ENOENT} {
		if errors.Is(err, reason) && strings.HasPrefix(path, "/var/task/") {
			return invalidEntrypoint("fork/exec %s: %s", path, reason.Error()), true
		}
	}
	return verdict{}, false
}
