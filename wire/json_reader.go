package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// maxDepth bounds how deeply the values of a message may be nested.
	maxDepth = 100
	// maxValues bounds how many values it may have: an empty one costs its
	// sender two bytes and the reader a struct. Ten thousand log events fit, and
	// ten thousand parts of an upload with all their checksums.
	maxValues = 200_000
)

var (
	errTooDeep = errors.New("the message is nested too deeply")
	errTooMany = errors.New("the message has too many values")
)

// A jsonReader pulls values out of a JSON text. It exists beside encoding/json
// for bodies of tens of megabytes of base64, which it reads in place, and for
// telling the kinds of values apart as AWS's messages do.
type jsonReader struct {
	data   []byte
	pos    int
	depth  int
	values int
}

func (r *jsonReader) syntax(want string) error {
	r.space()
	if r.pos >= len(r.data) {
		return fmt.Errorf("unexpected end of input: expected %s", want)
	}
	c, _ := utf8.DecodeRune(r.data[r.pos:])
	return fmt.Errorf("unexpected character (%q) at offset %d: expected %s", c, r.pos, want)
}

func (r *jsonReader) space() {
	for r.pos < len(r.data) {
		switch r.data[r.pos] {
		case ' ', '\t', '\r', '\n':
			r.pos++
		default:
			return
		}
	}
}

// peek returns the first byte of the next value, or 0 at the end.
func (r *jsonReader) peek() byte {
	r.space()
	if r.pos >= len(r.data) {
		return 0
	}
	return r.data[r.pos]
}

func (r *jsonReader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.pos++
	return true
}

func (r *jsonReader) count() error {
	if r.values++; r.values > maxValues {
		return errTooMany
	}
	return nil
}

func (r *jsonReader) enter() error {
	r.depth++
	if r.depth > maxDepth {
		return errTooDeep
	}
	r.pos++
	return nil
}

// object calls member for each key; member must read the value.
func (r *jsonReader) object(member func(key string) error) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer func() { r.depth-- }()
	if r.take('}') {
		return nil
	}
	for {
		if r.peek() != '"' {
			return r.syntax("a member's name")
		}
		if err := r.count(); err != nil {
			return err
		}
		key, err := r.str()
		if err != nil {
			return err
		}
		if !r.take(':') {
			return r.syntax("a colon")
		}
		if err := member(key); err != nil {
			return err
		}
		if r.take('}') {
			return nil
		}
		if !r.take(',') {
			return r.syntax("a comma or the end of the object")
		}
	}
}

// array calls element before each element; element must read it.
func (r *jsonReader) array(element func() error) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer func() { r.depth-- }()
	if r.take(']') {
		return nil
	}
	for {
		if err := r.count(); err != nil {
			return err
		}
		if err := element(); err != nil {
			return err
		}
		if r.take(']') {
			return nil
		}
		if !r.take(',') {
			return r.syntax("a comma or the end of the list")
		}
	}
}

// raw returns what stands between the quotes of a string, and whether it is
// plain, without escapes.
func (r *jsonReader) raw() (text []byte, plain bool, err error) {
	r.pos++
	start, plain := r.pos, true
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; {
		case c == '"':
			text = r.data[start:r.pos]
			r.pos++
			return text, plain, nil
		case c == '\\':
			plain = false
			r.pos += 2
		case c < ' ':
			return nil, false, r.syntax("no control character in a string")
		default:
			r.pos++
		}
	}
	r.pos = len(r.data)
	return nil, false, r.syntax("the end of a string")
}

func (r *jsonReader) str() (string, error) {
	text, plain, err := r.raw()
	switch {
	case err != nil:
		return "", err
	case plain && utf8.Valid(text):
		return string(text), nil
	case plain:
		return string([]rune(string(text))), nil
	}
	return unescape(text)
}

func unescape(text []byte) (string, error) {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			c, size := utf8.DecodeRune(text[i:])
			out = utf8.AppendRune(out, c)
			i += size
			continue
		}
		if i+1 >= len(text) {
			return "", errors.New("unfinished escape in a string")
		}
		c := text[i+1]
		i += 2
		switch c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			unit, ok := hex4(text[i:])
			if !ok {
				return "", errors.New(`\u in a string is not followed by four hexadecimal digits`)
			}
			i += 4
			if utf16.IsSurrogate(unit) {
				pair := rune(utf8.RuneError)
				if i+1 < len(text) && text[i] == '\\' && text[i+1] == 'u' {
					if low, ok := hex4(text[i+2:]); ok {
						if pair = utf16.DecodeRune(unit, low); pair != utf8.RuneError {
							i += 6
						}
					}
				}
				unit = pair
			}
			out = utf8.AppendRune(out, unit)
		default:
			return "", fmt.Errorf("unrecognized escape \\%c in a string", c)
		}
	}
	return string(out), nil
}

func hex4(text []byte) (rune, bool) {
	if len(text) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[:4]), 16, 16)
	return rune(n), err == nil
}

// number returns the text of a number, checked against JSON's grammar.
func (r *jsonReader) number() (string, error) {
	start := r.pos
	digits := func() bool {
		from := r.pos
		for r.pos < len(r.data) && r.data[r.pos] >= '0' && r.data[r.pos] <= '9' {
			r.pos++
		}
		return r.pos > from
	}
	at := func(set ...byte) bool {
		for _, c := range set {
			if r.pos < len(r.data) && r.data[r.pos] == c {
				r.pos++
				return true
			}
		}
		return false
	}
	at('-')
	if !at('0') && !digits() {
		return "", r.syntax("a value")
	}
	if at('.') && !digits() {
		return "", r.syntax("digits after the decimal point")
	}
	if at('e', 'E') {
		at('+', '-')
		if !digits() {
			return "", r.syntax("the digits of an exponent")
		}
	}
	return string(r.data[start:r.pos]), nil
}

func (r *jsonReader) literal(word string) bool {
	if r.peek() == word[0] && len(r.data)-r.pos >= len(word) && string(r.data[r.pos:r.pos+len(word)]) == word {
		r.pos += len(word)
		return true
	}
	return false
}

// value reads any value as encoding/json would with UseNumber.
func (r *jsonReader) value() (any, error) {
	switch c := r.peek(); {
	case c == '{':
		m := map[string]any{}
		err := r.object(func(key string) (err error) {
			m[key], err = r.value()
			return err
		})
		return m, err
	case c == '[':
		list := []any{}
		err := r.array(func() error {
			v, err := r.value()
			list = append(list, v)
			return err
		})
		return list, err
	case c == '"':
		return r.str()
	case r.literal("true"):
		return true, nil
	case r.literal("false"):
		return false, nil
	case r.literal("null"):
		return nil, nil
	}
	text, err := r.number()
	return json.Number(text), err
}

// skip passes over a value.
func (r *jsonReader) skip() error {
	switch c := r.peek(); {
	case c == '{':
		return r.object(func(string) error { return r.skip() })
	case c == '[':
		return r.array(r.skip)
	case c == '"':
		_, _, err := r.raw()
		return err
	case r.literal("true"), r.literal("false"), r.literal("null"):
		return nil
	}
	_, err := r.number()
	return err
}

func (r *jsonReader) atEnd() bool {
	r.space()
	return r.pos >= len(r.data)
}

// end fails if anything follows the value.
func (r *jsonReader) end() error {
	if !r.atEnd() {
		return r.syntax("the end of input")
	}
	return nil
}
