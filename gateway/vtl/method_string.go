package vtl

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lamgate/lamgate/gateway/value"
)

// callString calls the methods of java.lang.String.
func callString(m *machine, str string, s *step, a []value.Value) (value.Value, bool, error) {
	work := len(str) / 64
	for _, v := range a {
		if text, ok := v.(string); ok {
			work += len(text) / 64
		}
	}
	if err := m.step(work); err != nil {
		return nil, true, err
	}
	if result, known, err := callStringStatic(m, s, a); known || err != nil {
		return result, known, err
	}
	switch len(a) {
	case 0:
		return callStringAlone(m, str, s)
	case 1:
		if s.name == "compareTo" && !isString(a[0]) {
			return nil, true, m.fail(s.at, "compareTo takes a string")
		}
		if n, ok := intArgument(a[0]); ok {
			return callStringAt(m, str, s, n)
		}
		if text, ok := a[0].(string); ok {
			return callStringWith(m, str, text, s)
		}
		if s.name == "equalsIgnoreCase" || s.name == "equals" {
			return false, true, nil
		}
	case 2:
		return callStringWithTwo(m, str, s, a)
	}
	return nil, false, nil
}

func callStringAlone(m *machine, str string, s *step) (value.Value, bool, error) {
	var result string
	switch s.name {
	case "length":
		return int64(unitCount(str)), true, nil
	case "isEmpty":
		return str == "", true, nil
	case "isBlank":
		return strings.TrimSpace(str) == "", true, nil
	case "trim":
		return strings.TrimFunc(str, func(r rune) bool { return r <= ' ' }), true, nil
	case "strip":
		return strings.TrimSpace(str), true, nil
	case "stripLeading":
		return strings.TrimLeftFunc(str, unicode.IsSpace), true, nil
	case "stripTrailing":
		return strings.TrimRightFunc(str, unicode.IsSpace), true, nil
	case "toString", "intern":
		return str, true, nil
	case "toLowerCase":
		result = strings.ToLower(str)
	case "toUpperCase":
		// Java knows that ß has two capitals.
		result = strings.ReplaceAll(strings.ToUpper(str), "ß", "SS")
	case "toCharArray":
		if err := m.allocate(32 * len(str)); err != nil {
			return nil, true, err
		}
		items := make([]value.Value, 0, len(str))
		for _, r := range str {
			items = append(items, string(r))
		}
		return javaList(items), true, nil
	default:
		return nil, false, nil
	}
	return result, true, m.allocate(len(result))
}

func callStringAt(m *machine, str string, s *step, n int) (value.Value, bool, error) {
	length := unitCount(str)
	switch s.name {
	case "charAt":
		if n < 0 || n >= length {
			return nil, true, m.fail(s.at, "charAt: the index is outside of the string")
		}
		from := byteOffset(str, n)
		_, size := utf8.DecodeRuneInString(str[from:])
		return str[from : from+size], true, nil
	case "codePointAt":
		if n < 0 || n >= length {
			return nil, true, m.fail(s.at, "codePointAt: the index is outside of the string")
		}
		r, _ := utf8.DecodeRuneInString(str[byteOffset(str, n):])
		return int64(r), true, nil
	case "substring":
		if n < 0 || n > length {
			return nil, true, m.fail(s.at, "substring: the index is outside of the string")
		}
		return str[byteOffset(str, n):], true, nil
	case "indexOf":
		return int64(unitOffset(str, strings.IndexRune(str, rune(n)))), true, nil
	case "lastIndexOf":
		return int64(unitOffset(str, strings.LastIndex(str, string(rune(n))))), true, nil
	case "repeat":
		if n < 0 {
			return nil, true, m.fail(s.at, "repeat: the count is negative")
		}
		if err := m.allocate(min(n, maxMemory+1) * min(len(str), maxMemory)); err != nil {
			return nil, true, err
		}
		return strings.Repeat(str, n), true, nil
	}
	return nil, false, nil
}

func callStringWith(m *machine, str, text string, s *step) (value.Value, bool, error) {
	switch s.name {
	case "equals", "contentEquals":
		return str == text, true, nil
	case "equalsIgnoreCase":
		return strings.EqualFold(str, text), true, nil
	case "contains":
		return strings.Contains(str, text), true, nil
	case "startsWith":
		return strings.HasPrefix(str, text), true, nil
	case "endsWith":
		return strings.HasSuffix(str, text), true, nil
	case "indexOf":
		return int64(unitOffset(str, strings.Index(str, text))), true, nil
	case "lastIndexOf":
		return int64(unitOffset(str, strings.LastIndex(str, text))), true, nil
	case "concat":
		if err := m.allocate(len(str) + len(text)); err != nil {
			return nil, true, err
		}
		return str + text, true, nil
	case "compareTo":
		return int64(compareUnits(str, text)), true, nil
	case "compareToIgnoreCase":
		return int64(compareUnits(strings.ToLower(strings.ToUpper(str)), strings.ToLower(strings.ToUpper(text)))), true, nil
	case "matches":
		p, err := m.pattern(s, text, str, true)
		if err != nil {
			return nil, true, err
		}
		ok, err := p.matches()
		return ok, true, err
	case "split":
		return m.split(s, str, text, 0)
	}
	return nil, false, nil
}

func callStringWithTwo(m *machine, str string, s *step, a []value.Value) (value.Value, bool, error) {
	if n, ok := intArgument(a[0]); ok && (s.name == "substring" || s.name == "subSequence") {
		to, ok := intArgument(a[1])
		if !ok {
			return nil, false, nil
		}
		if n < 0 || to > unitCount(str) || n > to {
			return nil, true, m.fail(s.at, s.name+": the range is outside of the string")
		}
		from := byteOffset(str, n)
		return str[from:max(from, byteOffset(str, to))], true, nil
	}
	text, ok := a[0].(string)
	if !ok {
		return nil, false, nil
	}
	if n, ok := intArgument(a[1]); ok {
		switch s.name {
		case "indexOf":
			from := byteOffset(str, max(n, 0))
			i := strings.Index(str[from:], text)
			if i < 0 {
				return int64(-1), true, nil
			}
			return int64(unitOffset(str, from+i)), true, nil
		case "lastIndexOf":
			if n < 0 {
				return int64(-1), true, nil
			}
			end := min(byteOffset(str, n)+len(text), len(str))
			return int64(unitOffset(str, strings.LastIndex(str[:end], text))), true, nil
		case "startsWith":
			return n >= 0 && strings.HasPrefix(str[byteOffset(str, n):], text), true, nil
		case "split":
			return m.split(s, str, text, n)
		}
		return nil, false, nil
	}
	replacement, ok := a[1].(string)
	if !ok {
		return nil, false, nil
	}
	switch s.name {
	case "replace":
		most := len(str) + strings.Count(str, text)*len(replacement)
		if err := m.allocate(most); err != nil {
			return nil, true, err
		}
		return strings.ReplaceAll(str, text, replacement), true, nil
	case "replaceAll", "replaceFirst":
		p, err := m.pattern(s, text, str, false)
		if err != nil {
			return nil, true, err
		}
		most := 1
		if s.name == "replaceAll" {
			most = all
		}
		result, err := p.replace(replacement, most)
		return result, true, err
	}
	return nil, false, nil
}

// compareUnits is Java's compareTo: the difference of the first units that
// differ, else of the lengths.
func compareUnits(a, b string) int {
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	for same > 0 && same < len(a) && !utf8.RuneStart(a[same]) {
		same--
	}
	a, b = a[same:], b[same:]
	if a == "" || b == "" {
		return unitCount(a) - unitCount(b)
	}
	x, _ := utf8.DecodeRuneInString(a)
	y, _ := utf8.DecodeRuneInString(b)
	u, v := utf16.AppendRune(nil, x), utf16.AppendRune(nil, y)
	if u[0] == v[0] {
		return int(u[1]) - int(v[1])
	}
	return int(u[0]) - int(v[0])
}

// split is Java's: with a limit of 0 the empty strings at the end are dropped,
// with a positive one there are no more than so many, with a negative one all.
func (m *machine) split(s *step, str, expr string, limit int) (value.Value, bool, error) {
	p, err := m.pattern(s, expr, str, false)
	if err != nil {
		return nil, true, err
	}
	most := all
	if limit > 0 {
		most = limit // one more than there are ends, for the first may not count
	}
	var items []value.Value
	start := 0
	err = p.each(most, func(match []int) error {
		// Nothing is before an empty match at the beginning.
		if match[1] > 0 && (limit <= 0 || len(items) < limit-1) {
			items = append(items, str[start:match[0]])
			start = match[1]
		}
		return nil
	})
	if err != nil {
		return nil, true, err
	}
	if start == 0 {
		return javaList([]value.Value{str}), true, nil
	}
	items = append(items, str[start:])
	for limit == 0 && len(items) > 0 && items[len(items)-1] == emptyText {
		items = items[:len(items)-1]
	}
	return javaList(items), true, nil
}
