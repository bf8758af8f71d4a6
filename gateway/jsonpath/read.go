package jsonpath

import (
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
