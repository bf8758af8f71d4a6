package iam

import (
	"context"
	"net/http"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/aws"
)

// GetUser tells the root of an account who it is, which clients ask to find out
// their account. There are no other users.
func (s *Service) GetUser(ctx context.Context, in *iam.GetUserRequest) (*iam.GetUserResponse, error) {
	if in.UserName != nil {
		return nil, noSuchEntity("The user with name %s cannot be found.", *in.UserName)
	}
	caller := aws.CallerFrom(ctx)
	if caller.ARN != aws.NewARN("iam", "", caller.Account, "root").String() {
		return nil, aws.Faultf(http.StatusBadRequest, "ValidationError", "Must specify userName when calling with non-User credentials")
	}
	return &iam.GetUserResponse{User: &iam.User{
		Path:       new("/"),
		UserName:   new("root"),
		UserId:     &caller.Account,
		Arn:        &caller.ARN,
		CreateDate: date(0),
	}}, nil
}

// ListAccountAliases returns none.
func (s *Service) ListAccountAliases(context.Context, *iam.ListAccountAliasesRequest) (*iam.ListAccountAliasesResponse, error) {
	return &iam.ListAccountAliasesResponse{AccountAliases: []string{}, IsTruncated: new(false)}, nil
}

// ListInstanceProfilesForRole returns none; clients ask before they delete a
// role.
func (s *Service) ListInstanceProfilesForRole(ctx context.Context, in *iam.ListInstanceProfilesForRoleRequest) (*iam.ListInstanceProfilesForRoleResponse, error) {
	if _, err := s.role(ctx, *in.RoleName); err != nil {
		return nil, err
	}
	return &iam.ListInstanceProfilesForRoleResponse{InstanceProfiles: []iam.InstanceProfile{}, IsTruncated: new(false)}, nil
}
