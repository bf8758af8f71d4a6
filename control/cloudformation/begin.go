package cloudformation

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
	"github.com/lamgate/lamgate/state"
)

// A request is what the operations that deploy a template have in common.
type request struct {
	caller        aws.Caller
	stack         string
	body, url     *string
	usePrevious   bool
	parameters    []api.Parameter
	tags          []api.Tag
	capabilities  []string
	notifications []string
	roleARN       string
	unsupported   map[string]bool // parameters that lamgate lacks, and whether they are set
}

// refuse names a parameter that lamgate lacks and would otherwise drop.
func (r *request) refuse() error {
	for _, name := range slices.Sorted(maps.Keys(r.unsupported)) {
		if r.unsupported[name] {
			return template.Invalid("lamgate does not support the parameter %s", name)
		}
	}
	if len(r.notifications) > 0 {
		return template.Invalid("lamgate does not support the parameter NotificationARNs, as it has no SNS yet")
	}
	return nil
}

// standard reports whether a deployment is to go as all do: waiting for what it
// makes, and back where it fails.
func standard(c *api.DeploymentConfig) bool {
	return c == nil || (c.Mode == nil || *c.Mode == "STANDARD") && !aws.Value(c.DisableRollback)
}

// source returns the text of the template of a request.
func (s *Service) source(ctx context.Context, r *request, st *stack) (string, error) {
	given := 0
	for _, set := range []bool{r.body != nil, r.url != nil, r.usePrevious} {
		if set {
			given++
		}
	}
	switch {
	case given > 1:
		return "", template.Invalid("You cannot specify more than one of TemplateBody, TemplateURL and UsePreviousTemplate.")
	case r.body != nil:
		if len(*r.body) > template.MaxInlineBody {
			return "", template.Invalid("1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to %d", template.MaxInlineBody)
		}
		return *r.body, nil
	case r.url != nil:
		return s.fetch(ctx, *r.url)
	case r.usePrevious && st.Definition.Template != "":
		text, err := s.text(st.Account, st.Region, st.Definition.Template)
		if err != nil {
			return "", err
		}
		return text.Body, nil
	}
	return "", template.Invalid("Either Template URL or Template Body must be specified.")
}

// values returns what the request gives the template's parameters; previous
// values are those of st.
func (r *request) values(st *stack) (map[string]string, error) {
	before := st.Definition.values()
	values := make(map[string]string, len(r.parameters))
	for _, p := range r.parameters {
		key := aws.Value(p.ParameterKey)
		switch previous, had := before[key]; {
		case !aws.Value(p.UsePreviousValue):
			values[key] = aws.Value(p.ParameterValue)
		case p.ParameterValue != nil:
			return nil, template.Invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true and non empty value for a parameter", key)
		case !had:
			return nil, template.Invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true for a parameter key not in the previous template", key)
		default:
			values[key] = previous
		}
	}
	return values, nil
}

// A deployment is a template made ready to be deployed to a stack.
type deployment struct {
	*prepared
	definition definition // its Template is not stored yet
}

// deployment reads and checks the template of a request.
func (s *Service) deployment(ctx context.Context, r *request, st *stack) (*deployment, error) {
	if err := r.refuse(); err != nil {
		return nil, err
	}
	body, err := s.source(ctx, r, st)
	if err != nil {
		return nil, err
	}
	values, err := r.values(st)
	if err != nil {
		return nil, err
	}
	d := &deployment{definition: definition{
		Tags: map[string]string{}, Capabilities: r.capabilities, NotificationARNs: r.notifications, RoleARN: r.roleARN,
	}}
	for _, t := range r.tags {
		key := aws.Value(t.Key)
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, template.Invalid("aws: prefixed tag key names are not allowed for external use.")
		}
		if _, twice := d.definition.Tags[key]; twice {
			return nil, template.Invalid("Duplicate tag keys [%s] are not allowed.", key)
		}
		d.definition.Tags[key] = aws.Value(t.Value)
	}
	if d.prepared, err = s.prepare(body, values, r.caller); err != nil {
		return d, err
	}
	if _, err := d.Values(values); err != nil {
		return d, err
	}
	d.definition.Parameters = d.prepared.parameters(values)
	return d, nil
}

// store keeps the template of a deployment.
func (s *Service) store(ctx context.Context, st *stack, d *deployment) error {
	d.definition.Template = aws.NewUUID()
	return state.Create(ctx, s.docs, st.templateKey(d.definition.Template), d.text)
}

// newStack returns the document of a stack that does not exist yet.
func (s *Service) newStack(c aws.Caller, name string) *stack {
	return &stack{
		ID:   c.NewARN("cloudformation", "stack/"+name+"/"+aws.NewUUID()).String(),
		Name: name, Account: c.Account, Region: c.Region, Created: s.now(),
	}
}

// begin changes a stack's document, with the first status of an operation in
// it, and drives that operation.
func (s *Service) begin(ctx context.Context, st *stack, start func(*stack) error) error {
	begun, err := state.Update(ctx, s.docs, st.key(), func(there *stack) error {
		if there.ID != st.ID {
			return template.Invalid(noStackWithID, st.ID)
		}
		return start(there)
	})
	if err != nil {
		return err
	}
	s.launch(begun)
	s.await(ctx, begun)
	return nil
}

// mayUpdate checks that an update may begin.
func (st *stack) mayUpdate() error {
	switch st.Status {
	case createComplete, updateComplete, updateRollbackComplete, updateFailed:
		return nil
	case createFailed:
		if st.DisableRollback {
			return nil
		}
	}
	return template.Invalid("Stack:%s is in %s state and can not be updated.", st.ID, st.Status)
}

// startUpdate turns a stack to an update.
func (s *Service) startUpdate(st *stack, op *operation, d definition) {
	op.Before = make(map[string]*record, len(st.Resources))
	for id, r := range st.Resources {
		if r.PhysicalID == "" || r.Status == deleteComplete {
			delete(st.Resources, id) // never came to be
			continue
		}
		op.Before[id] = r
	}
	old := st.Definition
	op.ID, op.Old, op.OldText, op.Template = aws.NewUUID(), &old, st.Description, d.Template
	op.Doomed, st.Leftover = st.Leftover, nil
	st.Definition, st.Operation, st.Updated = d, op, s.now()
	s.setStatus(st, updateInProgress, "User Initiated")
}

// startCreate turns a new stack, or one in review, to its creation.
func (s *Service) startCreate(st *stack, op *operation, d definition) {
	op.ID, op.Template = aws.NewUUID(), d.Template
	if st.Timeout > 0 {
		op.Deadline = s.now() + int64(st.Timeout)*60_000
	}
	st.Definition, st.Operation = d, op
	s.setStatus(st, createInProgress, "User Initiated")
}

func alreadyExists(name string) error {
	return aws.Faultf(http.StatusBadRequest, "AlreadyExistsException", "Stack [%s] already exists", name)
}

// claim stores the document of a new stack, whose name nobody else must have. A
// stack that is deleted but not yet out of the way gives way.
func (s *Service) claim(ctx context.Context, st *stack) error {
	for {
		err := state.Create(ctx, s.docs, st.key(), st)
		if !errors.Is(err, state.ErrConflict) {
			return err
		}
		other, err := state.Load[stack](s.docs, st.key())
		switch {
		case errors.Is(err, state.ErrNotFound):
			continue
		case err != nil:
			return err
		case other.Status != deleteComplete:
			return alreadyExists(st.Name)
		}
		if err := s.bury(ctx, other); err != nil {
			return err
		}
	}
}
