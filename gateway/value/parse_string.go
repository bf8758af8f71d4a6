package value

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func (p *parser) quotedValue() (Value, error) {
	s, err := p.quoted()
	if err != nil {
		return nil, err
	}
	return s, nil
}

// quoted reads the string whose opening quote is at pos.
func (p *parser) quoted() (string, error) {
	quote := p.text[p.pos]
	start := p.pos + 1
	for i := start; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == quote:
			p.pos = i + 1
			return p.text[start:i], nil
		case c == '\\':
			return p.escaped(start, i, quote)
		case c < ' ' && !p.loose:
			p.pos = i
			return "", p.fail("a control character in a string must be escaped")
		}
	}
	p.pos = len(p.text)
	return "", p.fail("the string does not end")
}

// escaped reads on in a string that has its first escape at i.
func (p *parser) escaped(start, i int, quote byte) (string, error) {
	out := make([]byte, 0, i-start+32)
	out = append(out, p.text[start:i]...)
	if p.loose {
		// AWS: json-smart drops control characters from a string that has
		// escapes, and keeps them in one that has none.
		out = slices.DeleteFunc(out, func(c byte) bool { return c < ' ' })
	}
	for i < len(p.text) {
		c := p.text[i]
		switch {
		case c == quote:
			p.pos = i + 1
			return string(out), nil
		case c < ' ':
			if p.loose {
				i++
				continue
			}
			p.pos = i
			return "", p.fail("a control character in a string must be escaped")
		case c != '\\':
			out = append(out, c)
			i++
			continue
		}
		p.pos = i
		if i+1 >= len(p.text) {
			break
		}
		i += 2
		switch e := p.text[i-1]; e {
		case '"', '\\', '/':
			out = append(out, e)
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
			r, ok := hex4(p.text[i:])
			if !ok {
				return "", p.fail(`\u must be followed by four hexadecimal digits`)
			}
			i += 4
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if strings.HasPrefix(p.text[i:], `\u`) {
					low, ok = hex4(p.text[i+2:])
				}
				if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
					r, i = pair, i+6
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			if !p.loose {
				return "", p.fail(fmt.Sprintf(`\%c is no escape`, e))
			}
			if e == '\'' {
				out = append(out, e)
			} else if e >= utf8.RuneSelf {
				// The character goes, all its bytes.
				_, size := utf8.DecodeRuneInString(p.text[i-1:])
				i += size - 1
			}
		}
	}
	p.pos = len(p.text)
	return "", p.fail("the string does not end")
}

func hex4(s string) (rune, bool) {
	n, err := strconv.ParseUint(s[:min(4, len(s))], 16, 16)
	return rune(n), err == nil && len(s) >= 4
}
