package vtl

import (
	"strconv"

	"github.com/lamgate/lamgate/gateway/value"
)

// setStatement is #set($left = right).
type setStatement struct {
	at    int
	left  *reference
	right expression
}

func (s *setStatement) render(m *machine) error {
	m.stand(s.at)
	if err := m.step(1); err != nil {
		return err
	}
	v, err := s.right.value(m)
	if err != nil {
		return err
	}
	if v == nil {
		m.log(s.at, "#set changes nothing, for what it would set has no value")
		return nil
	}
	return s.left.assign(m, v)
}

type ifStatement struct {
	branches  []branch
	otherwise block
}

type branch struct {
	condition expression
	body      block
}

func (s *ifStatement) render(m *machine) error {
	for i := range s.branches {
		b := &s.branches[i]
		if err := m.step(1); err != nil {
			return err
		}
		holds, err := b.condition.truth(m)
		if err != nil {
			return err
		}
		if holds {
			return b.body.render(m)
		}
	}
	return s.otherwise.render(m)
}

// leaveStatement is #break, of the nearest block or of a scope, and #stop.
type leaveStatement struct {
	at    int
	stop  bool
	scope expression // nil if none is named
}

func (s *leaveStatement) render(m *machine) error {
	if s.stop {
		return &leaving{stop: true}
	}
	if s.scope == nil {
		return &leaving{}
	}
	v, err := s.scope.value(m)
	if err != nil {
		return err
	}
	target, ok := v.(*scope)
	if !ok {
		return m.fail(s.at, "#break takes a loop, such as $foreach.parent")
	}
	return &leaving{scope: target}
}

// evaluateStatement is #evaluate(text).
type evaluateStatement struct {
	at   int
	text expression
}

func (s *evaluateStatement) render(m *machine) error {
	v, err := s.text.value(m)
	if err != nil || v == nil {
		return err
	}
	text, err := m.text(v)
	if err != nil {
		return err
	}
	if m.evaluated == maxEvaluated {
		return m.fail(s.at, "#evaluate is nested too deeply")
	}
	if len(text) > MaxSource {
		return m.fail(s.at, "what #evaluate takes is too long")
	}
	if err := m.allocate(32 * len(text)); err != nil {
		return err
	}
	m.detach()
	at := s.at
	if m.at >= 0 {
		at = m.at
	}
	body, err := parse(text, m.names, m.macros, at)
	if err != nil {
		return err
	}
	for len(m.vars) < len(m.names.list) {
		m.vars = append(m.vars, nil)
	}
	before := m.at
	m.at = at
	m.evaluated++
	err = caught(body.render(m), nil)
	m.evaluated--
	m.at = before
	return err
}

// detach gives the machine names and macros that #evaluate may add to.
func (m *machine) detach() {
	if m.own {
		return
	}
	m.own = true
	m.names = m.names.clone()
	macros := make(map[string]*macro, len(m.macros))
	for name, macro := range m.macros {
		macros[name] = macro
	}
	m.macros = macros
}

// caught ends a #break that a block, or a loop with the scope, is the aim of.
func caught(err error, s *scope) error {
	l, ok := err.(*leaving)
	if !ok || l.stop || l.scope != nil && l.scope != s {
		return err
	}
	return nil
}

// defineStatement is #define($name): what is defined is printed where the
// variable is.
type defineStatement struct {
	slot    int
	defined *defined
}

func (s *defineStatement) render(m *machine) error {
	d := *s.defined
	m.put(s.slot, &d)
	return nil
}

// defined is a block as a value.
type defined struct {
	at    int
	name  string
	body  block
	most  int // how often it may be in itself
	depth int

	// bound says that the block is the body of a macro's call, which prints in
	// the frame of the caller.
	bound bool
	frame *frame
}

// AppendText is what is seen of a block within a list or a map.
func (d *defined) AppendText(dst []byte, _ writeValue) []byte {
	return append(append(dst, '$'), d.name...)
}

func (d *defined) property(*machine, string) value.Value { return nil }

func (d *defined) call(m *machine, s *step, arguments []value.Value) (value.Value, bool, error) {
	if s.name != "toString" || len(arguments) > 0 {
		return nil, false, nil
	}
	text, err := m.text(d)
	return text, true, err
}

// print prints the block; false if it is in itself too often.
func (d *defined) print(m *machine) (bool, error) {
	if d.depth >= d.most {
		m.log(d.at, "$"+d.name+" is within itself")
		return false, nil
	}
	if m.defined == maxDefined {
		return false, m.fail(d.at, "more than "+strconv.Itoa(maxDefined)+" blocks of #define are within one another")
	}
	d.depth++
	m.defined++
	err := caught(d.body.render(m), nil)
	m.defined--
	d.depth--
	return true, err
}
