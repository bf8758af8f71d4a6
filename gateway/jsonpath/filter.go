package jsonpath

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/lamgate/lamgate/gateway/value"
)

// errInvalid is an expression that cannot be decided for an item, such as
// in without a list.
var errInvalid = errors.New("invalid")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errInvalid}, args...)...)
}

// predicate is a filter's expression, compiled.
type predicate interface {
	holds(r *reading, item value.Value) (bool, error)
}

// accepts decides a filter for an item.
//
// AWS: what cannot be decided is false, the expression as a whole, whatever its
// other parts say.
func (r *reading) accepts(p predicate, item value.Value) (bool, error) {
	ok, err := p.holds(r, item)
	if err != nil && (errors.Is(err, errInvalid) || isNotFound(err)) {
		return false, nil
	}
	return ok, err
}

type anyOf []predicate

func (terms anyOf) holds(r *reading, item value.Value) (bool, error) {
	for _, t := range terms {
		if ok, err := t.holds(r, item); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

type allOf []predicate

func (terms allOf) holds(r *reading, item value.Value) (bool, error) {
	for _, t := range terms {
		if ok, err := t.holds(r, item); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

type not struct{ term predicate }

func (n not) holds(r *reading, item value.Value) (bool, error) {
	ok, err := n.term.holds(r, item)
	return !ok, err
}

// exists asks whether a path leads anywhere, or with missing that it does not.
//
// AWS: null is somewhere; a path that may lead to several values exists even if
// it leads to none; and $ is the item here, not the document.
type exists struct {
	path    *Path
	missing bool
}

func (e exists) holds(r *reading, item value.Value) (bool, error) {
	_, err := r.read(e.path, item, true)
	if err != nil && !isNotFound(err) {
		return false, err
	}
	return (err == nil) != e.missing, nil
}

type operator string

func (op operator) known() bool {
	switch op {
	case "==", "!=", "===", "!==", "<", "<=", ">", ">=", "=~", "in", "nin", "contains", "all",
		"size", "exists", "type", "matches", "empty", "subsetof", "anyof", "noneof":
		return true
	}
	return false
}

// relation compares two operands.
type relation struct {
	op          operator
	left, right operand
}

func (rel relation) holds(r *reading, item value.Value) (bool, error) {
	if err := r.spend(1); err != nil {
		return false, err
	}
	left, err := rel.left.evaluate(r, item)
	if err != nil {
		return false, err
	}
	right, err := rel.right.evaluate(r, item)
	if err != nil {
		return false, err
	}
	switch rel.op {
	case "==":
		return r.equal(left, right)
	case "!=":
		ok, err := r.equal(left, right)
		return !ok, err
	case "===", "!==":
		same := left.kind == right.kind
		if same {
			same, err = r.equal(left, right)
		}
		return same == (rel.op == "==="), err
	case "<", "<=", ">", ">=":
		return order(left, right, rel.op), nil
	case "=~":
		return r.matches(left, right)
	case "in", "nin":
		ok, err := r.in(left, right)
		return ok == (rel.op == "in"), err
	case "contains":
		return r.contains(left, right)
	case "size":
		return hasSize(left, right), nil
	case "empty":
		return isEmpty(left, right)
	case "subsetof", "anyof", "noneof":
		return r.compareLists(left, right, rel.op)
	case "exists":
		if left.kind != boolNode || right.kind != boolNode {
			return false, invalid("exists needs booleans")
		}
		return left.value == right.value, nil
	}
	// AWS: all, type and matches are for predicates written in Java; in a path
	// they never hold.
	return false, invalid("%s cannot be used in a path", rel.op)
}

func (r *reading) in(left, right node) (bool, error) {
	if right.kind != jsonNode {
		return false, invalid("in needs a list")
	}
	list, ok := right.value.(*value.List)
	if !ok {
		return false, nil
	}
	return r.member(left, list)
}

// member reports whether a list has an item equal to n.
func (r *reading) member(n node, list *value.List) (bool, error) {
	nodes, err := r.listNodes(list)
	if err != nil {
		return false, err
	}
	for _, item := range nodes {
		if ok, err := r.equal(n, item); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (r *reading) contains(left, right node) (bool, error) {
	switch left.kind {
	case textNode:
		if right.kind != textNode {
			return false, nil
		}
		if err := r.spend(1 + len(left.text())/64); err != nil {
			return false, err
		}
		return strings.Contains(left.text(), right.text()), nil
	case jsonNode:
		if list, ok := left.value.(*value.List); ok {
			return r.member(right, list)
		}
	}
	return false, nil
}

func hasSize(left, right node) bool {
	if right.kind != numberNode {
		return false
	}
	size := int64(-1)
	switch left.kind {
	case textNode:
		size = utf16Length(left.text())
	case jsonNode:
		if list, ok := left.value.(*value.List); ok {
			size = int64(len(list.Items))
		}
	default:
		return false
	}
	return size == truncated(right.value)
}

func utf16Length(s string) (n int64) {
	for _, r := range s {
		n += int64(utf16.RuneLen(r))
	}
	return n
}

func isEmpty(left, right node) (bool, error) {
	empty := false
	switch left.kind {
	case textNode:
		empty = left.text() == ""
	case jsonNode:
		switch x := left.value.(type) {
		case *value.List:
			empty = len(x.Items) == 0
		case *value.Map:
			empty = x.Len() == 0
		}
	default:
		return false, nil
	}
	if right.kind != boolNode {
		return false, invalid("empty needs true or false")
	}
	return empty == right.value, nil
}

func (r *reading) compareLists(left, right node, op operator) (bool, error) {
	if left.kind != jsonNode || right.kind != jsonNode {
		return false, invalid("%s needs lists", op)
	}
	a, ok := left.value.(*value.List)
	b, too := right.value.(*value.List)
	if !ok || !too {
		return false, nil
	}
	nodes, err := r.listNodes(a)
	if err != nil {
		return false, err
	}
	for _, n := range nodes {
		found, err := r.member(n, b)
		if err != nil {
			return false, err
		}
		switch {
		case found && op == "anyof":
			return true, nil
		case found && op == "noneof", !found && op == "subsetof":
			return false, nil
		}
	}
	return op != "anyof", nil
}
