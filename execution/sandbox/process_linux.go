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
	return kilobytes(status, "VmHWM:") << 10
}

// privateMemory reads what is nobody else's from a process's smaps_rollup, in
// bytes.
func privateMemory(file string) int64 {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	return kilobytes(b, "Private_Dirty:") << 10
}

// kilobytes finds a line "Name:  123 kB" in a file of /proc.
func kilobytes(b []byte, name string) int64 {
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
			n, _ := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte("kB")))), 10, 64)
			return n
		}
	}
	return 0
}
