package botocore

import "fmt"

// Select leaves of a model the named operations, without the errors that only
// others have.
func (m *Model) Select(names []string) error {
	kept := map[string]*Operation{}
	for _, name := range names {
		op, ok := m.Operations[name]
		if !ok {
			return fmt.Errorf("the model has no operation %q", name)
		}
		kept[name] = op
	}
	mine := map[string]bool{}
	for _, op := range kept {
		for _, e := range op.Errors {
			mine[e.Shape] = true
		}
	}
	for _, op := range m.Operations {
		for _, e := range op.Errors {
			if !mine[e.Shape] {
				delete(m.Shapes, e.Shape)
			}
		}
	}
	m.Operations = kept
	return nil
}
