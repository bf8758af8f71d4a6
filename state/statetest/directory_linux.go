package statetest

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	memory      = "/dev/shm"
	memoryLeast = 1 << 30 // containers often have less, which a store would find full
)

// directory returns an empty directory that goes with the test: in memory, where
// that has room, since a store syncs with every write and a disk makes tests
// wait for that.
func directory(t testing.TB) string {
	var fs unix.Statfs_t
	if unix.Statfs(memory, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < memoryLeast {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memory, "lamgate-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
