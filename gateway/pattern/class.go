package pattern

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const space = `\x20\t\n\v\f\r`

// posix returns one of Java's classes of ASCII, as the inside of a class.
func posix(name string) (set string, known bool) {
	switch name {
	case "Lower":
		set = "a-z"
	case "Upper":
		set = "A-Z"
	case "ASCII":
		set = `\x00-\x7f`
	case "Alpha":
		set = "a-zA-Z"
	case "Digit":
		set = "0-9"
	case "Alnum":
		set = "a-zA-Z0-9"
	case "Punct":
		set = `\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e`
	case "Graph":
		set = `\x21-\x7e`
	case "Print":
		set = `\x20-\x7e`
	case "Blank":
		set = `\x20\t`
	case "Cntrl":
		set = `\x00-\x1f\x7f`
	case "XDigit":
		set = "0-9a-fA-F"
	case "Space":
		set = space
	}
	return set, set != ""
}

// escapedSet returns the set that an escape at the start of s means, as the
// inside of a class, and how long the escape is; 0 if it means none.
func escapedSet(s string) (set string, n int, err error) {
	switch s[0] {
	case 'd':
		return "0-9", 1, nil
	case 'D':
		return `\D`, 1, nil
	case 'w':
		return "a-zA-Z0-9_", 1, nil
	case 'W':
		return `\W`, 1, nil
	case 's':
		return space, 1, nil
	case 'S':
		return "\\x00-\\x08\\x0e-\\x1f\\x21-\U0010ffff", 1, nil
	case 'h':
		return "\\t\\x20\u00a0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000", 1, nil
	case 'v':
		return "\\n\\v\\f\\r\u0085\u2028\u2029", 1, nil
	case 'p', 'P':
		name, _, closed := strings.Cut(s[1:], "}")
		if !strings.HasPrefix(name, "{") || !closed {
			return "", 0, nil // \pL, which all engines know
		}
		n := 1 + len(name) + 1
		name = name[1:]
		set, known := posix(name)
		switch {
		case !known:
			name = strings.TrimPrefix(strings.TrimPrefix(name, "Is"), "java")
			switch name {
			case "Alphabetic":
				name = "L"
			case "LowerCase", "Lowercase":
				name = "Ll"
			case "UpperCase", "Uppercase":
				name = "Lu"
			}
			return `\` + s[:1] + "{" + name + "}", n, nil
		case s[0] == 'P':
			return "", 0, fmt.Errorf(`\P{%s} is not supported: write [^…] with what it is made of`, name)
		}
		return set, n, nil
	}
	return "", 0, nil
}

// escapedRune returns the character that an escape at the start of s means, and
// how long the escape is.
func escapedRune(s string) (r rune, n int, err error) {
	hex := func(from, to int) (rune, int, error) {
		if to > len(s) || from >= to {
			return 0, 0, errors.New("an escape has too few hexadecimal digits")
		}
		v, err := strconv.ParseUint(s[from:to], 16, 32)
		if err != nil || v > utf8.MaxRune {
			return 0, 0, fmt.Errorf(`\%s is no character`, s[:to])
		}
		return rune(v), to, nil
	}
	switch c := s[0]; {
	case c == 't':
		return '\t', 1, nil
	case c == 'n':
		return '\n', 1, nil
	case c == 'r':
		return '\r', 1, nil
	case c == 'f':
		return '\f', 1, nil
	case c == 'a':
		return '\a', 1, nil
	case c == 'e':
		return 0x1b, 1, nil
	case c == 'u':
		return hex(1, 5)
	case c == 'x' && strings.HasPrefix(s[1:], "{"):
		r, n, err := hex(2, max(strings.IndexByte(s, '}'), 0))
		return r, n + 1, err
	case c == 'x':
		return hex(1, 3)
	case isLetter(c) || isDigit(c):
		return 0, 0, fmt.Errorf(`\%c is not supported`, c)
	}
	r, n = utf8.DecodeRuneInString(s)
	return r, n, nil
}

// class writes a class, whose bracket is read.
func (t *translation) class() error {
	t.add("[")
	if strings.HasPrefix(t.source[t.pos:], "^") {
		t.add("^")
		t.pos++
	}
	for first := true; t.pos < len(t.source); first = false {
		rest := t.source[t.pos:]
		switch c := rest[0]; {
		case c == ']' && !first:
			t.add("]")
			t.pos++
			return nil
		case c == '[' || strings.HasPrefix(rest, "&&"):
			return errors.New("unions and intersections of classes are not supported")
		case c == '-':
			t.add("-")
			t.pos++
		case c == '\\':
			if err := t.escapeInClass(rest[1:]); err != nil {
				return err
			}
		default:
			r, n := utf8.DecodeRuneInString(rest)
			t.literal(r)
			t.pos += n
		}
	}
	return errors.New("a class is not closed by ]")
}

func (t *translation) escapeInClass(rest string) error {
	if rest == "" {
		return errors.New("it ends in a backslash")
	}
	set, n, err := escapedSet(rest)
	if err != nil {
		return err
	}
	if n > 0 {
		t.add(set)
		t.pos += 1 + n
		return nil
	}
	if literal, found := strings.CutPrefix(rest, "Q"); found {
		literal, _, _ = strings.Cut(literal, `\E`)
		for _, r := range literal {
			t.literal(r)
		}
		t.pos = min(t.pos+2+len(literal)+2, len(t.source))
		return nil
	}
	r, n, err := escapedRune(rest)
	if err != nil {
		return err
	}
	t.literal(r)
	t.pos += 1 + n
	return nil
}
