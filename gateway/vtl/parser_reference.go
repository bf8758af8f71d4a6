package vtl

import "strings"

// reference reads $a.b(c)[d] in any of its forms. A name without $ is one too,
// to nothing: so null is null.
func (p *parser) reference() *reference {
	first := p.peek()
	formal := p.accept(tokenReferenceOpen)
	name := p.expect(tokenIdentifier)
	r := &reference{at: p.place(first.start)}
	r.steps = p.indexes(nil)
	for p.peek().kind == tokenDot && p.peekAt(1).kind == tokenIdentifier {
		p.take()
		if p.peekAt(1).kind == tokenLeftParen && startsArguments(p.peekAt(2).kind) {
			r.steps = append(r.steps, p.method())
		} else {
			t := p.take()
			r.steps = append(r.steps, step{kind: stepProperty, name: t.image, at: p.place(t.start)})
		}
		r.steps = p.indexes(r.steps)
	}
	if formal {
		p.expect(tokenReferenceClose)
	}
	p.name(r, first, name, formal)
	r.bind()
	return r
}

// name finds out from the head of a reference, such as \\$!{, what it means.
func (p *parser) name(r *reference, first, name token, formal bool) {
	image := first.image
	tail := p.literal(first.end())
	r.kind, r.slot = normalReference, -1
	if i := strings.Index(image, `\!`); i >= 0 {
		// $\!x is no escape but a reference to what cannot exist.
		start := strings.IndexByte(image[strings.IndexByte(image, '$'):], '\\') + strings.IndexByte(image, '$')
		r.null = image[:start] + image[start+1:]
		r.root, r.void = r.null, true
		return
	}
	slashes := span(image, `\`)
	r.escaped = slashes%2 == 1
	r.escapes = image[:slashes/2]
	image = image[slashes:]
	if i := strings.LastIndexByte(image, '$'); i > 0 {
		r.head, image = image[:i], image[i:]
	}
	r.null = image + tail
	switch {
	case strings.HasPrefix(image, "$!"):
		r.kind = quietReference
		r.root = image[2:]
		if !r.escaped {
			r.null = ""
		}
	case strings.HasPrefix(image, "$"):
		r.root = image[1:]
	default:
		r.kind, r.root = nameAlone, image
		return
	}
	if formal {
		r.root = name.image
	}
	r.slot = p.names.slot(r.root)
}

func (p *parser) indexes(steps []step) []step {
	for p.peek().kind == tokenIndexOpen {
		open := p.take()
		p.space()
		t := p.peek()
		switch t.kind {
		case tokenString, tokenInteger, tokenTrue, tokenFalse, tokenIdentifier, tokenReferenceOpen:
		default:
			p.unexpected(t)
		}
		index := p.operand()
		p.expect(tokenIndexClose)
		steps = append(steps, step{kind: stepIndex, arguments: []expression{index}, at: p.place(open.start)})
	}
	return steps
}

func (p *parser) method() step {
	t := p.take()
	s := step{kind: stepMethod, name: t.image, at: p.place(t.start)}
	p.expect(tokenLeftParen)
	if k := p.peek().kind; startsOperand(k) || k == tokenSpace {
		s.arguments = append(s.arguments, p.operand())
		for p.accept(tokenComma) {
			s.arguments = append(s.arguments, p.operand())
		}
	}
	p.expect(tokenArgumentsClose)
	return s
}

// startsArguments reports whether a parenthesis before the token is that of a
// method; $x.y(+) is a property, then text.
func startsArguments(k kind) bool {
	return startsOperand(k) || k == tokenSpace || k == tokenArgumentsClose
}
