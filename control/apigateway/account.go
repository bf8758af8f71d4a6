package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
)

// An account holds what is set for all APIs of an account in a region.
type account struct {
	LogRole string `json:",omitempty"`
}

func accountKey(ctx context.Context) string {
	c := aws.CallerFrom(ctx)
	return "restapiaccounts/" + c.Account + "/" + c.Region
}

func (s *Service) account(ctx context.Context) (*account, error) {
	a, err := state.Load[account](s.docs, accountKey(ctx))
	if errors.Is(err, state.ErrNotFound) {
		return &account{}, nil
	}
	return a, err
}

// mayLog reports whether the caller's account names a role for its logs.
func (s *Service) mayLog(ctx context.Context) (bool, error) {
	a, err := s.account(ctx)
	if err != nil {
		return false, err
	}
	return a.LogRole != "", nil
}

// GetAccount implements apigateway.GetAccountAPI.
func (s *Service) GetAccount(ctx context.Context, _ *api.GetAccountRequest) (*api.Account, error) {
	a, err := s.account(ctx)
	if err != nil {
		return nil, err
	}
	return describeAccount(a), nil
}

// UpdateAccount implements apigateway.UpdateAccountAPI.
func (s *Service) UpdateAccount(ctx context.Context, in *api.UpdateAccountRequest) (*api.Account, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var role *string
	for _, p := range ops {
		switch {
		case p.path == "/cloudwatchRoleArn" && p.op == "remove":
			role = new("")
		case p.path == "/cloudwatchRoleArn":
			if err := p.replaces(); err != nil {
				return nil, err
			}
			if err := s.checkLogRole(ctx, p.value); err != nil {
				return nil, err
			}
			role = &p.value
		default:
			return nil, p.unknown()
		}
	}
	if role == nil {
		return s.GetAccount(ctx, &api.GetAccountRequest{})
	}
	a, err := s.setLogRole(ctx, *role)
	if err != nil {
		return nil, err
	}
	return describeAccount(a), nil
}

func (s *Service) setLogRole(ctx context.Context, role string) (*account, error) {
	for {
		a, err := state.Update(ctx, s.docs, accountKey(ctx), func(a *account) error {
			a.LogRole = role
			return nil
		})
		if !errors.Is(err, state.ErrNotFound) {
			return a, err
		}
		a = &account{LogRole: role}
		if err = state.Create(ctx, s.docs, accountKey(ctx), a); !errors.Is(err, state.ErrConflict) {
			return a, err
		}
	}
}

// checkLogRole refuses a role that does not exist or that API Gateway may not
// assume.
func (s *Service) checkLogRole(ctx context.Context, role string) error {
	if role == "" {
		return nil
	}
	arn, err := aws.ParseARN(role)
	if err != nil || arn.Service != "iam" || !strings.HasPrefix(arn.Resource, "role/") {
		return badRequest("Invalid ARN specified in the request")
	}
	if arn.Account != aws.CallerFrom(ctx).Account {
		return aws.Faultf(403, "AccessDeniedException", "Cross-account pass role is not allowed.")
	}
	if s.roles == nil {
		return nil
	}
	unusable := badRequest("The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy.")
	name := arn.Resource[strings.LastIndexByte(arn.Resource, '/')+1:]
	out, err := s.roles.GetRole(ctx, &iam.GetRoleRequest{RoleName: &name})
	switch {
	case aws.HasCode(err, "NoSuchEntity"):
		return unusable
	case err != nil:
		return err
	case out.Role == nil || !trusts(aws.Value(out.Role.AssumeRolePolicyDocument)):
		return unusable
	}
	return nil
}

// trusts reports whether a trust policy, URL-encoded as IAM returns it, names
// API Gateway.
func trusts(document string) bool {
	if decoded, err := url.QueryUnescape(document); err == nil && !json.Valid([]byte(document)) {
		document = decoded
	}
	return strings.Contains(document, "apigateway.amazonaws.com")
}

func describeAccount(a *account) *api.Account {
	return &api.Account{
		CloudwatchRoleArn: optional(a.LogRole),
		ThrottleSettings:  &api.ThrottleSettings{BurstLimit: new(int32(5000)), RateLimit: new(10000.0)},
		Features:          []string{"UsagePlans"},
		ApiKeyVersion:     new("4"),
	}
}
