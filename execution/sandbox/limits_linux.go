//go:build amd64 || arm64

package sandbox

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// A limit is one resource limit.
type limit struct {
	resource int
	value    uint64
}

// limits are the resource limits of every process in a sandbox.
func (d *namespaces) limits(spec Spec, id identity) []limit {
	list := []limit{
		inheritedLimit(unix.RLIMIT_NOFILE, uint64(spec.Files)),
		{unix.RLIMIT_CORE, 1}, // 0 would still start the program in kernel.core_pattern
		// What some hosts allow their users, who may then take a processor from
		// everyone.
		{unix.RLIMIT_RTPRIO, 0},
		{unix.RLIMIT_NICE, 0},
	}
	if d.cgroups.pids.dir == "" && d.countsProcesses() {
		count := uint64(spec.Processes)
		if !id.privileged {
			count++ // init is in the same user namespace
		}
		list = append(list, inheritedLimit(unix.RLIMIT_NPROC, count))
	}
	return list
}

// countsProcesses reports whether RLIMIT_NPROC counts the processes of one
// sandbox only: if each has a host user of its own, or if the kernel counts by
// user namespace, as it does since Linux 5.14.
func (d *namespaces) countsProcesses() bool {
	return d.users.privileged || kernelAtLeast(5, 14)
}

// inheritedLimit returns value, or the server's own limit if that is lower.
func inheritedLimit(resource int, value uint64) limit {
	var own unix.Rlimit
	if unix.Getrlimit(resource, &own) == nil {
		value = min(value, own.Max)
	}
	return limit{resource, value}
}

// kernelAtLeast reports whether the kernel is of a version or later.
func kernelAtLeast(major, minor int) bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	var a, b int
	if n, _ := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &a, &b); n != 2 {
		return false
	}
	return a > major || a == major && b >= minor
}
