package apigateway

import (
	"context"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

var noValidator = notFound("Invalid Request Validator identifier specified")

// CreateRequestValidator implements apigateway.CreateRequestValidatorAPI.
func (s *Service) CreateRequestValidator(ctx context.Context, in *api.CreateRequestValidatorRequest) (*api.RequestValidator, error) {
	v := &plan.RequestValidator{
		Name:       aws.Value(in.Name),
		Body:       aws.Value(in.ValidateRequestBody),
		Parameters: aws.Value(in.ValidateRequestParameters),
	}
	// AWS: not the NotFoundException of the other operations
	// (test_create_request_validator_invalid_api_id).
	absent := badRequest("Invalid REST API identifier specified")
	err := s.change(ctx, aws.Value(in.RestApiId), absent, func(a *restAPI) error {
		v.ID = newID(6, a.Validators)
		put(&a.Validators, v.ID, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return describeValidator(v), nil
}

// GetRequestValidator implements apigateway.GetRequestValidatorAPI.
func (s *Service) GetRequestValidator(ctx context.Context, in *api.GetRequestValidatorRequest) (*api.RequestValidator, error) {
	a, err := s.load(ctx, aws.Value(in.RestApiId), noValidator)
	if err != nil {
		return nil, err
	}
	v := a.Validators[aws.Value(in.RequestValidatorId)]
	if v == nil {
		return nil, noValidator
	}
	return describeValidator(v), nil
}

// GetRequestValidators implements apigateway.GetRequestValidatorsAPI.
func (s *Service) GetRequestValidators(ctx context.Context, in *api.GetRequestValidatorsRequest) (*api.RequestValidators, error) {
	id := aws.Value(in.RestApiId)
	a, err := s.load(ctx, id, noAPI(ctx, id))
	if err != nil {
		return nil, err
	}
	ids, next, err := page(sorted(a.Validators), func(id string) string { return id }, in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &api.RequestValidators{Items: make([]api.RequestValidator, len(ids)), Position: next}
	for i, id := range ids {
		out.Items[i] = *describeValidator(a.Validators[id])
	}
	return out, nil
}

// UpdateRequestValidator implements apigateway.UpdateRequestValidatorAPI.
func (s *Service) UpdateRequestValidator(ctx context.Context, in *api.UpdateRequestValidatorRequest) (*api.RequestValidator, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.RequestValidator
	err = s.change(ctx, aws.Value(in.RestApiId), noValidator, func(a *restAPI) error {
		v := a.Validators[aws.Value(in.RequestValidatorId)]
		if v == nil {
			return noValidator
		}
		for _, p := range ops {
			if err := p.only("/name", "/validateRequestParameters", "/validateRequestBody"); err != nil {
				return err
			}
			switch p.path {
			case "/name":
				if p.value == "" {
					return badRequest("Request Validator name cannot be blank")
				}
				v.Name = p.value
			case "/validateRequestParameters":
				v.Parameters = p.isTrue()
			case "/validateRequestBody":
				v.Body = p.isTrue()
			}
		}
		out = describeValidator(v)
		return nil
	})
	return out, err
}

// DeleteRequestValidator implements apigateway.DeleteRequestValidatorAPI.
func (s *Service) DeleteRequestValidator(ctx context.Context, in *api.DeleteRequestValidatorRequest) (*api.DeleteRequestValidatorOutput, error) {
	id := aws.Value(in.RequestValidatorId)
	err := s.change(ctx, aws.Value(in.RestApiId), noValidator, func(a *restAPI) error {
		if a.Validators[id] == nil {
			return noValidator
		}
		for _, r := range a.byPath() {
			for _, httpMethod := range sorted(r.Methods) {
				if r.Methods[httpMethod].RequestValidatorID == id {
					return conflict("Cannot delete request validator '%s', is referenced in method: %s/%s", id, r.Path, httpMethod)
				}
			}
		}
		delete(a.Validators, id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteRequestValidatorOutput{}, nil
}

func describeValidator(v *plan.RequestValidator) *api.RequestValidator {
	return &api.RequestValidator{
		Id:                        &v.ID,
		Name:                      &v.Name,
		ValidateRequestBody:       &v.Body,
		ValidateRequestParameters: &v.Parameters,
	}
}
