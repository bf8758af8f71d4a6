package environment

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"strconv"
	"sync"
	"time"
)

// ErrNoMemory is what invocations get for whom there is no environment and no
// memory for another one.
var ErrNoMemory = errors.New("this host has no memory to spare for another environment")

// A Memory is the host's, and how much of it environments must leave.
type Memory struct {
	// Read returns the host's memory and how much of it is available, in bytes;
	// false if that cannot be known. Nil for that of this host.
	Read func() (total, available int64, ok bool)
	// Reserve is what environments leave; a sixteenth of all if 0.
	Reserve int64
}

// A budget promises memory to environments that are starting. What they have
// taken when they are ready, the host no longer shows as available.
type budget struct {
	Memory
	mu       sync.Mutex
	promised int64
}

// usualSize is what an environment is taken to need before one of its pool has
// been seen.
const usualSize = 48 << 20

// take promises n bytes; false if they are not there.
func (b *budget) take(n int64) bool {
	total, available, ok := b.Read()
	b.mu.Lock()
	defer b.mu.Unlock()
	if ok {
		reserve := b.Reserve
		if reserve == 0 {
			reserve = total / 16
		}
		if available-b.promised-n < reserve {
			return false
		}
	}
	b.promised += n
	return true
}

// keep ends a promise.
func (b *budget) keep(n int64) {
	b.mu.Lock()
	b.promised -= n
	b.mu.Unlock()
}

// scarce tells whether environments have taken what they should leave.
func (b *budget) scarce() bool {
	total, available, ok := b.Read()
	reserve := b.Reserve
	if reserve == 0 {
		reserve = total / 16
	}
	return ok && available < reserve
}

// hostMemory reads the memory of this host.
func hostMemory() (total, available int64, ok bool) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, 0, false
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan() && (total == 0 || available == 0); {
		fields := bytes.Fields(lines.Bytes())
		if len(fields) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(string(fields[1]), 10, 64)
		switch string(fields[0]) {
		case "MemTotal:":
			total = n << 10
		case "MemAvailable:":
			available = n << 10
		}
	}
	return total, available, total > 0 && available > 0
}

// promise asks for the memory that one more of the pool's environments will
// need, with mu held.
func (p *Pool) promise() (int64, bool) {
	n := p.size
	if n == 0 {
		n = usualSize
	}
	n = min(n, int64(p.memoryMB())<<20)
	return n, p.fleet.budget.take(n)
}

// sawSize notes what an environment of the pool needs.
func (p *Pool) sawSize(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.size == 0 {
		p.size = n
	}
	p.size += (n - p.size) / 4
}

// memoryPatience is how long somebody waits in line for an environment to be
// freed, where there is no memory for another one.
const memoryPatience = time.Second

// makeRoom ends the environments that have been idle longest, if there are any of
// other pools, and reports whether there were.
func (f *Fleet) makeRoom(p *Pool) bool {
	var idle []*Environment
	for _, other := range f.allPools() {
		if other == p {
			continue
		}
		other.mu.Lock()
		idle = append(idle, other.idle...)
		other.mu.Unlock()
	}
	ended := retireOldest(idle)
	// What they had is there as soon as they are gone, which takes a moment.
	until := time.NewTimer(roomLimit)
	defer until.Stop()
	for _, e := range ended {
		select {
		case <-e.box.Done():
		case <-until.C:
			return true
		}
	}
	return len(ended) > 0
}

const roomLimit = 250 * time.Millisecond

// noMemory takes a start back for which there is no memory. Who has nothing to
// wait for is told, and who has waited for long.
func (p *Pool) noMemory() {
	now := p.fleet.Clock.Now()
	p.mu.Lock()
	p.starting--
	p.begun--
	hopeless := len(p.all) == 0 && p.starting == 0
	var sent []*ticket
	for len(p.line) > 0 && (hopeless || now.Sub(p.line[0].arrived) >= memoryPatience) {
		sent = append(sent, p.next())
	}
	p.watch()
	p.keepIfUsed()
	p.mu.Unlock()
	for _, t := range sent {
		t.complete(completion{err: ErrNoMemory})
	}
}
