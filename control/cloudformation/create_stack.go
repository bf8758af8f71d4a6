package cloudformation

import (
	"context"
	"errors"
	"slices"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
	"github.com/lamgate/lamgate/state"
)

// CreateStack implements cloudformation.CreateStackAPI.
func (s *Service) CreateStack(ctx context.Context, in *api.CreateStackInput) (*api.CreateStackOutput, error) {
	c := aws.CallerFrom(ctx)
	r := &request{
		caller: c, stack: aws.Value(in.StackName), body: in.TemplateBody, url: in.TemplateURL, parameters: in.Parameters, tags: in.Tags,
		capabilities: in.Capabilities, notifications: in.NotificationARNs, roleARN: aws.Value(in.RoleARN),
		unsupported: map[string]bool{
			"ResourceTypes": len(in.ResourceTypes) > 0, "StackPolicyURL": in.StackPolicyURL != nil, "StackPolicyBody": in.StackPolicyBody != nil,
			"RollbackConfiguration": in.RollbackConfiguration != nil && len(in.RollbackConfiguration.RollbackTriggers) > 0,
			"RetainExceptOnCreate":  aws.Value(in.RetainExceptOnCreate), "DeploymentConfig": !standard(in.DeploymentConfig),
		},
	}
	onFailure, err := whatOnFailure(in.DisableRollback, in.OnFailure)
	if err != nil {
		return nil, err
	}
	st := s.newStack(c, r.stack)
	reviewed, err := s.find(c, r.stack)
	switch {
	case err == nil && reviewed.Status != reviewInProgress:
		if reviewed.Operation != nil && in.ClientRequestToken != nil && reviewed.Operation.Token == *in.ClientRequestToken {
			return &api.CreateStackOutput{StackId: &reviewed.ID}, nil
		}
		return nil, alreadyExists(r.stack)
	case err == nil:
		st = reviewed
	case !errors.Is(err, errNoStack):
		return nil, err
	}
	d, err := s.deployment(ctx, r, st)
	if err != nil {
		return nil, err
	}
	if err := s.mayCreate(d, r, st); err != nil {
		return nil, err
	}
	if err := s.store(ctx, st, d); err != nil {
		return nil, err
	}
	start := func(st *stack) error {
		if st.Status != "" && st.Status != reviewInProgress {
			return alreadyExists(st.Name)
		}
		st.DisableRollback = onFailure == onFailureNothing
		st.Timeout, st.Protected, st.Description = aws.Value(in.TimeoutInMinutes), aws.Value(in.EnableTerminationProtection), d.Description
		s.startCreate(st, &operation{Token: aws.Value(in.ClientRequestToken), Caller: c, OnFailure: onFailure}, d.definition)
		return nil
	}
	if reviewed != nil {
		if err := s.begin(ctx, st, start); err != nil {
			return nil, err
		}
		return &api.CreateStackOutput{StackId: &st.ID}, s.obsolete(ctx, st, "")
	}
	if err := start(st); err != nil {
		return nil, err
	}
	if err := s.claim(ctx, st); err != nil {
		return nil, err
	}
	s.launch(st)
	s.await(ctx, st)
	return &api.CreateStackOutput{StackId: &st.ID}, nil
}

func whatOnFailure(disable *bool, onFailure *string) (string, error) {
	switch {
	case disable != nil && onFailure != nil:
		return "", template.Invalid("You can specify either DisableRollback or OnFailure but not both.")
	case onFailure != nil:
		return *onFailure, nil
	case aws.Value(disable):
		return onFailureNothing, nil
	}
	return onFailureRollback, nil
}

// mayCreate checks what CreateStack alone asks of a template, and that nothing
// is known to fail.
func (s *Service) mayCreate(d *deployment, r *request, st *stack) error {
	if len(d.Transforms) > 0 && !slices.Contains(r.capabilities, capabilityAutoExpand) {
		return insufficientCapabilities(capabilityAutoExpand)
	}
	if err := s.acknowledged(d.Template, r.capabilities); err != nil {
		return err
	}
	_, _, err := s.plan(st, d.prepared, d.definition)
	return err
}

// obsolete marks the change sets of a stack, but for one, as overtaken.
func (s *Service) obsolete(ctx context.Context, st *stack, but string) error {
	sets, err := s.changeSets(st)
	if err != nil {
		return err
	}
	for _, cs := range sets {
		if cs.ID == but || cs.Execution != available {
			continue
		}
		_, err := state.Update(ctx, s.docs, cs.key(), func(cs *changeSet) error {
			cs.Execution = obsolete
			return nil
		})
		if err != nil && !errors.Is(err, state.ErrNotFound) {
			return err
		}
	}
	return nil
}
