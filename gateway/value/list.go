package value

// List is a JSON array; templates and paths share it by reference, as in Java.
type List struct {
	Items []Value

	// Java lists are those that templates make. They are printed [a, b], as
	// Java prints a list; those read from JSON print as JSON. In JSON and in
	// comparisons they are equal.
	Java bool
}

// NewList returns a list of the items.
func NewList(items ...Value) *List { return &List{Items: items} }
