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

// directiveName returns the length of a word or a {word}.
func directiveName(s string) int {
	if strings.HasPrefix(s, "{") {
		n := word(s[1:])
		if n > 0 && s[1] != '@' && n+1 < len(s) && s[n+1] == '}' {
			return n + 2
		}
		return 0
	}
	return word(s)
}

func word(s string) int {
	if s == "" || !isLetter(s[0]) && s[0] != '_' && s[0] != '@' {
		return 0
	}
	n := 1
	for n < len(s) && (isLetter(s[n]) || isDigit(s[n]) || s[n] == '_' || s[n] == '@') {
		n++
	}
	return n
}

// matchDirectiveWord matches after #.
func matchDirectiveWord(rest string) (kind, int) {
	n := directiveName(rest)
	if n == 0 {
		if isDigit(rest[0]) || rest[0] == '-' || rest[0] == '.' {
			if k, n := matchNumber(rest); n > 0 {
				return k, n
			}
		}
		return matchTerminator, runeLength(rest)
	}
	k := tokenWord
	name := rest[:n]
	if name[0] == '{' {
		k, name = tokenBracketedWord, name[1:n-1]
	}
	switch name {
	case "if":
		return tokenIf, n
	case "elseif":
		return tokenElseIf, n
	case "else":
		return tokenElse, n + blanksAndLineEnd(rest[n:])
	case "end":
		return tokenEnd, n + blanksAndLineEnd(rest[n:])
	}
	return k, n
}

// matchInDirective matches between the parentheses of a directive.
func matchInDirective(rest string) (kind, int) {
	c := rest[0]
	switch c {
	case '(':
		return tokenLeftParen, 1
	case ')':
		return tokenRightParen, 1 + blanksAndLineEnd(rest[1:])
	case '{':
		if n := directiveName(rest); n > 0 {
			return tokenBracketedWord, n
		}
	}
	if n := word(rest); n > 0 {
		if k, ok := wordOperator(rest[:n]); ok {
			return k, n
		}
		return tokenWord, n
	}
	if k, n := matchOperand(rest); n > 0 {
		return k, n
	}
	if k, n := matchOperator(rest); n > 0 {
		return k, n
	}
	return matchPunctuation(rest)
}

func wordOperator(w string) (kind, bool) {
	switch w {
	case "true":
		return tokenTrue, true
	case "false":
		return tokenFalse, true
	case "and":
		return tokenAnd, true
	case "or":
		return tokenOr, true
	case "lt":
		return tokenLess, true
	case "le":
		return tokenLessEqual, true
	case "gt":
		return tokenGreater, true
	case "ge":
		return tokenGreaterEqual, true
	case "eq":
		return tokenEqual, true
	case "ne":
		return tokenNotEqual, true
	case "not":
		return tokenNot, true
	}
	return tokenEOF, false
}

func matchOperator(rest string) (kind, int) {
	if len(rest) > 1 {
		switch rest[:2] {
		case "&&":
			return tokenAnd, 2
		case "||":
			return tokenOr, 2
		case "<=":
			return tokenLessEqual, 2
		case ">=":
			return tokenGreaterEqual, 2
		case "==":
			return tokenEqual, 2
		case "!=":
			return tokenNotEqual, 2
		}
	}
	switch rest[0] {
	case '<':
		return tokenLess, 1
	case '>':
		return tokenGreater, 1
	case '!':
		return tokenNot, 1
	case '=':
		return tokenAssign, 1
	case '+':
		return tokenPlus, 1
	case '-':
		return tokenMinus, 1
	case '*':
		return tokenMultiply, 1
	case '/':
		return tokenDivide, 1
	case '%':
		return tokenModulo, 1
	}
	return tokenEOF, 0
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
