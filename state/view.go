package state

import "sync"

// A View keeps every document under a prefix in the form that its readers
// need. It follows the store: what a write has answered, the View has.
type View[T any] struct {
	values sync.Map // key -> T
	stop   func()
}

// NewView begins to follow the documents under prefix. form makes a reader's
// value of a document; a document that it refuses is reported and absent from
// the View.
func NewView[T any](docs Documents, prefix string, form func(Document) (T, error), report func(key string, err error)) *View[T] {
	v := &View[T]{}
	v.stop = docs.Watch(prefix, func(c Change) {
		if c.Deleted {
			v.values.Delete(c.Key)
			return
		}
		value, err := form(c.Document)
		if err != nil {
			v.values.Delete(c.Key)
			report(c.Key, err)
			return
		}
		v.values.Store(c.Key, value)
	})
	return v
}

// Get returns the value at key. It never waits.
func (v *View[T]) Get(key string) (T, bool) {
	if value, ok := v.values.Load(key); ok {
		return value.(T), true
	}
	var none T
	return none, false
}

// Close ends the View's following.
func (v *View[T]) Close() { v.stop() }
