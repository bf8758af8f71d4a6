package state

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
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
	err := purgeMarksOf(s, &r.documents, documents)
	if err == nil {
		err = purgeMarksOf(s, &r.blobs, blobs)
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

func purgeMarksOf[T any](s *Store, t *table[T], graves map[string]uint64) error {
	for key, revision := range graves {
		e, err := s.running()
		if err != nil {
			return err
		}
		if err := s.space.takeToFree(recordOverhead); err != nil {
			return err
		}
		// A key that has been written again no longer has this mark.
		err = e.documents.DeleteMsg(s.life, revision)
		if err != nil && !isNoMessage(err) {
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

// isNoMessage reports whether err says that there is no message of a number.
func isNoMessage(err error) bool {
	// The engine says so in more than one way.
	const sequenceNotFound, deleteFailed jetstream.ErrorCode = 10043, 10057
	answer, ok := errors.AsType[*jetstream.APIError](err)
	if !ok {
		return false
	}
	switch answer.ErrorCode {
	case jetstream.JSErrCodeMessageNotFound, sequenceNotFound:
		return true
	case deleteFailed:
		return strings.Contains(answer.Description, "no message found")
	}
	return false
}
