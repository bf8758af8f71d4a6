package vtl

import (
	"errors"
	"strings"

	"github.com/lamgate/lamgate/gateway/jsonpath"
	"github.com/lamgate/lamgate/gateway/value"
)

// inputObject is $input of one execution. The body is parsed once, when a method
// needs it; all paths lead into the same tree.
type inputObject struct {
	text       value.Value // of the body, once it was asked for
	parsed     bool
	root       value.Value
	err        error
	parameters *value.Map
}

// AWS: what $input itself prints is not documented.
func (*inputObject) AppendText(dst []byte, _ writeValue) []byte { return dst }

func (in *inputObject) property(m *machine, name string) value.Value {
	if name == "body" {
		return in.body(m)
	}
	return nil
}

// body is $input.body, made once.
//
// AWS: {} if there is no body (recorded).
func (in *inputObject) body(m *machine) value.Value {
	if in.text == nil {
		text := "{}"
		if len(m.e.Input.Body) > 0 {
			text = strings.ToValidUTF8(string(m.e.Input.Body), "\uFFFD")
		}
		in.text = text
	}
	return in.text
}

func (in *inputObject) call(m *machine, s *step, arguments []value.Value) (value.Value, bool, error) {
	switch {
	case s.name == "body" && len(arguments) == 0:
		return in.body(m), true, nil
	case s.name == "path" && len(arguments) == 1:
		path, err := in.path(m, s, arguments[0])
		if err != nil {
			return nil, true, err
		}
		v, err := in.read(m, s, path)
		return v, true, err
	case s.name == "json" && len(arguments) == 1:
		path, err := in.path(m, s, arguments[0])
		if err != nil {
			return nil, true, err
		}
		start := len(m.out)
		if err := in.appendJSON(m, s, path); err != nil {
			return nil, true, err
		}
		text, err := m.taken(start)
		return text, true, err
	case s.name == "params" && len(arguments) == 0:
		all, err := in.all(m)
		return all, true, err
	case s.name == "params" && len(arguments) == 1:
		name, ok := arguments[0].(string)
		if !ok {
			return nil, true, nil
		}
		return parameterNamed(&m.e.Input, name), true, nil
	}
	return nil, false, nil
}

// path returns the path that an argument spells.
func (in *inputObject) path(m *machine, s *step, argument value.Value) (*jsonpath.Path, error) {
	if s.path != nil {
		return s.path, nil
	}
	expr, ok := argument.(string)
	if !ok {
		return nil, m.fail(s.at, "$input."+s.name+" takes a JSONPath in quotes")
	}
	cost := 4
	if strings.Contains(expr, "=~") {
		cost = 400 // compiling regular expressions is far more than reading
	}
	if err := m.step(cost * min(len(expr), jsonpath.MaxLength)); err != nil {
		return nil, err
	}
	path, err := jsonpath.Parse(expr)
	if err != nil {
		return nil, m.fail(s.at, "$input."+s.name+": "+err.Error())
	}
	return path, nil
}

// read returns what a path leads to in the body; nil if it leads nowhere.
func (in *inputObject) read(m *machine, s *step, path *jsonpath.Path) (value.Value, error) {
	if !in.parsed {
		in.parsed = true
		body := m.e.Input.Body
		if len(body) == 0 {
			body = []byte("{}")
		}
		if in.root, in.err = value.ParseJSON(body); in.err != nil {
			in.root, in.err = value.ParseLoose(body)
		}
	}
	if in.err != nil {
		return nil, m.fail(s.at, "$input."+s.name+": the body cannot be read as JSON: "+in.err.Error())
	}
	budget := min(jsonpath.DefaultBudget, stepsOfPath*(maxSteps-m.steps))
	before := budget
	v, err := path.ReadWithin(in.root, &budget)
	if err := m.step(1 + (before-budget)/stepsOfPath); err != nil {
		return nil, err
	}
	if errors.Is(err, jsonpath.ErrNotFound) {
		m.log(s.at, "$input."+s.name+": "+err.Error())
		return nil, nil
	}
	if err != nil {
		return nil, m.fail(s.at, "$input."+s.name+": "+err.Error())
	}
	if l, ok := v.(*value.List); ok && !path.Definite() {
		return v, m.allocate(16 * len(l.Items))
	}
	return v, nil
}

// stepsOfPath is how many steps of a path are as much work as one of a template.
const stepsOfPath = 4

// appendJSON prints what $input.json makes.
//
// AWS: a path that leads nowhere gives the empty string in quotes, so that what
// is printed stays JSON.
func (in *inputObject) appendJSON(m *machine, s *step, path *jsonpath.Path) error {
	v, err := in.read(m, s, path)
	if err != nil {
		return err
	}
	if v == nil {
		m.out = append(m.out, `""`...)
		return m.printed()
	}
	before := len(m.out)
	if m.out, err = value.AppendJSONWithin(m.out, v, max(MaxOutput-(len(m.out)-m.base), 0)); err != nil {
		return errOutput
	}
	if err := m.step((len(m.out) - before) / 64); err != nil {
		return err
	}
	return m.printed()
}

// all is $input.params(): all parameters by their place, in AWS's order.
//
// AWS: {path={…}, querystring={…}, header={…}} is printed.
func (in *inputObject) all(m *machine) (value.Value, error) {
	if in.parameters == nil {
		e := &m.e.Input
		if err := m.allocate(64 * (len(e.Path) + len(e.Query) + len(e.Header))); err != nil {
			return nil, err
		}
		in.parameters = value.NewMap(3)
		in.parameters.Set("path", parameterMap(e.Path))
		in.parameters.Set("querystring", parameterMap(e.Query))
		in.parameters.Set("header", parameterMap(e.Header))
	}
	return in.parameters, nil
}

func parameterMap(list []Parameter) *value.Map {
	p := value.NewMap(len(list))
	for i := range list {
		p.Set(list[i].Name, list[i].Value)
	}
	return p
}

// parameterNamed is $input.params(name).
//
// AWS: the path is searched first, then the query string, then the headers.
func parameterNamed(in *Input, name string) value.Value {
	for _, list := range [...][]Parameter{in.Path, in.Query, in.Header} {
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].Name == name {
				return list[i].Value
			}
		}
	}
	return nil
}
