package lambda

import (
	"context"
	"net/http"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

// What cannot be made is asked for all the same, by consoles and by tools that
// take stock of an account: there is none.

// ListCapacityProviders lists no capacity providers.
func (s *Service) ListCapacityProviders(context.Context, *lambda.ListCapacityProvidersRequest) (*lambda.ListCapacityProvidersResponse, error) {
	return &lambda.ListCapacityProvidersResponse{CapacityProviders: []lambda.CapacityProvider{}}, nil
}

// ListFunctionVersionsByCapacityProvider finds no capacity provider.
func (s *Service) ListFunctionVersionsByCapacityProvider(ctx context.Context, in *lambda.ListFunctionVersionsByCapacityProviderRequest) (*lambda.ListFunctionVersionsByCapacityProviderResponse, error) {
	return nil, noCapacityProvider(ctx, in.CapacityProviderName)
}

// GetCapacityProvider finds no capacity provider.
func (s *Service) GetCapacityProvider(ctx context.Context, in *lambda.GetCapacityProviderRequest) (*lambda.GetCapacityProviderResponse, error) {
	return nil, noCapacityProvider(ctx, in.CapacityProviderName)
}

// noCapacityProvider names one that is not there by its ARN, as recorded of its
// tags (test_tag_exceptions).
func noCapacityProvider(ctx context.Context, name *string) error {
	arn := aws.Value(name)
	if _, err := aws.ParseARN(arn); err != nil {
		arn = aws.CallerFrom(ctx).NewARN("lambda", "capacity-provider:"+arn).String()
	}
	return userFault(http.StatusNotFound, "ResourceNotFoundException", "Capacity provider not found: %s", arn)
}

// ListDurableExecutionsByFunction lists no durable executions of a function.
func (s *Service) ListDurableExecutionsByFunction(ctx context.Context, in *lambda.ListDurableExecutionsByFunctionRequest) (*lambda.ListDurableExecutionsByFunctionResponse, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(in.FunctionName), in.Qualifier)
	if err != nil {
		return nil, err
	}
	f, err := s.load(ref)
	if err != nil {
		return nil, err
	}
	if _, ok := f.Resolve(ref.Qualifier, 0); !ok {
		return nil, notFound(ref)
	}
	return &lambda.ListDurableExecutionsByFunctionResponse{DurableExecutions: []lambda.Execution{}}, nil
}
