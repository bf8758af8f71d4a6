package vtl

import (
	"strconv"

	"github.com/lamgate/lamgate/gateway/value"
)

type foreachStatement struct {
	at   int
	slot int // of the item
	list expression
	body block
}

func (s *foreachStatement) render(m *machine) error {
	m.stand(s.at)
	if err := m.step(1); err != nil {
		return err
	}
	// A range need not be made to be counted through.
	if r, ok := s.list.(*numberRange); ok {
		from, to, ok, err := r.bounds(m)
		if err != nil || !ok {
			return err
		}
		if from < to {
			return s.run(m, int(to-from)+1, func(i int) value.Value { return from + int64(i) })
		}
		return s.run(m, int(from-to)+1, func(i int) value.Value { return from - int64(i) })
	}
	v, err := s.list.value(m)
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case *value.List:
		// Java fails when a list changes under its iterator; here the items are
		// those of the beginning.
		items := v.Items
		return s.run(m, len(items), func(i int) value.Value { return items[i] })
	case *value.Map:
		n := min(v.Len(), maxIterations+1)
		items := make([]value.Value, 0, n)
		for _, item := range v.All() {
			if len(items) == n {
				break
			}
			items = append(items, item)
		}
		return s.run(m, v.Len(), func(i int) value.Value { return items[i] })
	case *iterator:
		rest := v.rest()
		return s.run(m, len(rest), func(i int) value.Value { v.next++; return rest[i] })
	case stageVariables:
		all, err := stageVariableMap(m)
		if err != nil {
			return err
		}
		return s.run(m, all.Len(), func(i int) value.Value { _, item := all.At(i); return item })
	}
	if v != nil && v != emptyText {
		m.log(s.at, "#foreach has nothing to go through: the value is no list and no map")
	}
	return nil
}

// run goes round n times. Variables of the loop have their values from before
// once it is over.
func (s *foreachStatement) run(m *machine, n int, at func(int) value.Value) error {
	item, err := m.get(s.slot)
	if err != nil {
		return err
	}
	count, err := m.get(slotCount)
	if err != nil {
		return err
	}
	next, err := m.get(slotHasNext)
	if err != nil {
		return err
	}
	outer, err := m.get(slotForeach)
	if err != nil {
		return err
	}
	loop := &scope{}
	if parent, ok := outer.(*scope); ok {
		loop.parent = parent
	} else {
		loop.replaced = outer
	}
	m.put(slotForeach, loop)
	for i := range n {
		if i == maxIterations {
			m.log(s.at, "#foreach is left after "+strconv.Itoa(maxIterations)+" of "+strconv.Itoa(n)+" rounds")
			break
		}
		if err = m.step(1); err != nil {
			break
		}
		loop.index, loop.hasNext = i, i < n-1
		v := at(i)
		if m.frame == nil {
			m.vars[slotCount], m.vars[slotHasNext], m.vars[s.slot] = int64(i+1), loop.hasNext, v
		} else {
			m.put(slotCount, int64(i+1))
			m.put(slotHasNext, loop.hasNext)
			m.put(s.slot, v)
		}
		if err = s.body.render(m); err != nil {
			break
		}
	}
	m.restore(s.slot, item)
	m.restore(slotCount, count)
	m.restore(slotHasNext, next)
	m.restore(slotForeach, outer)
	return caught(err, loop)
}

// scope is $foreach of one loop. Templates may keep variables of the loop in it.
type scope struct {
	index    int
	hasNext  bool
	parent   *scope
	replaced value.Value
	storage  value.Map
}

func (s *scope) AppendText(dst []byte, write writeValue) []byte { return write(dst, &s.storage) }

func (s *scope) property(_ *machine, name string) value.Value {
	switch name {
	case "index":
		return int64(s.index)
	case "count":
		return int64(s.index + 1)
	case "hasNext":
		return s.hasNext
	case "first":
		return s.index == 0
	case "last":
		return !s.hasNext
	case "parent":
		if s.parent != nil {
			return s.parent
		}
		return nil
	case "topmost":
		for s.parent != nil {
			s = s.parent
		}
		return s
	case "replaced":
		for s.parent != nil {
			s = s.parent
		}
		return s.replaced
	}
	for ; s != nil; s = s.parent {
		if v, ok := s.storage.Get(name); ok {
			return v
		}
	}
	return nil
}

func (s *scope) call(m *machine, st *step, arguments []value.Value) (value.Value, bool, error) {
	if len(arguments) == 0 {
		switch st.name {
		case "getIndex", "getCount", "getHasNext", "getFirst", "getLast", "getParent", "getTopmost":
			return s.property(m, string(st.name[3]|' ')+st.name[4:]), true, nil
		case "isFirst":
			return s.index == 0, true, nil
		case "isLast":
			return !s.hasNext, true, nil
		case "hasNext":
			return s.hasNext, true, nil
		}
	}
	return callMap(m, &s.storage, st, arguments)
}
