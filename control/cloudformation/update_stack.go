package cloudformation

import (
	"context"
	"slices"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
	"github.com/lamgate/lamgate/state"
)

// UpdateStack implements cloudformation.UpdateStackAPI.
func (s *Service) UpdateStack(ctx context.Context, in *api.UpdateStackInput) (*api.UpdateStackOutput, error) {
	c := aws.CallerFrom(ctx)
	st, err := s.mustFind(c, aws.Value(in.StackName), noStackBrackets)
	if err != nil {
		return nil, err
	}
	if op := st.Operation; op != nil && in.ClientRequestToken != nil && op.Token == *in.ClientRequestToken {
		return &api.UpdateStackOutput{StackId: &st.ID}, nil
	}
	if err := st.mayUpdate(); err != nil {
		return nil, err
	}
	r := &request{
		caller: c, stack: st.Name, body: in.TemplateBody, url: in.TemplateURL, usePrevious: aws.Value(in.UsePreviousTemplate),
		parameters: in.Parameters, tags: in.Tags, capabilities: in.Capabilities, notifications: in.NotificationARNs, roleARN: aws.Value(in.RoleARN),
		unsupported: map[string]bool{
			"ResourceTypes": len(in.ResourceTypes) > 0, "StackPolicyURL": in.StackPolicyURL != nil, "StackPolicyBody": in.StackPolicyBody != nil,
			"StackPolicyDuringUpdateBody": in.StackPolicyDuringUpdateBody != nil, "StackPolicyDuringUpdateURL": in.StackPolicyDuringUpdateURL != nil,
			"RollbackConfiguration": in.RollbackConfiguration != nil && len(in.RollbackConfiguration.RollbackTriggers) > 0,
			"RetainExceptOnCreate":  aws.Value(in.RetainExceptOnCreate), "DeploymentConfig": !standard(in.DeploymentConfig),
		},
	}
	d, err := s.deployment(ctx, r, st)
	if err != nil {
		return nil, err
	}
	if in.Tags == nil {
		d.definition.Tags = st.Definition.Tags // AWS: not given, they stay
	}
	if len(d.Transforms) > 0 && !slices.Contains(r.capabilities, capabilityAutoExpand) {
		return nil, insufficientCapabilities(capabilityAutoExpand)
	}
	if err := s.acknowledged(d.Template, r.capabilities); err != nil {
		return nil, err
	}
	_, changed, err := s.plan(st, d.prepared, d.definition)
	if err != nil {
		return nil, err
	}
	if !changed {
		return nil, template.Invalid("No updates are to be performed.")
	}
	if err := s.store(ctx, st, d); err != nil {
		return nil, err
	}
	err = s.begin(ctx, st, func(st *stack) error {
		if err := st.mayUpdate(); err != nil {
			return err
		}
		op := &operation{Token: aws.Value(in.ClientRequestToken), Caller: c, OnFailure: onFailureRollback}
		if aws.Value(in.DisableRollback) {
			op.OnFailure = onFailureNothing
		}
		st.DisableRollback = aws.Value(in.DisableRollback)
		st.ChangeSet = ""
		s.startUpdate(st, op, d.definition)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.UpdateStackOutput{StackId: &st.ID}, s.obsolete(ctx, st, "")
}

// ContinueUpdateRollback implements cloudformation.ContinueUpdateRollbackAPI.
func (s *Service) ContinueUpdateRollback(ctx context.Context, in *api.ContinueUpdateRollbackInput) (*api.ContinueUpdateRollbackOutput, error) {
	st, err := s.mustFind(aws.CallerFrom(ctx), aws.Value(in.StackName), noStackBrackets)
	if err != nil {
		return nil, err
	}
	if len(in.ResourcesToSkip) > 0 {
		return nil, template.Invalid("lamgate does not support the parameter ResourcesToSkip")
	}
	err = s.begin(ctx, st, func(st *stack) error {
		if st.Status != updateRollbackFailed || st.Operation == nil {
			return template.Invalid("Stack:%s is in %s state and can not continue update rollback.", st.ID, st.Status)
		}
		st.Operation.Failed = nil
		s.setStatus(st, updateRollbackProgress, "User Initiated")
		return nil
	})
	return &api.ContinueUpdateRollbackOutput{}, err
}

// UpdateTerminationProtection implements
// cloudformation.UpdateTerminationProtectionAPI.
func (s *Service) UpdateTerminationProtection(ctx context.Context, in *api.UpdateTerminationProtectionInput) (*api.UpdateTerminationProtectionOutput, error) {
	st, err := s.mustFind(aws.CallerFrom(ctx), aws.Value(in.StackName), noStackBrackets)
	if err != nil {
		return nil, err
	}
	if st.Status == deleteComplete {
		return nil, template.Invalid(noStackBrackets, aws.Value(in.StackName))
	}
	_, err = state.Update(ctx, s.docs, st.key(), func(st *stack) error {
		st.Protected = aws.Value(in.EnableTerminationProtection)
		return nil
	})
	return &api.UpdateTerminationProtectionOutput{StackId: &st.ID}, err
}
