package vtl

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/value"
)

// Static methods are called on any value of their class. Templates have no other
// way to make a number of a text:
//
//	#set($Integer = 0)
//	$Integer.parseInt($input.params('n'))
//
// An integer is an Integer or a Long by its size, so parseLong is taken on both.

// callIntegerStatic calls the static methods of Integer and Long.
func callIntegerStatic(m *machine, s *step, a []value.Value) (value.Value, bool, error) {
	radix := 10
	switch s.name {
	case "parseInt", "parseLong", "valueOf", "toString":
		if len(a) == 2 {
			n, ok := intArgument(a[1])
			if !ok || n < 2 || n > 36 {
				return nil, false, nil
			}
			radix, a = n, a[:1]
		}
	}
	if text, ok := oneString(a); ok {
		size := 64
		switch s.name {
		case "parseInt":
			size = 32
		case "parseLong", "valueOf":
		default:
			return nil, false, nil
		}
		n, err := strconv.ParseInt(text, radix, size)
		if err != nil {
			return nil, true, m.fail(s.at, s.name+": "+quote(text)+" is no integer of "+strconv.Itoa(size)+" bits")
		}
		return n, true, nil
	}
	n := make([]int64, 0, 2)
	for _, v := range a {
		i, ok := v.(int64)
		if !ok || len(n) == 2 {
			return nil, false, nil
		}
		n = append(n, i)
	}
	switch len(n) {
	case 1:
		bits := uint64(uint32(n[0]))
		if n[0] != int64(int32(n[0])) {
			bits = uint64(n[0])
		}
		switch s.name {
		case "valueOf":
			return n[0], true, nil
		case "toString":
			return strconv.FormatInt(n[0], radix), true, nil
		case "toHexString":
			return strconv.FormatUint(bits, 16), true, nil
		case "toOctalString":
			return strconv.FormatUint(bits, 8), true, nil
		case "toBinaryString":
			return strconv.FormatUint(bits, 2), true, nil
		case "signum":
			return int64(big.NewInt(n[0]).Sign()), true, nil
		}
	case 2:
		switch s.name {
		case "max":
			return max(n[0], n[1]), true, nil
		case "min":
			return min(n[0], n[1]), true, nil
		case "sum":
			return n[0] + n[1], true, nil
		case "compare":
			order, _ := value.Compare(n[0], n[1])
			return int64(order), true, nil
		}
	}
	return nil, false, nil
}

// callDoubleStatic calls the static methods of Double.
func callDoubleStatic(m *machine, s *step, a []value.Value) (value.Value, bool, error) {
	if text, ok := oneString(a); ok && (s.name == "parseDouble" || s.name == "valueOf") {
		number := strings.TrimSpace(text)
		if n := len(number); n > 1 && strings.IndexByte("dDfF", number[n-1]) >= 0 {
			number = number[:n-1]
		}
		f, err := strconv.ParseFloat(number, 64)
		if err != nil && f == 0 || strings.Trim(number, "+-.eE0123456789") != "" {
			return nil, true, m.fail(s.at, s.name+": "+quote(text)+" is no number")
		}
		return f, true, nil
	}
	for _, v := range a {
		if _, ok := v.(float64); !ok {
			return nil, false, nil
		}
	}
	switch len(a) {
	case 1:
		f := a[0].(float64)
		switch s.name {
		case "valueOf":
			return f, true, nil
		case "toString":
			return value.Text(f), true, nil
		}
	case 2:
		f, g := a[0].(float64), a[1].(float64)
		switch s.name {
		case "max":
			return max(f, g), true, nil
		case "min":
			return min(f, g), true, nil
		case "sum":
			return f + g, true, nil
		case "compare":
			order, _ := value.Compare(f, g)
			return int64(order), true, nil
		}
	}
	return nil, false, nil
}

func oneString(a []value.Value) (string, bool) {
	if len(a) != 1 {
		return "", false
	}
	text, ok := a[0].(string)
	return text, ok
}

// callBool calls the methods of Boolean.
func callBool(m *machine, b bool, s *step, a []value.Value) (value.Value, bool, error) {
	if text, ok := oneString(a); ok && (s.name == "parseBoolean" || s.name == "valueOf") {
		return strings.EqualFold(text, "true"), true, nil
	}
	switch {
	case s.name == "booleanValue" && len(a) == 0:
		return b, true, nil
	case s.name == "compareTo" && len(a) == 1:
		other, ok := a[0].(bool)
		switch {
		case !ok:
			return nil, true, m.fail(s.at, "compareTo takes a boolean")
		case b == other:
			return int64(0), true, nil
		case b:
			return int64(1), true, nil
		}
		return int64(-1), true, nil
	}
	return nil, false, nil
}

// callStringStatic calls the static methods of String.
func callStringStatic(m *machine, s *step, a []value.Value) (value.Value, bool, error) {
	if len(a) == 0 {
		return nil, false, nil
	}
	switch s.name {
	case "valueOf":
		if len(a) > 1 {
			return nil, false, nil
		}
		text, err := m.text(a[0])
		return text, true, err
	case "format":
		pattern, ok := a[0].(string)
		if !ok {
			return nil, false, nil
		}
		text, err := m.format(s, pattern, a[1:])
		return text, true, err
	case "join":
		between, ok := a[0].(string)
		if !ok {
			return nil, false, nil
		}
		start := len(m.out)
		items := a[1:]
		if l, ok := a[len(a)-1].(*value.List); ok && len(a) == 2 {
			items = l.Items
		}
		for i, item := range items {
			text, ok := item.(string)
			if !ok && item != nil {
				m.out = m.out[:start]
				return nil, true, m.fail(s.at, "join takes strings only")
			}
			if item == nil {
				text = "null"
			}
			if i > 0 {
				m.out = append(m.out, between...)
			}
			m.out = append(m.out, text...)
			if err := m.printed(); err != nil {
				return nil, true, err
			}
		}
		text, err := m.taken(start)
		return text, true, err
	}
	return nil, false, nil
}
