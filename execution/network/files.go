package network

import "golang.org/x/sys/unix"

// mostFiles is how many files the server may have open.
func mostFiles() int64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	return int64(min(limit.Cur, 1<<20))
}
