package value

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// ErrTooLarge is returned for a value that is too large or too deep to write: one
// that contains itself, most likely.
var ErrTooLarge = errors.New("the value is too large or nested too deeply to be written")

// AppendJSONWithin adds v as compact JSON, at most about limit bytes of it;
// beyond, and beyond MaxDepth, it returns ErrTooLarge.
func AppendJSONWithin(dst []byte, v Value, limit int) ([]byte, error) {
	w := writer{limit: len(dst) + limit}
	dst = w.json(dst, v, 0)
	if w.full {
		return dst, ErrTooLarge
	}
	return dst, nil
}

// writer adds values until limit is reached.
type writer struct {
	limit int
	full  bool
	// slashes has JSON's / written as \/.
	slashes bool
}

func (w *writer) json(dst []byte, v Value, depth int) []byte {
	if depth > MaxDepth || len(dst) > w.limit {
		w.full = true
		return append(dst, "null"...)
	}
	switch x := v.(type) {
	case nil:
		return append(dst, "null"...)
	case string:
		return w.quoted(dst, x)
	case *Map:
		dst = append(dst, '{')
		first := true
		for i := range x.entries {
			e := &x.entries[i]
			if e.dead() {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = w.quoted(dst, e.key)
			dst = append(dst, ':')
			dst = w.json(dst, e.value, depth+1)
			if w.full {
				break
			}
		}
		return append(dst, '}')
	case *List:
		dst = append(dst, '[')
		for i, item := range x.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = w.json(dst, item, depth+1)
			if w.full {
				break
			}
		}
		return append(dst, ']')
	case float64:
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return append(dst, "null"...)
		}
		return appendDouble(dst, x)
	}
	if out, ok := appendScalar(dst, v); ok {
		return out
	}
	if o, ok := v.(Object); ok {
		inner := writer{limit: w.limit - len(dst)}
		text := inner.object(nil, o, depth)
		if inner.full || len(text) > inner.limit {
			// Or each quotation within a quotation doubled its length.
			w.full = true
			return append(dst, "null"...)
		}
		return w.quoted(dst, string(text))
	}
	return append(dst, "null"...)
}

// appendScalar adds what looks alike in JSON and in text.
func appendScalar(dst []byte, v Value) ([]byte, bool) {
	switch x := v.(type) {
	case bool:
		return strconv.AppendBool(dst, x), true
	case int64:
		return strconv.AppendInt(dst, x, 10), true
	case *big.Int:
		return x.Append(dst, 10), true
	case float64:
		return appendDouble(dst, x), true
	case Decimal:
		return append(dst, x...), true
	}
	return dst, false
}

const hexDigits = "0123456789ABCDEF"

// plain are the ASCII characters that stand for themselves in JSON.
func plain(c byte) bool { return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '/' }

// quoted adds s as a JSON string.
//
// AWS: json-smart also escapes DEL, the C1 controls and U+2000 to U+20FF, in
// capitals: an em dash goes out as \u2014.
func (w *writer) quoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain(c) {
			i++
			continue
		}
		size, r := 1, rune(c)
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		short := byte(0)
		switch {
		case r == '"' || r == '\\':
			short = c
		case r == '/':
			if !w.slashes {
				i++
				continue
			}
			short = c
		case r == '\b':
			short = 'b'
		case r == '\f':
			short = 'f'
		case r == '\n':
			short = 'n'
		case r == '\r':
			short = 'r'
		case r == '\t':
			short = 't'
		case r < ' ' || r >= 0x7f && r <= 0x9f || r >= 0x2000 && r <= 0x20ff:
		case r == utf8.RuneError && size == 1:
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\uFFFD"...)
			i++
			start = i
			continue
		default:
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		if short != 0 {
			dst = append(dst, '\\', short)
		} else {
			dst = append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
		}
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
