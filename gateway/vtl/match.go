package vtl

import (
	"strings"
	"unicode/utf8"
)

// match returns what stands at the lexer's position: the longest of what its
// state knows, and how long it is. A length of 0 means that nothing matches.
func (l *lexer) match() (kind, int) {
	rest := l.source[l.pos:]
	k, n := l.matchOwn(rest)
	// What may begin in every state.
	if c := rest[0]; c == '$' || c == '#' || c == '\\' {
		if anywhere, m := l.matchAnywhere(rest); m > n || m == n && (k == matchTerminator || k == matchSkip || k == matchMore) {
			return anywhere, m
		}
	}
	return k, n
}

func (l *lexer) matchAnywhere(rest string) (kind, int) {
	if rest[0] == '#' {
		switch {
		case strings.HasPrefix(rest, "##") && l.commentMayBegin():
			return tokenComment, 2
		case strings.HasPrefix(rest, "#[["):
			return matchMore, 3
		case strings.HasPrefix(rest, "#**") && len(rest) > 3 && rest[3] != '#':
			_, size := utf8.DecodeRuneInString(rest[3:])
			return matchMore, 3 + size
		case strings.HasPrefix(rest, "#*"):
			return matchMore, 2
		}
		return matchMore, 1
	}
	n := l.backslashes()
	if n >= len(rest) || rest[n] != '$' {
		return matchMore, 0
	}
	n++
	bang := n
	for bang < len(rest) && rest[bang] == '\\' {
		bang++
	}
	if bang < len(rest) && rest[bang] == '!' {
		return matchMore, bang + 1
	}
	return matchMore, n
}

// commentMayBegin reports whether ## is a comment. After the property of a
// reference and among arguments it is not, in Velocity.
func (l *lexer) commentMayBegin() bool {
	switch l.state {
	case inText, inReference, beforeDirective, inDirective:
		return true
	}
	return false
}

// backslashes returns how many backslashes stand at the position. It remembers
// where they end, lest a long run of them is read again for each pair.
func (l *lexer) backslashes() int {
	if l.slashes <= l.pos {
		l.slashes = l.pos
		for l.slashes < len(l.source) && l.source[l.slashes] == '\\' {
			l.slashes++
		}
	}
	return l.slashes - l.pos
}

func (l *lexer) matchOwn(rest string) (kind, int) {
	switch l.state {
	case inText:
		return l.matchText(rest)
	case inReference, inModifier:
		return l.matchReference(rest)
	case inArguments:
		return matchArgument(rest)
	case inIndex:
		if rest[0] == ']' {
			return tokenIndexClose, 1
		}
		return matchOperand(rest)
	case beforeDirective:
		return matchDirectiveWord(rest)
	case inDirective:
		return matchInDirective(rest)
	case inLineComment:
		if n := lineEnd(rest); n > 0 {
			return tokenCommentEnd, n
		}
		return matchSkip, runeLength(rest)
	case inBlockComment:
		if strings.HasPrefix(rest, "*#") {
			return tokenComment, 2
		}
		return matchSkip, runeLength(rest)
	default: // inTextBlock
		if strings.HasPrefix(rest, "]]#") {
			return tokenTextBlock, 3
		}
		return matchMore, runeLength(rest)
	}
}

func runeLength(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func lineEnd(s string) int {
	switch {
	case strings.HasPrefix(s, "\r\n"):
		return 2
	case s != "" && (s[0] == '\n' || s[0] == '\r'):
		return 1
	}
	return 0
}

// blanksAndLineEnd returns the length of the blanks up to and with the end of
// the line; 0 if something else stands there.
func blanksAndLineEnd(s string) int {
	n := span(s, " \t")
	if end := lineEnd(s[n:]); end > 0 {
		return n + end
	}
	return 0
}

// span returns how many bytes at the start of s are among set.
func span(s, set string) int {
	n := 0
	for n < len(s) && strings.IndexByte(set, s[n]) >= 0 {
		n++
	}
	return n
}

func (l *lexer) matchText(rest string) (kind, int) {
	switch rest[0] {
	case '$':
		return matchEmptyIndex(rest)
	case '\\':
		n := l.backslashes()
		if n%2 == 1 && n < len(rest) && rest[n] == '#' {
			if m := directiveName(rest[n+1:]); m > 0 {
				return tokenEscapeDirective, n + 1 + m
			}
		}
		if n >= 2 {
			return tokenDoubleEscape, 2
		}
		return tokenEscape, 1
	}
	if n := matchSet(rest); n > 0 {
		// Blanks before #set belong to it, unless text stands before them.
		return tokenSet, n
	}
	if rest[0] == '#' {
		return tokenText, 0
	}
	n := strings.IndexAny(rest, "$#\\")
	if n < 0 {
		n = len(rest)
	}
	return tokenText, n
}

func matchEmptyIndex(rest string) (kind, int) {
	for _, s := range [...]string{"$[", "$![", `$\![`, "$."} {
		if strings.HasPrefix(rest, s) {
			return tokenEmptyIndex, len(s)
		}
	}
	return tokenEmptyIndex, 0
}

// matchSet returns the length of [blanks] #set [spaces] (.
func matchSet(rest string) int {
	n := span(rest, " \t")
	word := rest[n:]
	switch {
	case strings.HasPrefix(word, "#set"):
		n += 4
	case strings.HasPrefix(word, "#{set}"):
		n += 6
	default:
		return 0
	}
	n += span(rest[n:], " ")
	if n < len(rest) && rest[n] == '(' {
		return n + 1
	}
	return 0
}

func (l *lexer) matchReference(rest string) (kind, int) {
	c := rest[0]
	switch {
	case c == '[':
		return tokenIndexOpen, 1
	case c == '{':
		return tokenReferenceOpen, 1
	case c == '}':
		return tokenReferenceClose, 1
	case c == '(' && l.state == inModifier:
		return tokenLeftParen, 1
	case c == '.' && len(rest) > 1 && isLetter(rest[1]):
		return tokenDot, 2
	case isLetter(c) || c == '_':
		return matchIdentifier(rest)
	case c == ' ' || c == '\t' || c == '#':
		if n := matchSet(rest); n > 0 {
			return tokenSet, n
		}
	case c == '$' && l.state == inReference:
		if k, n := matchEmptyIndex(rest); n > 0 {
			return k, n
		}
	}
	return matchTerminator, runeLength(rest)
}

func matchIdentifier(rest string) (kind, int) {
	n := 1
	for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n]) || rest[n] == '_' || rest[n] == '-') {
		n++
	}
	switch rest[:n] {
	case "true":
		return tokenTrue, n
	case "false":
		return tokenFalse, n
	}
	return tokenIdentifier, n
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
