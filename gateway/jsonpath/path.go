package jsonpath

import (
	"errors"
	"fmt"

	"github.com/lamgate/lamgate/gateway/value"
)

const (
	// MaxLength is how long a path may be, in bytes.
	MaxLength = 8 << 10
	// maxNesting is how deeply filters, parentheses and parameters may nest.
	maxNesting = 32
	// maxPatterns is how large the regular expressions of a path may be, once
	// their repetitions are unfolded.
	maxPatterns = 10_000
	// DefaultBudget is how many steps Read takes: a deep scan looks at every
	// value once, and a body of 10 MB holds five million at most.
	DefaultBudget = 10_000_000
)

var (
	// ErrNotFound is what a path leads to when it leads nowhere. The errors
	// that match it say where they stopped.
	ErrNotFound = errors.New("no results for the path")
	// ErrBudget is returned when reading takes too many steps, or goes too deep.
	ErrBudget = errors.New("reading the path takes too much work")
)

// Path is a parsed path, safe for concurrent use.
type Path struct {
	text  string
	steps []step
	// fromRoot is false for a path of a filter's current item, @.
	fromRoot bool
	definite bool
	// plain says that all steps are single names and indexes.
	plain bool
}

// SyntaxError tells what is wrong with a path and where.
type SyntaxError struct {
	Path string
	// Position counts bytes from zero.
	Position int
	Message  string
}

func (e *SyntaxError) Error() string {
	path := e.Path
	if len(path) > 200 {
		path = path[:200] + "…"
	}
	return fmt.Sprintf("JSONPath %q: %s at position %d", path, e.Message, e.Position)
}

// NotFoundError matches ErrNotFound and says which step of the path failed.
type NotFoundError struct {
	Path string
	Step string
	// Found is what stood where the step would have gone on: "an object without
	// it", "null", "a string".
	Found string
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("no results for the path %s: %s leads nowhere, there is %s", e.Path, e.Step, e.Found)
}

// Is makes errors.Is(err, ErrNotFound) true.
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// Parse reads a path. The error is a *SyntaxError.
func Parse(expr string) (*Path, error) { return parsePath(expr, nil) }

// Definite reports whether the path leads to one value at most. Other paths lead
// to a list.
func (p *Path) Definite() bool { return p.definite }

// String returns the path as it was parsed.
func (p *Path) String() string { return p.text }

// Read returns the value that a definite path leads to, or an error that matches
// ErrNotFound; of other paths a *value.List, which may be empty. A path whose
// definite beginning is missing ($.missing[*]) matches ErrNotFound too.
func (p *Path) Read(root value.Value) (value.Value, error) {
	budget := DefaultBudget
	return p.ReadWithin(root, &budget)
}

// ReadWithin is Read with a budget of steps of one's own, from which it takes
// those that it needs.
func (p *Path) ReadWithin(root value.Value, budget *int) (value.Value, error) {
	if p.plain {
		return p.readPlain(root)
	}
	r := &reading{root: root, budget: *budget, backtracking: maxBacktracking}
	v, err := r.read(p, root, false)
	*budget = r.budget
	return v, err
}
