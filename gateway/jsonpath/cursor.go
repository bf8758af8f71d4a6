package jsonpath

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// cursor is a place in the text of a path.
type cursor struct {
	text  string
	pos   int
	depth int
	// patterns is the size of all regular expressions of the path and of those
	// around it.
	patterns *int
}

func (c *cursor) fail(message string) error {
	return &SyntaxError{Path: c.text, Position: min(c.pos, len(c.text)), Message: message}
}

func (c *cursor) end() bool { return c.pos >= len(c.text) }

// peek returns the character at the cursor; 0 at the end.
func (c *cursor) peek() byte {
	if c.end() {
		return 0
	}
	return c.text[c.pos]
}

// take moves over b if it stands at the cursor.
func (c *cursor) take(b byte) bool {
	if c.peek() != b || c.end() {
		return false
	}
	c.pos++
	return true
}

func (c *cursor) blanks() {
	for c.peek() == ' ' {
		c.pos++
	}
}

// significant returns the next character that is not a blank, without moving.
func (c *cursor) significant() byte {
	for i := c.pos; i < len(c.text); i++ {
		if c.text[i] != ' ' {
			return c.text[i]
		}
	}
	return 0
}

// quoted reads the string whose opening quote is at the cursor.
func (c *cursor) quoted() (string, error) {
	quote := c.peek()
	start := c.pos + 1
	for i := start; i < len(c.text); i++ {
		switch c.text[i] {
		case '\\':
			i++
		case quote:
			c.pos = i + 1
			return unescape(c.text[start:i]), nil
		}
	}
	return "", c.fail("the string does not end")
}

// unescape resolves Java's escapes; a backslash before any other character goes.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out = append(out, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'u':
			r, ok := hex4(s[i+1:])
			if !ok {
				out = append(out, 'u')
				continue
			}
			i += 4
			if utf16.IsSurrogate(r) && strings.HasPrefix(s[i+1:], `\u`) {
				if low, ok := hex4(s[i+3:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
					r, i = utf16.DecodeRune(r, low), i+6
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, s[i])
		}
	}
	return string(out)
}

func hex4(s string) (rune, bool) {
	n, err := strconv.ParseUint(s[:min(4, len(s))], 16, 16)
	return rune(n), err == nil && len(s) >= 4
}

// closing returns where the bracket that opens at the cursor is closed, strings
// skipped; -1 if it is not.
func (c *cursor) closing(open, shut byte) int {
	depth := 0
	for i := c.pos; i < len(c.text); i++ {
		switch b := c.text[i]; b {
		case '\'', '"':
			for i++; i < len(c.text) && c.text[i] != b; i++ {
				if c.text[i] == '\\' {
					i++
				}
			}
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}
