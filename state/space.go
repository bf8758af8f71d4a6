package state

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamgate/lamgate/aws"
)

// A space keeps writes from touching the disk's last bytes: an engine that
// meets a full disk stops altogether, reads included.
type space struct {
	clock   aws.Clock
	free    func() (uint64, error) // the bytes that we may still write
	reserve uint64

	mu     sync.Mutex
	asked  time.Time
	budget int64 // what is free above the reserve, as far as known
}

// spaceAge is for how long an answer of the file system is trusted.
const spaceAge = 100 * time.Millisecond

func freeIn(dir string) func() (uint64, error) {
	return func() (uint64, error) {
		var s unix.Statfs_t
		if err := unix.Statfs(dir, &s); err != nil {
			return 0, fmt.Errorf("statfs %s: %w", dir, err)
		}
		return uint64(s.Bavail) * uint64(s.Bsize), nil
	}
}

// take asks for room for size more bytes, or returns ErrNoSpace.
func (s *space) take(size int) error { return s.takeAbove(size, 0) }

// takeToFree is take for writes by which room is made: a part of the reserve
// is theirs, or a full store could never be emptied.
func (s *space) takeToFree(size int) error { return s.takeAbove(size, int64(s.reserve/2)) }

// short reports whether nothing but the reserve is left, as of now.
func (s *space) short() bool {
	s.mu.Lock()
	s.asked = time.Time{}
	s.mu.Unlock()
	return s.take(0) != nil
}

func (s *space) takeAbove(size int, overdraft int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	need := int64(size) - overdraft
	now := s.clock.Now()
	if age := now.Sub(s.asked); age > spaceAge || age < 0 || s.budget < need {
		free, err := s.free()
		if err != nil {
			return err
		}
		s.asked, s.budget = now, int64(free)-int64(s.reserve)
	}
	if s.budget < need {
		return ErrNoSpace
	}
	s.budget -= int64(size)
	return nil
}
