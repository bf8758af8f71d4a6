package sandbox

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// maxResident is in bytes; Linux counts kilobytes.
func maxResident(u *syscall.Rusage) int64 { return u.Maxrss << 10 }

// residentPeak is the most memory that a process has held at once so far, in
// bytes; 0 if it has gone.
func residentPeak(pid int) int64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	_, after, _ := bytes.Cut(status, []byte("\nVmHWM:"))
	line, _, _ := bytes.Cut(after, []byte(" kB"))
	kilobytes, _ := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
	return kilobytes << 10
}
