package vtl

import "github.com/lamgate/lamgate/gateway/value"

// A macro is what #macro(name $a $b) defines.
type macro struct {
	parameters []parameter
	body       block
}

type parameter struct {
	slot int
	name string // $a
}

// macroCall is #name(arguments). If nothing defines the name by the time it
// runs, it prints itself: it was text.
type macroCall struct {
	at        int
	name      string
	arguments []callArgument
	literal   string
	wrong     string   // why it cannot be called, if it cannot
	body      *defined // of #@name(arguments) … #end
}

type callArgument struct {
	e       expression
	literal string
}

// A frame is a call's. Arguments are handed over by name, as Velocity does: each
// use evaluates them anew where the call stands.
type frame struct {
	caller    *frame
	arguments []binding
	local     []cell
}

type binding struct {
	slot    int
	name    string
	e       expression // nil if it was removed
	literal string     // empty if it is constant
}

type cell struct {
	slot int
	v    value.Value
}

func (f *frame) set(slot int, v value.Value) {
	for i := range f.local {
		if f.local[i].slot == slot {
			f.local[i].v = v
			return
		}
	}
	f.local = append(f.local, cell{slot, v})
}

func (f *frame) remove(slot int) {
	for i := range f.local {
		if f.local[i].slot == slot {
			f.local[i].v = nil
		}
	}
	for i := range f.arguments {
		if f.arguments[i].slot == slot {
			f.arguments[i].e = nil
		}
	}
}

func (c *macroCall) render(m *machine) error {
	called := m.macros[c.name]
	if called == nil {
		m.out = append(m.out, c.literal...)
		return m.printed()
	}
	if c.wrong != "" {
		return m.fail(c.at, c.wrong)
	}
	if m.calls == maxMacros {
		return m.fail(c.at, "#"+c.name+" is called within more than 20 macros")
	}
	if err := m.step(1 + len(called.parameters)); err != nil {
		return err
	}
	f := &frame{caller: m.frame}
	for i, p := range called.parameters {
		if i == len(c.arguments) {
			break
		}
		a := c.arguments[i]
		if constant, ok := a.e.(*constant); ok && !isString(constant.v) {
			f.set(p.slot, constant.v)
			continue
		}
		f.arguments = append(f.arguments, binding{p.slot, p.name, a.e, a.literal})
	}
	if c.body != nil {
		body := *c.body
		body.bound, body.frame = true, m.frame
		f.set(m.names.slots["bodyContent"], &body)
	}
	m.frame = f
	m.calls++
	err := caught(called.body.render(m), nil)
	m.calls--
	m.frame = f.caller
	return err
}

// getInMacro looks a variable up: what the macro set, then its argument, then
// the same for its caller.
func (m *machine) getInMacro(slot int) (value.Value, error) {
	if err := m.step(1); err != nil {
		return nil, err
	}
	for f := m.frame; f != nil; f = f.caller {
		for i := range f.local {
			if c := &f.local[i]; c.slot == slot && c.v != nil {
				return c.v, nil
			}
		}
		for i := range f.arguments {
			a := &f.arguments[i]
			if a.slot != slot || a.e == nil {
				continue
			}
			inner := m.frame
			m.frame = f.caller
			v, err := argumentValue(m, a.e)
			m.frame = inner
			return v, err
		}
	}
	return m.vars[slot], nil
}

// argumentValue evaluates an argument; a plain reference to nothing is nothing.
func argumentValue(m *machine, e expression) (value.Value, error) {
	if r, ok := e.(*reference); ok && len(r.steps) == 0 {
		if r.slot < 0 {
			return nil, nil
		}
		return m.get(r.slot)
	}
	return e.value(m)
}
