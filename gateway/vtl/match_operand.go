package vtl

import "strings"

// matchArgument matches between the parentheses of a method.
func matchArgument(rest string) (kind, int) {
	c := rest[0]
	switch {
	case c == ')':
		return tokenArgumentsClose, 1
	case c == '.' && len(rest) > 1 && isLetter(rest[1]):
		return tokenDot, 2
	case isLetter(c) || c == '_':
		return matchIdentifier(rest)
	case c == ' ' || c == '\t' || c == '#':
		if n := matchSet(rest); n > 0 {
			return tokenSet, n
		}
	}
	if k, n := matchPunctuation(rest); n > 0 {
		return k, n
	}
	return matchOperand(rest)
}

func matchPunctuation(rest string) (kind, int) {
	switch rest[0] {
	case '[':
		return tokenLeftBracket, 1
	case ']':
		return tokenRightBracket, 1
	case '{':
		return tokenLeftCurly, 1
	case '}':
		return tokenRightCurly, 1
	case ',':
		return tokenComma, 1
	case ':':
		return tokenColon, 1
	case '.':
		if strings.HasPrefix(rest, "..") {
			return tokenDoubleDot, 2
		}
	}
	return tokenEOF, 0
}

// matchOperand matches blanks, strings, numbers, true and false.
func matchOperand(rest string) (kind, int) {
	c := rest[0]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		return tokenSpace, span(rest, " \t\n\r")
	case c == '"' || c == '\'':
		return tokenString, quoted(rest)
	case isDigit(c) || c == '-' || c == '.':
		return matchNumber(rest)
	case strings.HasPrefix(rest, "true"):
		return tokenTrue, 4
	case strings.HasPrefix(rest, "false"):
		return tokenFalse, 5
	}
	return tokenEOF, 0
}

// quoted returns the length of a string literal, in which the quote stands
// doubled; a backslash does not protect it.
func quoted(rest string) int {
	quote := rest[0]
	for i := 1; ; {
		n := strings.IndexByte(rest[i:], quote)
		if n < 0 {
			return 0
		}
		i += n + 1
		if i == len(rest) || rest[i] != quote {
			return i
		}
		if strings.IndexByte(rest[i+1:], quote) < 0 {
			return i // "" at the end of all quotes closes, then opens
		}
		i++
	}
}

// matchNumber matches numbers; an integer takes the two dots of a range with it.
func matchNumber(rest string) (kind, int) {
	start := 0
	if rest[0] == '-' {
		start = 1
	}
	whole := start + span(rest[start:], digits)
	n, float := whole, false
	if n < len(rest) && rest[n] == '.' {
		fraction := n + 1 + span(rest[n+1:], digits)
		if whole > start || fraction > n+1 {
			n, float = fraction, true
		}
	}
	if n > start {
		if m := exponent(rest[n:]); m > 0 {
			n, float = n+m, true
		}
	}
	if whole > start && strings.HasPrefix(rest[whole:], "..") && whole+2 > n {
		return tokenInteger, whole + 2
	}
	switch {
	case float:
		return tokenFloat, n
	case whole > start:
		return tokenInteger, whole
	}
	return tokenEOF, 0
}

const digits = "0123456789"

func exponent(s string) int {
	if s == "" || s[0] != 'e' && s[0] != 'E' {
		return 0
	}
	n := 1
	if n < len(s) && (s[n] == '+' || s[n] == '-') {
		n++
	}
	if m := span(s[n:], digits); m > 0 {
		return n + m
	}
	return 0
}
