package jsonpath

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/lamgate/lamgate/gateway/value"
)

// call is a function at the end of a path.
type call struct {
	name       string
	parameters []parameter
}

// parameter is JSON that stands in the path, or a path from the document.
type parameter struct {
	path *Path
	json value.Value
}

// newCall prepares a function. A name that does not exist is an error only when
// it is called.
//
// AWS: length of a path counts what the values it leads to hold, as if [*] were
// behind it: $.length($..book) is the number of all books.
func newCall(name string, parameters []parameter) *call {
	if (name == "length" || name == "size") && len(parameters) > 0 {
		if p := parameters[0].path; p != nil && !p.endsInFunction() {
			counted := &Path{text: p.text, fromRoot: p.fromRoot}
			counted.steps = append(counted.steps, p.steps...)
			counted.steps = append(counted.steps, step{kind: wildcard, text: "[*]"})
			counted.finish()
			parameters[0].path = counted
		}
	}
	return &call{name: name, parameters: parameters}
}

func (p *Path) endsInFunction() bool {
	return len(p.steps) > 0 && p.steps[len(p.steps)-1].kind == function
}

// parameters reads the parameters of a function, whose ( is at the cursor.
func (c *cursor) parameters() ([]parameter, error) {
	c.pos++
	var list []parameter
	for {
		c.blanks()
		if c.take(')') {
			return list, nil
		}
		if len(list) > 0 && !c.take(',') {
			return nil, c.fail("expected , or ) after the parameter")
		}
		c.blanks()
		start := c.pos
		end := c.parameterEnd()
		text := strings.TrimRight(c.text[start:end], " ")
		if text == "" || end == len(c.text) {
			return nil, c.fail("expected a path or JSON, and ) at the end")
		}
		var p parameter
		var err error
		if text[0] == '$' || text[0] == '@' {
			p.path, err = parsePath(text, c)
		} else if p.json, err = value.ParseJSON([]byte(text)); err != nil {
			err = c.fail("the parameter is neither a path nor JSON")
		}
		if err != nil {
			return nil, err
		}
		list = append(list, p)
		c.pos = end
	}
}

// parameterEnd returns where the parameter at the cursor ends.
func (c *cursor) parameterEnd() int {
	inner := cursor{text: c.text, pos: c.pos}
	for !inner.end() {
		end := inner.pos
		switch inner.peek() {
		case ',', ')':
			return inner.pos
		case '(':
			end = inner.closing('(', ')')
		case '[':
			end = inner.closing('[', ']')
		case '{':
			end = inner.closing('{', '}')
		case '"':
			if _, err := inner.quoted(); err != nil {
				return len(c.text)
			}
			continue
		}
		if end < 0 {
			return len(c.text)
		}
		inner.pos = end + 1
	}
	return len(c.text)
}

func (c *call) invoke(r *reading, model value.Value) (value.Value, error) {
	switch c.name {
	case "length", "size":
		return c.length(r, model)
	case "keys":
		m, ok := model.(*value.Map)
		if !ok {
			return nil, nil
		}
		keys := value.NewList()
		for k := range m.All() {
			keys.Items = append(keys.Items, k)
		}
		return keys, r.spend(len(keys.Items))
	}
	values, err := c.values(r)
	if err != nil {
		return nil, err
	}
	list, _ := model.(*value.List)
	if list != nil {
		if err := r.spend(len(list.Items)); err != nil {
			return nil, err
		}
	}
	switch c.name {
	case "min", "max", "avg", "stddev", "sum":
		return aggregate(c.name, numbers(list, values))
	case "concat":
		return concat(r, list, values)
	case "append":
		if list == nil {
			return model, nil
		}
		// Jayway appends to the document itself; here reading changes nothing.
		joined := make([]value.Value, 0, len(list.Items)+len(values))
		return &value.List{Items: append(append(joined, list.Items...), values...)}, nil
	case "first", "last", "index":
		return c.item(list, values)
	}
	return nil, fmt.Errorf("JSONPath: a function with the name %s does not exist", c.name)
}

// values evaluates the parameters.
func (c *call) values(r *reading) ([]value.Value, error) {
	var values []value.Value
	for _, p := range c.parameters {
		v := p.json
		if p.path != nil {
			var err error
			if v, err = r.read(p.path, r.root, false); err != nil {
				return nil, err
			}
		}
		values = append(values, v)
	}
	return values, nil
}

func (c *call) length(r *reading, model value.Value) (value.Value, error) {
	if len(c.parameters) > 0 {
		p := c.parameters[0].path
		if p == nil {
			return nil, errors.New("JSONPath: length takes a path")
		}
		v, err := r.read(p, model, false)
		if err != nil {
			return nil, err
		}
		if l, ok := v.(*value.List); ok {
			return int64(len(l.Items)), nil
		}
	}
	switch x := model.(type) {
	case *value.List:
		return int64(len(x.Items)), nil
	case *value.Map:
		return int64(x.Len()), nil
	}
	return nil, nil
}

// numbers returns the numbers among the items and the parameters; other values
// are passed over.
func numbers(list *value.List, values []value.Value) []float64 {
	var out []float64
	add := func(v value.Value) {
		switch x := v.(type) {
		case int64:
			out = append(out, float64(x))
		case float64:
			out = append(out, x)
		case value.Decimal:
			out = append(out, x.Float64())
		case *big.Int:
			f, _ := new(big.Float).SetInt(x).Float64()
			out = append(out, f)
		}
	}
	if list != nil {
		for _, v := range list.Items {
			add(v)
		}
	}
	for _, v := range values {
		if l, ok := v.(*value.List); ok {
			for _, item := range l.Items {
				add(item)
			}
		} else {
			add(v)
		}
	}
	return out
}

// aggregate counts with doubles, as Jayway does: the sum of 1 and 2 is 3.0.
func aggregate(name string, n []float64) (value.Value, error) {
	if len(n) == 0 {
		return nil, errors.New("JSONPath: " + name + " needs numbers, and there are none")
	}
	count := float64(len(n))
	sum, squares, least, most := 0.0, 0.0, n[0], n[0]
	for _, f := range n {
		sum += f
		squares += f * f
		least, most = math.Min(least, f), math.Max(most, f)
	}
	switch name {
	case "min":
		return least, nil
	case "max":
		return most, nil
	case "avg":
		return sum / count, nil
	case "stddev":
		return math.Sqrt(squares/count - sum*sum/count/count), nil
	}
	return sum, nil
}

// concat joins the strings of a list, and then all parameters.
func concat(r *reading, list *value.List, values []value.Value) (value.Value, error) {
	var out []byte
	if list != nil {
		for _, v := range list.Items {
			if s, ok := v.(string); ok {
				out = append(out, s...)
			}
		}
	}
	for _, v := range values {
		var err error
		if out, err = value.AppendTextWithin(out, v, value.MaxWritten-len(out)); err != nil {
			return nil, ErrBudget
		}
	}
	return string(out), r.spend(len(out) / 64)
}

func (c *call) item(list *value.List, values []value.Value) (value.Value, error) {
	n := 0
	switch {
	case list == nil:
		return nil, errors.New("JSONPath: " + c.name + " needs a list")
	case c.name == "last":
		n = -1
	case c.name == "index":
		if len(values) == 0 || !value.IsNumber(values[0]) {
			return nil, errors.New("JSONPath: index takes a number")
		}
		f := numbers(nil, values[:1])[0]
		if math.Abs(f) > 1<<31 {
			f = 1 << 31
		}
		n = int(f)
	}
	at := position(n, len(list.Items))
	if at < 0 {
		return nil, fmt.Errorf("JSONPath: %s(%d) of a list of %d", c.name, n, len(list.Items))
	}
	return list.Items[at], nil
}
