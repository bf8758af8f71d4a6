package jsonpath

import (
	"errors"
	"time"

	"github.com/lamgate/lamgate/gateway/value"
)

// reading is one Read: what all the paths in it share, those of its filters and
// functions too.
type reading struct {
	root   value.Value
	budget int
	// backtracking is the time that is left for regular expressions.
	backtracking time.Duration
	depth        int // of steps and scans in one another
	// cache holds the results of paths in filters that begin at the root.
	cache map[*Path]outcome
}

// maxWalk is how many steps and scans may be within one another: more than the
// longest path has, and more than the deepest document.
const maxWalk = 2 * MaxLength

type outcome struct {
	value value.Value
	err   error
}

// spend takes n steps from the budget.
func (r *reading) spend(n int) error {
	if r.budget -= n; r.budget < 0 {
		return ErrBudget
	}
	return nil
}

// readPlain follows names and indexes: most paths are this.
func (p *Path) readPlain(v value.Value) (value.Value, error) {
	for i := range p.steps {
		s := &p.steps[i]
		found := false
		if s.kind == names {
			if m, ok := v.(*value.Map); ok {
				v, found = m.Get(s.names[0])
				if !found {
					return nil, p.notFound(s, m)
				}
			}
		} else if l, ok := v.(*value.List); ok {
			if n := position(s.indexes[0], len(l.Items)); n >= 0 {
				v, found = l.Items[n], true
			}
		}
		if !found {
			return nil, p.notFound(s, v)
		}
	}
	return v, nil
}

// position returns where index i is in a list of n items, from the end if it is
// negative; -1 if it is nowhere.
func position(i, n int) int {
	if i < 0 {
		i += n
	}
	if i >= n || i < 0 {
		return -1
	}
	return i
}

func (p *Path) notFound(s *step, model value.Value) error {
	e := &NotFoundError{Path: p.text, Step: s.text}
	switch model.(type) {
	case nil:
		e.Found = "null"
	case *value.Map:
		e.Found = "an object without it"
	case *value.List:
		e.Found = "a list without it"
	case string:
		e.Found = "a string"
	case bool:
		e.Found = "a boolean"
	default:
		e.Found = "a number"
	}
	return e
}

// enter bounds how deep a walk leads: in what contains itself, many scans in one
// another would lead deeper than the stack.
func (r *reading) enter() error {
	if r.depth++; r.depth > maxWalk {
		return ErrBudget
	}
	return nil
}

func (r *reading) leave() { r.depth-- }

// read follows p from document. With require, a missing name is an error even
// where it is the last: so a filter asks whether a path exists.
func (r *reading) read(p *Path, document value.Value, require bool) (value.Value, error) {
	if p.plain {
		if err := r.spend(len(p.steps)); err != nil {
			return nil, err
		}
		return p.readPlain(document)
	}
	w := walk{reading: r, path: p, require: require}
	if err := w.step(0, document); err != nil {
		return nil, err
	}
	if !p.definite {
		return &value.List{Items: w.results}, nil
	}
	if len(w.results) == 0 {
		return nil, p.notFound(&p.steps[len(p.steps)-1], document)
	}
	return w.results[len(w.results)-1], nil
}

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
