package environment

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// processors tells whether those of the host are busy.
type processors struct {
	mu          sync.Mutex
	total, idle int64 // when asked before
}

// ticksPerSecond is in what Linux counts processor time, on every architecture.
const ticksPerSecond = 100

// spare reports whether a quarter of the time of all processors was idle since
// the last call. Where that cannot be known, it was not; nor if the last call
// was more than a second ago, for then it says nothing of now.
func (p *processors) spare() bool {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return false
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 6 || string(fields[0]) != "cpu" {
		return false
	}
	var total, idle int64
	for n, f := range fields[1:min(len(fields), 9)] {
		ticks, _ := strconv.ParseInt(string(f), 10, 64)
		total += ticks
		if n == 3 || n == 4 { // idle, and waiting for a disk
			idle += ticks
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t, i := total-p.total, idle-p.idle
	p.total, p.idle = total, idle
	return t > 0 && t <= int64(ticksPerSecond*runtime.NumCPU()) && 4*i >= t
}
