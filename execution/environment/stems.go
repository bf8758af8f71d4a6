package environment

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lamgate/lamgate/execution"
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

// A shelf has the stems that are alike. Guarded by stems.
type shelf struct {
	runtime *runtimes.Runtime
	command *runtimes.Command
	list    []*stem // the oldest first
	making  int
	lost    int       // stems that ended before they were used, one after the other
	wanted  time.Time // last
	off     bool      // this host cannot do it
	rests   time.Time // until when none are made, since they do not live
}

// The stems of a fleet stand on shelves. What is taken is made anew, but not
// while there is something more urgent to do.
type stems struct {
	fleet *Fleet
	each  int // stems on a shelf

	mu      sync.Mutex
	shelves map[string]*shelf
	alarm   bool // a round is due
	closed  bool
}

const (
	usualStems = 2
	// maxShelves bounds what stems take of the host: those that have not been
	// wanted for the longest time go.
	maxShelves = 8
	// maxLost is how many stems may end before their time until their shelf rests.
	// After that, one more is one too many, until one has been of use.
	maxLost  = 3
	restTime = time.Minute
	// refillAfter is how long after its use a stem is replaced: the start that it
	// was used for goes first.
	refillAfter = 25 * time.Millisecond
	stemMB      = 512 // until it is assigned
)

// shelfOf returns the shelf for environments made of m, nil if they cannot begin
// as stems.
func (s *stems) shelfOf(c *execution.Configuration, runtime *runtimes.Runtime, command *runtimes.Command) *shelf {
	if s.each <= 0 || command == nil || runtime.Root != "" || !runtime.Stemmable(c.Environment) || c.SnapStartApplyOn == publishedVersions && c.Version != execution.Latest {
		return nil
	}
	key := runtime.Kind(command)
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.shelves[key]
	if !ok {
		if len(s.shelves) >= maxShelves && !s.clear() {
			return nil
		}
		h = &shelf{}
		s.shelves[key] = h
	}
	h.runtime, h.command, h.wanted = runtime, command, s.fleet.Clock.Now()
	if h.idle(h.wanted) {
		return nil
	}
	return h
}

// expect makes stems for a configuration that may soon be invoked.
func (s *stems) expect(c *execution.Configuration) {
	runtime, _, err := s.fleet.Runtimes.Find(s.fleet.life, c.Runtime, c.Architecture)
	if err != nil {
		return // whoever invokes it will be told
	}
	command, err := runtime.Command(runtimes.Launch{Handler: c.Handler, MemoryMB: c.MemoryMB})
	if err != nil || s.shelfOf(c, runtime, command) == nil {
		return
	}
	s.mu.Lock()
	s.soon(refillAfter)
	s.mu.Unlock()
}

// publishedVersions is the value of a function's SnapStart that means something.
const publishedVersions = "PublishedVersions"

// clear gives up the shelf that has not been wanted for the longest time, with
// mu held.
func (s *stems) clear() bool {
	var oldest string
	for key, h := range s.shelves {
		if h.making == 0 && (oldest == "" || h.wanted.Before(s.shelves[oldest].wanted)) {
			oldest = key
		}
	}
	if oldest == "" {
		return false
	}
	list := s.shelves[oldest].list
	s.shelves[oldest].list = nil
	delete(s.shelves, oldest)
	for _, st := range list {
		st.box.Kill()
	}
	return true
}

// take returns the stem of a shelf that is most likely to have started, and sees
// to the next; nil if there is none.
func (s *stems) take(h *shelf) *stem {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.soon(refillAfter)
	if len(h.list) == 0 {
		return nil
	}
	st := h.list[0]
	h.list = slices.Delete(h.list, 0, 1)
	h.lost = 0
	return st
}

// soon has the shelves looked after, with mu held.
func (s *stems) soon(d time.Duration) {
	if !s.alarm && !s.closed {
		s.alarm = true
		s.fleet.Clock.AfterFunc(d, s.refill)
	}
}

// refill makes one stem that is missing, and comes again for the next. It takes
// a place among the starts only if nobody else does.
func (s *stems) refill() {
	f := s.fleet
	s.mu.Lock()
	s.alarm = false
	h := s.lacking()
	if s.closed || h == nil {
		s.mu.Unlock()
		return
	}
	if len(f.places) > 0 || !f.budget.take(usualSize) {
		s.soon(refillAfter)
		s.mu.Unlock()
		return
	}
	h.making++
	name, command := h.runtime.Name, h.command // which may be newer ones later
	defer s.mu.Unlock()                        // before that, nobody closes the fleet
	f.running.Go(func() {
		defer f.budget.keep(usualSize)
		st, err := s.make(h, name, command)
		s.mu.Lock()
		defer s.mu.Unlock()
		h.making--
		switch {
		case err != nil:
			f.Log.Debug("no stem cell", "runtime", h.runtime.Name, "error", err)
			h.off = h.off || errors.Is(err, sandbox.ErrNotBuilt)
			s.miss(h)
		case s.closed:
			st.box.Kill()
		default:
			h.list = append(h.list, st)
		}
		s.soon(refillAfter)
	})
}

// miss counts a stem that was of no use, with mu held. A broken interpreter is
// not the only reason: a host that is short of memory kills whatever it likes.
func (s *stems) miss(h *shelf) {
	if h.lost++; h.lost < maxLost {
		return
	}
	h.rests = s.fleet.Clock.Now().Add(restTime)
	if h.lost == maxLost {
		s.fleet.Log.Warn("functions start without stem cells, which end before they are used", "runtime", h.runtime.Name, "path", h.runtime.Path)
	}
}

// idle reports whether no stems are made for a shelf.
func (h *shelf) idle(now time.Time) bool { return h.off || now.Before(h.rests) }

// lacking returns the shelf wanted last of those on which something is missing,
// with mu held.
func (s *stems) lacking() (h *shelf) {
	now := s.fleet.Clock.Now()
	for _, other := range s.shelves {
		if !other.idle(now) && len(other.list)+other.making < s.each && (h == nil || h.wanted.Before(other.wanted)) {
			h = other
		}
	}
	return h
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

// clearAll gives all stems up, for a while or for good.
func (s *stems) clearAll(forGood bool) {
	s.mu.Lock()
	s.closed = s.closed || forGood
	var all []*stem
	for _, h := range s.shelves {
		all = append(all, h.list...)
		h.list = nil
	}
	s.mu.Unlock()
	for _, st := range all {
		st.box.Kill()
	}
}

// StemCells are those of one kind that stand ready.
type StemCells struct {
	Runtime       string
	Ready         int
	PrivateMemory int64 // of all together, in bytes
}

// stand lists what there is, for people.
func (s *stems) stand() (kinds []StemCells) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.shelves {
		if len(h.list) == 0 {
			continue
		}
		k := StemCells{Runtime: h.runtime.Name, Ready: len(h.list)}
		for _, st := range h.list {
			k.PrivateMemory += st.box.PrivateMemory()
		}
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b StemCells) int { return cmp.Compare(a.Runtime, b.Runtime) })
	return kinds
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
		Name: e.name(), Task: m.task.Dir, Opt: m.optDir(), MemoryMB: max(p.config.MemoryMB, 1), TmpMB: max(p.config.EphemeralMB, 512),
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
