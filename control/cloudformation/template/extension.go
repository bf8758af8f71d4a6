package template

import (
	"maps"
	"strings"
)

// expandLoops replaces every Fn::ForEach of AWS::LanguageExtensions by what it
// stands for. A collection that only the parameters' values could tell is
// refused.
func (t *Template) expandLoops(root *Node) (*Node, error) {
	x := &expander{}
	return x.expand(root, nil)
}

type expander struct{ made, bytes int }

func (x *expander) expand(n *Node, variables map[string]string) (*Node, error) {
	if x.made++; x.made > maxNodes {
		return nil, InvalidAt(n.Pos, "Template error: the loops of the template make more than %d values", maxNodes)
	}
	switch n.Kind {
	case String:
		if len(variables) == 0 {
			return n, nil
		}
		s, err := x.substitute(n.Pos, n.Text, variables)
		return NewString(n.Pos, s), err
	case List:
		out := &Node{Pos: n.Pos, Kind: List}
		for _, item := range n.Items {
			v, err := x.expand(item, variables)
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, v)
		}
		return out, nil
	case Map:
		if name, arg := n.function(); name == "Ref" && arg.Kind == String {
			if v, ok := variables[arg.Text]; ok {
				return NewString(n.Pos, v), nil
			}
		}
		return x.fields(n, variables)
	}
	return n, nil
}

func (x *expander) fields(n *Node, variables map[string]string) (*Node, error) {
	out := &Node{Pos: n.Pos, Kind: Map}
	seen := make(map[string]bool, len(n.Fields))
	add := func(f Field) error {
		if seen[f.Key] {
			return InvalidAt(f.Pos, "Template error: a Fn::ForEach makes the key %s twice", f.Key)
		}
		seen[f.Key] = true
		out.Fields = append(out.Fields, f)
		return nil
	}
	for _, f := range n.Fields {
		if strings.HasPrefix(f.Key, "Fn::ForEach::") {
			if err := x.loop(f, variables, add); err != nil {
				return nil, err
			}
			continue
		}
		key, err := x.substitute(f.Pos, f.Key, variables)
		if err != nil {
			return nil, err
		}
		v, err := x.expand(f.Value, variables)
		if err != nil {
			return nil, err
		}
		if err := add(Field{key, f.Pos, v}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// loop adds what one Fn::ForEach makes: [identifier, collection, map].
func (x *expander) loop(f Field, variables map[string]string, add func(Field) error) error {
	arg := f.Value
	if arg.Kind != List || len(arg.Items) != 3 || arg.Items[0].Kind != String || arg.Items[2].Kind != Map {
		return InvalidAt(f.Pos, "Template error: %s requires a list of an identifier, a collection and an object", f.Key)
	}
	if arg.Items[1].Kind != List {
		return InvalidAt(f.Pos, "Template error: %s: lamgate supports only collections that are written out", f.Key)
	}
	inner := make(map[string]string, len(variables)+1)
	maps.Copy(inner, variables)
	for _, item := range arg.Items[1].Items {
		value, err := x.expand(item, variables)
		if err != nil {
			return err
		}
		if !value.Scalar() {
			return InvalidAt(item.Pos, "Template error: %s: the members of the collection must be strings", f.Key)
		}
		inner[arg.Items[0].Text] = value.Text
		made, err := x.fields(arg.Items[2], inner)
		if err != nil {
			return err
		}
		for _, field := range made.Fields {
			if err := add(field); err != nil {
				return err
			}
		}
	}
	return nil
}

// substitute replaces ${name} and &{name} (which drops what is not
// alphanumeric) by the variables of the loops around it.
func (x *expander) substitute(pos Pos, s string, variables map[string]string) (string, error) {
	var b strings.Builder
	for rest := s; ; {
		i := strings.Index(rest, "{")
		end := -1
		if i >= 0 {
			end = strings.IndexByte(rest[i:], '}')
		}
		if end < 0 {
			b.WriteString(rest)
			break
		}
		value, ok := variables[rest[i+1:i+end]]
		switch {
		case ok && i > 0 && rest[i-1] == '$':
			b.WriteString(rest[:i-1])
			b.WriteString(value)
		case ok && i > 0 && rest[i-1] == '&':
			b.WriteString(rest[:i-1])
			b.WriteString(strings.Map(onlyAlphanumeric, value))
		default:
			end = 0 // this brace is text; another may begin right behind it
			b.WriteString(rest[:i+1])
		}
		if x.bytes+b.Len() > maxResolved {
			return "", InvalidAt(pos, "Template error: the loops of the template make more than %d bytes", maxResolved)
		}
		rest = rest[i+end+1:]
	}
	x.bytes += b.Len()
	return b.String(), nil
}

func onlyAlphanumeric(r rune) rune {
	if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}
