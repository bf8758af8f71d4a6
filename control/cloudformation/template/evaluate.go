package template

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/aws"
)

// Evaluate resolves every function in n. The result keeps the places of the
// nodes it came from; it is nil if n is AWS::NoValue. What depends on an
// Unknown is Unknown.
func (t *Template) Evaluate(n *Node, s *Scope) (*Node, error) {
	return (&evaluator{t, s}).value(n)
}

type evaluator struct {
	*Template
	*Scope
}

func (e *evaluator) value(n *Node) (*Node, error) {
	if e.produced += len(n.Text) + 16; e.produced > maxResolved {
		return nil, InvalidAt(n.Pos, "Template error: the template's functions resolve to more than %d bytes", maxResolved)
	}
	if name, arg := n.function(); name != "" {
		v, err := e.function(name, arg, n)
		if v != nil && v.Pos != n.Pos {
			moved := *v // an error about this value belongs to where it is used
			moved.Pos = n.Pos
			v = &moved
		}
		return v, err
	}
	switch n.Kind {
	case String:
		if strings.Contains(n.Text, "{{resolve:") {
			return nil, InvalidAt(n.Pos, "Template error: lamgate does not support dynamic references ({{resolve:…}})")
		}
		return n, nil
	case List:
		out := &Node{Pos: n.Pos, Kind: List, Items: make([]*Node, 0, len(n.Items))}
		for _, item := range n.Items {
			v, err := e.value(item)
			if err != nil {
				return nil, err
			}
			if v != nil {
				out.Items = append(out.Items, v)
			}
		}
		return out, nil
	case Map:
		out := &Node{Pos: n.Pos, Kind: Map, Fields: make([]Field, 0, len(n.Fields))}
		for _, f := range n.Fields {
			v, err := e.value(f.Value)
			if err != nil {
				return nil, err
			}
			if v != nil {
				out.Fields = append(out.Fields, Field{f.Key, f.Pos, v})
			}
		}
		return out, nil
	}
	return n, nil
}

func (e *evaluator) function(name string, arg, n *Node) (*Node, error) {
	switch name {
	case "Ref":
		return e.ref(arg.Text, n.Pos)
	case "Fn::GetAtt":
		return e.getAtt(n.Pos, arg)
	case "Fn::Sub":
		return e.sub(n.Pos, arg)
	case "Fn::Join":
		return e.join(n.Pos, arg)
	case "Fn::Split":
		return e.split(n.Pos, arg)
	case "Fn::Select":
		return e.selected(n.Pos, arg)
	case "Fn::FindInMap":
		return e.findInMap(n.Pos, arg)
	case "Fn::If":
		return e.value(branch(arg, e.Scope.Conditions))
	case "Fn::Cidr":
		return e.cidr(n.Pos, arg)
	case "Fn::Base64":
		return e.text(n, arg, func(s string) (*Node, error) {
			return NewString(n.Pos, base64.StdEncoding.EncodeToString([]byte(s))), nil
		})
	case "Fn::ImportValue":
		return e.text(n, arg, func(s string) (*Node, error) {
			v, err := e.Import(s)
			if fault := aws.AsFault(err); fault != nil {
				return nil, InvalidAt(n.Pos, "%s", fault.Message)
			}
			return NewString(n.Pos, v), err
		})
	case "Fn::GetAZs":
		return e.text(n, arg, func(s string) (*Node, error) {
			if s == "" {
				s = e.Region
			}
			return NewStrings(n.Pos, s+"a", s+"b", s+"c"), nil
		})
	case "Fn::Length":
		v, err := e.value(arg)
		switch {
		case err != nil || v == nil || v.Kind == Unknown:
			return v, err
		case v.Kind != List:
			return nil, InvalidAt(n.Pos, "Template error: the argument of Fn::Length must be a list")
		}
		return NewNumber(n.Pos, len(v.Items)), nil
	case "Fn::ToJsonString":
		v, err := e.value(arg)
		if err != nil || v == nil || v.HasUnknown() {
			return unknownIf(v, n.Pos), err
		}
		return NewString(n.Pos, v.JSON()), nil
	}
	return nil, InvalidAt(n.Pos, "Template error: encountered unsupported function: %s Supported functions are: [%s]", name, supported)
}

func unknownIf(v *Node, pos Pos) *Node {
	if v == nil {
		return nil
	}
	return &Node{Pos: pos, Kind: Unknown}
}

func (e *evaluator) ref(name string, pos Pos) (*Node, error) {
	if strings.HasPrefix(name, "AWS::") {
		return e.pseudo(name, pos), nil
	}
	if v, ok := e.Scope.Parameters[name]; ok {
		return v, nil
	}
	return e.lookup(name, "", pos)
}

// lookup asks for a resource, which must exist under the template's conditions.
func (e *evaluator) lookup(logicalID, attribute string, pos Pos) (*Node, error) {
	r := e.Resource(logicalID)
	if r == nil || !e.Active(r.Condition) {
		return nil, InvalidAt(pos, "Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", logicalID)
	}
	v, err := e.Lookup(logicalID, attribute)
	if fault := aws.AsFault(err); fault != nil {
		return nil, InvalidAt(pos, "%s", fault.Message)
	}
	return v, err
}

func (e *evaluator) getAtt(pos Pos, arg *Node) (*Node, error) {
	logical, attribute, err := getAtt(pos, arg)
	if err != nil {
		return nil, err
	}
	return e.text(&Node{Pos: pos}, attribute, func(name string) (*Node, error) {
		return e.lookup(logical, name, pos)
	})
}

// text evaluates arg, which must come to a string, and hands that to then.
func (e *evaluator) text(n, arg *Node, then func(string) (*Node, error)) (*Node, error) {
	v, err := e.value(arg)
	switch {
	case err != nil:
		return nil, err
	case v == nil:
		return nil, InvalidAt(n.Pos, "Template error: a function's argument is AWS::NoValue")
	case v.Kind == Unknown:
		return v, nil
	case !v.Scalar():
		return nil, InvalidAt(n.Pos, "Template error: a function's argument must be a string, not a %s", v.Kind)
	}
	return then(v.Text)
}

func (e *evaluator) sub(pos Pos, arg *Node) (*Node, error) {
	text, variables, err := subArguments(pos, arg)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	unknown := false
	for _, part := range subParts(text) {
		if part.name == "" {
			b.WriteString(part.literal)
			continue
		}
		v, err := e.variable(part.name, variables, pos)
		if err != nil {
			return nil, err
		}
		switch {
		case v == nil:
		case v.Kind == Unknown:
			unknown = true
		case !v.Scalar():
			return nil, InvalidAt(pos, "Template error: variable %s in Fn::Sub expression does not resolve to a string", part.name)
		default:
			b.WriteString(v.Text)
		}
		if b.Len() > maxResolved {
			return nil, InvalidAt(pos, "Template error: the template's functions resolve to more than %d bytes", maxResolved)
		}
	}
	if unknown {
		return &Node{Pos: pos, Kind: Unknown}, nil
	}
	return e.produce(pos, b.String())
}

func (e *evaluator) variable(name string, variables *Node, pos Pos) (*Node, error) {
	if v := variables.Get(name); v != nil {
		return e.value(v)
	}
	if logical, attribute, ok := strings.Cut(name, "."); ok {
		return e.lookup(logical, attribute, pos)
	}
	return e.ref(name, pos)
}

// produce accounts for a string that a function has made.
func (e *evaluator) produce(pos Pos, s string) (*Node, error) {
	if e.produced += len(s); e.produced > maxResolved {
		return nil, InvalidAt(pos, "Template error: the template's functions resolve to more than %d bytes", maxResolved)
	}
	if strings.Contains(s, "{{resolve:") {
		return nil, InvalidAt(pos, "Template error: lamgate does not support dynamic references ({{resolve:…}})")
	}
	return NewString(pos, s), nil
}

// list evaluates arg, which must come to a list of scalars. known is false if
// that cannot be said yet.
func (e *evaluator) list(pos Pos, arg *Node, complaint string) (items []string, known bool, err error) {
	v, err := e.value(arg)
	if err != nil {
		return nil, false, err
	}
	if v.HasUnknown() {
		return nil, false, nil
	}
	if v == nil || v.Kind != List {
		return nil, false, InvalidAt(pos, "%s", complaint)
	}
	for _, item := range v.Items {
		if !item.Scalar() {
			return nil, false, InvalidAt(pos, "%s", complaint)
		}
		items = append(items, item.Text)
	}
	return items, true, nil
}

func (e *evaluator) join(pos Pos, arg *Node) (*Node, error) {
	items, known, err := e.list(pos, arg.Items[1], "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.")
	if err != nil || !known {
		return &Node{Pos: pos, Kind: Unknown}, err
	}
	return e.produce(pos, strings.Join(items, arg.Items[0].Text))
}

func (e *evaluator) split(pos Pos, arg *Node) (*Node, error) {
	return e.text(&Node{Pos: pos}, arg.Items[1], func(s string) (*Node, error) {
		if e.produced += len(s) + 16*strings.Count(s, arg.Items[0].Text); e.produced > maxResolved {
			return nil, InvalidAt(pos, "Template error: the template's functions resolve to more than %d bytes", maxResolved)
		}
		return NewStrings(pos, strings.Split(s, arg.Items[0].Text)...), nil
	})
}

func (e *evaluator) selected(pos Pos, arg *Node) (*Node, error) {
	return e.text(&Node{Pos: pos}, arg.Items[0], func(index string) (*Node, error) {
		list, err := e.value(arg.Items[1])
		if err != nil {
			return nil, err
		}
		i, err := strconv.Atoi(index)
		switch {
		case err != nil:
			return nil, InvalidAt(pos, "Template error: Fn::Select requires an integer index, not %q", index)
		case list == nil:
			return nil, InvalidAt(pos, "Template error: Fn::Select cannot select from AWS::NoValue")
		case list.Kind == Unknown:
			return list, nil
		case list.Kind != List:
			return nil, InvalidAt(pos, "Template error: Fn::Select requires a list argument with two elements: an integer index and a list")
		case i < 0 || i >= len(list.Items):
			return nil, InvalidAt(pos, "Template error: Fn::Select cannot select nonexistent value at index %d", i)
		}
		return list.Items[i], nil
	})
}

func (e *evaluator) findInMap(pos Pos, arg *Node) (*Node, error) {
	var keys [3]string
	for i := range keys {
		v, err := e.value(arg.Items[i])
		if err != nil {
			return nil, err
		}
		if !v.Scalar() {
			return nil, InvalidAt(pos, "Template error: every key of Fn::FindInMap must be a string that parameters decide")
		}
		keys[i] = v.Text
	}
	if v := e.Mappings.At(keys[:]...); v != nil {
		return v, nil
	}
	if len(arg.Items) == 4 {
		if def := arg.Items[3].Get("DefaultValue"); def != nil {
			return e.value(def)
		}
	}
	if e.Mappings.Get(keys[0]) == nil {
		return nil, InvalidAt(pos, "Template format error: Mapping named '%s' is not present in the 'Mappings' section of template.", keys[0])
	}
	return nil, InvalidAt(pos, "Template error: Unable to get mapping for %s::%s::%s", keys[0], keys[1], keys[2])
}

func (e *evaluator) cidr(pos Pos, arg *Node) (*Node, error) {
	var v [3]string
	v[2] = "8" // AWS: without the third argument, blocks of 256 addresses
	for i, item := range arg.Items {
		n, err := e.value(item)
		if err != nil {
			return nil, err
		}
		if n.HasUnknown() {
			return &Node{Pos: pos, Kind: Unknown}, nil
		}
		if !n.Scalar() {
			return nil, InvalidAt(pos, "Template error: every argument of Fn::Cidr must be a string or a number")
		}
		v[i] = n.Text
	}
	block, err := netip.ParsePrefix(v[0])
	if err != nil {
		return nil, InvalidAt(pos, "Template error: Fn::Cidr: %q is not an IP block", v[0])
	}
	count, err1 := strconv.Atoi(v[1])
	bits, err2 := strconv.Atoi(v[2])
	size := block.Addr().BitLen()
	if err1 != nil || err2 != nil || count < 1 || count > 256 || bits < 1 || bits > size {
		return nil, InvalidAt(pos, "Template error: Fn::Cidr needs a count from 1 to 256 and a number of bits from 1 to %d", size)
	}
	prefix := size - bits
	if prefix < block.Bits() || prefix-block.Bits() < 31 && count > 1<<(prefix-block.Bits()) {
		return nil, InvalidAt(pos, "Template error: Fn::Cidr: %s has no room for %d blocks of %d bits", v[0], count, bits)
	}
	out := NewList(pos)
	for address := block.Masked().Addr(); count > 0; count-- {
		out.Items = append(out.Items, NewString(pos, netip.PrefixFrom(address, prefix).String()))
		address = after(address, bits)
	}
	return out, nil
}

// after returns the address 2^bits behind a.
func after(a netip.Addr, bits int) netip.Addr {
	b := a.AsSlice()
	i := len(b) - 1 - bits/8
	for carry := 1 << (bits % 8); i >= 0 && carry > 0; i-- {
		carry += int(b[i])
		b[i] = byte(carry)
		carry >>= 8
	}
	next, _ := netip.AddrFromSlice(b)
	return next
}
