package environment

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lamgate/lamgate/execution/runtimeapi"
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// A stem is a stem cell: a sandbox whose runtime has started and waits to be
// told what to become. An environment that begins as one is spared the making
// of a sandbox and the start of an interpreter; from its assignment on, nothing
// tells it from others.
type stem struct {
	shelf   *shelf
	box     sandbox.Sandbox
	api     *runtimeapi.Server
	address string  // of its Runtime API
	log     *record // its pipe, which nobody reads yet
	whose   atomic.Pointer[Environment]
}

// make starts a stem of a runtime, for a shelf.
func (s *stems) make(h *shelf, runtime string, command *runtimes.Command) (*stem, error) {
	f := s.fleet
	st := &stem{shelf: h, log: &record{clock: f.Clock}}
	listener, address, err := f.listen()
	if err != nil {
		return nil, err
	}
	st.address = address
	if err := st.log.own.open(); err != nil {
		closeListener(listener)
		return nil, err
	}
	variables := standing()
	for _, set := range command.Env {
		name, value, _ := strings.Cut(set, "=")
		variables[name] = value
	}
	variables["AWS_LAMBDA_RUNTIME_API"] = address
	assignment := runtimeapi.NewAssignmentPath()
	variables["LAMGATE_STEM"] = assignment
	st.box, err = f.Driver.Start(context.WithoutCancel(f.life), sandbox.Spec{
		Name:     "stem cell of " + runtime,
		Late:     true,
		LateFrom: f.Packages.Dir(),
		Runtime:  command.Directories,
		Command:  command.Args,
		Env:      list(variables),
		MemoryMB: stemMB,
		TmpMB:    stemMB,
		Network:  f.Network,
		Listener: listener,
		Output:   st.log.own.writer,
	})
	if err != nil {
		closeListener(listener)
		st.log.own.close()
		return nil, err
	}
	if l := st.box.RuntimeAPI(); l != nil {
		listener = l
	}
	if l := st.box.Endpoint(); l != nil {
		f.serveEndpoint(l)
	}
	st.api = runtimeapi.New(listener, st, runtimeapi.Options{Assignment: assignment})
	f.running.Go(func() { s.attend(st) })
	return st, nil
}

// attend waits for a stem's end. If it was no environment by then, it is tidied
// up here.
func (s *stems) attend(st *stem) {
	<-st.box.Done()
	s.mu.Lock()
	if i := slices.Index(st.shelf.list, st); i >= 0 {
		st.shelf.list = slices.Delete(st.shelf.list, i, i+1)
		if !s.closed {
			s.miss(st.shelf)
			s.soon(time.Second)
		}
	}
	s.mu.Unlock()
	if st.whose.Load() == nil {
		st.discard()
	}
}

// discard tidies up after a stem that is no environment.
func (st *stem) discard() {
	st.api.Close()
	if l := st.box.Endpoint(); l != nil {
		l.Close()
	}
	st.log.own.close()
}

// become makes the environment of a stem, if there is one for it. After false,
// it is started like any other.
func (e *Environment) become(ctx context.Context, key AccessKey) bool {
	p, f, m := e.pool, e.pool.fleet, e.material
	if len(m.extensions) > 0 || m.root != "" || p.debugPort != 0 {
		return false
	}
	shelf := f.stems.shelfOf(&p.config, m.runtime, m.command)
	if shelf == nil {
		return false
	}
	st := f.stems.take(shelf)
	if st == nil {
		return false
	}
	began := f.Clock.Now()
	share, quota := f.cpu(p.config.MemoryMB)
	err := st.box.Assign(ctx, sandbox.Assignment{
		Name: e.name(), Task: m.task.Dir, Opt: m.optDir(), MemoryMB: p.memoryMB(), TmpMB: max(p.config.EphemeralMB, 512),
		CPU: share, CPUQuota: quota,
	})
	if err != nil {
		f.Log.Warn("stem cell was not assigned", "function", p.function.Name, "error", err)
		st.box.Kill()
		return false
	}
	e.stem = true
	e.log.own = st.log.own
	e.announce()
	e.live(st.box, began, func() *runtimeapi.Server {
		st.whose.Store(e)
		return st.api
	})
	st.api.Assign(e.options(), e.variables(m, key, st.address))
	return true
}

// A stem is the Owner of its Runtime API for the environment that it becomes.
// Before, its runtime has nothing to say.

// Ready implements runtimeapi.Owner.
func (st *stem) Ready() *runtimeapi.Event {
	if e := st.whose.Load(); e != nil {
		return e.Ready()
	}
	return nil
}

// Answered implements runtimeapi.Owner.
func (st *stem) Answered(a runtimeapi.Answer) { st.tell(func(e *Environment) { e.Answered(a) }) }

// InitFailed implements runtimeapi.Owner.
func (st *stem) InitFailed(a runtimeapi.Answer) { st.tell(func(e *Environment) { e.InitFailed(a) }) }

// Restored implements runtimeapi.Owner.
func (st *stem) Restored() { st.tell((*Environment).Restored) }

// Registered implements runtimeapi.Owner.
func (st *stem) Registered(name string, internal bool) {
	st.tell(func(e *Environment) { e.Registered(name, internal) })
}

// ExtensionReady implements runtimeapi.Owner.
func (st *stem) ExtensionReady(name string) {
	st.tell(func(e *Environment) { e.ExtensionReady(name) })
}

// ExtensionFailed implements runtimeapi.Owner.
func (st *stem) ExtensionFailed(name, errorType string, exit bool) {
	st.tell(func(e *Environment) { e.ExtensionFailed(name, errorType, exit) })
}

// Subscribed implements runtimeapi.Owner.
func (st *stem) Subscribed(s runtimeapi.Subscription) {
	st.tell(func(e *Environment) { e.Subscribed(s) })
}

func (st *stem) tell(what func(*Environment)) {
	if e := st.whose.Load(); e != nil {
		what(e)
	}
}
