package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
)

// A function's resource policy can be written as a whole, by these operations,
// or by the statement, by AddPermission and RemovePermission: it is the same
// policy.

// ofResource reads which function, version or alias an ARN means.
func ofResource(ctx context.Context, arn *string) (execution.FunctionRef, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(arn), nil)
	if err == nil && ref.Qualifier == execution.Latest {
		err = invalid("We currently do not support adding policies for $LATEST.")
	}
	return ref, err
}

// PutResourcePolicy replaces the resource policy of a function, a version or an
// alias.
func (s *Service) PutResourcePolicy(ctx context.Context, in *lambda.PutResourcePolicyRequest) (*lambda.PutResourcePolicyResponse, error) {
	ref, err := ofResource(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	d, err := policy.Parse(policy.Resource, aws.Value(in.Policy))
	if err != nil {
		return nil, invalid("The provided policy is invalid: %v", err)
	}
	for i, st := range d.Statement {
		if !slices.Equal(st.Resource, []string{ref.ARN()}) {
			return nil, invalid("The provided policy is invalid: the Resource of statement %d must be %s", i+1, ref.ARN())
		}
	}
	if err := checkPolicySize(d); err != nil {
		return nil, err
	}
	var p execution.ResourcePolicy
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		if err := checkQualifier(f, ref); err != nil {
			return err
		}
		if err := checkRevision(in.RevisionId, policyRevision(f, ref.Qualifier), "GetResourcePolicy"); err != nil {
			return err
		}
		setPolicy(f, ref.Qualifier, execution.ResourcePolicy{Document: d})
		p = f.Policies[ref.Qualifier]
		return nil
	})
	if err != nil {
		return nil, err
	}
	text, err := policyText(p)
	return &lambda.PutResourcePolicyResponse{Policy: text, RevisionId: new(p.RevisionID)}, err
}

// GetResourcePolicy shows the resource policy of a function, a version or an
// alias.
func (s *Service) GetResourcePolicy(ctx context.Context, in *lambda.GetResourcePolicyRequest) (*lambda.GetResourcePolicyResponse, error) {
	ref, err := ofResource(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	f, err := s.load(ref)
	if err != nil {
		return nil, missing(err, ref, noResource())
	}
	p, ok := f.Policies[ref.Qualifier]
	if !ok {
		return nil, noResource()
	}
	text, err := policyText(p)
	return &lambda.GetResourcePolicyResponse{Policy: text, RevisionId: new(p.RevisionID)}, err
}

// DeleteResourcePolicy removes the resource policy of a function, a version or
// an alias.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *lambda.DeleteResourcePolicyRequest) (*lambda.DeleteResourcePolicyOutput, error) {
	ref, err := ofResource(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		p, ok := f.Policies[ref.Qualifier]
		if !ok {
			return noResource()
		}
		if err := checkRevision(in.RevisionId, p.RevisionID, "GetResourcePolicy"); err != nil {
			return err
		}
		f.Policies = less(f.Policies, ref.Qualifier)
		return nil
	})
	if err != nil {
		return nil, missing(err, ref, noResource())
	}
	return &lambda.DeleteResourcePolicyOutput{}, nil
}

func policyText(p execution.ResourcePolicy) (*string, error) {
	b, err := json.Marshal(p.Document)
	if err != nil {
		return nil, fmt.Errorf("render resource policy: %w", err)
	}
	return new(string(b)), nil
}
