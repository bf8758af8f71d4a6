package resource

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// maxProblems is how many things wrong with one resource a fault names.
const maxProblems = 5

// Check compares a resource's properties with its type's table. They may hold
// functions and unknown values still: what those come to is checked when it is
// known. pos is where the resource is declared.
func (t *Type) Check(logicalID string, pos template.Pos, properties *template.Node) error {
	c := checker{}
	if properties == nil {
		properties = &template.Node{Pos: pos, Kind: template.Map}
	}
	c.object("Resources."+logicalID+".Properties", "", properties, t.Properties)
	if len(c.problems) == 0 {
		return nil
	}
	if len(c.problems) > maxProblems {
		c.problems = append(c.problems[:maxProblems], "…")
	}
	return template.Invalid("%s", strings.Join(c.problems, "\n"))
}

type checker struct{ problems []string }

// complain notes a problem with the value at a path.
func (c *checker) complain(path string, pos template.Pos, format string, args ...any) {
	if pos.Line > 0 {
		path += fmt.Sprintf(" (%s)", pos)
	}
	c.problems = append(c.problems, path+": "+fmt.Sprintf(format, args...))
}

// branches returns the values that a node may come to: itself, or those of a
// Fn::If. A function that only deploying can evaluate has none.
func branches(n *template.Node) []*template.Node {
	name, arg := n.Function()
	switch {
	case name == "Fn::If" && arg.Kind == template.List && len(arg.Items) == 3:
		return append(branches(arg.Items[1]), branches(arg.Items[2])...)
	case name != "" || n.Kind == template.Unknown:
		return nil
	}
	return []*template.Node{n}
}

func (c *checker) object(path, name string, n *template.Node, members Properties) {
	for _, n := range branches(n) {
		if n.Kind != template.Map {
			c.complain(path, n.Pos, "Value of property %s must be an object", name)
			continue
		}
		for _, f := range n.Fields {
			p, known := members[f.Key]
			switch at := path + "." + f.Key; {
			case !known:
				c.complain(at, f.Pos, "Encountered unsupported property %s", f.Key)
			case p.Missing:
				c.complain(at, f.Pos, "lamgate does not support the property %s", f.Key)
			default:
				c.property(at, f.Key, f.Value, p)
			}
		}
		var lacking []string
		for name, p := range members {
			if p.Required && n.Get(name) == nil {
				lacking = append(lacking, name)
			}
		}
		slices.Sort(lacking)
		for _, name := range lacking {
			c.complain(path, n.Pos, "Property %s cannot be empty.", name)
		}
	}
}

func (c *checker) property(path, name string, n *template.Node, p Property) {
	if p.Kind == Object {
		c.object(path, name, n, p.Members)
		return
	}
	for _, n := range branches(n) {
		if !fits(n, p.Kind) {
			c.complain(path, n.Pos, "Value of property %s must be of type %s", name, p.Kind)
			continue
		}
		if p.Only != nil && !slices.Contains(p.Only, n.Text) {
			c.complain(path, n.Pos, "lamgate does not support the value %q of %s (it supports %s)", n.Text, name, strings.Join(p.Only, ", "))
		}
		if p.Empty && len(n.Items) > 0 {
			c.complain(path, n.Pos, "lamgate does not support the property %s but as an empty list", name)
			continue
		}
		of := p.Of
		if of == nil {
			of = &Property{}
		}
		switch p.Kind {
		case List:
			for i, item := range n.Items {
				c.property(path+"."+strconv.Itoa(i), name, item, *of)
			}
		case Map:
			for _, f := range n.Fields {
				c.property(path+"."+f.Key, f.Key, f.Value, *of)
			}
		}
	}
}

func fits(n *template.Node, kind Kind) bool {
	switch kind {
	case String:
		return n.Scalar()
	case Integer:
		_, err := strconv.ParseInt(n.Text, 10, 64)
		return n.Scalar() && err == nil
	case Double:
		_, err := strconv.ParseFloat(n.Text, 64)
		return n.Scalar() && err == nil
	case Boolean:
		return n.Scalar() && (strings.EqualFold(n.Text, "true") || strings.EqualFold(n.Text, "false"))
	case JSON:
		return n.Kind == template.Map || n.Kind == template.List || n.Kind == template.String && json.Valid([]byte(n.Text))
	case List:
		return n.Kind == template.List
	}
	return n.Kind == template.Map
}

// Attribute returns a fault if the type has no such attribute.
func (t *Type) Attribute(logicalID, attribute string) *aws.Fault {
	if slices.Contains(t.Attributes, attribute) {
		return nil
	}
	return template.Invalid("Template error: resource %s does not support attribute type %s in Fn::GetAtt", logicalID, attribute)
}
