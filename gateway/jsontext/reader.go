package jsontext

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A Reader reads JSON and reports where it is at fault. It never goes deeper
// than whoever reads asks it to, so its input cannot make it.
type Reader struct {
	Data []byte
	At   int // of the next byte
}

// A SyntaxError is what is wrong with a text, and where.
type SyntaxError struct {
	What   string
	Offset int
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s (at byte %d)", e.What, e.Offset) }

// Fail returns a *SyntaxError at the next byte.
func (d *Reader) Fail(what string) error { return &SyntaxError{what, d.At} }

// Space passes white space.
func (d *Reader) Space() {
	for d.At < len(d.Data) {
		switch d.Data[d.At] {
		case ' ', '\t', '\n', '\r':
			d.At++
		default:
			return
		}
	}
}

// Kind names the value that comes next by its first byte.
func (d *Reader) Kind() string {
	if d.At == len(d.Data) {
		return "nothing"
	}
	switch ch := d.Data[d.At]; {
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

// Object reads an object and has read take each member's value. The name is
// only lent.
func (d *Reader) Object(read func(name []byte) error) error {
	d.At++
	d.Space()
	if d.take('}') {
		return nil
	}
	for {
		if d.Kind() != "a string" {
			return d.Fail("a member's name should stand here")
		}
		name, err := d.Text()
		if err != nil {
			return err
		}
		d.Space()
		if !d.take(':') {
			return d.Fail("a colon should stand here")
		}
		d.Space()
		if err := read(name); err != nil {
			return err
		}
		if done, err := d.next('}'); done || err != nil {
			return err
		}
	}
}

// Array reads an array and has read take each value.
func (d *Reader) Array(read func() error) error {
	d.At++
	d.Space()
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
func (d *Reader) next(closing byte) (done bool, err error) {
	d.Space()
	if d.take(closing) {
		return true, nil
	}
	if !d.take(',') {
		return false, d.Fail("a comma or " + string(rune(closing)) + " should stand here")
	}
	d.Space()
	return false, nil
}

func (d *Reader) take(ch byte) bool {
	if d.At < len(d.Data) && d.Data[d.At] == ch {
		d.At++
		return true
	}
	return false
}

// Literal reads true, false or null.
func (d *Reader) Literal(text string) error {
	if !strings.HasPrefix(string(d.Data[d.At:min(len(d.Data), d.At+len(text))]), text) {
		return d.Fail("this is no JSON")
	}
	d.At += len(text)
	return nil
}

// Scalar reads a string, a number or a boolean as text.
func (d *Reader) Scalar(where string) (string, error) {
	switch kind := d.Kind(); kind {
	case "a string":
		s, err := d.Text()
		return string(s), err
	case "a number":
		return d.Number()
	case "a boolean":
		if d.Data[d.At] == 't' {
			return "true", d.Literal("true")
		}
		return "false", d.Literal("false")
	default:
		return "", d.Fail(where + " is " + kind + ", not a string, a number or a boolean")
	}
}

// Number reads a number as its text.
func (d *Reader) Number() (string, error) {
	start := d.At
	d.take('-')
	if !d.take('0') && !d.digits() {
		return "", d.Fail("a digit should stand here")
	}
	if d.take('.') && !d.digits() {
		return "", d.Fail("a digit should stand here")
	}
	if d.take('e') || d.take('E') {
		if !d.take('+') {
			d.take('-')
		}
		if !d.digits() {
			return "", d.Fail("a digit should stand here")
		}
	}
	return string(d.Data[start:d.At]), nil
}

func (d *Reader) digits() bool {
	start := d.At
	for d.At < len(d.Data) && '0' <= d.Data[d.At] && d.Data[d.At] <= '9' {
		d.At++
	}
	return d.At > start
}

// Text reads a string. The result is a part of the input if nothing in it is
// escaped.
func (d *Reader) Text() ([]byte, error) {
	d.At++
	start := d.At
	for {
		d.At += unchanged(d.Data[d.At:])
		if d.At == len(d.Data) {
			return nil, d.Fail("a string has no end")
		}
		switch ch := d.Data[d.At]; {
		case ch == '"':
			d.At++
			return d.Data[start : d.At-1], nil
		case ch == '\\':
			return d.escaped(start)
		case ch < ' ':
			return nil, d.Fail("a control character stands in a string")
		default:
			d.At++ // what is not UTF-8 passes
		}
	}
}

// escapedAtLeast is what is set aside for a string of which little has been read.
const escapedAtLeast = 128

func (d *Reader) escaped(start int) ([]byte, error) {
	b := make([]byte, 0, min(len(d.Data)-start, escapedAtLeast+2*(d.At-start)))
	b = append(b, d.Data[start:d.At]...)
	for d.At < len(d.Data) {
		run := d.At
		for d.At < len(d.Data) && d.Data[d.At] >= ' ' && d.Data[d.At] != '"' && d.Data[d.At] != '\\' {
			d.At++
		}
		b = append(b, d.Data[run:d.At]...)
		if d.At == len(d.Data) {
			break
		}
		switch d.Data[d.At] {
		case '"':
			d.At++
			return b, nil
		case '\\':
			var err error
			if b, err = d.escape(b); err != nil {
				return nil, err
			}
		default:
			return nil, d.Fail("a control character stands in a string")
		}
	}
	return nil, d.Fail("a string has no end")
}

// escape reads one escape sequence.
func (d *Reader) escape(b []byte) ([]byte, error) {
	if d.At+1 >= len(d.Data) {
		return nil, d.Fail("a string has no end")
	}
	ch := d.Data[d.At+1]
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
		r, ok := d.unit(d.At)
		if !ok {
			return nil, d.Fail("an escape sequence is no character")
		}
		d.At += 6
		if utf16.IsSurrogate(r) {
			low, ok := d.unit(d.At)
			if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
				d.At += 6
			} else {
				r = utf8.RuneError
			}
		}
		return utf8.AppendRune(b, r), nil
	default:
		return nil, d.Fail("an escape sequence is no character")
	}
	d.At += 2
	return append(b, ch), nil
}

// unit reads the \uXXXX at an offset.
func (d *Reader) unit(at int) (rune, bool) {
	if at+6 > len(d.Data) || d.Data[at] != '\\' || d.Data[at+1] != 'u' {
		return 0, false
	}
	r, err := strconv.ParseUint(string(d.Data[at+2:at+6]), 16, 16)
	return rune(r), err == nil
}
