package cloudformation

import (
	"context"
	"errors"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// DeleteStack implements cloudformation.DeleteStackAPI. That there is no such
// stack is no error.
func (s *Service) DeleteStack(ctx context.Context, in *api.DeleteStackInput) (*api.DeleteStackOutput, error) {
	c := aws.CallerFrom(ctx)
	st, err := s.find(c, aws.Value(in.StackName))
	switch {
	case errors.Is(err, errNoStack), err == nil && (st.Status == deleteComplete || st.Status == deleteInProgress):
		return &api.DeleteStackOutput{}, nil
	case err != nil:
		return nil, err
	}
	if in.DeletionMode != nil && *in.DeletionMode != "STANDARD" {
		return nil, template.Invalid("lamgate does not support the DeletionMode %s", *in.DeletionMode)
	}
	if !standard(in.DeploymentConfig) {
		return nil, template.Invalid("lamgate does not support the parameter DeploymentConfig")
	}
	// An export that another stack needs keeps its stack, and no stack may begin
	// to need one of this stack's until it is seen to be going.
	s.exports.Lock()
	err = s.checkExports(st, nil)
	s.exports.Unlock()
	if err != nil {
		return nil, err
	}
	err = s.begin(ctx, st, func(st *stack) error {
		if st.Protected {
			return template.Invalid("Stack [%s] cannot be deleted while TerminationProtection is enabled", st.Name)
		}
		if st.inProgress() {
			return template.Invalid("Stack:%s is in %s state and can not be deleted.", st.ID, st.Status)
		}
		if len(in.RetainResources) > 0 && st.Status != deleteFailed {
			return template.Invalid("Invalid operation on stack [%s]. RetainResources can only be used for stacks in the DELETE_FAILED state.", st.ID)
		}
		for _, id := range in.RetainResources {
			if st.Resources[id] == nil {
				return template.Invalid("Stack [%s] has no resource %s to retain", st.Name, id)
			}
		}
		s.startDelete(st, &operation{ID: aws.NewUUID(), Token: aws.Value(in.ClientRequestToken), Caller: c, Retain: in.RetainResources})
		return nil
	})
	return &api.DeleteStackOutput{}, err
}

// startDelete turns a stack to its deletion. What an unfinished update has left
// goes with it.
func (s *Service) startDelete(st *stack, op *operation) {
	if old := st.Operation; old != nil {
		op.Doomed = append(op.Doomed, old.Doomed...)
		for id, taken := range old.Steps {
			if before := old.Before[id]; taken.Action == replace && before != nil {
				op.Doomed = append(op.Doomed, before)
			}
		}
	}
	op.Doomed = append(op.Doomed, st.Leftover...)
	st.Leftover = nil
	st.Operation = op
	st.ChangeSet = ""
	s.setStatus(st, deleteInProgress, "User Initiated")
}
