package vtl

import (
	"math"
	"math/big"
	"strconv"
	"unicode/utf16"

	"github.com/lamgate/lamgate/gateway/value"
)

// call calls a method. A method that does not exist, or returns null, gives nil;
// one that returns nothing, "".
func (m *machine) call(v value.Value, s *step) (value.Value, error) {
	start := len(m.arguments)
	for _, e := range s.arguments {
		a, err := e.value(m)
		if err != nil {
			m.arguments = m.arguments[:start]
			return nil, err
		}
		m.arguments = append(m.arguments, a)
	}
	arguments := m.arguments[start:]
	result, known, err := m.dispatch(v, s, arguments)
	clear(arguments)
	m.arguments = m.arguments[:start]
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, nil
	}
	return result, nil
}

func (m *machine) dispatch(v value.Value, s *step, arguments []value.Value) (value.Value, bool, error) {
	switch v := v.(type) {
	case string:
		if result, known, err := callString(m, v, s, arguments); known || err != nil {
			return result, known, err
		}
	case *value.Map:
		if result, known, err := callMap(m, v, s, arguments); known || err != nil {
			return result, known, err
		}
	case *value.List:
		if result, known, err := callList(m, v, s, arguments); known || err != nil {
			return result, known, err
		}
	case object:
		if result, known, err := v.call(m, s, arguments); known || err != nil {
			return result, known, err
		}
	case bool:
		if result, known, err := callBool(m, v, s, arguments); known || err != nil {
			return result, known, err
		}
	default:
		if value.IsNumber(v) {
			if result, known, err := callNumber(m, v, s, arguments); known || err != nil {
				return result, known, err
			}
		}
	}
	return callAny(m, v, s, arguments)
}

// callAny calls what every object of Java has. getClass is not to be had: it is
// the way into the engine.
func callAny(m *machine, v value.Value, s *step, arguments []value.Value) (value.Value, bool, error) {
	switch {
	case s.name == "toString" && len(arguments) == 0:
		text, err := m.text(v)
		return text, true, err
	case s.name == "equals" && len(arguments) == 1:
		if a, ok := v.(object); ok {
			return a == arguments[0], true, nil
		}
		same, err := m.same(v, arguments[0])
		return same, true, err
	case s.name == "hashCode" && len(arguments) == 0:
		h, known, err := m.hashCode(v, 0)
		return int64(h), known, err
	}
	return nil, false, nil
}

// hashCode is Java's; false of what has one that changes.
func (m *machine) hashCode(v value.Value, depth int) (h int32, known bool, err error) {
	if err := m.step(1); err != nil {
		return 0, false, err
	}
	if depth > value.MaxDepth {
		return 0, false, errDepth
	}
	long := func(bits uint64) int32 { return int32(bits ^ bits>>32) }
	switch v := v.(type) {
	case nil:
		return 0, true, nil
	case string:
		var room [2]uint16
		for _, r := range v {
			for _, u := range utf16.AppendRune(room[:0], r) {
				h = 31*h + int32(u)
			}
		}
		return h, true, m.step(len(v) / 16)
	case bool:
		if v {
			return 1231, true, nil
		}
		return 1237, true, nil
	case int64:
		if v == int64(int32(v)) {
			return int32(v), true, nil
		}
		return long(uint64(v)), true, nil
	case float64:
		return long(math.Float64bits(v)), true, nil
	case *value.List:
		h = 1
		for _, item := range v.Items {
			of, known, err := m.hashCode(item, depth+1)
			if !known || err != nil {
				return 0, false, err
			}
			h = 31*h + of
		}
		return h, true, nil
	case *value.Map:
		for key, item := range v.All() {
			of, _, err := m.hashCode(key, depth+1)
			if err != nil {
				return 0, false, err
			}
			with, known, err := m.hashCode(item, depth+1)
			if !known || err != nil {
				return 0, false, err
			}
			h += of ^ with
		}
		return h, true, nil
	}
	return 0, false, nil
}

func callNumber(m *machine, v value.Value, s *step, arguments []value.Value) (value.Value, bool, error) {
	if len(arguments) == 0 {
		switch s.name {
		case "intValue":
			return int32Of(v), true, nil
		case "longValue":
			return toInt(v), true, nil
		case "shortValue":
			return int64(int16(toInt(v))), true, nil
		case "byteValue":
			return int64(int8(toInt(v))), true, nil
		case "doubleValue":
			return toFloat(v), true, nil
		case "floatValue":
			// The double that prints as the float does.
			f, _ := strconv.ParseFloat(strconv.FormatFloat(toFloat(v), 'g', -1, 32), 64)
			return f, true, nil
		case "isNaN":
			f, ok := v.(float64)
			return f != f, ok, nil
		case "isInfinite":
			f, ok := v.(float64)
			return ok && f-f != 0 && f == f, ok, nil
		}
		return nil, false, nil
	}
	if s.name == "compareTo" && len(arguments) == 1 {
		if !sameNumberKind(v, arguments[0]) {
			return nil, true, m.fail(s.at, "compareTo takes a number of the same type")
		}
		order, _ := value.Compare(v, arguments[0])
		return int64(order), true, nil
	}
	switch v.(type) {
	case int64:
		return callIntegerStatic(m, s, arguments)
	case float64:
		return callDoubleStatic(m, s, arguments)
	}
	return nil, false, nil
}

// int32Of is Java's intValue: of an integer the low bits, of a double the
// nearest that fits.
func int32Of(v value.Value) value.Value {
	n := toInt(v)
	if _, whole := v.(int64); !whole && !bigInteger(v) {
		return max(min(n, 1<<31-1), -1<<31)
	}
	return int64(int32(n))
}

func sameNumberKind(a, b value.Value) bool {
	switch a.(type) {
	case int64:
		_, ok := b.(int64)
		return ok
	case float64:
		_, ok := b.(float64)
		return ok
	case *big.Int:
		return bigInteger(b)
	}
	return decimal(a) && decimal(b)
}

// intArgument returns an argument that is an int for Java.
func intArgument(v value.Value) (int, bool) {
	n, ok := v.(int64)
	if !ok || n != int64(int32(n)) {
		return 0, false
	}
	return int(n), true
}
