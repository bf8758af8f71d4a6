package template

import (
	"fmt"
	"strconv"
)

// A Kind is the kind of a Node.
type Kind uint8

// The kinds of nodes.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Map
	Unknown // a value that exists only once some resource does
)

func (k Kind) String() string {
	return [...]string{"Null", "Boolean", "Number", "String", "List", "Map", "Unknown"}[k]
}

// A Pos is a place in the template's text, counted from one; the zero Pos is
// that of a node that nobody wrote.
type Pos struct{ Line, Column int }

func (p Pos) String() string {
	if p.Line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d, column %d", p.Line, p.Column)
}

// A Node is a value of a template. Nodes are shared between trees and are not
// changed once they are built.
type Node struct {
	Pos
	Kind   Kind
	Text   string // of a scalar: as it was written, so that 0123 and 1.10 stay what they are
	Items  []*Node
	Fields []Field
}

// A Field is one member of a Map.
type Field struct {
	Key   string
	Pos   Pos // of the key
	Value *Node
}

// Get returns the member called key, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Fields {
		if n.Fields[i].Key == key {
			return n.Fields[i].Value
		}
	}
	return nil
}

// At returns the node under a path of keys, or nil.
func (n *Node) At(path ...string) *Node {
	for _, key := range path {
		n = n.Get(key)
	}
	return n
}

// Scalar reports whether the node is a string, number or boolean.
func (n *Node) Scalar() bool {
	return n != nil && (n.Kind == String || n.Kind == Number || n.Kind == Bool)
}

// IsString reports whether the node is the string s.
func (n *Node) IsString(s string) bool { return n != nil && n.Kind == String && n.Text == s }

// NewString returns a string node at a place.
func NewString(pos Pos, s string) *Node { return &Node{Pos: pos, Kind: String, Text: s} }

// NewNumber returns a number node at a place.
func NewNumber(pos Pos, v int) *Node {
	return &Node{Pos: pos, Kind: Number, Text: strconv.Itoa(v)}
}

// NewList returns a list node at a place.
func NewList(pos Pos, items ...*Node) *Node { return &Node{Pos: pos, Kind: List, Items: items} }

// NewStrings returns a list of strings at a place.
func NewStrings(pos Pos, values ...string) *Node {
	n := &Node{Pos: pos, Kind: List, Items: make([]*Node, 0, len(values))}
	for _, v := range values {
		n.Items = append(n.Items, NewString(pos, v))
	}
	return n
}

// NewMap returns a map node at a place; fields whose value is nil are left out.
func NewMap(pos Pos, fields ...Field) *Node {
	n := &Node{Pos: pos, Kind: Map}
	for _, f := range fields {
		if f.Value != nil {
			n.Fields = append(n.Fields, f)
		}
	}
	return n
}

// F is a Field at the place of its value.
func F(key string, value *Node) Field {
	if value == nil {
		return Field{Key: key}
	}
	return Field{Key: key, Pos: value.Pos, Value: value}
}

// With returns a copy of the map with key set to value, in its old place if it
// had one; a nil value removes it.
func (n *Node) With(key string, value *Node) *Node {
	out := &Node{Pos: n.Pos, Kind: Map, Fields: make([]Field, 0, len(n.Fields)+1)}
	found := false
	for _, f := range n.Fields {
		if f.Key == key {
			found = true
			if value == nil {
				continue
			}
			f.Value = value
		}
		out.Fields = append(out.Fields, f)
	}
	if !found && value != nil {
		out.Fields = append(out.Fields, F(key, value))
	}
	return out
}

// Equal reports whether two nodes say the same: the order of a map's members
// does not matter, nor whether a scalar is written as a string. An Unknown
// equals nothing.
func Equal(a, b *Node) bool {
	switch {
	case a == nil || b == nil:
		return a == b
	case a.Scalar() && b.Scalar():
		return a.Text == b.Text
	case a.Kind != b.Kind || a.Kind == Unknown:
		return false
	}
	if len(a.Items) != len(b.Items) || len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Items {
		if !Equal(a.Items[i], b.Items[i]) {
			return false
		}
	}
	others := make(map[string]*Node, len(b.Fields))
	for _, f := range b.Fields {
		others[f.Key] = f.Value
	}
	for _, f := range a.Fields {
		if other := others[f.Key]; other == nil || !Equal(f.Value, other) {
			return false
		}
	}
	return true
}

// HasUnknown reports whether something in the node is not known yet.
func (n *Node) HasUnknown() bool {
	if n == nil {
		return false
	}
	if n.Kind == Unknown {
		return true
	}
	for _, item := range n.Items {
		if item.HasUnknown() {
			return true
		}
	}
	for _, f := range n.Fields {
		if f.Value.HasUnknown() {
			return true
		}
	}
	return false
}
