package jsonpath

import (
	"errors"

	"github.com/lamgate/lamgate/gateway/value"
)

// scan applies step i+1 to model and to all that is below it, the outer before
// the inner, in the document's order.
func (w *walk) scan(i int, model value.Value, depth int) error {
	if i == len(w.path.steps)-1 {
		return errors.New("JSONPath: there is nothing to scan for after ..")
	}
	if err := w.spend(1); err != nil {
		return err
	}
	if depth > value.MaxDepth {
		return ErrBudget
	}
	if err := w.enter(); err != nil {
		return err
	}
	defer w.leave()
	switch x := model.(type) {
	case *value.Map:
		ok, err := w.scanned(i+1, x)
		if err != nil {
			return err
		}
		if ok {
			if err := w.step(i+1, x); err != nil {
				return err
			}
		}
		for _, v := range x.All() {
			if err := w.scan(i, v, depth+1); err != nil {
				return err
			}
		}
	case *value.List:
		ok, err := w.scanned(i+1, x)
		if err != nil {
			return err
		}
		if ok {
			if err := w.scanList(i+1, x); err != nil {
				return err
			}
		}
		for _, v := range x.Items {
			if err := w.scan(i, v, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// scanList applies step i to a list that a deep scan came upon.
//
// AWS: Jayway skips the step if others follow and goes on from every item, so
// that $..[0].a is the a of all items and not only of the first ones.
func (w *walk) scanList(i int, l *value.List) error {
	if i == len(w.path.steps)-1 {
		return w.step(i, l)
	}
	for _, v := range l.Items {
		if err := w.step(i+1, v); err != nil {
			return err
		}
	}
	return nil
}

// scanned reports whether a deep scan applies step i to model.
func (w *walk) scanned(i int, model value.Value) (bool, error) {
	s := &w.path.steps[i]
	switch s.kind {
	case names:
		m, ok := model.(*value.Map)
		if !ok {
			return false, nil
		}
		// AWS: of several names at the end an object must have all.
		if s.definite(i == len(w.path.steps)-1) {
			for _, name := range s.names {
				if _, ok := m.Get(name); !ok {
					return false, nil
				}
			}
		}
		return true, nil
	case indexes, slice:
		_, ok := model.(*value.List)
		return ok, nil
	case filter:
		return w.accepts(s.filter, model)
	}
	return s.kind == wildcard, nil
}
