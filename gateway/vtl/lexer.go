package vtl

import (
	"strings"
	"unicode/utf8"
)

// state is where in the language the lexer is; what a character means depends
// on it. Velocity's grammar is hardly more than these states, and the odd cases
// of the language (what "#$x{y" is, who eats which blank) come from them, so
// they are kept as they are.
type state uint8

const (
	inText          state = iota
	inReference           // after $ and a name
	inModifier            // after the dot of a reference
	inArguments           // between the parentheses of a method
	inIndex               // between the brackets of an index
	beforeDirective       // after #
	inDirective           // after the word of a directive
	inLineComment
	inBlockComment
	inTextBlock
)

type saved struct {
	state       state
	left, right int
}

// A lexer cuts a template into tokens, one at a time, for the parser changes its
// state in between.
type lexer struct {
	source string
	pos    int

	state       state
	stack       []saved
	left, right int // parentheses seen in this state
	inComment   bool
	inSet       bool

	slashes int // where the backslashes end that are being read
}

func (l *lexer) push() {
	l.stack = append(l.stack, saved{l.state, l.left, l.right})
	l.left = 0
}

func (l *lexer) pop() bool {
	if len(l.stack) == 0 {
		l.left = 0
		l.state = inText
		return false
	}
	s := l.stack[len(l.stack)-1]
	l.stack = l.stack[:len(l.stack)-1]
	l.state, l.left, l.right = s.state, s.left, s.right
	return true
}

func (l *lexer) enter(s state) {
	l.push()
	l.state = s
}

// next returns the next token. The error's offset is where the source cannot be
// read.
func (l *lexer) next() (token, *fault) {
	var special []byte
	for {
		if l.pos >= len(l.source) {
			return token{kind: tokenEOF, start: l.pos, special: string(special)}, nil
		}
		start := l.pos
		more := true
		for more {
			if l.pos >= len(l.source) {
				return token{}, &fault{start, unfinished(l.source[start:])}
			}
			k, n := l.match()
			if n == 0 {
				r, _ := utf8.DecodeRuneInString(l.source[l.pos:])
				return token{}, &fault{l.pos, "unexpected " + quote(string(r))}
			}
			switch k {
			case matchMore:
				l.began(n)
			case matchSkip:
				l.pos += n
				more = false
			case matchTerminator:
				special = appendSpecial(special, l.source[start:l.pos+n])
				l.pop()
				more = false
			default:
				l.pos += n
				t := token{k, start, l.source[start:l.pos], string(special)}
				l.ended(&t)
				return t, nil
			}
		}
	}
}

func unfinished(what string) string {
	switch {
	case strings.HasPrefix(what, "#[["):
		return "the text block is not closed by ]]#"
	case strings.HasPrefix(what, "#*"):
		return "the comment is not closed by *#"
	}
	return "the template ends after " + quote(what) + ", where a reference or a directive might begin"
}

// began does what the beginning of a reference, a directive, a comment or a text
// block does to the state.
func (l *lexer) began(n int) {
	image := l.source[l.pos : l.pos+n]
	l.pos += n
	if l.inComment {
		return
	}
	switch {
	case image == "#":
		if l.state == inReference || l.state == inModifier {
			l.pop()
		}
		l.enter(beforeDirective)
	case image == "#[[":
		l.inComment = true
		l.enter(inTextBlock)
	case image[0] == '#':
		if len(image) > 2 { // #** and a character that is read again
			_, size := utf8.DecodeLastRuneInString(image)
			l.pos -= size
		}
		l.inComment = true
		l.enter(inBlockComment)
	default: // $
		if l.state == inReference {
			l.pop()
		}
		l.enter(inReference)
	}
}

// ended does what a token does to the state.
func (l *lexer) ended(t *token) {
	switch t.kind {
	case tokenIndexOpen:
		l.enter(inIndex)
	case tokenIndexClose, tokenReferenceClose:
		l.pop()
	case tokenLeftParen:
		l.left++
		if l.state == inModifier {
			l.state = inArguments
		}
	case tokenRightParen:
		l.closeParen()
	case tokenArgumentsClose:
		l.state = inReference
	case tokenSet:
		l.enter(inDirective)
		l.inSet = true
		l.left++
	case tokenComment:
		if l.inComment { // its end
			l.inComment = false
			l.pop()
			return
		}
		if l.state == inReference {
			l.pop()
		}
		l.inComment = true
		l.enter(inLineComment)
	case tokenCommentEnd, tokenTextBlock:
		l.inComment = false
		l.pop()
	case tokenString:
		if l.state == inDirective && !l.inSet && l.left == 0 {
			l.pop()
		}
	case tokenInteger:
		if strings.HasSuffix(t.image, "..") { // a range, not 1.
			l.pos -= 2
			t.image = t.image[:len(t.image)-2]
		}
		if l.left == 0 && !l.inSet && l.state != inArguments && l.state != inIndex {
			l.pop()
		}
	case tokenFloat:
		if l.left == 0 && !l.inSet && l.state != inArguments {
			l.pop()
		}
	case tokenEnd, tokenElse:
		l.pop()
	case tokenIf, tokenElseIf:
		l.state = inDirective
	case tokenDot:
		l.pos-- // the letter belongs to the name, and $! before the dot to nothing
		t.start, t.image = l.pos-1, "."
		l.state = inModifier
	}
}

// closeParen leaves the states that the parenthesis closes.
func (l *lexer) closeParen() {
	for {
		if l.left > 0 {
			if l.left == l.right+1 {
				l.pop()
			} else {
				l.right++
			}
			return
		}
		if !l.pop() {
			return
		}
	}
}

// leftParenFollows reports whether only blanks stand before a parenthesis.
func (l *lexer) leftParenFollows() bool {
	rest := strings.TrimLeft(l.source[l.pos:], " \t\r\n")
	return strings.HasPrefix(rest, "(")
}

// appendSpecial adds what is printed of a $ or # that began nothing: these
// themselves and the backslashes before a $.
func appendSpecial(dst []byte, image string) []byte {
	for i := 0; i < len(image); i++ {
		switch image[i] {
		case '#', '$':
			dst = append(dst, image[i])
		case '\\':
			j := i
			for j < len(image) && image[j] == '\\' {
				j++
			}
			if j < len(image) && image[j] == '$' {
				dst = append(dst, image[i:j+1]...)
				i = j + 1
			}
		}
	}
	return dst
}
