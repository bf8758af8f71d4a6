package iam

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
)

// A role is the whole document of a role: what is evaluated, and the policies
// as they were written.
type role struct {
	policy.Role
	TrustText  string
	InlineText map[string]string `json:",omitempty"` // by policy name
}

const defaultMaxSession = 3600

// CreateRole creates a role.
func (s *Service) CreateRole(ctx context.Context, in *iam.CreateRoleRequest) (*iam.CreateRoleResponse, error) {
	owner, name, path := account(ctx), *in.RoleName, "/"
	if in.Path != nil {
		path = *in.Path
	}
	trust, err := s.parseTrust(ctx, *in.AssumeRolePolicyDocument)
	if err != nil {
		return nil, err
	}
	r := role{
		Role: policy.Role{
			Account:     owner,
			Name:        name,
			Path:        path,
			ID:          "AROA" + aws.NewUniqueID(17),
			ARN:         aws.NewARN("iam", "", owner, "role"+path+name).String(),
			Trust:       trust,
			MaxSession:  defaultMaxSession,
			CreatedUnix: s.now(),
		},
		TrustText: *in.AssumeRolePolicyDocument,
	}
	if in.Description != nil {
		r.Description = *in.Description
	}
	if in.MaxSessionDuration != nil {
		r.MaxSession = int(*in.MaxSessionDuration)
	}
	if in.PermissionsBoundary != nil {
		if r.BoundaryARN, err = s.attachable(ctx, *in.PermissionsBoundary); err != nil {
			return nil, err
		}
	}
	if r.Tags, err = addTags(nil, in.Tags); err != nil {
		return nil, err
	}
	exists := aws.Faultf(http.StatusConflict, "EntityAlreadyExists", "Role with name %s already exists.", name)
	// AWS: names are unique without regard to case ("CreateRole", RoleName).
	roles, err := s.roles(owner)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(roles, func(other *role) bool { return strings.EqualFold(other.Name, name) }) {
		return nil, exists
	}
	err = state.Create(ctx, s.docs, policy.RoleKey(owner, name), r)
	if errors.Is(err, state.ErrConflict) {
		return nil, exists
	}
	if err != nil {
		return nil, err
	}
	return &iam.CreateRoleResponse{Role: new(r.describe())}, nil
}

// parseTrust reads a trust policy, whose principals must exist as far as
// lamgate can know.
func (s *Service) parseTrust(ctx context.Context, text string) (policy.Document, error) {
	doc, err := parse(policy.Trust, text, maxTrustPolicy, "ACLSizePerRole")
	if err != nil {
		return doc, err
	}
	own := aws.NewARN("iam", "", account(ctx), "role/").String()
	for _, statement := range doc.Statement {
		for _, arn := range statement.Principal.Kinds["AWS"] {
			rest, ok := strings.CutPrefix(arn, own)
			if !ok {
				continue
			}
			r, err := s.role(ctx, rest[strings.LastIndexByte(rest, '/')+1:])
			if err != nil && !aws.HasCode(err, "NoSuchEntity") {
				return doc, err
			}
			if err != nil || r.ARN != arn {
				return doc, malformed(fmt.Errorf("Invalid principal in policy: \"AWS\":\"%s\"", arn))
			}
		}
	}
	return doc, nil
}

func (s *Service) role(ctx context.Context, name string) (*role, error) {
	r, err := state.Load[role](s.docs, policy.RoleKey(account(ctx), name))
	return r, orNoSuchRole(err, name)
}

// roles returns an account's roles in the order of their names.
func (s *Service) roles(account string) ([]*role, error) {
	list, err := state.LoadAll[role](s.docs, policy.RolesPrefix+account+"/")
	slices.SortFunc(list, func(a, b *role) int { return cmp.Compare(a.Name, b.Name) })
	return list, err
}

func orNoSuchRole(err error, name string) error {
	if errors.Is(err, state.ErrNotFound) {
		return noSuchEntity("The role with name %s cannot be found.", name)
	}
	return err
}

// updateRole changes a role of the caller's account.
func (s *Service) updateRole(ctx context.Context, name string, change func(*role) error) (*role, error) {
	r, err := state.Update(ctx, s.docs, policy.RoleKey(account(ctx), name), change)
	return r, orNoSuchRole(err, name)
}

func (r *role) describe() iam.Role {
	d := iam.Role{
		Path:                     &r.Path,
		RoleName:                 &r.Name,
		RoleId:                   &r.ID,
		Arn:                      &r.ARN,
		CreateDate:               date(r.CreatedUnix),
		AssumeRolePolicyDocument: escape(r.TrustText),
		Description:              optional(r.Description),
		MaxSessionDuration:       new(int32(r.MaxSession)),
	}
	if r.BoundaryARN != "" {
		d.PermissionsBoundary = &iam.AttachedPermissionsBoundary{
			PermissionsBoundaryType: new("Policy"),
			PermissionsBoundaryArn:  &r.BoundaryARN,
		}
	}
	if len(r.Tags) > 0 {
		d.Tags = tagList(r.Tags)
	}
	return d
}

// GetRole returns a role.
func (s *Service) GetRole(ctx context.Context, in *iam.GetRoleRequest) (*iam.GetRoleResponse, error) {
	r, err := s.role(ctx, *in.RoleName)
	if err != nil {
		return nil, err
	}
	d := r.describe()
	d.RoleLastUsed = &iam.RoleLastUsed{}
	return &iam.GetRoleResponse{Role: &d}, nil
}

// ListRoles lists the account's roles, without their tags and boundaries, as
// AWS does.
func (s *Service) ListRoles(ctx context.Context, in *iam.ListRolesRequest) (*iam.ListRolesResponse, error) {
	roles, err := s.roles(account(ctx))
	if err != nil {
		return nil, err
	}
	if in.PathPrefix != nil {
		roles = slices.DeleteFunc(roles, func(r *role) bool { return !strings.HasPrefix(r.Path, *in.PathPrefix) })
	}
	out := &iam.ListRolesResponse{}
	roles, out.Marker, out.IsTruncated, err = page(roles, func(r **role) string { return (*r).Name }, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out.Roles = make([]iam.Role, 0, len(roles))
	for _, r := range roles {
		d := r.describe()
		d.Tags, d.PermissionsBoundary = nil, nil
		out.Roles = append(out.Roles, d)
	}
	return out, nil
}

// UpdateRole changes a role's description and the length of its sessions.
func (s *Service) UpdateRole(ctx context.Context, in *iam.UpdateRoleRequest) (*iam.UpdateRoleResponse, error) {
	_, err := s.updateRole(ctx, *in.RoleName, func(r *role) error {
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.MaxSessionDuration != nil {
			r.MaxSession = int(*in.MaxSessionDuration)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleResponse{}, nil
}

// UpdateRoleDescription changes a role's description.
func (s *Service) UpdateRoleDescription(ctx context.Context, in *iam.UpdateRoleDescriptionRequest) (*iam.UpdateRoleDescriptionResponse, error) {
	r, err := s.updateRole(ctx, *in.RoleName, func(r *role) error {
		r.Description = *in.Description
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleDescriptionResponse{Role: new(r.describe())}, nil
}

// UpdateAssumeRolePolicy replaces a role's trust policy.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, in *iam.UpdateAssumeRolePolicyRequest) (*iam.UpdateAssumeRolePolicyOutput, error) {
	if _, err := s.role(ctx, *in.RoleName); err != nil {
		return nil, err
	}
	trust, err := s.parseTrust(ctx, *in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	_, err = s.updateRole(ctx, *in.RoleName, func(r *role) error {
		r.Trust, r.TrustText = trust, *in.PolicyDocument
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateAssumeRolePolicyOutput{}, nil
}

// DeleteRole deletes a role that has no policies any more.
func (s *Service) DeleteRole(ctx context.Context, in *iam.DeleteRoleRequest) (*iam.DeleteRoleOutput, error) {
	err := state.Remove(ctx, s.docs, policy.RoleKey(account(ctx), *in.RoleName), func(r *role) error {
		if len(r.Attached) > 0 {
			return deleteConflict("Cannot delete entity, must detach all policies first.")
		}
		if len(r.Inline) > 0 {
			return deleteConflict("Cannot delete entity, must delete policies first.")
		}
		return nil
	})
	if err != nil {
		return nil, orNoSuchRole(err, *in.RoleName)
	}
	return &iam.DeleteRoleOutput{}, nil
}

// TagRole adds tags to a role.
func (s *Service) TagRole(ctx context.Context, in *iam.TagRoleRequest) (*iam.TagRoleOutput, error) {
	_, err := s.updateRole(ctx, *in.RoleName, func(r *role) (err error) {
		r.Tags, err = addTags(r.Tags, in.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.TagRoleOutput{}, nil
}

// UntagRole removes tags from a role.
func (s *Service) UntagRole(ctx context.Context, in *iam.UntagRoleRequest) (*iam.UntagRoleOutput, error) {
	_, err := s.updateRole(ctx, *in.RoleName, func(r *role) error {
		removeTags(r.Tags, in.TagKeys)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UntagRoleOutput{}, nil
}

// ListRoleTags lists a role's tags.
func (s *Service) ListRoleTags(ctx context.Context, in *iam.ListRoleTagsRequest) (*iam.ListRoleTagsResponse, error) {
	r, err := s.role(ctx, *in.RoleName)
	if err != nil {
		return nil, err
	}
	out := &iam.ListRoleTagsResponse{}
	out.Tags, out.Marker, out.IsTruncated, err = page(tagList(r.Tags), tagKey, in.Marker, in.MaxItems)
	return out, err
}

// PutRolePermissionsBoundary limits what a role's policies can allow.
func (s *Service) PutRolePermissionsBoundary(ctx context.Context, in *iam.PutRolePermissionsBoundaryRequest) (*iam.PutRolePermissionsBoundaryOutput, error) {
	arn, err := s.attachable(ctx, *in.PermissionsBoundary)
	if err != nil {
		return nil, err
	}
	_, err = s.updateRole(ctx, *in.RoleName, func(r *role) error {
		r.BoundaryARN = arn
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.PutRolePermissionsBoundaryOutput{}, nil
}

// DeleteRolePermissionsBoundary takes that limit away.
func (s *Service) DeleteRolePermissionsBoundary(ctx context.Context, in *iam.DeleteRolePermissionsBoundaryRequest) (*iam.DeleteRolePermissionsBoundaryOutput, error) {
	_, err := s.updateRole(ctx, *in.RoleName, func(r *role) error {
		r.BoundaryARN = ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteRolePermissionsBoundaryOutput{}, nil
}
