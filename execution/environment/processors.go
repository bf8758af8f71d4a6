package environment

import (
	"bytes"
	"os"
	"strconv"
	"sync"
)

// processors tells whether those of the host are busy.
type processors struct {
	mu          sync.Mutex
	total, idle int64 // when asked before
}

// spare reports whether a quarter of the time of all processors was idle since
// the last call. Where that cannot be known, it was not.
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
	return t > 0 && 4*i >= t
}
