package apigateway

import (
	"context"
	"maps"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/gateway/rest"
)

// A TestInvoker serves a request to a method that need not be deployed.
type TestInvoker interface {
	TestInvoke(ctx context.Context, t *rest.TestRequest) (*rest.TestResult, error)
}

// TestInvokeMethod implements apigateway.TestInvokeMethodAPI. The API is tested
// as it stands, deployed or not. AWS: who may call is not asked; authorizers
// and API keys are passed by (API Gateway's guide on testing a method).
func (s *Service) TestInvokeMethod(ctx context.Context, in *api.TestInvokeMethodRequest) (*api.TestInvokeMethodResponse, error) {
	a, err := s.load(ctx, aws.Value(in.RestApiId), noResource)
	if err != nil {
		return nil, err
	}
	r, m, err := a.method(aws.Value(in.ResourceId), aws.Value(in.HttpMethod))
	if err != nil {
		// ANY serves the methods that the resource does not name.
		var missing error
		if r, m, missing = a.method(aws.Value(in.ResourceId), plan.AnyMethod); missing != nil {
			return nil, err
		}
	}
	if m.Integration == nil {
		return nil, badRequest("No integration defined for method")
	}
	if err := s.checkCertificate(ctx, aws.Value(in.ClientCertificateId)); err != nil {
		return nil, err
	}
	if s.tests == nil {
		return nil, notBuilt("TestInvokeMethod without a data plane")
	}
	result, err := s.tests.TestInvoke(ctx, &rest.TestRequest{
		Deployment:          s.snapshot(a, ""),
		ResourceID:          r.ID,
		Method:              aws.Value(in.HttpMethod),
		PathWithQuery:       aws.Value(in.PathWithQueryString),
		Headers:             testHeaders(in),
		Body:                []byte(aws.Value(in.Body)),
		StageVariables:      in.StageVariables,
		ClientCertificateID: aws.Value(in.ClientCertificateId),
	})
	if err != nil {
		return nil, err
	}
	out := &api.TestInvokeMethodResponse{
		Status:            new(int32(result.Status)),
		Body:              new(string(result.Body)),
		MultiValueHeaders: result.Headers,
		Log:               &result.Log,
		Latency:           new(result.Latency.Milliseconds()),
	}
	for name, values := range result.Headers {
		if len(values) > 0 {
			put(&out.Headers, name, values[len(values)-1])
		}
	}
	return out, nil
}

// testHeaders returns the headers of a test, which may come in both of AWS's
// forms; that with many values holds all of them.
func testHeaders(in *api.TestInvokeMethodRequest) map[string][]string {
	headers := maps.Clone(in.MultiValueHeaders)
	for name, v := range in.Headers {
		if _, ok := headers[name]; !ok {
			put(&headers, name, []string{v})
		}
	}
	return headers
}
