package iam

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/iam"
)

// maxAttached is AWS's quota of managed policies for a role, before raising it.
const maxAttached = 10

// AttachRolePolicy attaches a managed policy to a role.
func (s *Service) AttachRolePolicy(ctx context.Context, in *iam.AttachRolePolicyRequest) (*iam.AttachRolePolicyOutput, error) {
	if _, err := s.role(ctx, *in.RoleName); err != nil {
		return nil, err
	}
	arn, err := s.attachable(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	_, err = s.updateRole(ctx, *in.RoleName, func(r *role) error {
		if slices.Contains(r.Attached, arn) {
			return nil
		}
		if len(r.Attached) >= maxAttached {
			return limitExceeded("Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
		}
		r.Attached = append(r.Attached, arn)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.AttachRolePolicyOutput{}, nil
}

// DetachRolePolicy detaches a managed policy from a role.
func (s *Service) DetachRolePolicy(ctx context.Context, in *iam.DetachRolePolicyRequest) (*iam.DetachRolePolicyOutput, error) {
	_, err := s.updateRole(ctx, *in.RoleName, func(r *role) error {
		at := slices.Index(r.Attached, *in.PolicyArn)
		if at < 0 {
			return noSuchEntity("Policy %s was not found.", *in.PolicyArn)
		}
		r.Attached = slices.Delete(r.Attached, at, at+1)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DetachRolePolicyOutput{}, nil
}

// ListAttachedRolePolicies lists the managed policies that are attached to a
// role.
func (s *Service) ListAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesRequest) (*iam.ListAttachedRolePoliciesResponse, error) {
	r, err := s.role(ctx, *in.RoleName)
	if err != nil {
		return nil, err
	}
	list := make([]iam.AttachedPolicy, 0, len(r.Attached))
	for _, arn := range r.Attached {
		path, name := splitPolicyARN(arn)
		if in.PathPrefix == nil || strings.HasPrefix(path, *in.PathPrefix) {
			list = append(list, iam.AttachedPolicy{PolicyName: &name, PolicyArn: &arn})
		}
	}
	key := func(p *iam.AttachedPolicy) string { return *p.PolicyArn }
	slices.SortFunc(list, func(a, b iam.AttachedPolicy) int { return cmp.Compare(key(&a), key(&b)) })
	out := &iam.ListAttachedRolePoliciesResponse{}
	out.AttachedPolicies, out.Marker, out.IsTruncated, err = page(list, key, in.Marker, in.MaxItems)
	return out, err
}

// ListEntitiesForPolicy lists the roles that a managed policy is attached to,
// or that it is the boundary of.
func (s *Service) ListEntitiesForPolicy(ctx context.Context, in *iam.ListEntitiesForPolicyRequest) (*iam.ListEntitiesForPolicyResponse, error) {
	p, err := s.managed(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	list := []iam.PolicyRole{}
	if in.EntityFilter == nil || *in.EntityFilter == "Role" {
		roles, err := s.roles(account(ctx))
		if err != nil {
			return nil, err
		}
		for _, r := range roles {
			uses := slices.Contains(r.Attached, p.ARN)
			if in.PolicyUsageFilter != nil && *in.PolicyUsageFilter == "PermissionsBoundary" {
				uses = r.BoundaryARN == p.ARN
			}
			if uses && (in.PathPrefix == nil || strings.HasPrefix(r.Path, *in.PathPrefix)) {
				list = append(list, iam.PolicyRole{RoleName: &r.Name, RoleId: &r.ID})
			}
		}
	}
	out := &iam.ListEntitiesForPolicyResponse{PolicyGroups: []iam.PolicyGroup{}, PolicyUsers: []iam.PolicyUser{}}
	out.PolicyRoles, out.Marker, out.IsTruncated, err = page(list, func(r *iam.PolicyRole) string { return *r.RoleName }, in.Marker, in.MaxItems)
	return out, err
}
