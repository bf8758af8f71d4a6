package rest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A response is what an integration answered, on its way to the caller.
type response struct {
	status int
	fields []field // headers; names as they were given, those of one name alike
	body   []byte
	traced bool // whether the caller learns of the trace
}

// add adds a value to the header of a name, in whatever case the name stood
// first.
func (r *response) add(name, value string) {
	for i := range r.fields {
		if strings.EqualFold(r.fields[i].name, name) {
			name = r.fields[i].name
			break
		}
	}
	r.fields = append(r.fields, field{name, value})
}

// has reports whether there is a header of a name.
func (r *response) has(name string) bool {
	for i := range r.fields {
		if strings.EqualFold(r.fields[i].name, name) {
			return true
		}
	}
	return false
}

// A malformed is why a function's answer is no response, and where.
type malformed struct {
	what   string
	offset int
}

func (m *malformed) Error() string { return fmt.Sprintf("%s (at byte %d)", m.what, m.offset) }

// Explain makes a malformed the detail of a journey's step.
func (m *malformed) Explain() (what, mend string) {
	return "the function's answer is no response: " + m.Error(),
		`let it answer {"statusCode": number, "headers": {name: value}, "multiValueHeaders": {name: [values]}, "body": string, "isBase64Encoded": true or false}`
}

// maxResponseHeaders bounds the values of headers that a function may answer.
const maxResponseHeaders = 512

// A lambdaResponse is the answer of a function to a proxy integration.
type lambdaResponse struct {
	status int
	single []field // of headers
	multi  []field // of multiValueHeaders
	body   []byte
	base64 bool
}

// decodeLambdaResponse reads a function's answer.
//
// AWS: no member is demanded and none but these is admitted; a status may be a
// numeric string, a header's value a boolean or a number (recorded). What is
// null counts as absent.
func decodeLambdaResponse(payload []byte, into *lambdaResponse) error {
	*into = lambdaResponse{status: http.StatusOK, single: into.single[:0], multi: into.multi[:0]}
	d := decoder{data: payload}
	d.space()
	if kind := d.kind(); kind != "an object" {
		return d.fail("it is " + kind + ", not an object")
	}
	err := d.object(func(name string) error { return d.member(name, into) })
	if err != nil {
		return err
	}
	if d.space(); d.at < len(d.data) {
		return d.fail("something follows the object")
	}
	return nil
}

func (d *decoder) member(name string, into *lambdaResponse) error {
	kind := d.kind()
	if kind == "null" {
		switch name {
		case "statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded":
			return d.literal("null")
		}
	}
	switch name {
	case "statusCode":
		start := d.at
		text, err := d.scalar(name)
		if err != nil {
			return err
		}
		into.status, err = strconv.Atoi(strings.TrimSuffix(text, ".0"))
		if err != nil || into.status < 200 || into.status > 599 {
			d.at = start
			return d.fail("statusCode is " + strconv.Quote(text) + ", not a number from 200 to 599")
		}
		return nil
	case "headers":
		if kind != "an object" {
			return d.fail("headers is " + kind + ", not an object")
		}
		return d.object(func(header string) error { return d.header(name, header, &into.single) })
	case "multiValueHeaders":
		if kind != "an object" {
			return d.fail("multiValueHeaders is " + kind + ", not an object")
		}
		return d.object(func(header string) error {
			switch kind := d.kind(); kind {
			case "null":
				return d.literal("null")
			case "an array":
				return d.array(func() error { return d.header(name, header, &into.multi) })
			default:
				return d.fail("multiValueHeaders." + header + " is " + kind + ", not an array")
			}
		})
	case "body":
		if kind != "a string" {
			return d.fail("body is " + kind + ", not a string; if it is to be JSON, put the JSON into a string")
		}
		body, err := d.string()
		into.body = body
		return err
	case "isBase64Encoded":
		start := d.at
		text, err := d.scalar(name)
		if err != nil {
			return err
		}
		if text != "true" && text != "false" {
			d.at = start
			return d.fail("isBase64Encoded is " + strconv.Quote(text) + ", neither true nor false")
		}
		into.base64 = text == "true"
		return nil
	}
	return d.fail("there is no member " + strconv.Quote(name) + " in a response")
}

// header reads a header's value.
func (d *decoder) header(member, name string, into *[]field) error {
	if d.kind() == "null" {
		return d.literal("null")
	}
	if !isToken(name) {
		return d.fail(member + " has the name " + strconv.Quote(name) + ", which no header can have")
	}
	value, err := d.scalar(member + "." + name)
	if err != nil {
		return err
	}
	if strings.ContainsAny(value, "\r\n\x00") {
		return d.fail(member + "." + name + " has a line break or a zero byte in its value")
	}
	if len(*into) == maxResponseHeaders {
		return d.fail(member + " has more than " + strconv.Itoa(maxResponseHeaders) + " values")
	}
	*into = append(*into, field{name, value})
	return nil
}

// isToken reports whether s can be a header's name.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		ch := s[i]
		if ch <= ' ' || ch >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, ch) >= 0 {
			return false
		}
	}
	return s != ""
}

// merge puts the answer into the response to the caller.
//
// AWS: headers and multiValueHeaders of one name, in any case, are merged; a
// pair that is in both counts once.
func (l *lambdaResponse) merge(r *response) {
	r.status, r.body = l.status, l.body
	for _, f := range l.multi {
		r.add(f.name, f.value)
	}
	for i, f := range l.single {
		if l.inMulti(f) || l.repeated(i) {
			continue
		}
		r.add(f.name, f.value)
	}
}

func (l *lambdaResponse) inMulti(f field) bool {
	for _, m := range l.multi {
		if strings.EqualFold(m.name, f.name) && m.value == f.value {
			return true
		}
	}
	return false
}

// repeated reports whether a later member of headers has the very same name.
func (l *lambdaResponse) repeated(i int) bool {
	for _, later := range l.single[i+1:] {
		if later.name == l.single[i].name {
			return true
		}
	}
	return false
}

// binary decodes a body that the function calls base64.
func (l *lambdaResponse) binary() error {
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(l.body)))
	n, err := base64.StdEncoding.Decode(decoded, l.body)
	if err != nil {
		return err
	}
	l.body = decoded[:n]
	return nil
}

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

// object reads an object and has read take each member's value.
func (d *decoder) object(read func(name string) error) error {
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
		if err := read(string(name)); err != nil {
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
	for d.at < len(d.data) {
		switch ch := d.data[d.at]; {
		case ch == '"':
			d.at++
			return d.data[start : d.at-1], nil
		case ch == '\\':
			return d.escaped(start)
		case ch < ' ':
			return nil, d.fail("a control character stands in a string")
		default:
			d.at++
		}
	}
	return nil, d.fail("a string has no end")
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
