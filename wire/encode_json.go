package wire

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/lamgate/lamgate/api"
)

// appendJSON appends the JSON of a value to dst.
func (s *service) appendJSON(dst []byte, m *api.Member, sh *api.Shape, v reflect.Value) ([]byte, error) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch sh.Kind {
	case api.Structure:
		return s.appendObject(dst, sh, v)
	case api.List:
		dst = append(dst, '[')
		for i := range v.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = s.appendJSON(dst, nil, &s.Shapes[sh.Element], v.Index(i)); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case api.Map:
		dst = append(dst, '{')
		for i, k := range sortedKeys(v) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendQuoted(dst, k.String()), ':')
			var err error
			if dst, err = s.appendJSON(dst, nil, &s.Shapes[sh.Value], v.MapIndex(k)); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	case api.String:
		return appendQuoted(dst, v.String()), nil
	case api.Blob:
		return append(appendScalar(append(dst, '"'), sh, 0, v), '"'), nil
	case api.Timestamp:
		format := formatOf(m, sh, api.UnixTimestamp)
		if format == api.UnixTimestamp {
			return appendTime(dst, v.Interface().(time.Time), format), nil
		}
		return append(appendTime(append(dst, '"'), v.Interface().(time.Time), format), '"'), nil
	case api.Float, api.Double:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return append(appendFloat(append(dst, '"'), v), '"'), nil
		}
		return appendFloat(dst, v), nil
	case api.Document:
		text, err := json.Marshal(v.Interface())
		if err != nil {
			return nil, fmt.Errorf("document %s: %w", sh.Name, err)
		}
		return append(dst, text...), nil
	}
	return appendScalar(dst, sh, 0, v), nil
}

// appendObject appends the members that stand in the body.
func (s *service) appendObject(dst []byte, sh *api.Shape, v reflect.Value) ([]byte, error) {
	dst = append(dst, '{')
	first := true
	for i := range sh.Members {
		m := &sh.Members[i]
		if m.Location != api.InBody || m.Streaming || absent(v.Field(i)) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendQuoted(dst, m.WireName), ':')
		var err error
		if dst, err = s.appendJSON(dst, m, &s.Shapes[m.Shape], v.Field(i)); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += size
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}
