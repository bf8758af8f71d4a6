package resource

import (
	"context"
	"net/http"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// A Type is a resource type: a table and the steps of a resource's life.
type Type struct {
	Name       string
	Properties Properties
	Attributes []string // of Fn::GetAtt
	// Identifiers are the properties that identify a resource of the type, as
	// GetTemplateSummary tells them.
	Identifiers []string
	// IAM says that stacks with this type need an acknowledgement, and which
	// property makes it the stronger one.
	IAM          bool
	NameProperty string

	// Named chooses the physical ID before the resource is created. It is nil
	// where the service chooses.
	Named func(*Request) string
	// Find returns the physical IDs of what exists already and cannot be told
	// from what Create would make. The engine asks before it creates, and again
	// if it was killed meanwhile: what is there then and was not before is its
	// own. Nil for types that create nothing.
	Find func(context.Context, *Request) ([]string, error)
	// Create makes the resource. As soon as anything exists it returns an
	// Outcome, even with an error, so that it can be taken back.
	Create func(context.Context, *Request) (*Outcome, error)
	// Update changes the resource from Previous to Properties. It converges:
	// done twice, or after having been done by half, it comes to the same.
	Update func(context.Context, *Request) (*Outcome, error)
	// Delete removes the resource; that it does not exist is no error.
	Delete func(context.Context, *Request) error
}

// A Request is what a step is told. Account, region and caller are in its
// context.
type Request struct {
	StackID, StackName, LogicalID string

	PhysicalID         string         // as Named chose it before Create; else the resource's
	Properties         *template.Node // resolved and checked; never nil
	Previous           *template.Node // Update: what they were
	Tags, PreviousTags map[string]string
}

// An Outcome is what a step has made.
type Outcome struct {
	PhysicalID string
	Ref        string // "" if Ref gives the physical ID
	Remark     string // what of the template lamgate does not do; the reason of the event
	Attributes map[string]string
}

// Value returns what Ref (attribute "") or Fn::GetAtt gives.
func (o *Outcome) Value(attribute string) (string, bool) {
	if attribute != "" {
		v, ok := o.Attributes[attribute]
		return v, ok
	}
	if o.Ref != "" {
		return o.Ref, true
	}
	return o.PhysicalID, true
}

// A Catalogue holds the types by their names.
type Catalogue map[string]*Type

// text returns the text of a scalar property, or "".
func (r *Request) text(path ...string) string {
	if n := r.Properties.At(path...); n.Scalar() {
		return n.Text
	}
	return ""
}

// previous is text of what the properties were.
func (r *Request) previous(path ...string) string {
	if n := r.Previous.At(path...); n.Scalar() {
		return n.Text
	}
	return ""
}

// changed reports whether a property is not what it was.
func (r *Request) changed(name string) bool {
	return !template.Equal(r.Properties.Get(name), r.Previous.Get(name))
}

// gone turns an error that says that the thing does not exist into none. AWS:
// CloudWatch Logs says so with 400.
func gone(err error) error {
	if f := aws.AsFault(err); f != nil && (f.Status == http.StatusNotFound || f.Code == "ResourceNotFoundException") {
		return nil
	}
	return err
}

// absent reports whether an error says that the thing does not exist.
func absent(err error) bool { return err != nil && gone(err) == nil }

// optional returns a pointer to s, or nil if it is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
