package sam

import (
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// Options are what the transform needs beside the template.
type Options struct {
	Parameters map[string]string
	Region     string
}

// Transform replaces.
func Transform(root *template.Node, o Options) (*template.Node, error) {
	return nil, template.Invalid("not yet")
}

// A Fault is what the transform finds wrong.
type Fault struct{ fault *aws.Fault }

func (f *Fault) Error() string { return f.fault.Message }

// Unwrap returns the fault as operations answer it.
func (f *Fault) Unwrap() error { return f.fault }
