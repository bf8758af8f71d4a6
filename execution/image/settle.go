package image

import (
	"os"
	"path/filepath"

	"github.com/lamgate/lamgate/execution/disk"
)

// What was written reaches the disk in its own time, which can be long: nobody
// waits for that. A directory that has not settled is used until the machine is
// started anew, for it may be there in part then; one that has is kept.
const settledName = "settled"

// settle marks directories once the disk has taken them. Close does not wait for
// the disk, which takes what others have written, too; after it nothing is marked
// any more.
func (s *Store) settle(dirs []string) {
	s.settling.Go(func() {
		if err := syncAll(s.options.Dir); err != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.life.Err() != nil {
			return
		}
		for _, dir := range dirs {
			// One that has gone meanwhile needs no mark.
			if f, err := os.OpenFile(filepath.Join(dir, settledName), os.O_CREATE|os.O_WRONLY, 0o644); err == nil {
				f.Close()
			}
		}
	})
}

// trusted reports whether a directory that was made under a boot of the machine
// is whole.
func trusted(dir, boot string) bool {
	if boot == disk.BootID() {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, settledName))
	return err == nil
}
