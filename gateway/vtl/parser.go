package vtl

import (
	"strconv"
	"strings"
)

// maxDepth is how deeply blocks and expressions may lie in one another.
const maxDepth = 200

// fault is an Error before its offset has become a line and a column.
type fault struct {
	offset  int
	message string
}

// A parser reads the grammar of Velocity 1.7, the version of which recordings of
// API Gateway show every trait: references without $ that are null, numbers that
// swallow a minus, $velocityCount.
//
// It looks ahead only as far as Velocity's does: the lexer's state depends on
// it.
type parser struct {
	lexer  lexer
	ahead  []token
	last   token // the last that was taken
	names  *names
	macros map[string]*macro
	depth  int

	// at, if not negative, is where all nodes are said to be: a string literal
	// is a template within, and its places are not those of the source.
	at int
}

// parseBlock reads a whole template. It panics with a *fault.
func (p *parser) parseBlock() block {
	b := p.statements()
	if t := p.peek(); t.kind != tokenEOF {
		p.unexpected(t)
	}
	return b
}

func (p *parser) peek() token { return p.peekAt(0) }

func (p *parser) peekAt(i int) token {
	for len(p.ahead) <= i {
		t, fault := p.lexer.next()
		if fault != nil {
			p.fail(fault.offset, fault.message)
		}
		p.ahead = append(p.ahead, t)
	}
	return p.ahead[i]
}

func (p *parser) take() token {
	t := p.peek()
	p.ahead = append(p.ahead[:0], p.ahead[1:]...)
	p.last = t
	return t
}

// accept takes the next token if it is of the kind.
func (p *parser) accept(k kind) bool {
	if p.peek().kind != k {
		return false
	}
	p.take()
	return true
}

func (p *parser) expect(k kind) token {
	t := p.peek()
	if t.kind != k {
		p.unexpected(t)
	}
	return p.take()
}

func (p *parser) space() { p.accept(tokenSpace) }

func (p *parser) fail(offset int, message string) {
	panic(&fault{p.place(offset), message})
}

func (p *parser) unexpected(t token) {
	if t.kind == tokenEOF {
		p.fail(t.start, "unexpected end of the template")
	}
	p.fail(t.start, "unexpected "+quote(t.image))
}

// place is the offset that is told for a token's.
func (p *parser) place(offset int) int {
	if p.at >= 0 {
		return p.at
	}
	return offset
}

// literal returns the source from an offset to the end of the last token.
func (p *parser) literal(start int) string {
	return p.lexer.source[start:max(start, p.last.end())]
}

func (p *parser) enter(t token) {
	if p.depth++; p.depth > maxDepth {
		p.fail(t.start, "the template is nested more than "+strconv.Itoa(maxDepth)+" levels deep")
	}
}

func (p *parser) leave() { p.depth-- }

func quote(s string) string {
	const most = 40
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}

// statements reads until what begins no statement: the end, #end, #else.
func (p *parser) statements() block {
	p.enter(p.peek())
	defer p.leave()
	var b block
	for {
		t := p.peek()
		switch t.kind {
		case tokenIf:
			b = append(b, p.ifDirective())
		case tokenComment:
			b = b.text(commentHead(p.take().image))
			if t.kind == tokenComment && strings.HasSuffix(t.image, "##") {
				p.accept(tokenCommentEnd)
			}
		case tokenTextBlock:
			image := p.take().image
			b = b.text(image[min(3, len(image)) : len(image)-3])
		case tokenSet:
			b = append(b, p.set())
		case tokenEscapeDirective:
			b = b.text(p.escapedDirective(p.take().image))
		case tokenDoubleEscape:
			b = b.text(p.escapes())
		case tokenWord, tokenBracketedWord:
			b = append(b, p.directive())
		case tokenIdentifier:
			b = append(b, p.reference())
		case tokenReferenceOpen:
			if p.peekAt(1).kind == tokenIdentifier {
				b = append(b, p.reference())
			} else {
				b = b.text(p.plain())
			}
		case tokenText, tokenEscape, tokenDot, tokenLeftParen, tokenRightParen, tokenInteger, tokenFloat,
			tokenString, tokenReferenceClose, tokenEmptyIndex:
			b = b.text(p.plain())
		default:
			return b
		}
	}
}

// plain takes a token that is text.
func (p *parser) plain() string {
	t := p.take()
	return t.special + t.image
}

// commentHead returns what is printed of a comment: a $ or # that stood before
// it.
func commentHead(image string) string {
	if i := strings.Index(image, "##"); i >= 0 {
		return image[:i]
	}
	head, _, found := strings.Cut(image, "#*")
	if found {
		return head
	}
	return ""
}

// escapedDirective returns what is printed of \#word: #word, if word is a
// directive or a macro that is known by then; else all of it.
func (p *parser) escapedDirective(image string) string {
	last := strings.LastIndexByte(image, '\\')
	name := image[last+2:]
	if name[0] == '{' {
		name = name[1 : len(name)-1]
	}
	if p.isDirective(name) {
		return image[:last/2] + image[last+1:]
	}
	switch name {
	case "if", "end", "set", "else", "elseif":
		return image[:last/2] + image[last+1:]
	}
	return image
}

// escapes returns what is printed of \\ before something: \ before a directive,
// \\ before all else.
func (p *parser) escapes() string {
	count := 0
	for p.peek().kind == tokenDoubleEscape {
		p.take()
		count++
	}
	next := p.peek()
	control := false
	switch next.kind {
	case tokenIf, tokenElse, tokenElseIf, tokenEnd:
		control = true
	default:
		if len(next.image) > 1 {
			control = p.isDirective(next.image[1:])
		}
	}
	if control {
		return strings.Repeat(`\`, count)
	}
	return strings.Repeat(`\\`, count)
}

func (p *parser) isDirective(name string) bool {
	return builtIn(name) || p.macros[name] != nil
}
