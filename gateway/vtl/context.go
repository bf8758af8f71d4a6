package vtl

import (
	"slices"
	"strings"

	"github.com/lamgate/lamgate/gateway/value"
)

// object is a value that only templates have: it is no JSON. In JSON and as text
// it is what value.Object has it.
type object interface {
	value.Object
	// property is what .name and ["name"] mean; nil if nothing.
	property(m *machine, name string) value.Value
	// call calls a method; false if there is none.
	call(m *machine, s *step, arguments []value.Value) (value.Value, bool, error)
}

// contextObject is $context.
type contextObject struct{}

// AWS: what $context itself prints is not documented, and nobody can need it.
func (contextObject) AppendText(dst []byte, _ writeValue) []byte { return dst }

func (contextObject) property(m *machine, name string) value.Value {
	v, _ := contextVariable(m, name, 1)
	return v
}

func (contextObject) call(*machine, *step, []value.Value) (value.Value, bool, error) {
	return nil, false, nil
}

// writeValue adds the text of a value that is in an object.
type writeValue = func(dst []byte, v value.Value) []byte

const (
	requestOverride  = "requestOverride"
	responseOverride = "responseOverride"
)

// contextVariable returns the variable that n names with dots between them
// spell, or of the first of them that are one, and how many those were.
func contextVariable(m *machine, name string, n int) (value.Value, int) {
	first, _, _ := strings.Cut(name, ".")
	switch first {
	case requestOverride:
		return overrides(m.e.RequestOverride), 1
	case responseOverride:
		return overrides(m.e.ResponseOverride), 1
	}
	if m.e.Context == nil {
		return nil, n
	}
	for ; n > 0; n-- {
		if v, ok := m.e.Context.Variable(name); ok {
			return v, n
		}
		name = name[:max(strings.LastIndexByte(name, '.'), 0)]
	}
	return nil, 0
}

// overrides is a map as a value: no map is nil.
func overrides(o *value.Map) value.Value {
	if o == nil {
		return nil
	}
	return o
}

// override is #set on a part of $context. Only overrides can be set; what they
// are a part of comes into being with them.
func (r *reference) override(m *machine, v value.Value) error {
	var target **value.Map
	switch r.steps[0].name {
	case requestOverride:
		target = &m.e.RequestOverride
	case responseOverride:
		target = &m.e.ResponseOverride
	default:
		m.log(r.at, r.null+" cannot be set: of $context, only requestOverride and responseOverride can")
		return nil
	}
	if len(r.steps) == 1 {
		if all, ok := v.(*value.Map); ok {
			*target = all
		}
		return nil
	}
	if *target == nil {
		*target = value.NewMap(2)
	}
	current := *target
	last := len(r.steps) - 1
	for i := 1; i < last; i++ {
		key := r.steps[i].name
		if s := &r.steps[i]; s.kind == stepIndex {
			k, err := s.arguments[0].value(m)
			if err != nil {
				return err
			}
			if key, err = m.key(k); err != nil {
				return err
			}
		}
		item, _ := current.Get(key)
		next, ok := item.(*value.Map)
		if !ok {
			next = value.NewMap(2)
			if err := m.setKey(current, key, next); err != nil {
				return err
			}
		}
		current = next
	}
	return m.assignStep(r, current, &r.steps[last], v)
}

// stageVariables is $stageVariables: like a map, but of what the environment
// has.
type stageVariables struct{}

func (stageVariables) AppendText(dst []byte, _ writeValue) []byte { return dst }

func (stageVariables) property(m *machine, name string) value.Value {
	if v, ok := m.e.StageVariables[name]; ok {
		return v
	}
	return nil
}

// call calls the methods of a map of the variables.
func (stageVariables) call(m *machine, s *step, arguments []value.Value) (value.Value, bool, error) {
	variables, err := stageVariableMap(m)
	if err != nil {
		return nil, true, err
	}
	return callMap(m, variables, s, arguments)
}

func stageVariableMap(m *machine) (*value.Map, error) {
	if err := m.allocate(64 * len(m.e.StageVariables)); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(m.e.StageVariables))
	for name := range m.e.StageVariables {
		names = append(names, name)
	}
	slices.Sort(names)
	variables := value.NewMap(len(names))
	for _, name := range names {
		variables.Set(name, m.e.StageVariables[name])
	}
	return variables, nil
}
