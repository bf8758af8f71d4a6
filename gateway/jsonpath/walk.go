package jsonpath

import (
	"errors"

	"github.com/lamgate/lamgate/gateway/value"
)

// walk is the way along one path.
type walk struct {
	*reading
	path    *Path
	require bool
	results []value.Value
}

// step applies the i-th step to model and goes on from what it leads to.
func (w *walk) step(i int, model value.Value) error {
	if err := w.spend(1); err != nil {
		return err
	}
	if i == len(w.path.steps) {
		w.results = append(w.results, model)
		return nil
	}
	if err := w.enter(); err != nil {
		return err
	}
	defer w.leave()
	s := &w.path.steps[i]
	switch s.kind {
	case names:
		return w.names(i, s, model)
	case indexes, slice:
		return w.positions(i, s, model)
	case wildcard:
		return w.wildcard(i, model)
	case scan:
		return w.scan(i, model, 0)
	case filter:
		return w.filter(i, s, model)
	default:
		result, err := s.call.invoke(w.reading, model)
		if err != nil {
			return err
		}
		w.results = append(w.results, result)
		if i == len(w.path.steps)-1 {
			return nil
		}
		return w.step(i+1, result)
	}
}

func (w *walk) names(i int, s *step, model value.Value) error {
	m, ok := model.(*value.Map)
	if !ok {
		// AWS: after a step that may lead to several values, those that are no
		// objects are passed over; after definite ones it is an error.
		if s.upstream {
			return w.path.notFound(s, model)
		}
		return nil
	}
	leaf := i == len(w.path.steps)-1
	if leaf && len(s.names) > 1 {
		// AWS: several names at the end make one object of those that exist.
		merged := value.NewMap(len(s.names))
		for _, name := range s.names {
			if v, ok := m.Get(name); ok {
				merged.Set(name, v)
			} else if w.require {
				return w.path.notFound(s, m)
			}
		}
		return w.step(i+1, merged)
	}
	for _, name := range s.names {
		v, ok := m.Get(name)
		if ok {
			if err := w.step(i+1, v); err != nil {
				return err
			}
			continue
		}
		if w.require || !leaf && s.upstream && len(s.names) == 1 {
			return w.path.notFound(s, m)
		}
	}
	return nil
}

func (w *walk) positions(i int, s *step, model value.Value) error {
	l, ok := model.(*value.List)
	if !ok {
		if s.upstream {
			return w.path.notFound(s, model)
		}
		return nil
	}
	if s.kind == indexes {
		for _, n := range s.indexes {
			if err := w.at(i, l, n); err != nil {
				return err
			}
		}
		return nil
	}
	from, to := s.bounds(len(l.Items))
	for n := from; n < to; n++ {
		if err := w.at(i, l, n); err != nil {
			return err
		}
	}
	return nil
}

// bounds returns the indexes that a slice visits in a list of n items.
//
// AWS: only a bound that stands alone counts from the end. With both, a negative
// one stays as it is, and the indexes between them are taken one by one: of four
// items [1:-1] has none, [-3:-1] two, and [-2:5] has the last two and then all.
func (s *step) bounds(n int) (from, to int) {
	switch {
	case s.to == nil:
		if from = *s.from; from < 0 {
			from += n
		}
		return max(from, 0), n
	case s.from == nil:
		if to = *s.to; to < 0 {
			to += n
		}
		return 0, min(to, n)
	}
	// What is further from the end than the list is long leads nowhere anyway.
	return max(*s.from, -n), min(*s.to, n)
}

func (w *walk) at(i int, l *value.List, n int) error {
	if n = position(n, len(l.Items)); n < 0 {
		return nil
	}
	return w.step(i+1, l.Items[n])
}

func (w *walk) wildcard(i int, model value.Value) error {
	switch x := model.(type) {
	case *value.Map:
		for _, v := range x.All() {
			if err := w.step(i+1, v); err != nil {
				return err
			}
		}
	case *value.List:
		for _, v := range x.Items {
			err := w.step(i+1, v)
			if err != nil && (w.require || !isNotFound(err)) {
				return err
			}
		}
	}
	return nil
}

func isNotFound(err error) bool {
	_, ok := errors.AsType[*NotFoundError](err)
	return ok
}

// filter applies [?(…)].
//
// AWS: of a list it tests the items, of an object the object itself.
func (w *walk) filter(i int, s *step, model value.Value) error {
	switch x := model.(type) {
	case *value.Map:
		ok, err := w.accepts(s.filter, x)
		if err != nil || !ok {
			return err
		}
		return w.step(i+1, x)
	case *value.List:
		for _, v := range x.Items {
			ok, err := w.accepts(s.filter, v)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if err := w.step(i+1, v); err != nil {
				return err
			}
		}
		return nil
	}
	if s.upstream {
		return invalid("a filter can only be applied to objects and lists")
	}
	return nil
}
