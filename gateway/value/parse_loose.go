package value

import "strings"

// ParseLoose reads JSON as leniently as the engine behind API Gateway does:
// strings in single quotes or none, commas too many, control characters, leading
// zeros. A text that is no JSON at all is a string, so that a form's
// a=1&b=2 is one.
//
// AWS: the parser is json-smart's in its permissive mode. A MOCK integration
// takes { "statusCode": 200, } (recorded), and templates that read forms by
// $input.path('$') are widely used.
func ParseLoose(b []byte) (Value, error) {
	p := newParser(b)
	p.loose = true
	p.space()
	if p.pos == len(p.text) {
		return nil, p.fail("expected a value, found the end")
	}
	v, err := p.looseValue(0, "")
	if err != nil {
		return nil, err
	}
	// What follows a value is not looked at, as json-smart does not.
	return v, nil
}

// looseValue reads a value that ends, where it has no quotes, at one of stops.
func (p *parser) looseValue(depth int, stops string) (Value, error) {
	if depth > MaxDepth {
		return nil, p.tooDeep()
	}
	p.space()
	switch p.peek() {
	case '{':
		return p.looseObject(depth)
	case '[':
		return p.looseArray(depth)
	case '"', '\'':
		return p.quotedValue()
	case ':', '}', ']':
		return nil, p.fail("expected a value, found " + p.found())
	}
	if p.pos == len(p.text) {
		return nil, p.fail("expected a value, found the end")
	}
	start := p.pos
	for p.pos < len(p.text) && strings.IndexByte(stops, p.text[p.pos]) < 0 {
		p.pos++
	}
	word := strings.Trim(p.text[start:p.pos], " \t\r\n")
	switch word {
	case "null":
		return nil, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	if word == "" {
		return "", nil
	}
	if c := word[0]; c == '-' || c >= '0' && c <= '9' {
		if n, ok := looseNumber(word); ok {
			v, err := ParseNumber(n)
			if err != nil {
				p.pos = start
				return nil, p.fail(err.Error())
			}
			return v, nil
		}
	}
	return word, nil
}

// looseNumber returns the number that word is, without its leading zeros.
func looseNumber(word string) (string, bool) {
	rest, negative := strings.CutPrefix(word, "-")
	if rest == "" || rest[0] == '-' {
		return "", false
	}
	whole := digits(rest)
	zeros := 0
	for zeros < whole-1 && rest[zeros] == '0' {
		zeros++
	}
	rest = rest[zeros:]
	// 1. is a number here, of no fraction.
	n := rest
	if i := strings.IndexByte(n, '.'); i >= 0 && digits(n[i+1:]) == 0 {
		n = n[:i+1] + "0" + n[i+1:]
	}
	if numberLength(n) != len(n) {
		return "", false
	}
	if negative {
		n = "-" + n
	}
	return n, true
}

func (p *parser) looseArray(depth int) (Value, error) {
	p.pos++
	base := len(p.items)
	for {
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
			continue
		case ']':
			p.pos++
			return p.closeArray(base), nil
		}
		v, err := p.looseValue(depth+1, ",]")
		if err != nil {
			return nil, err
		}
		p.items = append(p.items, v)
	}
}

func (p *parser) looseObject(depth int) (Value, error) {
	p.pos++
	base := len(p.pairs)
	for {
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
			continue
		case '}':
			p.pos++
			return p.closeObject(base), nil
		case ':', '[', ']', '{':
			return nil, p.fail("expected a key, found " + p.found())
		}
		key, err := p.looseKey()
		if err != nil {
			return nil, err
		}
		if p.space(); p.peek() != ':' {
			return nil, p.fail("expected : after the key, found " + p.found())
		}
		p.pos++
		v, err := p.looseValue(depth+1, ",}")
		if err != nil {
			return nil, err
		}
		p.pairs = append(p.pairs, entry{key: key, value: v})
		if p.space(); p.peek() != ',' && p.peek() != '}' {
			return nil, p.fail("expected , or } in the object, found " + p.found())
		}
	}
}

func (p *parser) looseKey() (string, error) {
	if c := p.peek(); c == '"' || c == '\'' {
		return p.quoted()
	}
	end := strings.IndexByte(p.text[p.pos:], ':')
	if end < 0 {
		return "", p.fail("expected a key and :")
	}
	key := strings.Trim(p.text[p.pos:p.pos+end], " \t\r\n")
	p.pos += end
	return key, nil
}
