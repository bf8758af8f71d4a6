package jsonpath

import (
	"strconv"
	"strings"
)

type stepKind uint8

const (
	names stepKind = iota
	indexes
	slice
	wildcard
	scan
	filter
	function
)

// step is one part of a path.
type step struct {
	kind stepKind
	// text is the step as it stands in the path.
	text string
	// upstream says that all steps before this one are definite: what they lead
	// to must be there.
	upstream bool
	names    []string
	indexes  []int
	from, to *int
	filter   predicate
	call     *call
}

// definite reports whether the step leads to one value; leaf whether it is the
// last.
func (s *step) definite(leaf bool) bool {
	switch s.kind {
	case names:
		return len(s.names) == 1 || leaf
	case indexes:
		return len(s.indexes) == 1
	case function:
		return true
	}
	return false
}

// parsePath reads a path; outer is where another path holds it, nil for none.
func parsePath(expr string, outer *cursor) (*Path, error) {
	trimmed := strings.Trim(expr, " ")
	c := &cursor{text: trimmed, patterns: new(0)}
	if outer != nil {
		c.depth, c.patterns = outer.depth+1, outer.patterns
	}
	switch {
	case len(expr) > MaxLength:
		c.text = ""
		return nil, c.fail("the path is longer than " + strconv.Itoa(MaxLength) + " bytes")
	case c.depth > maxNesting:
		return nil, c.fail("the path is nested too deeply")
	case trimmed == "":
		return nil, c.fail("the path is empty")
	}
	// AWS: Jayway puts "$." before a path that starts with neither $ nor @, so
	// that $input.path('a.b') reads $.a.b.
	if c.peek() != '$' && c.peek() != '@' {
		c.text = "$." + trimmed
	}
	if strings.HasSuffix(c.text, ".") {
		c.pos = len(c.text) - 1
		return nil, c.fail("a path must not end with a dot")
	}
	p := &Path{text: c.text, fromRoot: c.peek() == '$'}
	c.pos++
	if !c.end() && c.peek() != '.' && c.peek() != '[' {
		return nil, c.fail("expected . or [")
	}
	for !c.end() {
		steps, err := c.step(p.steps)
		if err != nil {
			return nil, err
		}
		p.steps = steps
	}
	p.finish()
	return p, nil
}

// finish works out what the steps mean to one another.
func (p *Path) finish() {
	p.invert()
	p.definite, p.plain = true, true
	for i := range p.steps {
		s := &p.steps[i]
		s.upstream = p.definite
		p.definite = p.definite && s.definite(i == len(p.steps)-1)
		p.plain = p.plain && (s.kind == names && len(s.names) == 1 || s.kind == indexes && len(s.indexes) == 1)
	}
}

// invert makes $.sum($..price) of $..price.sum().
//
// AWS: Jayway turns a path round that begins with a deep scan and ends with a
// function, or the function would be called once for each match.
func (p *Path) invert() {
	last := len(p.steps) - 1
	if last < 1 || p.steps[0].kind != scan || p.steps[last].kind != function {
		return
	}
	inner := &Path{text: p.text, fromRoot: true, steps: p.steps[:last:last]}
	inner.finish()
	outer := p.steps[last]
	outer.call = newCall(outer.call.name, []parameter{{path: inner}})
	p.steps = []step{outer}
}

// step reads what stands at the cursor and appends it; a deep scan brings the
// step after it.
func (c *cursor) step(steps []step) ([]step, error) {
	start := c.pos
	if c.take('.') {
		if c.take('.') {
			if c.end() || c.peek() == '.' {
				return nil, c.fail("expected a name, * or [ after ..")
			}
			steps = append(steps, step{kind: scan, text: ".."})
		}
		if c.peek() == '.' {
			return nil, c.fail("expected a name, * or [ after the dot")
		}
	}
	var s step
	var err error
	switch c.peek() {
	case '[':
		s, err = c.bracket()
	case '*':
		c.pos++
		s = step{kind: wildcard}
	default:
		s, err = c.word()
	}
	if err != nil {
		return nil, err
	}
	s.text = c.text[start:c.pos]
	return append(steps, s), nil
}

// word reads a name, or a function's name and its parameters.
func (c *cursor) word() (step, error) {
	start := c.pos
	for !c.end() {
		switch c.peek() {
		case ' ':
			return step{}, c.fail("a name with blanks needs brackets and quotes, ['my name']")
		case '.', '[':
			return c.name(start)
		case '(':
			name := c.text[start:c.pos]
			parameters, err := c.parameters()
			if err != nil {
				return step{}, err
			}
			return step{kind: function, call: newCall(name, parameters)}, nil
		}
		c.pos++
	}
	return c.name(start)
}

func (c *cursor) name(start int) (step, error) {
	if start == c.pos {
		return step{}, c.fail("expected a name")
	}
	return step{kind: names, names: []string{c.text[start:c.pos]}}, nil
}

// bracket reads ['a','b'], [1,2], [1:2], [*] and [?(…)].
func (c *cursor) bracket() (step, error) {
	c.pos++
	switch b := c.significant(); {
	case b == '\'' || b == '"':
		return c.quotedNames(b)
	case b >= '0' && b <= '9' || b == '-' || b == ':':
		return c.positions()
	case b == '*':
		c.blanks()
		c.pos++
		c.blanks()
		if !c.take(']') {
			return step{}, c.fail("expected ] after *")
		}
		return step{kind: wildcard}, nil
	case b == '?':
		return c.filter()
	case b == '(':
		// AWS: Jayway has no scripts.
		return step{}, c.fail("scripts are not part of the dialect, use [-1] or a function; expected ?, ', 0-9 or *")
	}
	return step{}, c.fail("expected ?, ', 0-9 or *")
}

func (c *cursor) quotedNames(quote byte) (step, error) {
	s := step{kind: names}
	for {
		if c.blanks(); c.peek() != quote {
			return step{}, c.fail("expected a name in " + string(quote))
		}
		name, err := c.quoted()
		if err != nil {
			return step{}, err
		}
		s.names = append(s.names, name)
		c.blanks()
		if c.take(']') {
			return s, nil
		}
		if !c.take(',') {
			return step{}, c.fail("expected , or ] after the name")
		}
	}
}

func (c *cursor) positions() (step, error) {
	length := strings.IndexByte(c.text[c.pos:], ']')
	if length < 0 {
		return step{}, c.fail("expected ]")
	}
	text := strings.Trim(c.text[c.pos:c.pos+length], " ")
	s := step{kind: indexes}
	if strings.Contains(text, ":") {
		s.kind = slice
		// AWS: Jayway reads [0:9:2] and forgets the step.
		bounds := strings.Split(text, ":")
		for i, target := range []**int{&s.from, &s.to} {
			if bounds[i] == "" {
				continue
			}
			n, err := strconv.ParseInt(bounds[i], 10, 32)
			if err != nil {
				return step{}, c.fail("the bounds of the slice are not numbers")
			}
			*target = new(int(n))
		}
		if s.from == nil && s.to == nil {
			return step{}, c.fail("the slice needs a bound")
		}
	} else {
		for part := range strings.SplitSeq(text, ",") {
			n, err := strconv.ParseInt(strings.Trim(part, " "), 10, 32)
			if err != nil {
				return step{}, c.fail("the index is not a number")
			}
			s.indexes = append(s.indexes, int(n))
		}
	}
	c.pos += length + 1
	return s, nil
}
