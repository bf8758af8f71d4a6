//go:build unix && !linux

package sandbox

import "syscall"

// maxResident is in bytes, as macOS counts.
func maxResident(u *syscall.Rusage) int64 { return u.Maxrss }

// residentPeak cannot be known before a process has ended.
func residentPeak(int) int64 { return 0 }

// privateMemory is not known here.
func privateMemory(string) int64 { return 0 }
