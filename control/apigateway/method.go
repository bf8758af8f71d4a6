package apigateway

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

var (
	noMethod       = notFound("Invalid Method identifier specified")
	noParameter    = notFound("Invalid parameter name specified")
	noContentType  = notFound("Content-Type specified was not found")
	noAuthorizerID = badRequest("Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.")
)

const (
	authNone    = "NONE"
	authIAM     = "AWS_IAM"
	authCustom  = "CUSTOM"
	authCognito = "COGNITO_USER_POOLS"

	anyMethod = "ANY"
)

// httpMethods are what a resource may have a method for, in AWS's order.
var httpMethods = []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", anyMethod}

// method returns a resource's method, or the fault for what is missing.
func (a *restAPI) method(resourceID, httpMethod string) (*plan.Resource, *plan.Method, error) {
	r := a.Resources[resourceID]
	if r == nil {
		return nil, nil, noResource
	}
	m := r.Methods[httpMethod]
	if m == nil {
		return nil, nil, noMethod
	}
	return r, m, nil
}

// readMethod calls f with a method.
func (s *Service) readMethod(ctx context.Context, apiID, resourceID, httpMethod *string, f func(*restAPI, *plan.Method) error) error {
	a, err := s.load(ctx, aws.Value(apiID), noResource)
	if err != nil {
		return err
	}
	_, m, err := a.method(aws.Value(resourceID), aws.Value(httpMethod))
	if err != nil {
		return err
	}
	return f(a, m)
}

// changeMethod calls f to change a method.
func (s *Service) changeMethod(ctx context.Context, apiID, resourceID, httpMethod *string, f func(*restAPI, *plan.Resource, *plan.Method) error) error {
	return s.change(ctx, aws.Value(apiID), noResource, func(a *restAPI) error {
		r, m, err := a.method(aws.Value(resourceID), aws.Value(httpMethod))
		if err != nil {
			return err
		}
		return f(a, r, m)
	})
}

// PutMethod implements apigateway.PutMethodAPI.
func (s *Service) PutMethod(ctx context.Context, in *api.PutMethodRequest) (*api.Method, error) {
	m := &plan.Method{
		HTTPMethod:          aws.Value(in.HttpMethod),
		AuthorizationType:   aws.Value(in.AuthorizationType),
		AuthorizerID:        aws.Value(in.AuthorizerId),
		AuthorizationScopes: in.AuthorizationScopes,
		APIKeyRequired:      aws.Value(in.ApiKeyRequired),
		OperationName:       aws.Value(in.OperationName),
		RequestValidatorID:  aws.Value(in.RequestValidatorId),
		RequestModels:       maps.Clone(in.RequestModels),
		RequestParameters:   maps.Clone(in.RequestParameters),
	}
	err := s.change(ctx, aws.Value(in.RestApiId), noResource, func(a *restAPI) error {
		r := a.Resources[aws.Value(in.ResourceId)]
		if r == nil {
			return noResource
		}
		return a.putMethod(r, m)
	})
	if err != nil {
		return nil, err
	}
	return describeMethod(m), nil
}

// putMethod adds a method that the resource lacks.
func (a *restAPI) putMethod(r *plan.Resource, m *plan.Method) error {
	if !slices.Contains(httpMethods, m.HTTPMethod) {
		return badRequest("Invalid HttpMethod specified. Valid options are %s", strings.Join(httpMethods, ","))
	}
	if r.Methods[m.HTTPMethod] != nil {
		return conflict("Method already exists for this resource")
	}
	if err := a.checkMethod(m); err != nil {
		return err
	}
	put(&r.Methods, m.HTTPMethod, m)
	return nil
}

// checkMethod checks what a method says of its requests and who may make them.
func (a *restAPI) checkMethod(m *plan.Method) error {
	switch m.AuthorizationType {
	case authNone, authIAM:
		// AWS: an authorizer is ignored where none is asked for
		// (test_update_method_validation, skip-auth-id-with-wrong-type).
		m.AuthorizerID = ""
	case authCustom, authCognito:
		au := a.Authorizers[m.AuthorizerID]
		if au == nil || (au.Type == authCognito) != (m.AuthorizationType == authCognito) {
			return noAuthorizerID
		}
	default:
		return badRequest("Invalid authorization type specified. Valid options are NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS")
	}
	if m.RequestValidatorID != "" && a.Validators[m.RequestValidatorID] == nil {
		return badRequest("Invalid Request Validator identifier specified")
	}
	if err := a.checkModels(m.RequestModels); err != nil {
		return err
	}
	return checkRequestParameters(m.RequestParameters)
}

var requestParameter = regexp.MustCompile(`^method\.request\.(querystring|header|path|multivaluequerystring|multivalueheader)\.([^\s]+)$`)

func checkRequestParameters(parameters map[string]bool) error {
	names := map[string]bool{}
	for _, p := range sorted(parameters) {
		parts := requestParameter.FindStringSubmatch(p)
		if parts == nil {
			return badRequest("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", p)
		}
		if names[parts[2]] {
			return badRequest("Parameter names must be unique across querystring, header and path")
		}
		names[parts[2]] = true
	}
	return nil
}

// GetMethod implements apigateway.GetMethodAPI.
func (s *Service) GetMethod(ctx context.Context, in *api.GetMethodRequest) (*api.Method, error) {
	var out *api.Method
	err := s.readMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *restAPI, m *plan.Method) error {
		out = describeMethod(m)
		return nil
	})
	return out, err
}

// UpdateMethod implements apigateway.UpdateMethodAPI.
func (s *Service) UpdateMethod(ctx context.Context, in *api.UpdateMethodRequest) (*api.Method, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.Method
	err = s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(a *restAPI, _ *plan.Resource, m *plan.Method) error {
		for _, p := range ops {
			if err := patchMethod(m, p); err != nil {
				return err
			}
		}
		if err := a.checkMethod(m); err != nil {
			return err
		}
		out = describeMethod(m)
		return nil
	})
	return out, err
}

func patchMethod(m *plan.Method, p patch) error {
	if key, ok := p.in("requestParameters"); ok {
		return apply(p, &m.RequestParameters, key, p.isTrue(), noParameter)
	}
	if key, ok := p.in("requestModels"); ok {
		return apply(p, &m.RequestModels, key, p.value, noContentType)
	}
	if p.segments[0] == "authorizationScopes" {
		return patchScopes(m, p)
	}
	set, ok := map[string]func(){
		"/authorizationType":  func() { m.AuthorizationType = p.value },
		"/authorizerId":       func() { m.AuthorizerID = p.value },
		"/apiKeyRequired":     func() { m.APIKeyRequired = p.isTrue() },
		"/operationName":      func() { m.OperationName = p.value },
		"/requestValidatorId": func() { m.RequestValidatorID = p.value },
	}[p.path]
	if !ok {
		return p.unknown()
	}
	if err := p.replaces(); err != nil {
		return err
	}
	set()
	return nil
}

// patchScopes takes a scope as the value of /authorizationScopes or as the
// segment below it.
func patchScopes(m *plan.Method, p patch) error {
	scope := p.value
	if len(p.segments) == 2 {
		scope = p.segments[1]
	} else if len(p.segments) > 2 {
		return p.unknown()
	}
	m.AuthorizationScopes = slices.DeleteFunc(m.AuthorizationScopes, func(s string) bool { return s == scope })
	switch p.op {
	case "add":
		m.AuthorizationScopes = append(m.AuthorizationScopes, scope)
	case "replace":
		m.AuthorizationScopes = append(m.AuthorizationScopes, p.value)
	case "remove":
	default:
		return badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
	}
	return nil
}

// DeleteMethod implements apigateway.DeleteMethodAPI.
func (s *Service) DeleteMethod(ctx context.Context, in *api.DeleteMethodRequest) (*api.DeleteMethodOutput, error) {
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *restAPI, r *plan.Resource, m *plan.Method) error {
		delete(r.Methods, m.HTTPMethod)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteMethodOutput{}, nil
}

func describeMethod(m *plan.Method) *api.Method {
	out := &api.Method{
		HttpMethod:         &m.HTTPMethod,
		AuthorizationType:  &m.AuthorizationType,
		AuthorizerId:       optional(m.AuthorizerID),
		ApiKeyRequired:     &m.APIKeyRequired,
		OperationName:      optional(m.OperationName),
		RequestValidatorId: optional(m.RequestValidatorID),
		RequestParameters:  m.RequestParameters,
		RequestModels:      m.RequestModels,
	}
	if len(m.AuthorizationScopes) > 0 {
		out.AuthorizationScopes = m.AuthorizationScopes
	}
	for status, r := range m.Responses {
		put(&out.MethodResponses, status, *describeMethodResponse(r))
	}
	if m.Integration != nil {
		out.MethodIntegration = describeIntegration(m.Integration)
	}
	return out
}
