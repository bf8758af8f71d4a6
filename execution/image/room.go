package image

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// A room keeps images from filling the disk, which others need as well: the
// store of all that lamgate knows is likely on it.
type room struct {
	free    func() (int64, error) // bytes that may still be written
	reserve int64                 // that must stay free
}

// defaultReserve is what stays free unless told otherwise.
const defaultReserve = 1 << 30

func freeIn(dir string) func() (int64, error) {
	return func() (int64, error) {
		var s unix.Statfs_t
		if err := unix.Statfs(dir, &s); err != nil {
			return 0, fmt.Errorf("statfs %s: %w", dir, err)
		}
		return int64(s.Bavail) * int64(s.Bsize), nil
	}
}

// has reports whether there is room for so many bytes more.
func (r *room) has(size int64) error {
	free, err := r.free()
	if err != nil {
		return err
	}
	if free-size < r.reserve {
		return fmt.Errorf("there is no room for %d bytes of an image: %d are free, and %d are to stay so", size, free, r.reserve)
	}
	return nil
}
