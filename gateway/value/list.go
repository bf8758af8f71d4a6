package value

// List is a JSON array; templates and paths share it by reference, as in Java.
type List struct{ Items []Value }

// NewList returns a list of the items.
func NewList(items ...Value) *List { return &List{Items: items} }
