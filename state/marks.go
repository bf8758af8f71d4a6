package state

import (
	"fmt"
	"maps"
)

// maxMarks is how many marks of deleted keys may stand before they are purged.
const maxMarks = 1024

// purgeMarks removes the marks of deleted keys. A mark has served its purpose
// once every replica has seen it, and a server on its own has but one.
func (s *Store) purgeMarks() {
	r := s.replica
	r.mu.RLock()
	documents, blobs := maps.Clone(r.documents.graves), maps.Clone(r.blobs.graves)
	r.mu.RUnlock()
	err := purgeMarksOf(s, documentsRoot, &r.documents, documents)
	if err == nil {
		err = purgeMarksOf(s, blobsRoot, &r.blobs, blobs)
	}
	if err != nil && s.life.Err() == nil {
		s.log.Info("state: marks of deleted keys stay for now", "error", err)
	}
	s.purging.Store(false)
}

// purgeMarksSoon is purgeMarks, in the background and one at a time.
func (s *Store) purgeMarksSoon() {
	if s.purging.CompareAndSwap(false, true) && !s.chore(s.purgeMarks) {
		s.purging.Store(false)
	}
}

func purgeMarksOf[T any](s *Store, root string, t *table[T], graves map[string]uint64) error {
	for key, revision := range graves {
		e, err := s.running()
		if err != nil {
			return err
		}
		if err := s.space.takeToFree(recordOverhead); err != nil {
			return err
		}
		// A key that has been written again no longer has this mark.
		subject, err := subjectOf(root, key)
		if err == nil {
			err = erase(s.life, e.documents, subject, revision)
		}
		if err != nil {
			return fmt.Errorf("purge the mark of %s: %w", key, err)
		}
		s.replica.mu.Lock()
		if t.graves[key] == revision {
			delete(t.graves, key)
		}
		s.replica.mu.Unlock()
	}
	return nil
}
