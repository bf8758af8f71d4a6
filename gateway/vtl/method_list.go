package vtl

import (
	"slices"

	"github.com/lamgate/lamgate/gateway/value"
)

// callList calls the methods of java.util.List, which those of sets and arrays
// are among.
func callList(m *machine, l *value.List, s *step, a []value.Value) (value.Value, bool, error) {
	switch len(a) {
	case 0:
		switch s.name {
		case "size":
			return int64(len(l.Items)), true, nil
		case "isEmpty":
			return len(l.Items) == 0, true, nil
		case "clear":
			l.Items = nil
			return emptyText, true, nil
		case "iterator", "listIterator":
			return &iterator{list: l}, true, nil
		case "toJSONString":
			if l.Java {
				return nil, false, nil
			}
			text, err := m.text(l)
			return text, true, err
		case "toArray", "clone":
			if err := m.allocate(16 * len(l.Items)); err != nil {
				return nil, true, err
			}
			return javaList(slices.Clone(l.Items)), true, nil
		}
	case 1:
		return callListWith(m, l, s, a[0])
	case 2:
		return callListWithTwo(m, l, s, a)
	}
	return nil, false, nil
}

func callListWith(m *machine, l *value.List, s *step, a value.Value) (value.Value, bool, error) {
	switch s.name {
	case "get":
		i, ok := intArgument(a)
		if !ok {
			return nil, false, nil
		}
		if err := inside(m, s, i, len(l.Items)); err != nil {
			return nil, true, err
		}
		return l.Items[i], true, nil
	case "add":
		if err := m.allocate(32); err != nil {
			return nil, true, err
		}
		l.Items = append(l.Items, a)
		return true, true, nil
	case "remove":
		if i, ok := intArgument(a); ok {
			if err := inside(m, s, i, len(l.Items)); err != nil {
				return nil, true, err
			}
			item := l.Items[i]
			l.Items = slices.Delete(slices.Clone(l.Items), i, i+1)
			return item, true, m.allocate(16 * len(l.Items))
		}
		i, err := find(m, l.Items, a)
		if err != nil || i < 0 {
			return false, true, err
		}
		l.Items = slices.Delete(slices.Clone(l.Items), i, i+1)
		return true, true, m.allocate(16 * len(l.Items))
	case "contains":
		i, err := find(m, l.Items, a)
		return i >= 0, true, err
	case "indexOf":
		i, err := find(m, l.Items, a)
		return int64(i), true, err
	case "lastIndexOf":
		for i := len(l.Items) - 1; i >= 0; i-- {
			if same, err := m.same(l.Items[i], a); same || err != nil {
				return int64(i), true, err
			}
		}
		return int64(-1), true, nil
	}
	items, ok := elements(a)
	if !ok {
		return nil, false, nil
	}
	switch s.name {
	case "addAll":
		if err := m.allocate(32 * len(items)); err != nil {
			return nil, true, err
		}
		l.Items = append(l.Items, items...)
		return len(items) > 0, true, nil
	case "containsAll":
		for _, item := range items {
			if i, err := find(m, l.Items, item); err != nil || i < 0 {
				return false, true, err
			}
		}
		return true, true, nil
	case "removeAll", "retainAll":
		var kept []value.Value
		for _, item := range l.Items {
			i, err := find(m, items, item)
			if err != nil {
				return nil, true, err
			}
			if (i >= 0) == (s.name == "retainAll") {
				kept = append(kept, item)
			}
		}
		changed := len(kept) != len(l.Items)
		l.Items = kept
		return changed, true, m.allocate(16 * len(kept))
	}
	return nil, false, nil
}

func callListWithTwo(m *machine, l *value.List, s *step, a []value.Value) (value.Value, bool, error) {
	i, ok := intArgument(a[0])
	if !ok {
		return nil, false, nil
	}
	switch s.name {
	case "set":
		if err := inside(m, s, i, len(l.Items)); err != nil {
			return nil, true, err
		}
		before := l.Items[i]
		l.Items[i] = a[1]
		return before, true, nil
	case "add":
		if err := inside(m, s, i, len(l.Items)+1); err != nil {
			return nil, true, err
		}
		if err := m.allocate(32 + len(l.Items)); err != nil {
			return nil, true, err
		}
		l.Items = slices.Insert(slices.Clip(l.Items), i, a[1])
		return emptyText, true, nil
	case "addAll":
		items, ok := elements(a[1])
		if !ok {
			return nil, false, nil
		}
		if err := inside(m, s, i, len(l.Items)+1); err != nil {
			return nil, true, err
		}
		if err := m.allocate(32*len(items) + len(l.Items)); err != nil {
			return nil, true, err
		}
		l.Items = slices.Insert(slices.Clip(l.Items), i, items...)
		return len(items) > 0, true, nil
	case "subList":
		to, ok := intArgument(a[1])
		if !ok {
			return nil, false, nil
		}
		if i < 0 || to > len(l.Items) || i > to {
			return nil, true, m.fail(s.at, "subList is outside of the list")
		}
		return javaList(slices.Clip(l.Items[i:to])), true, nil
	}
	return nil, false, nil
}

func inside(m *machine, s *step, i, n int) error {
	if i < 0 || i >= n {
		return m.fail(s.at, s.name+": the index is outside of the list")
	}
	return nil
}

// find returns where an item is, as Java's equals has it; -1 if nowhere.
func find(m *machine, items []value.Value, v value.Value) (int, error) {
	for i, item := range items {
		if same, err := m.same(item, v); same || err != nil {
			return i, err
		}
	}
	return -1, m.step(1)
}

func elements(v value.Value) ([]value.Value, bool) {
	l, ok := v.(*value.List)
	if !ok {
		return nil, false
	}
	return l.Items, true
}

// iterator is what list.iterator() returns.
type iterator struct {
	list *value.List
	next int
}

func (it *iterator) rest() []value.Value {
	return it.list.Items[min(it.next, len(it.list.Items)):]
}

func (it *iterator) AppendText(dst []byte, _ writeValue) []byte {
	return append(dst, "java.util.Iterator"...)
}

func (it *iterator) property(*machine, string) value.Value { return nil }

func (it *iterator) call(m *machine, s *step, a []value.Value) (value.Value, bool, error) {
	if len(a) > 0 {
		return nil, false, nil
	}
	switch s.name {
	case "hasNext":
		return len(it.rest()) > 0, true, nil
	case "next":
		rest := it.rest()
		if len(rest) == 0 {
			return nil, true, m.fail(s.at, "next: the iterator is at its end")
		}
		it.next++
		return rest[0], true, nil
	}
	return nil, false, nil
}
