package image

import (
	"os"

	"golang.org/x/sys/unix"
)

// settle has the disk take everything that was written below dir: what is found
// there by its name after a loss of power is whole.
func settle(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}
