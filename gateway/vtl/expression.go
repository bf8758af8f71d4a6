package vtl

import (
	"unicode/utf8"

	"github.com/lamgate/lamgate/gateway/value"
)

// A constant is a literal.
type constant struct {
	v       value.Value
	boolean bool
}

func (c *constant) value(*machine) (value.Value, error) { return c.v, nil }

// truth of a literal is false but for true: Velocity asks only references.
func (c *constant) truth(*machine) (bool, error) {
	b, ok := c.v.(bool)
	return ok && b, nil
}

// An interpolation is a string in double quotes with something to replace.
type interpolation struct {
	body  block
	blank bool // a blank was set after the text
}

func (s *interpolation) value(m *machine) (value.Value, error) {
	start := len(m.out)
	if err := s.body.render(m); err != nil {
		m.out = m.out[:start]
		return nil, err
	}
	if s.blank && len(m.out) > start {
		_, n := utf8.DecodeLastRune(m.out[start:])
		m.out = m.out[:len(m.out)-n]
	}
	return m.taken(start)
}

func (s *interpolation) truth(*machine) (bool, error) { return false, nil }

// A list is [a, b].
type list struct{ items []expression }

func (l *list) value(m *machine) (value.Value, error) {
	if err := m.allocate(32 + 16*len(l.items)); err != nil {
		return nil, err
	}
	items := make([]value.Value, len(l.items))
	for i, e := range l.items {
		var err error
		if items[i], err = e.value(m); err != nil {
			return nil, err
		}
	}
	return javaList(items), nil
}

func (l *list) truth(*machine) (bool, error) { return false, nil }

// javaList is a list as templates make them.
func javaList(items []value.Value) *value.List { return &value.List{Items: items, Java: true} }

// A numberRange is [a..b].
type numberRange struct {
	at       int
	from, to expression
}

// bounds returns both ends; false if one is no number.
func (r *numberRange) bounds(m *machine) (from, to int64, ok bool, err error) {
	a, err := r.from.value(m)
	if err != nil {
		return 0, 0, false, err
	}
	b, err := r.to.value(m)
	if err != nil {
		return 0, 0, false, err
	}
	if !value.IsNumber(a) || !value.IsNumber(b) {
		m.log(r.at, "an end of the range is not a number")
		return 0, 0, false, nil
	}
	return int64(int32(toInt(a))), int64(int32(toInt(b))), true, nil
}

func (r *numberRange) value(m *machine) (value.Value, error) {
	from, to, ok, err := r.bounds(m)
	if err != nil || !ok {
		return nil, err
	}
	n, delta := to-from+1, int64(1)
	if from >= to {
		n, delta = from-to+1, -1
	}
	if n > maxMemory/16 {
		return nil, errMemory
	}
	if err := m.allocate(int(n) * 24); err != nil {
		return nil, err
	}
	items := make([]value.Value, n)
	for i := range items {
		items[i] = from + int64(i)*delta
	}
	return javaList(items), nil
}

func (r *numberRange) truth(*machine) (bool, error) { return false, nil }

// A mapping is {a: b}.
type mapping struct{ keys, values []expression }

func (e *mapping) value(m *machine) (value.Value, error) {
	if err := m.allocate(64 + 64*len(e.keys)); err != nil {
		return nil, err
	}
	result := value.NewMap(len(e.keys))
	for i := range e.keys {
		k, err := e.keys[i].value(m)
		if err != nil {
			return nil, err
		}
		key, err := m.key(k)
		if err != nil {
			return nil, err
		}
		v, err := e.values[i].value(m)
		if err != nil {
			return nil, err
		}
		result.Set(key, v)
	}
	return result, nil
}

func (e *mapping) truth(*machine) (bool, error) { return false, nil }

// logic is && and ||.
type logic struct {
	left, right expression
	or          bool
}

func (e *logic) truth(m *machine) (bool, error) {
	left, err := e.left.truth(m)
	if err != nil || left == e.or {
		return left, err
	}
	return e.right.truth(m)
}

func (e *logic) value(m *machine) (value.Value, error) { return truthValue(e, m) }

type not struct{ e expression }

func (e *not) truth(m *machine) (bool, error) {
	b, err := e.e.truth(m)
	return !b, err
}

func (e *not) value(m *machine) (value.Value, error) { return truthValue(e, m) }

func truthValue(e expression, m *machine) (value.Value, error) {
	b, err := e.truth(m)
	if err != nil {
		return nil, err
	}
	return b, nil
}

type comparison struct {
	at          int
	operator    kind
	left, right expression
}

func (e *comparison) value(m *machine) (value.Value, error) { return truthValue(e, m) }

// truth compares. Numbers compare by value, with < and > only they; == of two
// kinds compares texts.
func (e *comparison) truth(m *machine) (bool, error) {
	if err := m.step(1); err != nil {
		return false, err
	}
	left, err := e.left.value(m)
	if err != nil {
		return false, err
	}
	right, err := e.right.value(m)
	if err != nil {
		return false, err
	}
	switch e.operator {
	case tokenEqual:
		return m.equals(left, right)
	case tokenNotEqual:
		equal, err := m.equals(left, right)
		return !equal, err
	}
	order, ok := value.Compare(left, right)
	if !ok {
		m.log(e.at, "a side of the comparison is not a number, so it is false")
		return false, nil
	}
	switch e.operator {
	case tokenLess:
		return order < 0, nil
	case tokenLessEqual:
		return order <= 0, nil
	case tokenGreater:
		return order > 0, nil
	default:
		return order >= 0, nil
	}
}

// equals is Velocity's ==, of all that templates have.
func (m *machine) equals(a, b value.Value) (bool, error) {
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	_, listA := a.(*value.List)
	_, listB := b.(*value.List)
	_, mapA := a.(*value.Map)
	_, mapB := b.(*value.Map)
	if scalar(a) && scalar(b) || listA && listB || mapA && mapB {
		return m.equal(a, b)
	}
	s, err := m.text(a)
	if err != nil {
		return false, err
	}
	t, err := m.text(b)
	return s == t, err
}

func scalar(v value.Value) bool {
	switch v.(type) {
	case bool, string:
		return true
	}
	return value.IsNumber(v)
}
