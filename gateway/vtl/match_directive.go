package vtl

import "strings"

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
