package apigateway

import (
	"context"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

// Authorizers come only with imported documents, and only to be shown: the data
// plane denies what they guard.

// GetAuthorizer implements apigateway.GetAuthorizerAPI.
func (s *Service) GetAuthorizer(ctx context.Context, in *api.GetAuthorizerRequest) (*api.Authorizer, error) {
	absent := notFound("Invalid Authorizer identifier specified")
	a, err := s.load(ctx, aws.Value(in.RestApiId), absent)
	if err != nil {
		return nil, err
	}
	au := a.Authorizers[aws.Value(in.AuthorizerId)]
	if au == nil {
		return nil, absent
	}
	return describeAuthorizer(au), nil
}

// GetAuthorizers implements apigateway.GetAuthorizersAPI.
func (s *Service) GetAuthorizers(ctx context.Context, in *api.GetAuthorizersRequest) (*api.Authorizers, error) {
	id := aws.Value(in.RestApiId)
	a, err := s.load(ctx, id, noAPI(ctx, id))
	if err != nil {
		return nil, err
	}
	list := make([]*authorizer, 0, len(a.Authorizers))
	for _, au := range a.Authorizers {
		list = append(list, au)
	}
	list, next, err := page(list, func(au *authorizer) string { return au.Name }, in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &api.Authorizers{Items: make([]api.Authorizer, len(list)), Position: next}
	for i, au := range list {
		out.Items[i] = *describeAuthorizer(au)
	}
	return out, nil
}

func describeAuthorizer(au *authorizer) *api.Authorizer {
	return &api.Authorizer{
		Id:                           &au.ID,
		Name:                         &au.Name,
		Type:                         &au.Type,
		ProviderARNs:                 au.ProviderARNs,
		AuthType:                     optional(au.AuthType),
		AuthorizerUri:                optional(au.URI),
		AuthorizerCredentials:        optional(au.Credentials),
		IdentitySource:               optional(au.IdentitySource),
		IdentityValidationExpression: optional(au.IdentityValidationExpression),
		AuthorizerResultTtlInSeconds: au.ResultTTL,
	}
}
