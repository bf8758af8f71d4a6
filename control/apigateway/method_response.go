package apigateway

import (
	"context"
	"maps"
	"regexp"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

var noStatusCode = notFound("Invalid Response status code specified")

// PutMethodResponse implements apigateway.PutMethodResponseAPI.
func (s *Service) PutMethodResponse(ctx context.Context, in *api.PutMethodResponseRequest) (*api.MethodResponse, error) {
	r := &plan.MethodResponse{
		StatusCode:         aws.Value(in.StatusCode),
		ResponseModels:     maps.Clone(in.ResponseModels),
		ResponseParameters: maps.Clone(in.ResponseParameters),
	}
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(a *restAPI, _ *plan.Resource, m *plan.Method) error {
		if m.Responses[r.StatusCode] != nil {
			return conflict("Response already exists for this resource")
		}
		if err := a.checkMethodResponse(r); err != nil {
			return err
		}
		put(&m.Responses, r.StatusCode, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return describeMethodResponse(r), nil
}

var responseParameter = regexp.MustCompile(`^method\.response\.header\.[!#$%&'*+.^_|~0-9A-Za-z-]+$`)

var statusCode = regexp.MustCompile(`^[1-5]\d\d$`)

// checkStatusCode repeats what wire checks: CloudFormation's calls do not come
// that way.
func checkStatusCode(status string) error {
	if !statusCode.MatchString(status) {
		return badRequest("Invalid Response status code specified")
	}
	return nil
}

func (a *restAPI) checkMethodResponse(r *plan.MethodResponse) error {
	if err := checkStatusCode(r.StatusCode); err != nil {
		return err
	}
	for _, p := range sorted(r.ResponseParameters) {
		if !responseParameter.MatchString(p) {
			return badRequest("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", p)
		}
	}
	return a.checkModels(r.ResponseModels)
}

// GetMethodResponse implements apigateway.GetMethodResponseAPI.
func (s *Service) GetMethodResponse(ctx context.Context, in *api.GetMethodResponseRequest) (*api.MethodResponse, error) {
	var out *api.MethodResponse
	err := s.readMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *restAPI, m *plan.Method) error {
		r := m.Responses[aws.Value(in.StatusCode)]
		if r == nil {
			return noStatusCode
		}
		out = describeMethodResponse(r)
		return nil
	})
	return out, err
}

// UpdateMethodResponse implements apigateway.UpdateMethodResponseAPI.
func (s *Service) UpdateMethodResponse(ctx context.Context, in *api.UpdateMethodResponseRequest) (*api.MethodResponse, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.MethodResponse
	err = s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(a *restAPI, _ *plan.Resource, m *plan.Method) error {
		r := m.Responses[aws.Value(in.StatusCode)]
		if r == nil {
			return noStatusCode
		}
		for _, p := range ops {
			var err error
			if key, ok := p.in("responseParameters"); ok {
				err = apply(p, &r.ResponseParameters, key, p.isTrue(), noParameter)
			} else if key, ok := p.in("responseModels"); ok {
				err = apply(p, &r.ResponseModels, key, p.value, noContentType)
			} else {
				err = p.unknown()
			}
			if err != nil {
				return err
			}
		}
		if err := a.checkMethodResponse(r); err != nil {
			return err
		}
		out = describeMethodResponse(r)
		return nil
	})
	return out, err
}

// DeleteMethodResponse implements apigateway.DeleteMethodResponseAPI.
func (s *Service) DeleteMethodResponse(ctx context.Context, in *api.DeleteMethodResponseRequest) (*api.DeleteMethodResponseOutput, error) {
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *restAPI, _ *plan.Resource, m *plan.Method) error {
		if m.Responses[aws.Value(in.StatusCode)] == nil {
			return noStatusCode
		}
		delete(m.Responses, aws.Value(in.StatusCode))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteMethodResponseOutput{}, nil
}

func describeMethodResponse(r *plan.MethodResponse) *api.MethodResponse {
	return &api.MethodResponse{
		StatusCode:         &r.StatusCode,
		ResponseModels:     r.ResponseModels,
		ResponseParameters: r.ResponseParameters,
	}
}
