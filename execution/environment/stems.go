package environment

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
)

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
