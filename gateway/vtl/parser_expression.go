package vtl

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/value"
)

// precedence is how tightly an operator binds; 0 if the token is none.
func precedence(k kind) int {
	switch k {
	case tokenOr:
		return 1
	case tokenAnd:
		return 2
	case tokenEqual, tokenNotEqual:
		return 3
	case tokenLess, tokenLessEqual, tokenGreater, tokenGreaterEqual:
		return 4
	case tokenPlus, tokenMinus:
		return 5
	case tokenMultiply, tokenDivide, tokenModulo:
		return 6
	}
	return 0
}

func (p *parser) expression() expression { return p.operation(1) }

// operation reads operators that bind at least as tightly as least; all are
// left-associative.
func (p *parser) operation(least int) expression {
	start := p.peek().start
	left := p.unary()
	for chain := 0; ; chain++ {
		t := p.peek()
		binds := precedence(t.kind)
		if binds < least || binds == 0 {
			return left
		}
		if chain > maxDepth {
			p.fail(t.start, "the expression has more than "+strconv.Itoa(maxDepth)+" operators in a row")
		}
		p.take()
		leftText := p.lexer.source[start:t.start]
		rightStart := p.peek().start
		right := p.operation(binds + 1)
		at := p.place(t.start)
		switch t.kind {
		case tokenAnd, tokenOr:
			left = &logic{left: left, right: right, or: t.kind == tokenOr}
		case tokenPlus, tokenMinus, tokenMultiply, tokenDivide, tokenModulo:
			left = &arithmetic{at: at, operator: t.kind, left: left, right: right,
				leftText: leftText, rightText: p.literal(rightStart)}
		default:
			left = &comparison{at: at, operator: t.kind, left: left, right: right}
		}
	}
}

func (p *parser) unary() expression {
	t := p.peek()
	if t.kind == tokenNot || t.kind == tokenSpace && p.peekAt(1).kind == tokenNot {
		p.enter(t)
		defer p.leave()
		p.space()
		p.take()
		return &not{p.unary()}
	}
	p.space()
	if open := p.peek(); open.kind == tokenLeftParen {
		p.enter(open)
		defer p.leave()
		p.take()
		e := p.expression()
		p.expect(tokenRightParen)
		p.space()
		return e
	}
	return p.operand()
}

// operand reads a value: an argument, an item, what stands between operators.
// The blanks around it are its own.
func (p *parser) operand() expression {
	p.space()
	t := p.peek()
	p.enter(t)
	defer p.leave()
	e := p.primary(t)
	p.space()
	return e
}

func (p *parser) primary(t token) expression {
	switch t.kind {
	case tokenString:
		p.take()
		return p.stringLiteral(t)
	case tokenInteger:
		p.take()
		return &constant{v: integer(t.image)}
	case tokenFloat:
		p.take()
		return &constant{v: p.float(t)}
	case tokenTrue, tokenFalse:
		p.take()
		return &constant{v: t.kind == tokenTrue, boolean: true}
	case tokenIdentifier, tokenReferenceOpen:
		return p.reference()
	case tokenLeftBracket:
		return p.list()
	case tokenLeftCurly:
		return p.mapping()
	}
	p.unexpected(t)
	return nil
}

func startsOperand(k kind) bool {
	switch k {
	case tokenString, tokenInteger, tokenFloat, tokenTrue, tokenFalse, tokenIdentifier, tokenReferenceOpen,
		tokenLeftBracket, tokenLeftCurly:
		return true
	}
	return false
}

// integer reads what Java would make an Integer, a Long or a BigInteger of.
func integer(image string) value.Value {
	if n, err := strconv.ParseInt(image, 10, 64); err == nil {
		return n
	}
	n, _ := new(big.Int).SetString(image, 10)
	return n
}

func (p *parser) float(t token) value.Value {
	f, err := strconv.ParseFloat(t.image, 64)
	if err != nil && f == 0 {
		p.unexpected(t)
	}
	return f // Java, too, makes infinity of what is too large
}

// list reads [a, b] or [a..b].
func (p *parser) list() expression {
	open := p.take()
	var items []expression
	if k := p.peek().kind; startsOperand(k) || k == tokenSpace {
		items = append(items, p.operand())
		if p.peek().kind == tokenDoubleDot && bound(items[0]) {
			p.take()
			p.space()
			if k := p.peek().kind; k != tokenInteger && k != tokenIdentifier && k != tokenReferenceOpen {
				p.unexpected(p.peek())
			}
			to := p.operand()
			p.expect(tokenRightBracket)
			return &numberRange{at: p.place(open.start), from: items[0], to: to}
		}
		for p.accept(tokenComma) {
			items = append(items, p.operand())
		}
	}
	p.expect(tokenRightBracket)
	return &list{items}
}

// bound reports whether a range can begin with the expression.
func bound(e expression) bool {
	switch e := e.(type) {
	case *reference:
		return true
	case *constant:
		return !e.boolean && value.IsNumber(e.v)
	}
	return false
}

// mapping reads {a: b, c: d}.
func (p *parser) mapping() expression {
	p.take()
	m := &mapping{}
	k := p.peek().kind
	if startsOperand(k) || k == tokenSpace && startsOperand(p.peekAt(1).kind) {
		for {
			m.keys = append(m.keys, p.operand())
			p.expect(tokenColon)
			m.values = append(m.values, p.operand())
			if !p.accept(tokenComma) {
				break
			}
		}
	} else {
		p.space()
	}
	// The brace is lexed as that of a reference if one stands before it.
	if t := p.peek(); t.kind != tokenRightCurly && t.kind != tokenReferenceClose {
		p.unexpected(t)
	}
	p.take()
	return m
}

// stringLiteral makes the expression of a literal: 'as it is' or "with $x in it".
func (p *parser) stringLiteral(t token) expression {
	mark := t.image[:1]
	content := t.image[1 : len(t.image)-1]
	if mark == `"` {
		content = p.unescape(t, content)
	}
	content = strings.ReplaceAll(content, mark+mark, mark)
	if mark == `'` || !strings.ContainsAny(content, "$#") {
		return &constant{v: content}
	}
	// A $ or # at the end must be text: a blank is set after it, and taken off
	// what is printed.
	comment := strings.Contains(content, "##")
	if !comment {
		content += " "
	}
	within := &parser{lexer: lexer{source: content}, names: p.names, macros: p.macros, at: p.place(t.start), depth: p.depth}
	body := within.parseBlock()
	if len(body) == 1 && !comment {
		if text, ok := body[0].(plainText); ok {
			return &constant{v: strings.TrimSuffix(string(text), " ")}
		}
	}
	return &interpolation{body: body, blank: !comment}
}

// unescape replaces \uXXXX, the only escape there is.
func (p *parser) unescape(t token, s string) string {
	before, rest, found := strings.Cut(s, `\u`)
	if !found {
		return s
	}
	units := []uint16{}
	var b strings.Builder
	for {
		if before != "" {
			units = appendUnits(&b, units)
			b.WriteString(before)
		}
		if !found {
			break
		}
		n, err := strconv.ParseUint(rest[:min(4, len(rest))], 16, 16)
		if err != nil || len(rest) < 4 {
			p.fail(t.start, `\u is not followed by four hexadecimal digits`)
		}
		units = append(units, uint16(n))
		before, rest, found = strings.Cut(rest[4:], `\u`)
	}
	appendUnits(&b, units)
	return b.String()
}
