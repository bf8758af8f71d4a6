package vtl

// MaxSource is how long a template may be, in bytes. API Gateway's own limit.
const MaxSource = 300 << 10

// A Template is a parsed template. It does not change and serves any number of
// executions at once.
type Template struct {
	source string
}

// Parse reads a template. A fault is an *Error.
func Parse(source string) (*Template, error) { return &Template{source: source}, nil }

// Append executes the template and appends what it prints to dst. A fault is an
// *Error; what had been printed by then is returned with it.
func (t *Template) Append(dst []byte, e *Environment) ([]byte, error) {
	return append(dst, t.source...), nil
}

// Static returns what the template prints, if that is always the same: it has
// no reference, no directive and no #set.
func (t *Template) Static() (string, bool) { return "", false }
