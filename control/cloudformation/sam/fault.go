package sam

import (
	"fmt"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// A Fault is what the transform finds wrong with a template, in SAM's words.
type Fault struct{ fault *aws.Fault }

func (f *Fault) Error() string { return f.fault.Message }

// Unwrap returns the fault as operations answer it.
func (f *Fault) Unwrap() error { return f.fault }

// maxProblems is how many problems a Fault names.
const maxProblems = 10

// problems collects everything that is wrong, so that one look mends it all.
type problems struct{ list []string }

func (p *problems) add(pos template.Pos, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if pos.Line > 0 {
		text += fmt.Sprintf(" (%s)", pos)
	}
	p.list = append(p.list, text)
}

// resource notes a problem with one resource.
func (p *problems) resource(id string, pos template.Pos, format string, args ...any) {
	p.add(pos, "Resource with id [%s] is invalid. %s", id, fmt.Sprintf(format, args...))
}

// event notes a problem with one event of a function.
func (p *problems) event(function, id string, pos template.Pos, format string, args ...any) {
	p.resource(function, pos, "Event with id [%s] is invalid. %s", id, fmt.Sprintf(format, args...))
}

func (p *problems) fault() error {
	if len(p.list) == 0 {
		return nil
	}
	shown := p.list
	if len(shown) > maxProblems {
		shown = append(shown[:maxProblems:maxProblems], "…")
	}
	return &Fault{template.Invalid("Transform %s failed with: Invalid Serverless Application Specification document. Number of errors found: %d. %s",
		template.ServerlessTransform, len(p.list), strings.Join(shown, " "))}
}
