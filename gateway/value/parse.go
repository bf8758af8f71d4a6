package value

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError tells what is wrong with a JSON text and where.
type SyntaxError struct {
	// Line and Column count from one; columns are characters.
	Line, Column int
	Message      string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// ParseJSON reads one JSON text, as strictly as RFC 8259 has it. Of a key that
// comes twice the last value counts, in the place of the first. Bytes that are
// not UTF-8 are read as U+FFFD. The error is a *SyntaxError.
func ParseJSON(b []byte) (Value, error) {
	p := newParser(b)
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.pos < len(p.text) {
		return nil, p.fail("expected the end, found " + p.found())
	}
	return v, nil
}

// parser reads text from pos on. Containers are gathered on two stacks shared by
// all depths and copied out at their exact size when they close; strings without
// escapes are cut out of text.
type parser struct {
	text  string
	pos   int
	loose bool
	items []Value
	pairs []entry
}

func newParser(b []byte) parser {
	text := string(b)
	if !utf8.ValidString(text) {
		text = string([]rune(text))
	}
	return parser{text: text}
}

func (p *parser) fail(message string) error {
	before := p.text[:min(p.pos, len(p.text))]
	line := strings.LastIndexByte(before, '\n') + 1
	return &SyntaxError{
		Line:    strings.Count(before, "\n") + 1,
		Column:  utf8.RuneCountInString(before[line:]) + 1,
		Message: message,
	}
}

func (p *parser) tooDeep() error {
	return p.fail(fmt.Sprintf("nested deeper than %d", MaxDepth))
}

func (p *parser) found() string {
	if p.pos >= len(p.text) {
		return "the end"
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.pos:])
	return fmt.Sprintf("%q", r)
}

func (p *parser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) value(depth int) (Value, error) {
	if depth > MaxDepth {
		return nil, p.tooDeep()
	}
	p.space()
	switch c := p.peek(); {
	case c == '"':
		return p.quotedValue()
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case p.word("true"):
		return true, nil
	case p.word("false"):
		return false, nil
	case p.word("null"):
		return nil, nil
	}
	return nil, p.fail("expected a value, found " + p.found())
}

func (p *parser) word(w string) bool {
	if strings.HasPrefix(p.text[p.pos:], w) {
		p.pos += len(w)
		return true
	}
	return false
}

func (p *parser) array(depth int) (Value, error) {
	p.pos++
	base := len(p.items)
	if p.space(); p.peek() == ']' {
		p.pos++
		return &List{}, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		p.items = append(p.items, v)
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return p.closeArray(base), nil
		default:
			return nil, p.fail("expected , or ] in the array, found " + p.found())
		}
	}
}

func (p *parser) closeArray(base int) *List {
	items := make([]Value, len(p.items)-base)
	copy(items, p.items[base:])
	p.items = p.items[:base]
	return &List{Items: items}
}

func (p *parser) object(depth int) (Value, error) {
	p.pos++
	base := len(p.pairs)
	if p.space(); p.peek() == '}' {
		p.pos++
		return &Map{}, nil
	}
	for {
		if p.space(); p.peek() != '"' {
			return nil, p.fail("expected a key in quotes, found " + p.found())
		}
		key, err := p.quoted()
		if err != nil {
			return nil, err
		}
		if p.space(); p.peek() != ':' {
			return nil, p.fail("expected : after the key, found " + p.found())
		}
		p.pos++
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		p.pairs = append(p.pairs, entry{key: key, value: v})
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return p.closeObject(base), nil
		default:
			return nil, p.fail("expected , or } in the object, found " + p.found())
		}
	}
}

func (p *parser) closeObject(base int) *Map {
	pairs := p.pairs[base:]
	m := &Map{entries: make([]entry, 0, len(pairs))}
	if len(pairs) >= indexedFrom {
		m.index = make(map[string]int, len(pairs))
	}
	for i := range pairs {
		if j := m.find(pairs[i].key); j >= 0 {
			m.entries[j].value = pairs[i].value
			continue
		}
		if m.index != nil {
			m.index[pairs[i].key] = len(m.entries)
		}
		m.entries = append(m.entries, pairs[i])
	}
	p.pairs = p.pairs[:base]
	return m
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// numberLength returns how long the number of JSON's grammar at the start of s
// is; 0 if there is none.
func numberLength(s string) int {
	n := 0
	if n < len(s) && s[n] == '-' {
		n++
	}
	whole := digits(s[n:])
	if whole == 0 || whole > 1 && s[n] == '0' {
		return 0
	}
	n += whole
	if n < len(s) && s[n] == '.' {
		fraction := digits(s[n+1:])
		if fraction == 0 {
			return 0
		}
		n += 1 + fraction
	}
	if n < len(s) && s[n]|0x20 == 'e' {
		e := n + 1
		if e < len(s) && (s[e] == '+' || s[e] == '-') {
			e++
		}
		exponent := digits(s[e:])
		if exponent == 0 {
			return 0
		}
		n = e + exponent
	}
	return n
}

func (p *parser) number() (Value, error) {
	n := numberLength(p.text[p.pos:])
	if n == 0 {
		return nil, p.fail("the number is malformed")
	}
	v, err := ParseNumber(p.text[p.pos : p.pos+n])
	if err != nil {
		return nil, p.fail(err.Error())
	}
	p.pos += n
	return v, nil
}
