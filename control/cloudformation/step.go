package cloudformation

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/resource"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// made returns what a resource of the stack is now. Those that are asked for
// are never being worked on: whoever needs them waits.
func (p *progress) made(id string) (o *resource.Outcome) {
	p.read(func(st *stack) {
		if r := st.Resources[id]; r != nil && !r.Uncertain {
			o = r.outcome()
		}
	})
	return o
}

// A task is one resource on its way to what the template declares.
type task struct {
	*progress
	kind     *resource.Type
	declared *template.Resource
	now      *template.Node // the properties, resolved
	metadata *template.Node
	tags     map[string]string
	needs    []string
}

// step takes one resource to what the template declares.
func (p *progress) step(b *blueprint, id string) error {
	t, err := p.task(b, id)
	if err != nil {
		return p.failStep(id, nil, err)
	}
	var taken step
	var before, current *record
	p.read(func(st *stack) {
		if s := st.Operation.Steps[id]; s != nil {
			taken = *s
		}
		before, current = st.Operation.Before[id], st.Resources[id]
	})
	if taken.Done {
		return nil
	}
	// A step that was begun and not ended is one that a crash came into.
	if (taken.Action == create || taken.Action == replace) && current != nil && current.Uncertain {
		if err := p.removeUncertain(current); err != nil {
			return p.failStep(id, current, err)
		}
	}
	switch {
	case taken.Action != "":
	case before == nil:
		taken.Action = create
	case before.Status == createFailed:
		// An operation that failed and was left so has left this half made.
		if before.PhysicalID != "" {
			if err := p.removePhysical(before, before.PhysicalID); err != nil {
				return p.failStep(id, before, err)
			}
		}
		taken.Action = create
	default:
		taken.Action, err = t.choose(before)
		if err != nil {
			return p.failStep(id, before, err)
		}
	}
	switch taken.Action {
	case create, replace:
		return t.create(taken.Action)
	case change:
		return t.update(before)
	}
	return p.commit(func(st *stack) {
		t.describe(st.Resources[id])
		st.Operation.Steps[id] = &step{Action: keep, Done: true}
	})
}

func (p *progress) task(b *blueprint, id string) (*task, error) {
	declared := b.Resource(id)
	t := &task{progress: p, kind: p.types[declared.Type], declared: declared, tags: b.definition.Tags, needs: b.graph[id]}
	// The scope counts what it produces, so every task has one of its own.
	scope := *b.scope
	var err error
	if t.now, err = p.resolve(b.prepared, declared, &scope); err != nil {
		return nil, err
	}
	if t.now.HasUnknown() {
		return nil, template.InvalidAt(declared.Pos, "Resources.%s: a value that it needs is not known", id)
	}
	t.metadata, err = evaluateOptional(b.Template, declared.Metadata, &scope)
	return t, err
}

// choose decides what becomes of a resource that exists already.
func (t *task) choose(before *record) (action, error) {
	if before.Type != t.declared.Type {
		return replace, nil
	}
	d := differ(t.kind, before, t.now, t.tags)
	switch {
	case d.replace:
		return replace, t.mayReplace(before)
	case (!d.none() || before.Status == updateFailed) && t.kind.Update != nil:
		return change, nil
	}
	return keep, nil
}

// mayReplace refuses a replacement whose name is that of the resource it
// replaces: AWS makes the new one first, and there is no room for it beside the
// old one.
func (t *task) mayReplace(before *record) error {
	if t.kind.Named == nil || t.kind.Find == nil {
		return nil
	}
	request := t.request("")
	if request.PhysicalID = t.kind.Named(request); request.PhysicalID != before.PhysicalID {
		return nil
	}
	found, err := t.kind.Find(t.ctx, request)
	if err != nil || !slices.Contains(found, before.PhysicalID) {
		return err
	}
	return template.Invalid("CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename %s and update the stack again.", before.PhysicalID)
}

func (t *task) request(physicalID string) *resource.Request {
	r := t.progress.request(t.declared.LogicalID, physicalID)
	r.Properties, r.Tags = t.now, t.tags
	return r
}

// request addresses a resource of the stack. Nothing that it holds is changed
// by the engine afterwards.
func (p *progress) request(logicalID, physicalID string) *resource.Request {
	return &resource.Request{StackID: p.st.ID, StackName: p.st.Name, LogicalID: logicalID, PhysicalID: physicalID}
}

// describe notes in a record what the template says beside the properties.
func (t *task) describe(r *record) {
	r.Metadata, r.Needs = t.metadata, t.needs
	r.DeletionPolicy, r.UpdateReplacePolicy = t.declared.DeletionPolicy, t.declared.UpdateReplacePolicy
}

// create makes the resource, beside the one that it replaces if it does.
func (t *task) create(a action) error {
	id := t.declared.LogicalID
	begun := createInProgress
	if a == replace {
		begun = updateInProgress
	}
	r := &record{LogicalID: id, Type: t.declared.Type, Properties: t.now, Tags: t.tags, Uncertain: true}
	t.describe(r)
	request := t.request("")
	if t.kind.Named != nil {
		request.PhysicalID = t.kind.Named(request)
		r.PhysicalID = request.PhysicalID
	}
	if t.kind.Find != nil {
		known, err := t.kind.Find(t.ctx, request)
		if err != nil {
			return t.failStep(id, nil, err)
		}
		if t.kind.Named != nil && len(known) > 0 {
			return t.failStep(id, nil, aws.Faultf(http.StatusConflict, "AlreadyExists", "Resource of type '%s' with identifier '%s' already exists.", t.kind.Name, r.PhysicalID))
		}
		r.Known = known
	}
	if err := t.commit(func(st *stack) {
		st.Resources[id] = r
		st.Operation.Steps[id] = &step{Action: a}
		reason := ""
		if a == replace {
			reason = "Requested update requires the creation of a new physical resource; hence creating one."
			old := *r // what is shown is still the old one
			old.PhysicalID = st.Operation.Before[id].PhysicalID
			old.Uncertain = false
			t.mark(st, &old, begun, reason)
			r.Status, r.Reason, r.Time = begun, reason, old.Time
			return
		}
		t.mark(st, r, begun, reason)
	}); err != nil {
		return err
	}
	outcome, err := protect(func() (*resource.Outcome, error) { return t.kind.Create(t.ctx, request) })
	if t.ctx.Err() != nil {
		return t.ctx.Err() // how it ended is for the next start to find out
	}
	if err != nil {
		return t.failCreation(r, outcome, err)
	}
	return t.commit(func(st *stack) {
		r.keep(outcome)
		t.mark(st, r, begun, "Resource creation Initiated")
		t.mark(st, r, completed(begun), outcome.Remark)
		st.Operation.Steps[id].Done = true
	})
}

func completed(begun string) string {
	if begun == updateInProgress {
		return updateComplete
	}
	return createComplete
}

// failCreation notes a creation that failed; outcome says what there is of it.
func (t *task) failCreation(r *record, outcome *resource.Outcome, cause error) error {
	if err := t.commit(func(*stack) {
		if outcome != nil {
			r.keep(outcome)
		} else {
			r.PhysicalID, r.Uncertain, r.Known = "", false, nil
		}
	}); err != nil {
		return err
	}
	return t.failStep(r.LogicalID, r, cause)
}

// update changes the resource in place.
func (t *task) update(before *record) error {
	id := t.declared.LogicalID
	after := *before
	after.Properties, after.Tags = t.now, t.tags
	t.describe(&after)
	if err := t.commit(func(st *stack) {
		st.Resources[id] = &after
		st.Operation.Steps[id] = &step{Action: change}
		t.mark(st, &after, updateInProgress, "")
	}); err != nil {
		return err
	}
	request := t.request(before.PhysicalID)
	request.Previous, request.PreviousTags = before.Properties, before.Tags
	outcome, err := protect(func() (*resource.Outcome, error) { return t.kind.Update(t.ctx, request) })
	if t.ctx.Err() != nil {
		return t.ctx.Err()
	}
	if err != nil {
		return t.failStep(id, &after, err)
	}
	return t.commit(func(st *stack) {
		after.keep(outcome)
		t.mark(st, &after, updateComplete, outcome.Remark)
		st.Operation.Steps[id].Done = true
	})
}

// failStep notes that a resource's step has failed. r is its record, if it has
// one that the failure belongs to.
func (p *progress) failStep(id string, r *record, cause error) error {
	if p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	reason := p.explain(id, cause)
	if err := p.commit(func(st *stack) {
		status := createFailed
		if st.Operation.Before[id] != nil {
			status = updateFailed
		}
		current := st.Resources[id]
		if current == nil {
			// It failed before it was begun, and is shown as failed all the same.
			current = &record{LogicalID: id}
			if b := st.Operation.Before[id]; b != nil {
				current.Type = b.Type
			}
			st.Resources[id] = current
		}
		if r != nil && current.Type == "" {
			current.Type = r.Type
		}
		p.mark(st, current, status, reason)
		if !slices.Contains(st.Operation.Failed, id) {
			st.Operation.Failed = append(st.Operation.Failed, id)
		}
	}); err != nil {
		return err
	}
	return failed{fmt.Errorf("%s: %s", id, reason)}
}

// explain puts an error into the words of CloudFormation's events. What is not
// the caller's goes to the log.
func (p *progress) explain(id string, cause error) string {
	f := aws.AsFault(cause)
	if f == nil {
		p.log.Error("a resource's step failed", "stack", p.st.Name, "resource", id, "error", cause)
		f = aws.InternalFault()
	}
	if f.Code == "ValidationError" && f.Status == http.StatusBadRequest {
		return f.Message // the template's fault, not a service's
	}
	code := "InvalidRequest"
	switch f.Status {
	case http.StatusNotFound:
		code = "NotFound"
	case http.StatusConflict:
		code = "AlreadyExists"
	case http.StatusForbidden:
		code = "AccessDenied"
	case http.StatusTooManyRequests:
		code = "Throttling"
	case http.StatusInternalServerError:
		code = "GeneralServiceException"
	}
	return fmt.Sprintf("Resource handler returned message: %q (RequestToken: %s, HandlerErrorCode: %s)", f.Message, aws.NewUUID(), code)
}

// protect turns a panic in a type's step into its failure: the engine holds
// other stacks too.
func protect(f func() (*resource.Outcome, error)) (o *resource.Outcome, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	o, err = f()
	if o == nil && err == nil {
		err = errors.New("a step returned nothing")
	}
	return o, err
}

// restore returns from a failed update to what was before: what was changed is
// changed back, what was made is given over to the clean-up.
func (p *progress) restore() error {
	var before map[string]*record
	p.read(func(st *stack) { before = st.Operation.Before })
	graph := make(map[string][]string, len(before))
	for id, r := range before {
		graph[id] = r.Needs
	}
	err := walk(graph, p.restoreOne)
	if f, ok := errors.AsType[failed](err); ok {
		return p.status(updateRollbackFailed, f.Error(), nil)
	}
	if err != nil {
		return err
	}
	return p.status(updateRollbackCleanup, "", func(st *stack) {
		op := st.Operation
		for id, r := range st.Resources {
			if op.Before[id] == nil {
				delete(st.Resources, id)
				op.Doomed = append(op.Doomed, r)
			}
		}
		st.Definition, st.Description = *op.Old, op.OldText
	})
}

func (p *progress) restoreOne(id string) error {
	var taken step
	var before, after *record
	p.read(func(st *stack) {
		if s := st.Operation.Steps[id]; s != nil {
			taken = *s
		}
		before, after = st.Operation.Before[id], st.Resources[id]
	})
	switch taken.Action {
	case replace:
		return p.commit(func(st *stack) {
			if after != before && after != nil {
				after.DeletionPolicy = ""
				st.Operation.Doomed = append(st.Operation.Doomed, after)
			}
			st.Resources[id] = before
			delete(st.Operation.Steps, id)
		})
	case create:
		return p.commit(func(st *stack) {
			delete(st.Resources, id)
			delete(st.Operation.Steps, id)
			if after != nil {
				st.Operation.Doomed = append(st.Operation.Doomed, after)
			}
		})
	case change:
		if err := p.commit(func(st *stack) { p.mark(st, after, updateInProgress, "") }); err != nil {
			return err
		}
		request := p.request(id, before.PhysicalID)
		request.Properties, request.Tags = before.Properties, before.Tags
		request.Previous, request.PreviousTags = after.Properties, after.Tags
		outcome, err := protect(func() (*resource.Outcome, error) { return p.types[before.Type].Update(p.ctx, request) })
		if p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		if err != nil {
			return p.failStep(id, after, err)
		}
		return p.commit(func(st *stack) {
			before.keep(outcome)
			st.Resources[id] = before
			p.mark(st, before, updateComplete, "")
			delete(st.Operation.Steps, id)
		})
	}
	return p.commit(func(st *stack) { st.Resources[id] = before })
}
