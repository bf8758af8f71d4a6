package jsonpath

import (
	"errors"
	"strings"

	"github.com/lamgate/lamgate/gateway/pattern"
	"github.com/lamgate/lamgate/gateway/value"
)

type nodeKind uint8

const (
	undefinedNode nodeKind = iota
	nullNode
	boolNode
	numberNode
	textNode
	// jsonNode is a list or an object.
	jsonNode
	patternNode
	// strangeNode is equal to nothing.
	strangeNode
)

// node is a value as filters compare it.
type node struct {
	kind    nodeKind
	value   value.Value
	pattern *pattern.Pattern
	// literal says that a jsonNode stands in the path itself.
	literal bool
}

func (n node) text() string { s, _ := n.value.(string); return s }

func nodeOf(v value.Value) node {
	switch v.(type) {
	case nil:
		return node{kind: nullNode}
	case bool:
		return node{kind: boolNode, value: v}
	case string:
		return node{kind: textNode, value: v}
	case *value.List, *value.Map:
		return node{kind: jsonNode, value: v}
	}
	if value.IsNumber(v) {
		return node{kind: numberNode, value: v}
	}
	return node{kind: strangeNode, value: v}
}

// operand is one side of a relation: a path, or what stands there.
type operand struct {
	path *Path
	node node
}

func (o operand) evaluate(r *reading, item value.Value) (node, error) {
	if o.path == nil {
		return o.node, nil
	}
	v, err := r.operandValue(o.path, item)
	if err != nil {
		if isNotFound(err) {
			return node{kind: undefinedNode}, nil
		}
		return node{}, err
	}
	return nodeOf(v), nil
}

// operandValue reads a path of a filter; one that begins at the document is read
// once, whatever the number of items.
func (r *reading) operandValue(p *Path, item value.Value) (value.Value, error) {
	if !p.fromRoot {
		return r.read(p, item, false)
	}
	if o, ok := r.cache[p]; ok {
		return o.value, o.err
	}
	v, err := r.read(p, r.root, false)
	if r.cache == nil {
		r.cache = map[*Path]outcome{}
	}
	r.cache[p] = outcome{value: v, err: err}
	return v, err
}

// listNodes makes nodes of a list's items for in, contains and their like.
//
// AWS: Jayway cannot do it with lists and objects among the items, and reading
// the whole path fails. A string in the list that is a path itself ("$.a"), or
// JSON, is equal to no string.
func (r *reading) listNodes(l *value.List) ([]node, error) {
	if err := r.spend(len(l.Items)); err != nil {
		return nil, err
	}
	nodes := make([]node, len(l.Items))
	for i, v := range l.Items {
		n := nodeOf(v)
		switch n.kind {
		case jsonNode:
			return nil, errors.New("a list in a filter has lists or objects among its items, which cannot be compared")
		case textNode:
			s, err := r.listString(n.text())
			if err != nil {
				return nil, err
			}
			n = s
		}
		nodes[i] = n
	}
	return nodes, nil
}

// parseCost is how many steps of the budget a byte of a path costs to parse: it
// may be part of a regular expression.
const parseCost = 50

func (r *reading) listString(s string) (node, error) {
	text := strings.TrimSpace(s)
	if text == "" {
		return node{kind: textNode, value: s}, nil
	}
	strange := false
	switch first, last := text[0], text[len(text)-1]; {
	case first == '$' || first == '@':
		if err := r.spend(parseCost * min(len(text), MaxLength)); err != nil {
			return node{}, err
		}
		_, err := Parse(text)
		strange = err == nil
	case first == '[' && last == ']', first == '{' && last == '}':
		if err := r.spend(len(text)); err != nil {
			return node{}, err
		}
		_, err := value.ParseLoose([]byte(text))
		strange = err == nil
	case first == last && len(s) > 1 && s[0] == first && (first == '\'' || first == '"') && s[len(s)-1] == last:
		return node{kind: textNode, value: unescape(s[1 : len(s)-1])}, nil
	}
	if strange {
		return node{kind: strangeNode}, nil
	}
	return node{kind: textNode, value: unescape(s)}, nil
}

// equal is ==.
//
// AWS: README of the library says that 1 is not equal to '1'; it is. A string
// and a number are equal as strings if the string is on the left, and as numbers
// if it is on the right. A missing value equals nothing, not even null. JSON in
// the path equals a value only on the right.
func (r *reading) equal(left, right node) (bool, error) {
	switch left.kind {
	case nullNode:
		return right.kind == nullNode, nil
	case boolNode:
		return right.kind == boolNode && left.value == right.value, nil
	case textNode:
		switch right.kind {
		case textNode:
			return left.text() == right.text(), nil
		case numberNode:
			return left.text() == numberText(right.value), nil
		}
	case numberNode:
		number := right.value
		if right.kind == textNode {
			n, err := value.ParseNumber(right.text())
			if err != nil {
				return false, nil
			}
			number = n
		} else if right.kind != numberNode {
			return false, nil
		}
		c, ok := value.Compare(left.value, number)
		return ok && c == 0, nil
	case jsonNode:
		if right.kind != jsonNode || left.literal {
			return false, nil
		}
		same := value.Same(left.value, right.value, &r.budget)
		return same, r.spend(0)
	}
	return false, nil
}

// numberText is a number in the form of Java's BigDecimal.
func numberText(v value.Value) string {
	text := value.Text(v)
	if d, err := value.ParseDecimal(text); err == nil {
		return string(d)
	}
	return text
}

// truncated is a number without its fraction; -2 if it is too large to be a size.
func truncated(v value.Value) int64 {
	switch x := v.(type) {
	case int64:
		return x
	case float64:
		if x > -1 && x < 1<<31 {
			return int64(x)
		}
	case value.Decimal:
		return truncated(x.Float64())
	}
	return -2
}

// order is < and its like: numbers with numbers, and strings with strings or the
// texts of numbers; all else has no order.
func order(left, right node, op operator) bool {
	c := 0
	switch {
	case left.kind == numberNode && right.kind == numberNode:
		c, _ = value.Compare(left.value, right.value)
	case left.kind == textNode && right.kind == textNode:
		c = strings.Compare(left.text(), right.text())
	case left.kind == textNode && right.kind == numberNode:
		c = strings.Compare(left.text(), numberText(right.value))
	case left.kind == numberNode && right.kind == textNode:
		c = strings.Compare(numberText(left.value), right.text())
	default:
		return false
	}
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}
