package vtl

import (
	"fmt"

	"github.com/lamgate/lamgate/gateway/value"
)

// take takes a step from a value; nil is where there is nothing.
func (m *machine) take(v value.Value, s *step) (value.Value, error) {
	if err := m.step(1); err != nil {
		return nil, err
	}
	switch s.kind {
	case stepProperty:
		return property(m, v, s.name), nil
	case stepIndex:
		index, err := s.arguments[0].value(m)
		if err != nil {
			return nil, err
		}
		return m.index(v, index, s.at)
	}
	return m.call(v, s)
}

// property is what v.name means: a key of a map, or what a getter of Java's
// would tell. Java's own innards (.class) are not to be had.
func property(m *machine, v value.Value, name string) value.Value {
	switch v := v.(type) {
	case *value.Map:
		if name == "class" {
			return nil
		}
		item, _ := v.Get(name)
		return item
	case *value.List:
		if name == "empty" {
			return len(v.Items) == 0
		}
	case string:
		if name == "empty" {
			return v == ""
		}
	case object:
		return v.property(m, name)
	}
	return nil
}

// index is v[i]: v.get(i), where a list counts negative numbers from its end.
func (m *machine) index(v, i value.Value, at int) (value.Value, error) {
	switch v := v.(type) {
	case *value.Map:
		key, err := m.key(i)
		if err != nil {
			return nil, err
		}
		item, _ := v.Get(key)
		return item, nil
	case *value.List:
		n, ok := i.(int64)
		if !ok {
			return nil, nil
		}
		n, err := m.position(v, n, at)
		if err != nil {
			return nil, err
		}
		return v.Items[n], nil
	case object:
		if key, ok := i.(string); ok {
			return v.property(m, key), nil
		}
	}
	return nil, nil
}

func (m *machine) position(l *value.List, n int64, at int) (int64, error) {
	i := n
	if i < 0 {
		i += int64(len(l.Items))
	}
	if i < 0 || i >= int64(len(l.Items)) {
		return 0, m.fail(at, fmt.Sprintf("index %d is outside of a list of %d", n, len(l.Items)))
	}
	return i, nil
}

// key is the text of a map's key: all keys here are strings.
func (m *machine) key(v value.Value) (string, error) {
	text, err := m.text(v)
	if err != nil {
		return "", err
	}
	return text, m.step(len(text) / 64)
}
