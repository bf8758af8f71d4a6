package state

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// A replica is what memory holds of the documents stream: every document, what
// stands at every blob's key, and the marks of what has been deleted.
//
// One goroutine at a time changes it, under feed. Its readers take mu alone,
// so that a watcher, called under feed, may read.
type replica struct {
	feed     sync.Mutex
	watchers []*watcher

	mu        sync.RWMutex
	documents table[Document]
	blobs     table[blob]
	chunked   map[string]string // by a document's key, where its value lies in chunks
	used      map[string]bool   // the chunked values that are referred to
	revision  uint64            // of the last change that all watchers have seen
	waiting   []waiter
}

type watcher struct {
	prefix string
	follow func(Change)
}

type waiter struct {
	revision uint64
	reached  chan struct{}
}

func newReplica() *replica {
	return &replica{
		documents: newTable[Document](),
		blobs:     newTable[blob](),
		chunked:   map[string]string{},
		used:      map[string]bool{},
	}
}

// document applies a change, whose value lies in the chunks of an ID or is
// none of them, and returns when every watcher has seen it. What the document
// referred to before is no longer used. feed must be held.
func (r *replica) document(c Change, chunks string) (unused string) {
	r.mu.Lock()
	unused = r.chunked[c.Key]
	delete(r.chunked, c.Key)
	if chunks != "" {
		r.chunked[c.Key] = chunks
	}
	r.refer(chunks, unused)
	_, known := r.documents.values[c.Key]
	if c.Deleted {
		r.documents.bury(c.Key, c.Revision)
	} else {
		r.documents.put(c.Key, c.Document)
	}
	r.mu.Unlock()
	if c.Deleted && !known {
		return unused
	}
	for _, w := range r.watchers {
		if strings.HasPrefix(c.Key, w.prefix) {
			w.follow(c)
		}
	}
	return unused
}

// blob applies a change at a blob's key, as document does.
func (r *replica) blob(key string, b blob, deleted bool) (unused string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.blobs.values[key]; known.ID != b.ID {
		unused = known.ID
	}
	r.refer(b.ID, unused)
	if deleted {
		r.blobs.bury(key, b.revision)
	} else {
		r.blobs.put(key, b)
	}
	return unused
}

func (r *replica) refer(used, unused string) {
	delete(r.used, unused)
	if used != "" {
		r.used[used] = true
	}
}

func (r *replica) refersTo(id string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.used[id]
}

// forget removes what is at none of the subjects that are present. feed must
// be held.
func (r *replica) forget(present map[string]uint64) {
	for _, d := range r.documents.list("") {
		if subject, _ := subjectOf(documentsRoot, d.Key); present[subject] == 0 {
			r.document(Change{Document: Document{Key: d.Key, Revision: d.Revision}, Deleted: true}, "")
		}
	}
	for _, key := range slices.Clone(r.blobs.under("")) {
		if subject, _ := subjectOf(blobsRoot, key); present[subject] == 0 {
			r.blob(key, blob{}, true)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.documents.graves)
	clear(r.blobs.graves)
}

// restart sets the revision up to which all changes have been applied. It may
// go back: what an engine has shown and lost, its successor numbers anew.
func (r *replica) restart(revision uint64) {
	r.mu.Lock()
	r.revision = 0
	r.mu.Unlock()
	r.reach(revision)
}

// reach announces that all changes up to a revision have been applied.
func (r *replica) reach(revision uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.revision = max(r.revision, revision)
	r.waiting = slices.DeleteFunc(r.waiting, func(w waiter) bool {
		if w.revision > r.revision {
			return false
		}
		close(w.reached)
		return true
	})
}

// wait returns when the replica and its watchers have come to a revision, or
// the store closes.
func (r *replica) wait(life context.Context, revision uint64) error {
	r.mu.Lock()
	if r.revision >= revision {
		r.mu.Unlock()
		return nil
	}
	reached := make(chan struct{})
	r.waiting = append(r.waiting, waiter{revision, reached})
	r.mu.Unlock()
	select {
	case <-reached:
		return nil
	case <-life.Done():
		return errClosed
	}
}

func (r *replica) watch(prefix string, follow func(Change)) (stop func()) {
	w := &watcher{prefix, follow}
	r.feed.Lock()
	defer r.feed.Unlock()
	r.mu.RLock()
	present := r.documents.list(prefix)
	r.mu.RUnlock()
	for _, d := range present {
		follow(Change{Document: d})
	}
	r.watchers = append(r.watchers, w)
	return func() {
		r.feed.Lock()
		defer r.feed.Unlock()
		r.watchers = slices.DeleteFunc(r.watchers, func(other *watcher) bool { return other == w })
	}
}
