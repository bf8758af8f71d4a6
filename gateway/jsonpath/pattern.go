package jsonpath

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"

	"github.com/lamgate/lamgate/gateway/value"
)

const (
	// matchTimeout ends a match that backtracks too much.
	matchTimeout = 100 * time.Millisecond
	// backtrackCost is what such a match costs of a reading's budget.
	backtrackCost = 2000
)

// pattern is a regular expression of Java's. Go's own engine, whose time grows
// with the text only, has those it understands; lookarounds, backreferences and
// atomic groups need one that backtracks, under a timeout.
type pattern struct {
	linear    *regexp.Regexp
	backtrack *regexp2.Regexp
}

// compilePattern compiles /expr/flags; the whole text must match.
func compilePattern(expr, flags string) (*pattern, error) {
	modes, options := "", regexp2.RegexOptions(regexp2.None)
	comments := false
	for _, f := range flags {
		switch f {
		case 'i':
			modes, options = modes+"i", options|regexp2.IgnoreCase
		case 'm':
			modes, options = modes+"m", options|regexp2.Multiline
		case 's':
			modes, options = modes+"s", options|regexp2.Singleline
		case 'x':
			comments, options = true, options|regexp2.IgnorePatternWhitespace
		case 'd', 'u', 'U':
			// Unix lines and Unicode: both engines have them anyway.
		default:
			return nil, fmt.Errorf("the pattern has an unknown flag %q", f)
		}
	}
	if modes != "" {
		modes = "(?" + modes + ")"
	}
	if !comments {
		if linear, err := regexp.Compile(modes + `\A(?:` + expr + `)\z`); err == nil {
			return &pattern{linear: linear}, nil
		}
	}
	if comments {
		// Or a comment at the end would take the parenthesis with it.
		expr += "\n"
	}
	backtrack, err := regexp2.Compile(`\A(?:`+expr+`)\z`, options)
	if err != nil {
		return nil, fmt.Errorf("the pattern is malformed: %w", err)
	}
	backtrack.MatchTimeout = matchTimeout
	return &pattern{backtrack: backtrack}, nil
}

func (p *pattern) match(r *reading, text string) (bool, error) {
	if p.linear != nil {
		if err := r.spend(1 + len(text)*len(p.linear.String())/32); err != nil {
			return false, err
		}
		return p.linear.MatchString(text), nil
	}
	if err := r.spend(backtrackCost + len(text)); err != nil {
		return false, err
	}
	ok, err := p.backtrack.MatchString(text)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrBudget, err)
	}
	return ok, nil
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
		return right.pattern.match(r, subject(left))
	}
	nodes, err := r.listNodes(list)
	if err != nil {
		return false, err
	}
	for _, n := range nodes {
		if ok, err := right.pattern.match(r, subject(n)); ok || err != nil {
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
