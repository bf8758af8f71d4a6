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
// so that a follower, called under feed, may read.
type replica struct {
	feed     sync.Mutex
	watchers []*watcher

	mu        sync.RWMutex
	documents table[Document]
	blobs     table[blob]
	revision  uint64 // of the last change that all watchers have seen
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
	return &replica{documents: newTable[Document](), blobs: newTable[blob]()}
}

// document applies a change and returns when every watcher has seen it. feed
// must be held.
func (r *replica) document(c Change) {
	r.mu.Lock()
	if c.Deleted {
		r.documents.bury(c.Key, c.Revision)
	} else {
		r.documents.put(c.Key, c.Document)
	}
	r.mu.Unlock()
	for _, w := range r.watchers {
		if strings.HasPrefix(c.Key, w.prefix) {
			w.follow(c)
		}
	}
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

// wait returns when the replica and its watchers have come to a revision.
func (r *replica) wait(ctx context.Context, revision uint64) error {
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
	case <-ctx.Done():
		return ctx.Err()
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

// A table maps keys to values and knows their order.
type table[T any] struct {
	values map[string]T
	keys   []string          // of values, sorted
	graves map[string]uint64 // deleted keys whose mark the engine still holds
}

func newTable[T any]() table[T] {
	return table[T]{values: map[string]T{}, graves: map[string]uint64{}}
}

func (t *table[T]) put(key string, value T) {
	delete(t.graves, key)
	if _, present := t.values[key]; !present {
		at, _ := slices.BinarySearch(t.keys, key)
		t.keys = slices.Insert(t.keys, at, key)
	}
	t.values[key] = value
}

func (t *table[T]) bury(key string, revision uint64) {
	t.graves[key] = revision
	if _, present := t.values[key]; present {
		delete(t.values, key)
		at, _ := slices.BinarySearch(t.keys, key)
		t.keys = slices.Delete(t.keys, at, at+1)
	}
}

// under returns the keys that begin with prefix. They are the table's own.
func (t *table[T]) under(prefix string) []string {
	from, _ := slices.BinarySearch(t.keys, prefix)
	n := 0
	for n < len(t.keys)-from && strings.HasPrefix(t.keys[from+n], prefix) {
		n++
	}
	return t.keys[from : from+n]
}

func (t *table[T]) list(prefix string) []T {
	keys := t.under(prefix)
	values := make([]T, len(keys))
	for i, key := range keys {
		values[i] = t.values[key]
	}
	return values
}
