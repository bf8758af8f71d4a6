package apigateway

import (
	"context"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

var noIntegration = notFound("Invalid Integration identifier specified")

const (
	typeAWS       = "AWS"
	typeAWSProxy  = "AWS_PROXY"
	typeHTTP      = "HTTP"
	typeHTTPProxy = "HTTP_PROXY"
	typeMock      = "MOCK"

	internet = "INTERNET"
	vpcLink  = "VPC_LINK"

	whenNoMatch = "WHEN_NO_MATCH"

	minTimeout       = 50
	maxTimeout       = 29_000
	maxStreamTimeout = 900_000
)

// PutIntegration implements apigateway.PutIntegrationAPI.
func (s *Service) PutIntegration(ctx context.Context, in *api.PutIntegrationRequest) (*api.Integration, error) {
	if in.IntegrationTarget != nil {
		return nil, notBuilt("integrationTarget")
	}
	i := plan.Integration{
		Type:                 aws.Value(in.Type),
		HTTPMethod:           aws.Value(in.IntegrationHttpMethod),
		URI:                  aws.Value(in.Uri),
		ConnectionType:       aws.Value(in.ConnectionType),
		ConnectionID:         aws.Value(in.ConnectionId),
		Credentials:          aws.Value(in.Credentials),
		PassthroughBehavior:  aws.Value(in.PassthroughBehavior),
		ContentHandling:      aws.Value(in.ContentHandling),
		TimeoutMillis:        int(aws.Value(in.TimeoutInMillis)),
		CacheNamespace:       aws.Value(in.CacheNamespace),
		CacheKeyParameters:   in.CacheKeyParameters,
		RequestParameters:    in.RequestParameters,
		RequestTemplates:     in.RequestTemplates,
		ResponseTransferMode: aws.Value(in.ResponseTransferMode),
	}
	if in.TlsConfig != nil {
		i.InsecureSkipVerification = aws.Value(in.TlsConfig.InsecureSkipVerification)
	}
	if in.TimeoutInMillis == nil {
		i.TimeoutMillis = maxTimeout
	}
	var out *api.Integration
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(a *restAPI, r *plan.Resource, m *plan.Method) error {
		if err := s.checkConnection(ctx, &i); err != nil {
			return err
		}
		integration := i
		integration.RequestParameters = maps.Clone(i.RequestParameters)
		integration.RequestTemplates = maps.Clone(i.RequestTemplates)
		if err := a.putIntegration(r, m, &integration); err != nil {
			return err
		}
		out = describeIntegration(&integration)
		return nil
	})
	return out, err
}

// putIntegration gives a method its integration, in the place of the one it
// may have.
func (a *restAPI) putIntegration(r *plan.Resource, m *plan.Method, i *plan.Integration) error {
	if i.PassthroughBehavior == "" {
		i.PassthroughBehavior = whenNoMatch
	}
	if i.CacheNamespace == "" {
		i.CacheNamespace = r.ID
	}
	if i.ConnectionType == "" && isHTTP(i.Type) {
		i.ConnectionType = internet
	}
	if err := a.checkIntegration(m, i); err != nil {
		return err
	}
	m.Integration = i
	return nil
}

func isHTTP(integrationType string) bool {
	return integrationType == typeHTTP || integrationType == typeHTTPProxy
}

// checkIntegration checks an integration as a whole, so that what a patch has
// made of it is checked as what was put.
func (a *restAPI) checkIntegration(m *plan.Method, i *plan.Integration) error {
	switch i.Type {
	case typeMock:
	case typeAWS, typeAWSProxy, typeHTTP, typeHTTPProxy:
		if i.HTTPMethod == "" {
			return badRequest("Enumeration value for HttpMethod must be non-empty")
		}
		if !slices.Contains(httpMethods, i.HTTPMethod) {
			return badRequest("Invalid HttpMethod specified. Valid options are %s", strings.Join(httpMethods, ","))
		}
		if err := a.checkTarget(i); err != nil {
			return err
		}
	default:
		return badRequest("Invalid integration type specified. Valid options are HTTP, AWS, MOCK, HTTP_PROXY, AWS_PROXY")
	}
	for _, e := range []struct {
		name, value string
		values      []string
	}{
		{"passthrough behavior", i.PassthroughBehavior, []string{whenNoMatch, "WHEN_NO_TEMPLATES", "NEVER"}},
		{"content handling", i.ContentHandling, []string{"", "CONVERT_TO_BINARY", "CONVERT_TO_TEXT"}},
		{"connection type", i.ConnectionType, []string{"", internet, vpcLink}},
		{"response transfer mode", i.ResponseTransferMode, []string{"", "BUFFERED", "STREAM"}},
	} {
		if !slices.Contains(e.values, e.value) {
			return badRequest("Invalid %s specified: %s. Must be one of: [%s]", e.name, e.value, strings.TrimPrefix(strings.Join(e.values, ", "), ", "))
		}
	}
	longest := maxTimeout
	if i.ResponseTransferMode == "STREAM" {
		if i.Type != typeAWSProxy && i.Type != typeHTTPProxy {
			return badRequest("Response transfer mode STREAM is only supported for integrations of type AWS_PROXY and HTTP_PROXY")
		}
		longest = maxStreamTimeout
	}
	if i.TimeoutMillis < minTimeout || i.TimeoutMillis > longest {
		return badRequest("Timeout should be between %d ms and %d ms", minTimeout, longest)
	}
	if err := a.checkCredentials(i.Credentials); err != nil {
		return err
	}
	for _, p := range i.CacheKeyParameters {
		if !methodSource.MatchString(p) && !integrationTarget.MatchString(p) {
			return badRequest("Invalid cache key parameter specified: %s", p)
		}
	}
	if err := checkContentTypes(i.RequestTemplates); err != nil {
		return err
	}
	return checkRequestMappings(m, i.RequestParameters)
}

// lambdaTarget is the function within the URI of a Lambda integration.
var lambdaTarget = regexp.MustCompile(`^arn:[^:]+:apigateway:[^:]*:lambda:path/(2015-03-31/functions|2021-11-15/functions)/(.+)/(invocations|response-streaming-invocations)$`)

// checkTarget checks where an integration leads to.
func (a *restAPI) checkTarget(i *plan.Integration) error {
	if isHTTP(i.Type) {
		if i.ConnectionType == vpcLink && i.ConnectionID == "" {
			return badRequest("Connection ID must be specified for connection type VPC_LINK")
		}
		if !isEndpoint(i.URI) {
			return badRequest("Invalid HTTP endpoint specified for URI")
		}
		return nil
	}
	arn, err := aws.ParseARN(i.URI)
	if err != nil || arn.Service != "apigateway" {
		return badRequest("Invalid ARN specified in the request")
	}
	// The service stands where an account usually does, after its subdomain.
	service := arn.Account[strings.LastIndexByte(arn.Account, '.')+1:]
	if !strings.HasPrefix(arn.Resource, "path/") && !strings.HasPrefix(arn.Resource, "action/") {
		return badRequest("AWS ARN for integration must contain path or action")
	}
	if service == "lambda" {
		if !lambdaTarget.MatchString(i.URI) {
			return badRequest("Invalid lambda function")
		}
		return nil
	}
	if i.Type == typeAWSProxy && service != "firehose" {
		return badRequest("Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.")
	}
	if i.Credentials == "" {
		return badRequest("Role ARN must be specified for AWS integrations")
	}
	return nil
}

// isEndpoint reports whether uri is an HTTP endpoint. Where a stage variable
// decides the host, there is no more to check than that.
func isEndpoint(uri string) bool {
	if strings.Contains(uri, "${stageVariables.") {
		return strings.HasPrefix(uri, "http://") || strings.HasPrefix(uri, "https://") || strings.HasPrefix(uri, "${stageVariables.")
	}
	u, err := url.Parse(uri)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// callerCredentials stands for the caller's own credentials.
const callerCredentials = "arn:aws:iam::*:user/*"

func (a *restAPI) checkCredentials(role string) error {
	if role == "" || role == callerCredentials {
		return nil
	}
	arn, err := aws.ParseARN(role)
	if err != nil || arn.Service != "iam" {
		return badRequest("Invalid ARN specified in the request")
	}
	if arn.Account != a.Account && !strings.Contains(arn.Account, "${") {
		return aws.Faultf(403, "AccessDeniedException", "Cross-account pass role is not allowed.")
	}
	return nil
}

// GetIntegration implements apigateway.GetIntegrationAPI.
func (s *Service) GetIntegration(ctx context.Context, in *api.GetIntegrationRequest) (*api.Integration, error) {
	var out *api.Integration
	err := s.readMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *restAPI, m *plan.Method) error {
		if m.Integration == nil {
			return noIntegration
		}
		out = describeIntegration(m.Integration)
		return nil
	})
	return out, err
}

// UpdateIntegration implements apigateway.UpdateIntegrationAPI.
func (s *Service) UpdateIntegration(ctx context.Context, in *api.UpdateIntegrationRequest) (*api.Integration, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.Integration
	err = s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(a *restAPI, _ *plan.Resource, m *plan.Method) error {
		if m.Integration == nil {
			return noIntegration
		}
		for _, p := range ops {
			if err := patchIntegration(m.Integration, p); err != nil {
				return err
			}
		}
		if err := a.checkIntegration(m, m.Integration); err != nil {
			return err
		}
		if err := s.checkConnection(ctx, m.Integration); err != nil {
			return err
		}
		out = describeIntegration(m.Integration)
		return nil
	})
	return out, err
}

func patchIntegration(i *plan.Integration, p patch) error {
	if key, ok := p.in("requestParameters"); ok {
		return apply(p, &i.RequestParameters, key, p.value, noParameter)
	}
	if key, ok := p.in("requestTemplates"); ok {
		return apply(p, &i.RequestTemplates, key, p.value, noContentType)
	}
	if key, ok := p.in("cacheKeyParameters"); ok {
		i.CacheKeyParameters = slices.DeleteFunc(i.CacheKeyParameters, func(k string) bool { return k == key })
		if p.op == "replace" && p.value != "" {
			key = p.value
		}
		if p.op != "remove" {
			i.CacheKeyParameters = append(i.CacheKeyParameters, key)
		}
		return nil
	}
	set, ok := map[string]func(){
		"/httpMethod":                         func() { i.HTTPMethod = p.value },
		"/uri":                                func() { i.URI = p.value },
		"/connectionType":                     func() { i.ConnectionType = p.value },
		"/connectionId":                       func() { i.ConnectionID = p.value },
		"/credentials":                        func() { i.Credentials = p.value },
		"/passthroughBehavior":                func() { i.PassthroughBehavior = p.value },
		"/contentHandling":                    func() { i.ContentHandling = p.value },
		"/cacheNamespace":                     func() { i.CacheNamespace = p.value },
		"/responseTransferMode":               func() { i.ResponseTransferMode = p.value },
		"/tlsConfig/insecureSkipVerification": func() { i.InsecureSkipVerification = p.isTrue() },
		"/timeoutInMillis":                    func() { i.TimeoutMillis, _ = strconv.Atoi(p.value) },
	}[p.path]
	if !ok {
		return p.unknown()
	}
	// Clients remove what has a default to return to it.
	if p.op == "remove" && slices.Contains([]string{"/credentials", "/contentHandling", "/connectionId"}, p.path) {
		p.value = ""
	} else if err := p.replaces(); err != nil {
		return err
	}
	set()
	return nil
}

// DeleteIntegration implements apigateway.DeleteIntegrationAPI.
func (s *Service) DeleteIntegration(ctx context.Context, in *api.DeleteIntegrationRequest) (*api.DeleteIntegrationOutput, error) {
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *restAPI, _ *plan.Resource, m *plan.Method) error {
		if m.Integration == nil {
			return noIntegration
		}
		m.Integration = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteIntegrationOutput{}, nil
}

func describeIntegration(i *plan.Integration) *api.Integration {
	out := &api.Integration{
		Type:                 &i.Type,
		HttpMethod:           optional(i.HTTPMethod),
		Uri:                  optional(i.URI),
		ConnectionType:       optional(i.ConnectionType),
		ConnectionId:         optional(i.ConnectionID),
		Credentials:          optional(i.Credentials),
		RequestParameters:    i.RequestParameters,
		RequestTemplates:     i.RequestTemplates,
		PassthroughBehavior:  &i.PassthroughBehavior,
		ContentHandling:      optional(i.ContentHandling),
		TimeoutInMillis:      new(int32(i.TimeoutMillis)),
		CacheNamespace:       &i.CacheNamespace,
		CacheKeyParameters:   append([]string{}, i.CacheKeyParameters...),
		ResponseTransferMode: optional(i.ResponseTransferMode),
	}
	if i.InsecureSkipVerification {
		out.TlsConfig = &api.TlsConfig{InsecureSkipVerification: new(true)}
	}
	for status, r := range i.Responses {
		put(&out.IntegrationResponses, status, *describeIntegrationResponse(r))
	}
	return out
}
