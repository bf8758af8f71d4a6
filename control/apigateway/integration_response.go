package apigateway

import (
	"context"
	"maps"
	"slices"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// PutIntegrationResponse implements apigateway.PutIntegrationResponseAPI. It
// replaces a response of the same status.
func (s *Service) PutIntegrationResponse(ctx context.Context, in *api.PutIntegrationResponseRequest) (*api.IntegrationResponse, error) {
	r := &plan.IntegrationResponse{
		StatusCode:         aws.Value(in.StatusCode),
		SelectionPattern:   in.SelectionPattern,
		ContentHandling:    aws.Value(in.ContentHandling),
		ResponseParameters: maps.Clone(in.ResponseParameters),
		ResponseTemplates:  maps.Clone(in.ResponseTemplates),
	}
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *restAPI, _ *plan.Resource, m *plan.Method) error {
		return putIntegrationResponse(m, r)
	})
	if err != nil {
		return nil, err
	}
	return describeIntegrationResponse(r), nil
}

func putIntegrationResponse(m *plan.Method, r *plan.IntegrationResponse) error {
	if m.Integration == nil {
		return noIntegration
	}
	if err := checkIntegrationResponse(m, r); err != nil {
		return err
	}
	put(&m.Integration.Responses, r.StatusCode, r)
	return nil
}

func checkIntegrationResponse(m *plan.Method, r *plan.IntegrationResponse) error {
	if err := checkStatusCode(r.StatusCode); err != nil {
		return err
	}
	if !slices.Contains([]string{"", "CONVERT_TO_BINARY", "CONVERT_TO_TEXT"}, r.ContentHandling) {
		return badRequest("Invalid content handling specified: %s. Must be one of: [CONVERT_TO_BINARY, CONVERT_TO_TEXT]", r.ContentHandling)
	}
	if err := checkContentTypes(r.ResponseTemplates); err != nil {
		return err
	}
	return checkResponseMappings(m, r.StatusCode, r.ResponseParameters)
}

// integrationResponse returns a method's integration response.
func integrationResponse(m *plan.Method, status string) (*plan.IntegrationResponse, error) {
	if m.Integration == nil {
		return nil, noIntegration
	}
	r := m.Integration.Responses[status]
	if r == nil {
		return nil, noStatusCode
	}
	return r, nil
}

// GetIntegrationResponse implements apigateway.GetIntegrationResponseAPI.
func (s *Service) GetIntegrationResponse(ctx context.Context, in *api.GetIntegrationResponseRequest) (*api.IntegrationResponse, error) {
	var out *api.IntegrationResponse
	err := s.readMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *restAPI, m *plan.Method) error {
		r, err := integrationResponse(m, aws.Value(in.StatusCode))
		if err != nil {
			return err
		}
		out = describeIntegrationResponse(r)
		return nil
	})
	return out, err
}

// UpdateIntegrationResponse implements apigateway.UpdateIntegrationResponseAPI.
func (s *Service) UpdateIntegrationResponse(ctx context.Context, in *api.UpdateIntegrationResponseRequest) (*api.IntegrationResponse, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.IntegrationResponse
	err = s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *restAPI, _ *plan.Resource, m *plan.Method) error {
		r, err := integrationResponse(m, aws.Value(in.StatusCode))
		if err != nil {
			return err
		}
		for _, p := range ops {
			if err := patchIntegrationResponse(r, p); err != nil {
				return err
			}
		}
		if err := checkIntegrationResponse(m, r); err != nil {
			return err
		}
		out = describeIntegrationResponse(r)
		return nil
	})
	return out, err
}

func patchIntegrationResponse(r *plan.IntegrationResponse, p patch) error {
	if key, ok := p.in("responseParameters"); ok {
		return apply(p, &r.ResponseParameters, key, p.value, noParameter)
	}
	if key, ok := p.in("responseTemplates"); ok {
		return apply(p, &r.ResponseTemplates, key, p.value, noContentType)
	}
	switch p.path {
	case "/selectionPattern":
		if err := p.replaces(); err != nil {
			return err
		}
		r.SelectionPattern = new(p.value)
	case "/contentHandling":
		if p.op != "remove" {
			if err := p.replaces(); err != nil {
				return err
			}
		}
		r.ContentHandling = p.value
	default:
		return p.unknown()
	}
	return nil
}

// DeleteIntegrationResponse implements apigateway.DeleteIntegrationResponseAPI.
func (s *Service) DeleteIntegrationResponse(ctx context.Context, in *api.DeleteIntegrationResponseRequest) (*api.DeleteIntegrationResponseOutput, error) {
	err := s.change(ctx, aws.Value(in.RestApiId), noResource, func(a *restAPI) error {
		r := a.Resources[aws.Value(in.ResourceId)]
		if r == nil {
			return noResource
		}
		// AWS: this operation alone does not say that the method is missing
		// (test_delete_integration_response_errors).
		m := r.Methods[aws.Value(in.HttpMethod)]
		if m == nil {
			return noIntegration
		}
		if _, err := integrationResponse(m, aws.Value(in.StatusCode)); err != nil {
			return err
		}
		delete(m.Integration.Responses, aws.Value(in.StatusCode))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteIntegrationResponseOutput{}, nil
}

func describeIntegrationResponse(r *plan.IntegrationResponse) *api.IntegrationResponse {
	return &api.IntegrationResponse{
		StatusCode:         &r.StatusCode,
		SelectionPattern:   r.SelectionPattern,
		ContentHandling:    optional(r.ContentHandling),
		ResponseParameters: r.ResponseParameters,
		ResponseTemplates:  r.ResponseTemplates,
	}
}
