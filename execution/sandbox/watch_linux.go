//go:build amd64 || arm64

package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// watchEvery is how often the memory of sandboxes that run is looked at. Real
// time, not a Clock's: it watches real processes.
const watchEvery = 25 * time.Millisecond

// A watch looks after the memory of all sandboxes that are not frozen. With
// control groups it reads one number each, and more only if that is above the
// limit; without, it adds up what the processes hold.
type watch struct {
	mu      sync.Mutex
	running map[*namespace]struct{}
	ticking bool
}

func newWatch() *watch { return &watch{running: map[*namespace]struct{}{}} }

// add begins to watch a sandbox.
func (w *watch) add(s *namespace) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running[s] = struct{}{}
	if !w.ticking {
		w.ticking = true
		go w.tick()
	}
}

// remove stops watching a sandbox.
func (w *watch) remove(s *namespace) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, s)
}

// tick looks at all sandboxes until there are none left.
func (w *watch) tick() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	var list []*namespace
	for range ticker.C {
		list = w.list(list[:0])
		if len(list) == 0 {
			return
		}
		for _, s := range list {
			switch {
			case s.group.memory != "":
				w.look(s)
			case s.looking.CompareAndSwap(false, true):
				// Of many processes that takes its time, and others are not to wait.
				go func() {
					defer s.looking.Store(false)
					w.look(s)
				}()
			}
		}
	}
}

func (w *watch) look(s *namespace) {
	if !s.checkMemory() {
		w.remove(s)
	}
}

func (w *watch) list(list []*namespace) []*namespace {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.running {
		list = append(list, s)
	}
	w.ticking = len(list) > 0
	return list
}

// checkMemory ends the sandbox if its processes hold more memory than they may.
// It reports false once there is no more to check.
func (s *namespace) checkMemory() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := int64(s.spec.MemoryMB) << 20
	var held int64
	if s.group.memory != "" {
		if s.gone {
			return false
		}
		usage := s.group.usage()
		if s.looks++; usage <= limit && s.looks%8 != 1 { // the statistics are dear
			return true
		}
		held = s.group.held()
		if held > limit {
			held -= s.tmpUsed()
		}
	} else {
		s.mu.Unlock()
		held = s.resident(false, limit)
		if held > limit { // what is shared was counted more than once
			held = s.resident(true, limit)
		}
		s.mu.Lock()
		if s.gone || s.ending.Load() {
			return false
		}
		limit = max(limit, int64(s.spec.MemoryMB)<<20) // it may have been assigned meanwhile
	}
	s.max = max(s.max, min(held, limit), residentPeak(s.command))
	if held > limit {
		s.tooMuch = true
		s.kill()
	}
	return true
}

// tmpUsed is what the files in /tmp take.
func (s *namespace) tmpUsed() int64 {
	var st unix.Statfs_t
	if err := unix.Statfs(fmt.Sprintf("/proc/%d/root/tmp", s.initial), &st); err != nil {
		return 0
	}
	return int64(st.Blocks-st.Bfree) * st.Bsize
}

// resident adds up the memory of all processes in the sandbox, until it is more
// than enough. Exactly counts each page once; it is slow.
func (s *namespace) resident(exactly bool, enough int64) int64 {
	var sum int64
	s.each(func(dir string) bool {
		if exactly {
			b, _ := os.ReadFile(dir + "/smaps_rollup")
			sum += kilobytes(b, "Pss:") << 10
		} else {
			b, _ := os.ReadFile(dir + "/statm")
			if fields := bytes.Fields(b); len(fields) > 1 {
				n, _ := strconv.ParseInt(string(fields[1]), 10, 64)
				sum += n * int64(os.Getpagesize())
			}
		}
		return sum <= enough
	})
	return sum
}

// sum adds up something over the directories in /proc of all processes but init.
func (s *namespace) sum(of func(dir string) int64) int64 {
	var sum int64
	s.each(func(dir string) bool { sum += of(dir); return true })
	return sum
}

// each goes through the directories in /proc of all processes but init, for as
// long as it is told to and nobody wants to end them. Of many processes, which
// leave the server little of a processor, that is long: so it must not be called
// with the lock held.
func (s *namespace) each(do func(dir string) bool) {
	s.mu.Lock()
	var proc *os.File
	if !s.gone && s.initial != 0 { // init's ID is still its own
		proc, _ = os.Open(fmt.Sprintf("/proc/%d/root/proc", s.initial))
	}
	s.mu.Unlock()
	if proc == nil {
		return
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1)
	dir := fmt.Sprintf("/proc/self/fd/%d/", proc.Fd())
	for _, name := range names {
		if _, err := strconv.Atoi(name); err == nil && name != "1" && (s.ending.Load() || !do(dir+name)) {
			return
		}
	}
}
