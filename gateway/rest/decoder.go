package rest

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A decoder reads JSON and reports where it is at fault. It never goes deeper
// than a response does, so its input cannot make it.
type decoder struct {
	data []byte
	at   int
}

func (d *decoder) fail(what string) error { return &malformed{what, d.at} }

func (d *decoder) space() {
	for d.at < len(d.data) {
		switch d.data[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

// kind names the value that comes next by its first byte.
func (d *decoder) kind() string {
	if d.at == len(d.data) {
		return "nothing"
	}
	switch ch := d.data[d.at]; {
	case ch == '{':
		return "an object"
	case ch == '[':
		return "an array"
	case ch == '"':
		return "a string"
	case ch == 't', ch == 'f':
		return "a boolean"
	case ch == 'n':
		return "null"
	case ch == '-', '0' <= ch && ch <= '9':
		return "a number"
	}
	return "no JSON"
}

// object reads an object and has read take each member's value. The name is
// only lent.
func (d *decoder) object(read func(name []byte) error) error {
	d.at++
	d.space()
	if d.take('}') {
		return nil
	}
	for {
		if d.kind() != "a string" {
			return d.fail("a member's name should stand here")
		}
		name, err := d.string()
		if err != nil {
			return err
		}
		d.space()
		if !d.take(':') {
			return d.fail("a colon should stand here")
		}
		d.space()
		if err := read(name); err != nil {
			return err
		}
		if done, err := d.next('}'); done || err != nil {
			return err
		}
	}
}

func (d *decoder) array(read func() error) error {
	d.at++
	d.space()
	if d.take(']') {
		return nil
	}
	for {
		if err := read(); err != nil {
			return err
		}
		if done, err := d.next(']'); done || err != nil {
			return err
		}
	}
}

// next passes the comma before another value, or the closing bracket.
func (d *decoder) next(closing byte) (done bool, err error) {
	d.space()
	if d.take(closing) {
		return true, nil
	}
	if !d.take(',') {
		return false, d.fail("a comma or " + string(rune(closing)) + " should stand here")
	}
	d.space()
	return false, nil
}

func (d *decoder) take(ch byte) bool {
	if d.at < len(d.data) && d.data[d.at] == ch {
		d.at++
		return true
	}
	return false
}

func (d *decoder) literal(text string) error {
	if !strings.HasPrefix(string(d.data[d.at:min(len(d.data), d.at+len(text))]), text) {
		return d.fail("this is no JSON")
	}
	d.at += len(text)
	return nil
}

// scalar reads a string, a number or a boolean as text.
func (d *decoder) scalar(where string) (string, error) {
	switch kind := d.kind(); kind {
	case "a string":
		s, err := d.string()
		return string(s), err
	case "a number":
		return d.number()
	case "a boolean":
		if d.data[d.at] == 't' {
			return "true", d.literal("true")
		}
		return "false", d.literal("false")
	default:
		return "", d.fail(where + " is " + kind + ", not a string, a number or a boolean")
	}
}

// number reads a number as its text.
func (d *decoder) number() (string, error) {
	start := d.at
	d.take('-')
	if !d.take('0') && !d.digits() {
		return "", d.fail("a digit should stand here")
	}
	if d.take('.') && !d.digits() {
		return "", d.fail("a digit should stand here")
	}
	if d.take('e') || d.take('E') {
		if !d.take('+') {
			d.take('-')
		}
		if !d.digits() {
			return "", d.fail("a digit should stand here")
		}
	}
	return string(d.data[start:d.at]), nil
}

func (d *decoder) digits() bool {
	start := d.at
	for d.at < len(d.data) && '0' <= d.data[d.at] && d.data[d.at] <= '9' {
		d.at++
	}
	return d.at > start
}

// string reads a string. The result is a part of the input if nothing in it is
// escaped.
func (d *decoder) string() ([]byte, error) {
	d.at++
	start := d.at
	for {
		d.at += unchanged(d.data[d.at:])
		if d.at == len(d.data) {
			return nil, d.fail("a string has no end")
		}
		switch ch := d.data[d.at]; {
		case ch == '"':
			d.at++
			return d.data[start : d.at-1], nil
		case ch == '\\':
			return d.escaped(start)
		case ch < ' ':
			return nil, d.fail("a control character stands in a string")
		default:
			d.at++ // what is not UTF-8 passes
		}
	}
}

func (d *decoder) escaped(start int) ([]byte, error) {
	b := make([]byte, 0, len(d.data)-start)
	b = append(b, d.data[start:d.at]...)
	for d.at < len(d.data) {
		run := d.at
		for d.at < len(d.data) && d.data[d.at] >= ' ' && d.data[d.at] != '"' && d.data[d.at] != '\\' {
			d.at++
		}
		b = append(b, d.data[run:d.at]...)
		if d.at == len(d.data) {
			break
		}
		switch d.data[d.at] {
		case '"':
			d.at++
			return b, nil
		case '\\':
			var err error
			if b, err = d.escape(b); err != nil {
				return nil, err
			}
		default:
			return nil, d.fail("a control character stands in a string")
		}
	}
	return nil, d.fail("a string has no end")
}

// escape reads one escape sequence.
func (d *decoder) escape(b []byte) ([]byte, error) {
	if d.at+1 >= len(d.data) {
		return nil, d.fail("a string has no end")
	}
	ch := d.data[d.at+1]
	switch ch {
	case '"', '\\', '/':
	case 'b':
		ch = '\b'
	case 'f':
		ch = '\f'
	case 'n':
		ch = '\n'
	case 'r':
		ch = '\r'
	case 't':
		ch = '\t'
	case 'u':
		r, ok := d.unit(d.at)
		if !ok {
			return nil, d.fail("an escape sequence is no character")
		}
		d.at += 6
		if utf16.IsSurrogate(r) {
			low, ok := d.unit(d.at)
			if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
				d.at += 6
			} else {
				r = utf8.RuneError
			}
		}
		return utf8.AppendRune(b, r), nil
	default:
		return nil, d.fail("an escape sequence is no character")
	}
	d.at += 2
	return append(b, ch), nil
}

// unit reads the \uXXXX at an offset.
func (d *decoder) unit(at int) (rune, bool) {
	if at+6 > len(d.data) || d.data[at] != '\\' || d.data[at+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, ch := range d.data[at+2 : at+6] {
		if !isHex(ch) {
			return 0, false
		}
		r = r<<4 | rune(unhex(ch))
	}
	return r, true
}
