package cloudformation

import (
	"context"
	"errors"
	"net/http"
	"slices"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/sam"
	"github.com/lamgate/lamgate/control/cloudformation/template"
	"github.com/lamgate/lamgate/state"
)

// noChanges is the reason of a change set that would change nothing.
const noChanges = "The submitted information didn't contain changes. Submit different information to create a change set."

// CreateChangeSet implements cloudformation.CreateChangeSetAPI. The change set
// is complete, or has failed, when the call returns.
func (s *Service) CreateChangeSet(ctx context.Context, in *api.CreateChangeSetInput) (*api.CreateChangeSetOutput, error) {
	c := aws.CallerFrom(ctx)
	kind := aws.Value(in.ChangeSetType)
	if kind == "" {
		kind = "UPDATE"
	}
	if kind != "CREATE" && kind != "UPDATE" {
		return nil, template.Invalid("lamgate does not support the ChangeSetType %s", kind)
	}
	st, err := s.target(c, kind, aws.Value(in.StackName), aws.Value(in.ChangeSetName))
	if err != nil {
		return nil, err
	}
	if out, err := s.repeated(st, in); out != nil || err != nil {
		return out, err
	}
	r := &request{
		caller: c, stack: st.Name, body: in.TemplateBody, url: in.TemplateURL, usePrevious: aws.Value(in.UsePreviousTemplate),
		parameters: in.Parameters, tags: in.Tags, capabilities: in.Capabilities, notifications: in.NotificationARNs, roleARN: aws.Value(in.RoleARN),
		unsupported: map[string]bool{
			"ResourceTypes": len(in.ResourceTypes) > 0, "ResourcesToImport": len(in.ResourcesToImport) > 0,
			"ImportExistingResources": aws.Value(in.ImportExistingResources),
			"RollbackConfiguration":   in.RollbackConfiguration != nil && len(in.RollbackConfiguration.RollbackTriggers) > 0,
			"DeploymentMode":          in.DeploymentMode != nil, "DeploymentConfig": !standard(in.DeploymentConfig),
		},
	}
	d, err := s.deployment(ctx, r, st)
	cs := &changeSet{
		ID:   c.NewARN("cloudformation", "changeSet/"+aws.Value(in.ChangeSetName)+"/"+aws.NewUUID()).String(),
		Name: aws.Value(in.ChangeSetName), StackID: st.ID, Stack: st.Name, Account: c.Account, Region: c.Region, Type: kind,
		Status: changeSetComplete, Execution: available, Created: s.now(), Description: aws.Value(in.Description),
		// No type of resource is a stack, so there is nothing more to include.
		IncludeNestedStacks: aws.Value(in.IncludeNestedStacks),
		OnStackFailure:      aws.Value(in.OnStackFailure), Token: aws.Value(in.ClientToken),
	}
	if err == nil {
		if in.Tags == nil && kind == "UPDATE" {
			d.definition.Tags = st.Definition.Tags
		}
		err = s.fillChangeSet(cs, st, d)
	}
	// AWS: what a transform finds wrong shows in the change set, everything else
	// in the answer.
	if f, ok := errors.AsType[*sam.Fault](err); ok {
		cs.fail(f.Error())
	} else if err != nil {
		return nil, err
	}
	return &api.CreateChangeSetOutput{Id: &cs.ID, StackId: &st.ID}, s.keepChangeSet(ctx, st, cs, d)
}

// fail ends the creation of a change set.
func (cs *changeSet) fail(reason string) {
	cs.Status, cs.Execution, cs.Reason, cs.Changes = changeSetFailed, unavailable, reason, nil
}

// fillChangeSet finds out what the change set would change.
func (s *Service) fillChangeSet(cs *changeSet, st *stack, d *deployment) error {
	if err := s.acknowledged(d.Template, d.definition.Capabilities); err != nil {
		if len(d.Transforms) == 0 {
			return err
		}
		// AWS: what a transform adds is known only when the answer is out.
		cs.fail(aws.AsFault(err).Message)
		return nil
	}
	changes, changed, err := s.plan(st, d.prepared, d.definition)
	if err != nil {
		return err
	}
	cs.Changes = changes
	if !changed {
		cs.fail(noChanges)
	}
	return nil
}

// target returns the stack that a change set is for: a new one, in review, for
// CREATE, unless one is in review already.
func (s *Service) target(c aws.Caller, kind, name, changeSetName string) (*stack, error) {
	st, err := s.find(c, name)
	missing := errors.Is(err, errNoStack)
	switch {
	case err != nil && !missing:
		return nil, err
	case kind == "CREATE" && missing && len(name) > 4 && name[:4] == "arn:":
		return nil, template.Invalid(noStackBrackets, name)
	case kind == "CREATE" && missing:
		return s.newStack(c, name), nil
	case kind == "CREATE" && st.Status != reviewInProgress:
		return nil, template.Invalid("Stack [%s] already exists and cannot be created again with the changeSet [%s].", name, changeSetName)
	case kind == "CREATE":
		return st, nil
	case missing:
		return nil, template.Invalid(noStackBrackets, name)
	}
	return st, st.mayUpdate()
}

// repeated recognises a request that was answered already, and refuses one that
// takes a name already taken.
func (s *Service) repeated(st *stack, in *api.CreateChangeSetInput) (*api.CreateChangeSetOutput, error) {
	sets, err := s.changeSets(st)
	if err != nil {
		return nil, err
	}
	for _, cs := range sets {
		if cs.Name != aws.Value(in.ChangeSetName) || cs.Executed > 0 {
			continue
		}
		if in.ClientToken != nil && cs.Token == *in.ClientToken {
			return &api.CreateChangeSetOutput{Id: &cs.ID, StackId: &cs.StackID}, nil
		}
		return nil, aws.Faultf(http.StatusBadRequest, "AlreadyExistsException", "ChangeSet %s already exists", cs.ID)
	}
	return nil, nil
}

// keepChangeSet stores the template, the change set and, for the first of a new
// stack, the stack.
func (s *Service) keepChangeSet(ctx context.Context, st *stack, cs *changeSet, d *deployment) error {
	if d != nil && d.prepared != nil && cs.Status == changeSetComplete {
		if err := s.store(ctx, st, d); err != nil {
			return err
		}
		cs.StackDescription = d.Description
	}
	if d != nil {
		cs.Definition = d.definition
	}
	if st.Status == "" {
		s.setStatus(st, reviewInProgress, "User Initiated")
		if err := s.claim(ctx, st); err != nil {
			return err
		}
	}
	return state.Create(ctx, s.docs, cs.key(), cs)
}

// ExecuteChangeSet implements cloudformation.ExecuteChangeSetAPI.
func (s *Service) ExecuteChangeSet(ctx context.Context, in *api.ExecuteChangeSetInput) (*api.ExecuteChangeSetOutput, error) {
	c := aws.CallerFrom(ctx)
	cs, err := s.findChangeSet(c, aws.Value(in.ChangeSetName), aws.Value(in.StackName))
	if err != nil {
		return nil, err
	}
	if aws.Value(in.RetainExceptOnCreate) {
		return nil, template.Invalid("lamgate does not support the parameter RetainExceptOnCreate")
	}
	if err := cs.mayExecute(); err != nil {
		return nil, err
	}
	st, err := s.mustFind(c, cs.StackID, noStackBrackets)
	if err != nil {
		return nil, err
	}
	op := &operation{Token: aws.Value(in.ClientRequestToken), Caller: c, ChangeSet: cs.ID, OnFailure: onFailureRollback}
	if cs.OnStackFailure != "" {
		op.OnFailure = cs.OnStackFailure
	}
	if aws.Value(in.DisableRollback) {
		op.OnFailure = onFailureNothing
	}
	if _, err := state.Update(ctx, s.docs, cs.key(), func(cs *changeSet) error {
		if err := cs.mayExecute(); err != nil {
			return err
		}
		cs.Execution, cs.Executed = executeInProgress, s.now()
		return nil
	}); err != nil {
		return nil, err
	}
	err = s.begin(ctx, st, func(st *stack) error {
		st.DisableRollback = op.OnFailure == onFailureNothing
		if st.Status == reviewInProgress {
			st.ChangeSet, st.Description, st.Updated = cs.ID, cs.StackDescription, s.now()
			s.startCreate(st, op, cs.Definition)
			return nil
		}
		if err := st.mayUpdate(); err != nil {
			return err
		}
		st.ChangeSet = cs.ID
		s.startUpdate(st, op, cs.Definition)
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, s.release(ctx, cs))
	}
	// AWS: executing one change set deletes the others, whose comparison no
	// longer holds.
	sets, err := s.changeSets(st)
	if err != nil {
		return nil, err
	}
	for _, other := range sets {
		if other.ID != cs.ID && other.Executed == 0 {
			if err := s.drop(ctx, other.key()); err != nil {
				return nil, err
			}
		}
	}
	return &api.ExecuteChangeSetOutput{}, nil
}

func (cs *changeSet) mayExecute() error {
	status := ""
	switch {
	case cs.Status != changeSetComplete:
		status = "status of [" + cs.Status
	case cs.Execution != available:
		status = "execution status of [" + cs.Execution
	default:
		return nil
	}
	return aws.Faultf(http.StatusBadRequest, "InvalidChangeSetStatus", "ChangeSet [%s] cannot be executed in its current %s]", cs.ID, status)
}

// DeleteChangeSet implements cloudformation.DeleteChangeSetAPI. That there is no
// such change set is no error.
func (s *Service) DeleteChangeSet(ctx context.Context, in *api.DeleteChangeSetInput) (*api.DeleteChangeSetOutput, error) {
	c := aws.CallerFrom(ctx)
	cs, err := s.findChangeSet(c, aws.Value(in.ChangeSetName), aws.Value(in.StackName))
	if aws.HasCode(err, "ChangeSetNotFound") {
		return &api.DeleteChangeSetOutput{}, nil
	}
	if err != nil {
		return nil, err
	}
	if cs.Execution == executeInProgress {
		return nil, aws.Faultf(http.StatusBadRequest, "InvalidChangeSetStatus", "The ChangeSet [%s] cannot be deleted in its current execution status of [%s]", cs.ID, cs.Execution)
	}
	st, err := s.find(c, cs.StackID)
	switch {
	case errors.Is(err, errNoStack):
		return &api.DeleteChangeSetOutput{}, s.drop(ctx, cs.key())
	case err != nil:
		return nil, err
	}
	return &api.DeleteChangeSetOutput{}, s.dropChangeSet(ctx, st, cs)
}

// DescribeChangeSet implements cloudformation.DescribeChangeSetAPI.
func (s *Service) DescribeChangeSet(ctx context.Context, in *api.DescribeChangeSetInput) (*api.DescribeChangeSetOutput, error) {
	cs, err := s.findChangeSet(aws.CallerFrom(ctx), aws.Value(in.ChangeSetName), aws.Value(in.StackName))
	if err != nil {
		return nil, err
	}
	out := &api.DescribeChangeSetOutput{
		ChangeSetName: &cs.Name, ChangeSetId: &cs.ID, StackId: &cs.StackID, StackName: &cs.Stack, Description: optional(cs.Description),
		Parameters: showParameters(cs.Definition), CreationTime: millis(cs.Created), ExecutionStatus: &cs.Execution, Status: &cs.Status,
		StatusReason: optional(cs.Reason), NotificationARNs: []string{}, RollbackConfiguration: &api.RollbackConfiguration{},
		Capabilities: orEmpty(cs.Definition.Capabilities), IncludeNestedStacks: &cs.IncludeNestedStacks, OnStackFailure: optional(cs.OnStackFailure),
		Changes: []api.Change{},
	}
	if len(cs.Definition.Tags) > 0 {
		out.Tags = showTags(cs.Definition.Tags)
	}
	from, to, next, err := page(len(cs.Changes), in.NextToken, 100)
	if err != nil {
		return nil, err
	}
	out.NextToken = next
	for _, change := range cs.Changes[from:to] {
		out.Changes = append(out.Changes, showChange(change, aws.Value(in.IncludePropertyValues)))
	}
	return out, nil
}

func showChange(c resourceChange, values bool) api.Change {
	shown := &api.ResourceChange{
		Action: &c.Action, LogicalResourceId: &c.LogicalID, PhysicalResourceId: optional(c.PhysicalID), ResourceType: &c.Type,
		Replacement: optional(c.Replacement), PolicyAction: optional(c.PolicyAction), Scope: orEmpty(c.Scope), Details: []api.ResourceChangeDetail{},
	}
	if values {
		shown.BeforeContext, shown.AfterContext = optional(c.Before), optional(c.After)
	}
	for _, d := range c.Details {
		shown.Details = append(shown.Details, api.ResourceChangeDetail{
			Target:     &api.ResourceTargetDefinition{Attribute: &d.Attribute, Name: optional(d.Name), RequiresRecreation: &d.Recreation},
			Evaluation: &d.Evaluation, ChangeSource: &d.Source, CausingEntity: optional(d.Cause),
		})
	}
	return api.Change{Type: new("Resource"), ResourceChange: shown}
}

// ListChangeSets implements cloudformation.ListChangeSetsAPI.
func (s *Service) ListChangeSets(ctx context.Context, in *api.ListChangeSetsInput) (*api.ListChangeSetsOutput, error) {
	st, err := s.mustFind(aws.CallerFrom(ctx), aws.Value(in.StackName), noStackBrackets)
	if err != nil {
		return nil, err
	}
	sets, err := s.changeSets(st)
	if err != nil {
		return nil, err
	}
	// AWS lists those that wait to be executed, and those that cannot be.
	sets = slices.DeleteFunc(sets, func(cs *changeSet) bool { return cs.Execution == executeComplete })
	slices.SortFunc(sets, func(a, b *changeSet) int { return int(b.Created - a.Created) })
	out := &api.ListChangeSetsOutput{Summaries: []api.ChangeSetSummary{}}
	from, to, next, err := page(len(sets), in.NextToken, 100)
	if err != nil {
		return nil, err
	}
	out.NextToken = next
	for _, cs := range sets[from:to] {
		out.Summaries = append(out.Summaries, api.ChangeSetSummary{
			StackId: &cs.StackID, StackName: &cs.Stack, ChangeSetId: &cs.ID, ChangeSetName: &cs.Name, ExecutionStatus: &cs.Execution,
			Status: &cs.Status, StatusReason: optional(cs.Reason), CreationTime: millis(cs.Created), Description: optional(cs.Description), IncludeNestedStacks: &cs.IncludeNestedStacks,
		})
	}
	return out, nil
}
