package state

import (
	"slices"
	"sort"
	"strings"
)

// A table maps keys to values and knows their order.
type table[T any] struct {
	values map[string]T
	keys   []string // of values, in order
	// graves are the deleted keys, by the revision of their mark. Marks stay: an
	// engine that was killed may find records again that newer ones had
	// replaced, and only the mark tells that they are over.
	graves map[string]uint64
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
	rest := t.keys[from:]
	return rest[:sort.Search(len(rest), func(i int) bool { return !strings.HasPrefix(rest[i], prefix) })]
}

func (t *table[T]) list(prefix string) []T {
	keys := t.under(prefix)
	values := make([]T, len(keys))
	for i, key := range keys {
		values[i] = t.values[key]
	}
	return values
}
