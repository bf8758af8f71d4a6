package iam

import (
	"context"
	"maps"
	"slices"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/policy"
)

// PutRolePolicy adds an inline policy to a role, or replaces it.
func (s *Service) PutRolePolicy(ctx context.Context, in *iam.PutRolePolicyRequest) (*iam.PutRolePolicyOutput, error) {
	if _, err := s.role(ctx, *in.RoleName); err != nil {
		return nil, err
	}
	doc, err := policy.Parse(policy.Identity, *in.PolicyDocument)
	if err != nil {
		return nil, malformed(err)
	}
	_, err = s.updateRole(ctx, *in.RoleName, func(r *role) error {
		if r.Inline == nil {
			r.Inline, r.InlineText = map[string]policy.Document{}, map[string]string{}
		}
		r.Inline[*in.PolicyName], r.InlineText[*in.PolicyName] = doc, *in.PolicyDocument
		size := 0
		for _, text := range r.InlineText {
			size += policySize(text)
		}
		if size > maxInlinePolicy {
			return limitExceeded("Maximum policy size of %d bytes exceeded for role %s", maxInlinePolicy, r.Name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.PutRolePolicyOutput{}, nil
}

// GetRolePolicy returns an inline policy of a role.
func (s *Service) GetRolePolicy(ctx context.Context, in *iam.GetRolePolicyRequest) (*iam.GetRolePolicyResponse, error) {
	r, err := s.role(ctx, *in.RoleName)
	if err != nil {
		return nil, err
	}
	text, ok := r.InlineText[*in.PolicyName]
	if !ok {
		return nil, noSuchEntity("The role policy with name %s cannot be found.", *in.PolicyName)
	}
	return &iam.GetRolePolicyResponse{RoleName: &r.Name, PolicyName: in.PolicyName, PolicyDocument: escape(text)}, nil
}

// ListRolePolicies lists the names of a role's inline policies.
func (s *Service) ListRolePolicies(ctx context.Context, in *iam.ListRolePoliciesRequest) (*iam.ListRolePoliciesResponse, error) {
	r, err := s.role(ctx, *in.RoleName)
	if err != nil {
		return nil, err
	}
	names := slices.AppendSeq([]string{}, maps.Keys(r.InlineText))
	slices.Sort(names)
	out := &iam.ListRolePoliciesResponse{}
	out.PolicyNames, out.Marker, out.IsTruncated, err = page(names, itself, in.Marker, in.MaxItems)
	return out, err
}

// DeleteRolePolicy removes an inline policy from a role.
func (s *Service) DeleteRolePolicy(ctx context.Context, in *iam.DeleteRolePolicyRequest) (*iam.DeleteRolePolicyOutput, error) {
	_, err := s.updateRole(ctx, *in.RoleName, func(r *role) error {
		if _, ok := r.Inline[*in.PolicyName]; !ok {
			return noSuchEntity("The role policy with name %s cannot be found.", *in.PolicyName)
		}
		delete(r.Inline, *in.PolicyName)
		delete(r.InlineText, *in.PolicyName)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteRolePolicyOutput{}, nil
}
