package vtl

import (
	"strconv"
	"strings"
)

// set reads #set($x = e), whose head is the next token.
func (p *parser) set() statement {
	t := p.take()
	p.space()
	s := &setStatement{at: p.place(t.start)}
	switch k := p.peek().kind; k {
	case tokenIdentifier, tokenReferenceOpen:
		s.left = p.reference()
	default:
		p.unexpected(p.peek())
	}
	p.space()
	p.expect(tokenAssign)
	s.right = p.expression()
	p.expect(tokenRightParen)
	p.lexer.inSet = false
	return s
}

func (p *parser) ifDirective() statement {
	s := &ifStatement{}
	for {
		p.take() // #if, #elseif
		p.space()
		p.expect(tokenLeftParen)
		condition := p.expression()
		p.expect(tokenRightParen)
		s.branches = append(s.branches, branch{condition, p.statements()})
		if p.peek().kind != tokenElseIf {
			break
		}
	}
	if p.accept(tokenElse) {
		s.otherwise = p.statements()
	}
	p.expect(tokenEnd)
	return s
}

// An argument is one of a directive.
type argument struct {
	token   token // its first
	literal string
	e       expression
	word    bool
}

// directive reads #name or #name(arguments), with its block if it has one.
func (p *parser) directive() statement {
	t := p.take()
	name := t.image[1:]
	if t.kind == tokenBracketedWord {
		name = t.image[2 : len(t.image)-1]
	}
	p.lexer.state = inDirective
	if !p.lexer.leftParenFollows() {
		if name == "macro" {
			p.fail(t.start, "#macro needs a name, as in #macro(name)")
		}
		p.lexer.pop()
		return p.directiveOf(t, name, nil)
	}
	p.space()
	p.expect(tokenLeftParen)
	var arguments []argument
	for p.argumentFollows() {
		p.space()
		if p.accept(tokenComma) {
			p.space()
		}
		arguments = append(arguments, p.argument(name, len(arguments)))
	}
	p.space()
	p.expect(tokenRightParen)
	return p.directiveOf(t, name, arguments)
}

func startsArgument(k kind) bool { return startsOperand(k) || k == tokenWord }

func (p *parser) argumentFollows() bool {
	k := p.peek().kind
	switch {
	case k == tokenSpace:
		next := p.peekAt(1).kind
		return next == tokenComma || startsArgument(next)
	case k == tokenComma:
		next := p.peekAt(1).kind
		return next == tokenSpace || startsArgument(next)
	}
	return startsArgument(k)
}

func (p *parser) argument(directive string, i int) argument {
	t := p.peek()
	if t.kind != tokenWord {
		if directive == "macro" && i == 0 {
			p.fail(t.start, "the name of a macro is a word, without $ and quotes")
		}
		if !startsOperand(t.kind) {
			p.unexpected(t)
		}
		p.enter(t)
		defer p.leave()
		e := p.primary(t)
		return argument{token: t, literal: p.literal(t.start), e: e}
	}
	switch {
	case directive == "macro" && i == 0, directive == "foreach" && i == 1:
	case builtIn(directive):
		p.fail(t.start, "#"+directive+" does not take the word "+quote(t.image))
	}
	p.take()
	return argument{token: t, literal: t.image, word: true}
}

func builtIn(directive string) bool {
	switch directive {
	case "foreach", "define", "macro", "literal", "include", "parse", "evaluate", "stop", "break":
		return true
	}
	return false
}

// directiveOf makes the statement of a directive whose arguments are read; nil
// arguments and no parentheses are not told apart.
func (p *parser) directiveOf(t token, name string, arguments []argument) statement {
	at := p.place(t.start)
	parens := p.last.kind == tokenRightParen && p.last.start > t.start
	if !parens && name != "stop" && name != "break" {
		if builtIn(name) {
			p.fail(t.start, "#"+name+" needs its arguments in parentheses")
		}
		if strings.HasPrefix(name, "@") {
			return plainText("#" + name)
		}
		return &macroCall{at: at, name: name, literal: t.image}
	}
	switch name {
	case "stop", "break":
		if len(arguments) > 1 {
			p.fail(t.start, "#"+name+" takes one argument at most")
		}
		s := &leaveStatement{at: at, stop: name == "stop"}
		if len(arguments) == 1 {
			s.scope = arguments[0].e
		}
		return s
	case "include", "parse":
		return &failing{at, "#" + name + " has nothing to read: API Gateway has no other templates"}
	case "evaluate":
		if len(arguments) != 1 {
			p.fail(t.start, "#evaluate takes one argument")
		}
		switch e := arguments[0].e.(type) {
		case *reference, *interpolation:
		case *constant:
			if _, ok := e.v.(string); !ok {
				p.fail(t.start, "#evaluate takes a string or a reference")
			}
		default:
			p.fail(t.start, "#evaluate takes a string or a reference")
		}
		return &evaluateStatement{at: at, text: arguments[0].e}
	case "foreach":
		return p.foreach(t, arguments)
	case "define":
		return p.define(t, arguments)
	case "macro":
		return p.macro(t, arguments)
	case "literal":
		start := p.peek().start
		p.statements()
		end := p.peek().start
		p.expect(tokenEnd)
		if len(arguments) > 0 {
			return plainText(arguments[0].literal)
		}
		return plainText(p.lexer.source[start:end])
	}
	call := &macroCall{at: at, name: name, literal: p.literal(t.start)}
	for _, a := range arguments {
		call.arguments = append(call.arguments, callArgument{a.e, a.literal})
		if a.word {
			call.wrong = "a macro does not take the word " + quote(a.token.image)
		}
	}
	if strings.HasPrefix(name, "@") {
		call.name = name[1:]
		call.body = &defined{at: at, name: "bodyContent", body: p.statements(), most: maxMacros}
		p.expect(tokenEnd)
		call.literal = p.literal(t.start)
	}
	return call
}

func (p *parser) foreach(t token, arguments []argument) statement {
	if len(arguments) != 3 || !arguments[1].word || arguments[2].word {
		p.fail(t.start, "#foreach is written #foreach($item in $list)")
	}
	item, ok := arguments[0].e.(*reference)
	if !ok || item.slot < 0 {
		p.fail(t.start, "#foreach is written #foreach($item in $list)")
	}
	s := &foreachStatement{at: p.place(t.start), slot: item.slot, list: arguments[2].e, body: p.statements()}
	p.expect(tokenEnd)
	return s
}

func (p *parser) define(t token, arguments []argument) statement {
	var name *reference
	if len(arguments) == 1 {
		name, _ = arguments[0].e.(*reference)
	}
	if name == nil || name.slot < 0 {
		p.fail(t.start, "#define is written #define($name)")
	}
	s := &defineStatement{slot: name.slot, defined: &defined{at: p.place(t.start), name: name.root, body: p.statements(), most: 2}}
	p.expect(tokenEnd)
	return s
}

// macro registers a macro: it can be called from all of the template, before and
// after. Of two with a name the last is meant.
func (p *parser) macro(t token, arguments []argument) statement {
	if len(arguments) == 0 {
		p.fail(t.start, "#macro needs a name, as in #macro(name)")
	}
	m := &macro{}
	for i, a := range arguments[1:] {
		r, ok := a.e.(*reference)
		if !ok || r.slot < 0 {
			p.fail(a.token.start, "parameter "+strconv.Itoa(i+1)+" of a macro is written $name")
		}
		m.parameters = append(m.parameters, parameter{r.slot, "$" + r.root})
	}
	m.body = p.statements()
	p.expect(tokenEnd)
	p.macros[arguments[0].token.image] = m
	return plainText("")
}
