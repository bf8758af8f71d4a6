package apigateway

import (
	"context"
	"regexp"
	"slices"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

const (
	default4XX = "DEFAULT_4XX"
	default5XX = "DEFAULT_5XX"

	// defaultTemplate is the body of a gateway response that has no template.
	defaultTemplate = `{"message":$context.error.messageString}`
)

var noGatewayResponse = notFound("Gateway response type not defined on api")

// gatewayResponseStatus is the status that a type of gateway response has of
// itself; the two defaults have none.
func gatewayResponseStatus(responseType string) string {
	switch responseType {
	case "BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS":
		return "400"
	case "UNAUTHORIZED":
		return "401"
	case "ACCESS_DENIED", "EXPIRED_TOKEN", "INVALID_API_KEY", "INVALID_SIGNATURE", "MISSING_AUTHENTICATION_TOKEN", "WAF_FILTERED":
		return "403"
	case "RESOURCE_NOT_FOUND":
		return "404"
	case "REQUEST_TOO_LARGE":
		return "413"
	case "UNSUPPORTED_MEDIA_TYPE":
		return "415"
	case "QUOTA_EXCEEDED", "THROTTLED":
		return "429"
	case "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE":
		return "500"
	case "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT":
		return "504"
	}
	return ""
}

// whole gives a gateway response what it leaves to its type.
func whole(r plan.GatewayResponse) plan.GatewayResponse {
	if r.StatusCode == "" {
		r.StatusCode = gatewayResponseStatus(r.ResponseType)
	}
	if len(r.ResponseTemplates) == 0 {
		r.ResponseTemplates = map[string]string{"application/json": defaultTemplate}
	}
	return r
}

// gatewayResponse returns what the API answers for a type, and whether nobody
// has said so of that type itself. AWS: a type that has none takes that of its
// default whole, with the status (test_gateway_response_put).
func (a *restAPI) gatewayResponse(responseType string) (r plan.GatewayResponse, isDefault bool) {
	if r, ok := a.GatewayResponses[responseType]; ok {
		return whole(r), false
	}
	r.ResponseType = responseType
	parent := default4XX
	if status := gatewayResponseStatus(responseType); status >= "500" {
		parent = default5XX
	} else if status == "" {
		return whole(r), true
	}
	if d, ok := a.GatewayResponses[parent]; ok {
		r.StatusCode, r.ResponseParameters, r.ResponseTemplates = d.StatusCode, d.ResponseParameters, d.ResponseTemplates
	}
	return whole(r), true
}

var (
	gatewayResponseTarget = regexp.MustCompile(`^gatewayresponse\.header\.\S+$`)
	gatewayResponseSource = regexp.MustCompile(`^method\.request\.((header|querystring|path|multivaluequerystring|multivalueheader)\.\S+|body(\.\S+|\[\S+)?)$`)
)

// checkGatewayResponse checks a gateway response as a whole.
func checkGatewayResponse(r plan.GatewayResponse) error {
	if !slices.Contains(gatewayResponseTypes, r.ResponseType) {
		return badRequest("Invalid gateway response type specified: %s", r.ResponseType)
	}
	if r.StatusCode != "" {
		if err := checkStatusCode(r.StatusCode); err != nil {
			return err
		}
	}
	for _, target := range sorted(r.ResponseParameters) {
		source := r.ResponseParameters[target]
		switch {
		case source == "":
			return badRequest("Invalid null or empty value in responseParameters")
		case !gatewayResponseTarget.MatchString(target):
			return invalidMapping("Invalid mapping expression specified: " + target)
		case !isStatic(source) && !gatewayResponseSource.MatchString(source) && !contextSource.MatchString(source):
			return invalidMapping("Invalid mapping expression specified: " + source)
		}
	}
	return checkContentTypes(r.ResponseTemplates)
}

// PutGatewayResponse implements apigateway.PutGatewayResponseAPI.
func (s *Service) PutGatewayResponse(ctx context.Context, in *api.PutGatewayResponseRequest) (*api.GatewayResponse, error) {
	id := aws.Value(in.RestApiId)
	r := plan.GatewayResponse{
		ResponseType:       aws.Value(in.ResponseType),
		StatusCode:         aws.Value(in.StatusCode),
		ResponseParameters: in.ResponseParameters,
		ResponseTemplates:  in.ResponseTemplates,
	}
	err := s.change(ctx, id, noAPI(ctx, id), func(a *restAPI) error {
		if err := checkGatewayResponse(r); err != nil {
			return err
		}
		put(&a.GatewayResponses, r.ResponseType, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return describeGatewayResponse(whole(r), false), nil
}

// GetGatewayResponse implements apigateway.GetGatewayResponseAPI.
func (s *Service) GetGatewayResponse(ctx context.Context, in *api.GetGatewayResponseRequest) (*api.GatewayResponse, error) {
	id := aws.Value(in.RestApiId)
	a, err := s.load(ctx, id, noAPI(ctx, id))
	if err != nil {
		return nil, err
	}
	return describeGatewayResponse(a.gatewayResponse(aws.Value(in.ResponseType))), nil
}

// GetGatewayResponses implements apigateway.GetGatewayResponsesAPI. It lists
// every type.
func (s *Service) GetGatewayResponses(ctx context.Context, in *api.GetGatewayResponsesRequest) (*api.GatewayResponses, error) {
	id := aws.Value(in.RestApiId)
	a, err := s.load(ctx, id, noAPI(ctx, id))
	if err != nil {
		return nil, err
	}
	responseTypes, next, err := page(slices.Clone(gatewayResponseTypes), func(t string) string { return t }, in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &api.GatewayResponses{Items: make([]api.GatewayResponse, len(responseTypes)), Position: next}
	for i, t := range responseTypes {
		out.Items[i] = *describeGatewayResponse(a.gatewayResponse(t))
	}
	return out, nil
}

// UpdateGatewayResponse implements apigateway.UpdateGatewayResponseAPI. What is
// patched and was not put is put with that (test_update_gateway_response).
func (s *Service) UpdateGatewayResponse(ctx context.Context, in *api.UpdateGatewayResponseRequest) (*api.GatewayResponse, error) {
	id, responseType := aws.Value(in.RestApiId), aws.Value(in.ResponseType)
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.GatewayResponse
	err = s.change(ctx, id, noAPI(ctx, id), func(a *restAPI) error {
		r, _ := a.gatewayResponse(responseType)
		for _, p := range ops {
			if err := patchGatewayResponse(&r, p); err != nil {
				return err
			}
		}
		if err := checkGatewayResponse(r); err != nil {
			return err
		}
		put(&a.GatewayResponses, responseType, r)
		out = describeGatewayResponse(whole(r), false)
		return nil
	})
	return out, err
}

func patchGatewayResponse(r *plan.GatewayResponse, p patch) error {
	for name, m := range map[string]struct {
		entries *map[string]string
		absent  error
	}{
		"responseParameters": {&r.ResponseParameters, noParameter},
		"responseTemplates":  {&r.ResponseTemplates, noContentType},
	} {
		key, ok := p.in(name)
		if !ok {
			continue
		}
		if p.op != "remove" && p.value == "" {
			return badRequest("Invalid null or empty value in %s", name)
		}
		return apply(p, m.entries, key, p.value, m.absent)
	}
	if !p.is("statusCode") || p.op != "replace" {
		return p.unknown()
	}
	r.StatusCode = p.value
	return checkStatusCode(p.value)
}

// DeleteGatewayResponse implements apigateway.DeleteGatewayResponseAPI.
func (s *Service) DeleteGatewayResponse(ctx context.Context, in *api.DeleteGatewayResponseRequest) (*api.DeleteGatewayResponseOutput, error) {
	id, responseType := aws.Value(in.RestApiId), aws.Value(in.ResponseType)
	err := s.change(ctx, id, noAPI(ctx, id), func(a *restAPI) error {
		if _, ok := a.GatewayResponses[responseType]; !ok {
			return noGatewayResponse
		}
		delete(a.GatewayResponses, responseType)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteGatewayResponseOutput{}, nil
}

// describeGatewayResponse describes a whole gateway response. AWS: its maps
// are there even when they are empty.
func describeGatewayResponse(r plan.GatewayResponse, isDefault bool) *api.GatewayResponse {
	out := &api.GatewayResponse{
		ResponseType:       &r.ResponseType,
		StatusCode:         optional(r.StatusCode),
		ResponseParameters: r.ResponseParameters,
		ResponseTemplates:  r.ResponseTemplates,
		DefaultResponse:    &isDefault,
	}
	if out.ResponseParameters == nil {
		out.ResponseParameters = map[string]string{}
	}
	return out
}
