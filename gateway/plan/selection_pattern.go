package plan

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/dlclark/regexp2"
)

// maxPattern is how long a selection pattern may be.
const maxPattern = 10 << 10

// selectionPattern reads a Java regular expression that a whole text must match.
//
// RE2 is what regexp2 calls the classes that are Java's: \d and \w of ASCII, and
// $ only at the end.
func selectionPattern(pattern string) (*regexp2.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("it has %d bytes of at most %d", len(pattern), maxPattern)
	}
	translated, err := fromJava(pattern)
	if err != nil {
		return nil, err
	}
	// By itself first: its parentheses may not close those around it.
	if _, err := regexp2.Compile(translated, regexp2.RE2); err != nil {
		return nil, err
	}
	re, err := regexp2.Compile(`\A(?:`+translated+`)\z`, regexp2.RE2)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = matchTime
	return re, nil
}

// The classes of Java's that regexp2 has others for, or none.
const (
	javaSpace      = `\t\n\x0b\f\r `
	javaHorizontal = `\t \x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}`
	javaVertical   = `\n\x0b\f\r\x{85}\x{2028}\x{2029}`
	javaLineEnds   = `\n\r\x{85}\x{2028}\x{2029}`
)

// anyLine finds the flags that change what a dot is.
var anyLine = regexp.MustCompile(`\(\?[a-zA-Z]*[sd]`)

// fromJava writes a pattern in regexp2's words. What both take and do not mean
// the same by is written out, or refused: it would select in silence what its
// author did not mean.
func fromJava(pattern string) (string, error) {
	var b strings.Builder
	dot := "[^" + javaLineEnds + "]"
	if anyLine.MatchString(pattern) {
		dot = "."
	}
	inClass := false
	for i := 0; i < len(pattern); i++ {
		rest := pattern[i:]
		switch {
		case strings.HasPrefix(rest, `\Q`):
			literal, after, _ := strings.Cut(rest[2:], `\E`)
			b.WriteString(regexp2.Escape(literal))
			i = len(pattern) - len(after) - 1
		case rest[0] == '\\' && len(rest) > 1:
			i++
			if err := writeEscape(&b, rest[1], inClass); err != nil {
				return "", err
			}
		case inClass && rest[0] == '[', inClass && strings.HasPrefix(rest, "&&"):
			return "", fmt.Errorf("it has a union or an intersection of classes at %d, which lamgate does not build", i)
		case inClass:
			inClass = rest[0] != ']'
			b.WriteByte(rest[0])
		case rest[0] == '[':
			inClass = true
			b.WriteByte('[')
			// What stands first is of the class, even its end.
			for _, first := range [...]string{"^", "]"} {
				if strings.HasPrefix(pattern[i+1:], first) {
					b.WriteString(first)
					i++
				}
			}
		case rest[0] == '.':
			b.WriteString(dot)
		default:
			b.WriteByte(rest[0])
		}
	}
	return b.String(), nil
}

// writeEscape writes a backslash and what follows it.
func writeEscape(b *strings.Builder, escaped byte, inClass bool) error {
	set, negated := "", false
	switch escaped {
	case 's', 'S':
		set, negated = javaSpace, escaped == 'S'
	case 'h', 'H':
		set, negated = javaHorizontal, escaped == 'H'
	case 'v', 'V':
		set, negated = javaVertical, escaped == 'V'
	case 'R':
		if !inClass {
			b.WriteString(`(?:\r\n|[` + javaVertical + `])`)
			return nil
		}
		fallthrough
	case 'G', 'N', 'X', '0':
		return fmt.Errorf(`it has \%c, which lamgate does not build`, escaped)
	default:
		b.WriteByte('\\')
		b.WriteByte(escaped)
		return nil
	}
	switch {
	case inClass && negated:
		return fmt.Errorf(`it has \%c in a class, which lamgate does not build`, escaped)
	case inClass:
		b.WriteString(set)
	case negated:
		b.WriteString("[^" + set + "]")
	default:
		b.WriteString("[" + set + "]")
	}
	return nil
}
