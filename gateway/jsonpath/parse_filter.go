package jsonpath

import (
	"strings"

	"github.com/lamgate/lamgate/gateway/value"
)

// filter reads [?( … )], whose bracket is read already.
//
//	or         = and { "||" and }
//	and        = term { "&&" term }
//	term       = "!" term | "(" or ")" | relation
//	relation   = operand [ operator operand ]
//
// A relation without an operator asks whether its path exists.
func (c *cursor) filter() (step, error) {
	c.blanks()
	c.pos++
	if c.significant() == ']' || c.significant() == ',' {
		return step{}, c.fail("[?] needs predicates from outside, and there are none")
	}
	if c.blanks(); !c.take('(') {
		return step{}, c.fail("expected ( after ?")
	}
	or, err := c.or()
	if err != nil {
		return step{}, err
	}
	if c.blanks(); !c.take(')') {
		return step{}, c.fail("expected ) at the end of the filter")
	}
	if c.blanks(); !c.take(']') {
		return step{}, c.fail("expected ] at the end of the filter")
	}
	return step{kind: filter, filter: or}, nil
}

func (c *cursor) takeWord(w string) bool {
	c.blanks()
	if strings.HasPrefix(c.text[c.pos:], w) {
		c.pos += len(w)
		return true
	}
	return false
}

func (c *cursor) or() (predicate, error) {
	if c.depth++; c.depth > maxNesting {
		return nil, c.fail("the filter is nested too deeply")
	}
	defer func() { c.depth-- }()
	var terms anyOf
	for {
		t, err := c.and()
		if err != nil {
			return nil, err
		}
		if terms = append(terms, t); !c.takeWord("||") {
			break
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return terms, nil
}

func (c *cursor) and() (predicate, error) {
	var terms allOf
	for {
		t, err := c.term()
		if err != nil {
			return nil, err
		}
		if terms = append(terms, t); !c.takeWord("&&") {
			break
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return terms, nil
}

func (c *cursor) term() (predicate, error) {
	negated := false
	for c.blanks(); c.peek() == '!'; c.blanks() {
		c.pos++
		if b := c.significant(); b == '$' || b == '@' {
			// AWS: before a path ! is part of the path's existence, and has no
			// say if a comparison follows: !@.a == 1 is @.a == 1.
			t, err := c.relation(true)
			return negate(t, negated), err
		}
		negated = !negated
	}
	if c.take('(') {
		or, err := c.or()
		if err != nil {
			return nil, err
		}
		if c.blanks(); !c.take(')') {
			return nil, c.fail("expected )")
		}
		return negate(or, negated), nil
	}
	t, err := c.relation(false)
	return negate(t, negated), err
}

func negate(p predicate, negated bool) predicate {
	if !negated || p == nil {
		return p
	}
	return not{p}
}

func (c *cursor) relation(missing bool) (predicate, error) {
	left, err := c.operand()
	if err != nil {
		return nil, err
	}
	op, found := c.operator()
	if !found {
		if left.path == nil {
			return nil, c.fail("expected an operator")
		}
		return exists{path: left.path, missing: missing}, nil
	}
	right, err := c.operand()
	if err != nil {
		return nil, err
	}
	return relation{op: op, left: left, right: right}, nil
}

func isRelational(b byte) bool { return strings.IndexByte("<>=~!", b) >= 0 && b != 0 }

func (c *cursor) operator() (operator, bool) {
	c.blanks()
	start := c.pos
	if isRelational(c.peek()) {
		for isRelational(c.peek()) {
			c.pos++
		}
	} else {
		for b := c.peek() | 0x20; b >= 'a' && b <= 'z'; b = c.peek() | 0x20 {
			c.pos++
		}
	}
	op := operator(strings.ToLower(c.text[start:c.pos]))
	if !op.known() {
		c.pos = start
		return "", false
	}
	return op, true
}

func (c *cursor) operand() (operand, error) {
	c.blanks()
	switch b := c.peek(); {
	case b == '!':
		c.pos++
		if c.blanks(); c.peek() != '$' && c.peek() != '@' {
			return operand{}, c.fail("expected a path after !")
		}
		return c.pathOperand()
	case b == '$' || b == '@':
		return c.pathOperand()
	case b == '\'' || b == '"':
		s, err := c.quoted()
		return operand{node: node{kind: textNode, value: s}}, err
	case b == '{' || b == '[':
		return c.jsonOperand(b)
	case b == '/':
		return c.patternOperand()
	case c.takeWord("true"):
		return operand{node: node{kind: boolNode, value: true}}, nil
	case c.takeWord("false"):
		return operand{node: node{kind: boolNode, value: false}}, nil
	case c.takeWord("null"):
		return operand{node: node{kind: nullNode}}, nil
	}
	start := c.pos
	for b := c.peek(); b >= '0' && b <= '9' || b == '-' || b == '.'; b = c.peek() {
		c.pos++
	}
	n, err := value.ParseNumber(c.text[start:c.pos])
	if err != nil {
		c.pos = start
		return operand{}, c.fail("expected a path, a string, a number, a pattern or JSON")
	}
	return operand{node: node{kind: numberNode, value: n}}, nil
}

// pathOperand reads a path within a filter.
//
// AWS: it ends at a blank, an operator or a parenthesis that is not a function's;
// @.a&&@.b is one path, and only @.a && @.b are two.
func (c *cursor) pathOperand() (operand, error) {
	start := c.pos
	c.pos++
	for !c.end() {
		b := c.peek()
		if b == '[' {
			end := c.closing('[', ']')
			if end < 0 {
				return operand{}, c.fail("expected ]")
			}
			c.pos = end + 1
			continue
		}
		if b == '(' {
			if c.pos+1 < len(c.text) && c.text[c.pos+1] == ')' {
				c.pos += 2
				continue
			}
			end := c.closing('(', ')')
			if end < 0 {
				return operand{}, c.fail("expected )")
			}
			c.pos = end + 1
			continue
		}
		if b == ' ' || b == ')' || isRelational(b) {
			break
		}
		c.pos++
	}
	p, err := parsePath(c.text[start:c.pos], c)
	if err != nil {
		return operand{}, err
	}
	return operand{path: p}, nil
}

func (c *cursor) jsonOperand(open byte) (operand, error) {
	end := c.closing(open, open+2)
	if end < 0 {
		return operand{}, c.fail("the JSON does not end")
	}
	text := c.text[c.pos : end+1]
	v, err := value.ParseLoose([]byte(text))
	if err != nil {
		return operand{}, c.fail("the JSON is malformed, " + err.Error())
	}
	c.pos = end + 1
	return operand{node: node{kind: jsonNode, value: v, literal: true}}, nil
}

func (c *cursor) patternOperand() (operand, error) {
	start := c.pos + 1
	for i := start; i < len(c.text); i++ {
		switch c.text[i] {
		case '\\':
			i++
		case '/':
			c.pos = i + 1
			for b := c.peek() | 0x20; b >= 'a' && b <= 'z'; b = c.peek() | 0x20 {
				c.pos++
			}
			m, err := compilePattern(c.text[start:i], c.text[i+1:c.pos])
			if err != nil {
				c.pos = start
				return operand{}, c.fail(err.Error())
			}
			if *c.patterns += m.Size(); *c.patterns > maxPatterns {
				c.pos = start
				return operand{}, c.fail("the patterns of the path are too large")
			}
			return operand{node: node{kind: patternNode, pattern: m}}, nil
		}
	}
	return operand{}, c.fail("the pattern does not end")
}
