package image

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncAll has the disk take everything that was written to the file system of a
// directory.
func syncAll(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}
