package vtl

import (
	"github.com/lamgate/lamgate/gateway/jsonpath"
	"github.com/lamgate/lamgate/gateway/value"
)

type referenceKind uint8

const (
	normalReference referenceKind = iota
	quietReference
	nameAlone // a name without $: null, or text
)

// A reference is $root followed by steps.
type reference struct {
	at    int
	kind  referenceKind
	slot  int // -1 if the root can hold nothing
	root  string
	steps []step

	// How it is printed.
	head    string // a $ or # that stands before it
	escapes string // half of the backslashes before it
	escaped bool   // with one more: it prints itself
	null    string // itself
	void    bool   // $\!x

	// variable is the name of a variable of $context that the first steps
	// spell, by dots; named is how many they are.
	variable string
	named    int
}

type stepKind uint8

const (
	stepProperty stepKind = iota
	stepMethod
	stepIndex
)

// A step is .name, .name(arguments) or [argument].
type step struct {
	kind      stepKind
	name      string
	arguments []expression
	at        int

	path *jsonpath.Path // the argument of $input.path and json, if it is constant
}

// maxVariable is of how many names a variable of $context is spelt at most. What
// follows leads into the value of these.
const maxVariable = 8

// bind prepares what the reference says about well-known roots.
func (r *reference) bind() {
	switch r.root {
	case "context":
		for _, s := range r.steps {
			if s.kind != stepProperty || r.named == maxVariable {
				break
			}
			if r.named > 0 {
				r.variable += "."
			}
			r.variable += s.name
			r.named++
		}
	case "input":
		if len(r.steps) == 0 {
			return
		}
		s := &r.steps[0]
		if s.kind != stepMethod || len(s.arguments) != 1 || s.name != "path" && s.name != "json" {
			return
		}
		if c, ok := s.arguments[0].(*constant); ok {
			if expr, ok := c.v.(string); ok {
				// One that is malformed is a fault of the execution, not of
				// the template.
				s.path, _ = jsonpath.Parse(expr)
			}
		}
	}
}

func (r *reference) value(m *machine) (value.Value, error) {
	if r.void {
		return nil, nil
	}
	return r.execute(m)
}

// execute follows the reference.
//
// AWS: where Velocity has null, a reference is the empty string, so it prints
// nothing, equals "" and is true as a condition. All recordings fit that, and
// #if($undefined), which Apache's manual has false, needs it.
func (r *reference) execute(m *machine) (value.Value, error) {
	if r.kind == nameAlone {
		return nil, nil
	}
	v, failed, err := r.follow(m, len(r.steps))
	if err != nil || v != nil {
		return v, err
	}
	r.logMissing(m, failed)
	return emptyText, nil
}

// emptyText is "" as a value that need not be allocated.
var emptyText value.Value = ""

// follow takes the first n steps. If they lead to nothing it returns nil and
// which failed; -1 is the root.
func (r *reference) follow(m *machine, n int) (v value.Value, failed int, err error) {
	if r.slot < 0 {
		return nil, -1, nil
	}
	v, err = m.get(r.slot)
	if err != nil || v == nil {
		return nil, -1, err
	}
	i := 0
	if _, ok := v.(contextObject); ok && r.named > 0 {
		v, i = contextVariable(m, r.variable, min(r.named, n))
		if v == nil {
			return nil, max(i-1, 0), nil
		}
	}
	for ; i < n; i++ {
		if v, err = m.take(v, &r.steps[i]); err != nil || v == nil {
			return nil, i, err
		}
	}
	return v, n, nil
}

func (r *reference) logMissing(m *machine, failed int) {
	if m.e.Log == nil {
		return
	}
	switch {
	case failed < 0:
		m.log(r.at, "$"+r.root+" is not set")
	case failed < len(r.steps) && r.steps[failed].kind == stepMethod:
		m.log(r.steps[failed].at, "the method "+r.steps[failed].name+" of "+r.null+" does not exist, or returned null")
	default:
		m.log(r.at, r.null+" leads to nothing")
	}
}

func (r *reference) truth(m *machine) (bool, error) {
	v, err := r.execute(m)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	return b || !ok && v != nil, nil
}

func (r *reference) render(m *machine) error {
	m.stand(r.at)
	if r.kind == nameAlone {
		m.out = append(m.out, r.root...)
		return m.printed()
	}
	if !r.escaped && len(r.steps) > 0 {
		if done, err := r.renderQuickly(m); done || err != nil {
			return err
		}
	}
	v, err := r.execute(m)
	if err != nil {
		return err
	}
	m.out = append(m.out, r.escapes...)
	if r.escaped {
		m.out = append(m.out, m.literalOf(r)...)
		return m.printed()
	}
	m.out = append(m.out, r.head...)
	if d, ok := v.(*defined); ok {
		whole, err := d.print(m)
		if err == nil && !whole {
			m.out = append(m.out, m.literalOf(r)...)
		}
		return err
	}
	return m.print(v)
}

// renderQuickly prints what a method of $input or $util returns without making
// a string of it first. It reports whether it did.
func (r *reference) renderQuickly(m *machine) (bool, error) {
	s := &r.steps[0]
	if r.slot > slotUtil || len(r.steps) != 1 || s.kind != stepMethod || len(s.arguments) != 1 {
		return false, nil
	}
	root, err := m.get(r.slot)
	if err != nil {
		return false, err
	}
	switch root := root.(type) {
	case *inputObject:
		if s.name == "json" && s.path != nil {
			m.out = append(append(m.out, r.escapes...), r.head...)
			return true, root.appendJSON(m, s, s.path)
		}
	case utilObject:
		if s.name == "escapeJavaScript" {
			v, err := s.arguments[0].value(m)
			if err != nil || v == nil {
				return false, err
			}
			text, err := m.text(v)
			if err != nil {
				return false, err
			}
			if len(text) > MaxOutput {
				return false, errOutput
			}
			m.out = append(append(m.out, r.escapes...), r.head...)
			m.out = appendEscapedJavaScript(m.out, text)
			return true, m.printed()
		}
	}
	return false, nil
}

// literalOf returns what a reference prints that prints itself: in a macro, the
// argument that stands for it.
func (m *machine) literalOf(r *reference) string {
	for f := m.frame; f != nil; f = f.caller {
		for i := range f.arguments {
			if a := &f.arguments[i]; a.literal != "" && a.name == r.null {
				return a.literal
			}
		}
	}
	return r.null
}
