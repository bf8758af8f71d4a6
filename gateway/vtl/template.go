package vtl

import (
	"errors"
	"fmt"
	"sync"
)

// MaxSource is how long a template may be, in bytes. API Gateway's own limit.
const MaxSource = 300 << 10

// A Template is a parsed template. It does not change and serves any number of
// executions at once.
type Template struct {
	source string
	body   block
	names  *names
	macros map[string]*macro

	machines sync.Pool
}

// Parse reads a template. A fault is an *Error.
func Parse(source string) (*Template, error) {
	if len(source) > MaxSource {
		return nil, &Error{1, 1, fmt.Sprintf("the template is longer than %d bytes", MaxSource)}
	}
	t := &Template{source: source, names: newNames(), macros: map[string]*macro{}}
	body, err := parse(source, t.names, t.macros, -1)
	if err != nil {
		return nil, located(source, err, 0)
	}
	t.body = body
	t.machines.New = func() any { return new(machine) }
	return t, nil
}

// parse reads a source whose variables and macros join those that there are. A
// fault is a *fault.
func parse(source string, names *names, macros map[string]*macro, at int) (b block, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(*fault)
			if !ok {
				panic(r)
			}
			err = f
		}
	}()
	p := &parser{lexer: lexer{source: source}, names: names, macros: macros, at: at}
	return p.parseBlock(), nil
}

// located gives a fault its line and column; an error that has no place is put
// here.
func located(source string, err error, here int) *Error {
	if f, ok := errors.AsType[*fault](err); ok {
		here = f.offset
	}
	line, column := place(source, here)
	return &Error{line, column, err.Error()}
}

// Append executes the template and appends what it prints to dst. A fault is an
// *Error; what had been printed by then is returned with it.
func (t *Template) Append(dst []byte, e *Environment) ([]byte, error) {
	m := t.machines.Get().(*machine)
	m.reset(t, dst, e)
	err := t.body.render(m)
	out, here := m.out, m.here
	m.release()
	t.machines.Put(m)
	if err == nil {
		return out, nil
	}
	if _, left := errors.AsType[*leaving](err); left {
		return out, nil
	}
	return out, located(t.source, err, here)
}

// Static returns what the template prints, if that is always the same: it has
// no reference and no directive.
func (t *Template) Static() (string, bool) {
	switch len(t.body) {
	case 0:
		return "", true
	case 1:
		s, ok := t.body[0].(plainText)
		return string(s), ok
	}
	return "", false
}
