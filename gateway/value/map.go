package value

import (
	"iter"
	"slices"
)

// indexedFrom is the number of keys from which a Map keeps an index; below it
// comparing keys one by one is quicker than hashing.
const indexedFrom = 16

// Map is a JSON object: keys in the order in which they came, like Java's
// LinkedHashMap. The zero Map is empty and ready to use.
type Map struct {
	entries []entry
	// index finds an entry by its key; nil while there are few.
	index map[string]int
	// dead counts the deleted entries that still stand in entries; only an
	// indexed Map has any, so that deleting many keys is not quadratic.
	dead int
}

type entry struct {
	key   string
	value Value
}

// deleted is the value of an entry that is no more.
type deleted struct{}

func (e *entry) dead() bool {
	_, dead := e.value.(deleted)
	return dead
}

// NewMap returns an empty map with room for capacity keys.
func NewMap(capacity int) *Map {
	return &Map{entries: make([]entry, 0, max(capacity, 0))}
}

func (m *Map) find(key string) int {
	if m.index != nil {
		if i, ok := m.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range m.entries {
		if m.entries[i].key == key {
			return i
		}
	}
	return -1
}

// Get returns the value of a key.
func (m *Map) Get(key string) (Value, bool) {
	if i := m.find(key); i >= 0 {
		return m.entries[i].value, true
	}
	return nil, false
}

// Set gives key a value: in its place if the map has it, else at the end.
func (m *Map) Set(key string, v Value) {
	if i := m.find(key); i >= 0 {
		m.entries[i].value = v
		return
	}
	m.entries = append(m.entries, entry{key: key, value: v})
	switch {
	case m.index != nil:
		m.index[key] = len(m.entries) - 1
	case len(m.entries) >= indexedFrom:
		m.reindex()
	}
}

// Delete removes a key and reports whether the map had it.
func (m *Map) Delete(key string) bool {
	i := m.find(key)
	if i < 0 {
		return false
	}
	if m.index == nil {
		m.entries = slices.Delete(m.entries, i, i+1)
		return true
	}
	delete(m.index, key)
	m.entries[i] = entry{value: deleted{}}
	m.dead++
	if m.dead > len(m.entries)/2 {
		m.entries = slices.DeleteFunc(m.entries, func(e entry) bool { return e.dead() })
		m.dead = 0
		m.reindex()
	}
	return true
}

func (m *Map) reindex() {
	m.index = make(map[string]int, len(m.entries))
	for i := range m.entries {
		m.index[m.entries[i].key] = i
	}
}

// Len returns the number of keys.
func (m *Map) Len() int { return len(m.entries) - m.dead }

// At returns the i-th key and its value, in the order of the keys; it panics if
// there is none.
func (m *Map) At(i int) (string, Value) {
	if m.dead == 0 {
		return m.entries[i].key, m.entries[i].value
	}
	for j := range m.entries {
		if e := &m.entries[j]; !e.dead() {
			if i == 0 {
				return e.key, e.value
			}
			i--
		}
	}
	panic("value: no such key in the map")
}

// All yields the keys and their values in order.
func (m *Map) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for i := 0; i < len(m.entries); i++ {
			if e := &m.entries[i]; !e.dead() && !yield(e.key, e.value) {
				return
			}
		}
	}
}
