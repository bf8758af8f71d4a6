package vtl

import "github.com/lamgate/lamgate/gateway/value"

// callMap calls the methods of java.util.Map.
func callMap(m *machine, target *value.Map, s *step, a []value.Value) (value.Value, bool, error) {
	if len(a) == 0 {
		return callMapAlone(m, target, s)
	}
	switch s.name {
	case "putAll":
		all, ok := a[0].(*value.Map)
		if !ok || len(a) != 1 {
			return nil, false, nil
		}
		if all == target {
			return emptyText, true, nil
		}
		for key, item := range all.All() {
			if err := m.setKey(target, key, item); err != nil {
				return nil, true, err
			}
		}
		return emptyText, true, nil
	case "containsValue":
		if len(a) != 1 {
			return nil, false, nil
		}
		for _, item := range target.All() {
			if same, err := m.same(item, a[0]); same || err != nil {
				return same, true, err
			}
		}
		return false, true, nil
	}
	key, err := m.key(a[0])
	if err != nil {
		return nil, true, err
	}
	before, has := target.Get(key)
	if len(a) == 1 {
		switch s.name {
		case "get":
			return before, true, nil
		case "containsKey":
			return has, true, nil
		case "remove":
			target.Delete(key)
			return before, true, m.step(target.Len() / 8)
		}
		return nil, false, nil
	}
	if len(a) != 2 {
		return nil, false, nil
	}
	switch s.name {
	case "put":
		return before, true, m.setKey(target, key, a[1])
	case "putIfAbsent":
		if before == nil {
			return nil, true, m.setKey(target, key, a[1])
		}
		return before, true, nil
	case "replace":
		if !has {
			return nil, true, nil
		}
		return before, true, m.setKey(target, key, a[1])
	case "getOrDefault":
		if has {
			return before, true, nil
		}
		return a[1], true, nil
	}
	return nil, false, nil
}

func callMapAlone(m *machine, target *value.Map, s *step) (value.Value, bool, error) {
	switch s.name {
	case "size":
		return int64(target.Len()), true, nil
	case "isEmpty":
		return target.Len() == 0, true, nil
	case "clear":
		*target = value.Map{}
		return emptyText, true, nil
	case "keySet", "values", "entrySet":
		if err := m.allocate(48 * target.Len()); err != nil {
			return nil, true, err
		}
		items := make([]value.Value, 0, target.Len())
		for key, item := range target.All() {
			switch s.name {
			case "keySet":
				items = append(items, key)
			case "values":
				items = append(items, item)
			default:
				items = append(items, &mapEntry{target, key})
			}
		}
		return javaList(items), true, nil
	}
	return nil, false, nil
}

// mapEntry is one of entrySet().
type mapEntry struct {
	of  *value.Map
	key string
}

func (e *mapEntry) value() value.Value {
	v, _ := e.of.Get(e.key)
	return v
}

// AppendText is key=value.
func (e *mapEntry) AppendText(dst []byte, write writeValue) []byte {
	return write(append(append(dst, e.key...), '='), e.value())
}

func (e *mapEntry) property(_ *machine, name string) value.Value {
	switch name {
	case "key":
		return e.key
	case "value":
		return e.value()
	}
	return nil
}

func (e *mapEntry) call(m *machine, s *step, a []value.Value) (value.Value, bool, error) {
	switch {
	case s.name == "getKey" && len(a) == 0:
		return e.key, true, nil
	case s.name == "getValue" && len(a) == 0:
		return e.value(), true, nil
	case s.name == "setValue" && len(a) == 1:
		before := e.value()
		return before, true, m.setKey(e.of, e.key, a[0])
	}
	return nil, false, nil
}
