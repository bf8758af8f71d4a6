package jsonpath

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lamgate/lamgate/gateway/pattern"
	"github.com/lamgate/lamgate/gateway/value"
)

// maxBacktracking is the time that one Read has for regular expressions that
// have to try.
const maxBacktracking = 3 * pattern.MatchTime

// compilePattern compiles /expr/flags; the whole text must match.
func compilePattern(expr, flags string) (*pattern.Pattern, error) {
	p, err := pattern.Compile(expr, pattern.Options{Flags: flags, Whole: true})
	if err != nil {
		return nil, fmt.Errorf("the pattern is malformed: %w", err)
	}
	return p, nil
}

func (r *reading) match(p *pattern.Pattern, text string) (bool, error) {
	if err := r.spend(p.Cost(len(text))); err != nil {
		return false, err
	}
	ok, err := p.Match(text, &r.backtracking)
	if errors.Is(err, pattern.ErrTime) {
		err = fmt.Errorf("%w: %w", ErrBudget, err)
	}
	return ok, err
}

// matches is =~, with the pattern on either side. Of a list one item must match.
//
// AWS: what has no text, a missing value too, is matched as the empty string.
func (r *reading) matches(left, right node) (bool, error) {
	if left.kind == patternNode {
		left, right = right, left
	}
	if right.kind != patternNode || left.kind == patternNode {
		return false, nil
	}
	list, ok := left.value.(*value.List)
	if !ok {
		return r.match(right.pattern, subject(left))
	}
	nodes, err := r.listNodes(list)
	if err != nil {
		return false, err
	}
	for _, n := range nodes {
		if ok, err := r.match(right.pattern, subject(n)); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func subject(n node) string {
	switch n.kind {
	case textNode:
		return n.text()
	case numberNode:
		return numberText(n.value)
	case boolNode:
		return strings.ToLower(value.Text(n.value))
	}
	return ""
}
