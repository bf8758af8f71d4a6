package apigateway_test

import (
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
)

func (s site) integrate(name, httpMethod string, in api.PutIntegrationRequest) {
	s.t.Helper()
	in.RestApiId, in.ResourceId, in.HttpMethod = s.rest, s.root, &httpMethod
	call[api.Integration](s.scenario, name)(s.PutIntegration(s.ctx, &in))
}

func (s site) integration(name, httpMethod string) {
	s.t.Helper()
	call[api.Integration](s.scenario, name)(s.GetIntegration(s.ctx, &api.GetIntegrationRequest{RestApiId: s.rest, ResourceId: s.root, HttpMethod: &httpMethod}))
}

func (s site) respond(name, httpMethod string, in api.PutIntegrationResponseRequest) {
	s.t.Helper()
	in.RestApiId, in.ResourceId, in.HttpMethod, in.StatusCode = s.rest, s.root, &httpMethod, new("200")
	call[api.IntegrationResponse](s.scenario, name)(s.PutIntegrationResponse(s.ctx, &in))
}

func (s site) response(name, httpMethod, status string) {
	s.t.Helper()
	call[api.IntegrationResponse](s.scenario, name)(s.GetIntegrationResponse(s.ctx, &api.GetIntegrationResponseRequest{RestApiId: s.rest, ResourceId: s.root, HttpMethod: &httpMethod, StatusCode: &status}))
}

func (s site) dropResponse(name, httpMethod, status string) {
	s.t.Helper()
	call[api.DeleteIntegrationResponseOutput](s.scenario, name)(s.DeleteIntegrationResponse(s.ctx, &api.DeleteIntegrationResponseRequest{RestApiId: s.rest, ResourceId: s.root, HttpMethod: &httpMethod, StatusCode: &status}))
}

func TestIntegrationScenarios(t *testing.T) {
	mock := api.PutIntegrationRequest{Type: new("MOCK"), RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}}
	created := api.PutIntegrationResponseRequest{SelectionPattern: new(""), ResponseTemplates: map[string]string{"application/json": `"created"`}}

	play(t, "test_put_integration_response_validation", func(s *scenario) {
		m := s.mock()
		elsewhere := site{s, m.rest, new("badresource")}
		m.integrate("put-integration-wrong-method", "POST", mock)
		elsewhere.integrate("put-integration-wrong-resource", "GET", mock)
		m.respond("put-integration-response-wrong-method", "POST", created)
		elsewhere.respond("put-integration-response-wrong-resource", "GET", created)
	})
	play(t, "test_put_integration_request_parameter_bool_type", func(s *scenario) {
		m := s.site()
		m.put("bool-method", "GET", api.PutMethodRequest{RequestParameters: map[string]bool{"method.request.path.testPath": true}})
		m.integrate("put-method-request-param-wrong-type", "GET", api.PutIntegrationRequest{Type: new("HTTP"), IntegrationHttpMethod: new("GET"),
			Uri: new("https://example.com"), RequestParameters: map[string]string{"integration.request.path.testPath": "true"}})
	})
	play(t, "test_create_integration_with_vpc_link", func(s *scenario) {
		m := s.site()
		do(s.bench, s.PutMethod, api.PutMethodRequest{RestApiId: m.rest, ResourceId: m.root, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
		m.integrate("put-integration-vpc-link", "GET", api.PutIntegrationRequest{Type: new("HTTP_PROXY"), IntegrationHttpMethod: new("GET"),
			Uri:            new("http://my-vpclink-test-nlb-1234567890abcdef.us-east-1.amazonaws.com"),
			ConnectionType: new("VPC_LINK"), ConnectionId: new("${stageVariables.vpcLinkId}")})
		m.integration("get-integration-vpc-link", "GET")
		call[api.Integration](s, "update-integration-vpc-link")(s.UpdateIntegration(s.ctx, &api.UpdateIntegrationRequest{RestApiId: m.rest, ResourceId: m.root, HttpMethod: new("GET"),
			PatchOperations: []api.PatchOperation{replace("/connectionId", "${stageVariables.vpcLinkIdBeta}")}}))
		m.integration("get-integration-update-vpc-link", "GET")
	})
	play(t, "test_get_integration_non_existent", func(s *scenario) {
		m := s.site()
		site{s, new("badapi"), m.root}.integration("get-integration-no-api", "GET")
		site{s, m.rest, new("badresource")}.integration("get-integration-no-resource", "GET")
		m.integration("get-integration-no-method", "GET")
		do(s.bench, s.PutMethod, api.PutMethodRequest{RestApiId: m.rest, ResourceId: m.root, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
		m.integration("get-integration-no-integration", "GET")
	})
	play(t, "test_lifecycle_integration_response", func(s *scenario) {
		m := s.mock()
		m.respond("put-integration-response", "GET", created)
		m.response("get-integration-response", "GET", "200")
		call[api.IntegrationResponse](s, "update-integration-response")(s.UpdateIntegrationResponse(s.ctx, &api.UpdateIntegrationResponseRequest{
			RestApiId: m.rest, ResourceId: m.root, HttpMethod: new("GET"), StatusCode: new("200"),
			PatchOperations: []api.PatchOperation{replace("/selectionPattern", "updated-pattern")}}))
		m.respond("overwrite-integration-response", "GET", api.PutIntegrationResponseRequest{SelectionPattern: new("overwrite-pattern"),
			ResponseTemplates: map[string]string{"application/json": "overwrite"}})
		m.get("get-method", "GET")
		m.dropResponse("delete-integration-response", "GET", "200")
	})
	play(t, "test_integration_response_wrong_api", func(s *scenario) {
		m := site{s, new("api_id"), s.site().root}
		m.respond("put-integration-response-wrong-api", "GET", created)
		m.response("get-integration-response-wrong-api", "GET", "200")
	})
	play(t, "test_integration_response_wrong_resource", func(s *scenario) {
		m := site{s, s.mock().rest, new("resource_id")}
		m.respond("put-integration-response-wrong-resource", "GET", created)
		m.response("get-integration-response-wrong-resource", "GET", "200")
	})
	play(t, "test_integration_response_wrong_method", func(s *scenario) {
		m := s.mock()
		m.respond("put-integration-response-wrong-method", "POST", created)
		m.response("get-integration-response-wrong-method", "POST", "200")
	})
	play(t, "test_integration_response_invalid_responsetemplates", func(s *scenario) {
		s.mock().respond("put-integration-response-invalid-responseTemplates-2", "GET",
			api.PutIntegrationResponseRequest{ResponseTemplates: map[string]string{"123": "created"}})
	})
	play(t, "test_integration_response_invalid_integration", func(s *scenario) {
		m := s.site()
		do(s.bench, s.PutMethod, api.PutMethodRequest{RestApiId: m.rest, ResourceId: m.root, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
		m.response("get-integration-response-without-integration", "GET", "200")
	})
	play(t, "test_integration_response_wrong_status_code", func(s *scenario) {
		s.mock().response("get-integration-response-wrong-status-code", "GET", "201")
	})
	play(t, "test_delete_integration_response_errors", func(s *scenario) {
		m := s.mock()
		m.respond("put-integration-response", "GET", created)
		site{s, m.rest, new("badresource")}.dropResponse("non-existent-resource", "GET", "200")
		site{s, new("badapi"), m.root}.dropResponse("non-existent-api-id", "GET", "200")
		m.dropResponse("non-existent-method", "POST", "200")
		m.dropResponse("non-existent-status-code", "GET", "201")
		m.dropResponse("bad-method", "WRONG", "200")
	})
}

func TestIntegrationsAreChecked(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")})
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("NONE"),
		RequestParameters: map[string]bool{"method.request.querystring.q": true}})
	for name, c := range map[string]struct {
		in      api.PutIntegrationRequest
		code    string
		message string
	}{
		"no method": {api.PutIntegrationRequest{Type: new("AWS_PROXY"), Uri: new(lambdaURI)}, bad,
			"Enumeration value for HttpMethod must be non-empty"},
		"no endpoint": {api.PutIntegrationRequest{Type: new("HTTP"), IntegrationHttpMethod: new("GET")}, bad,
			"Invalid HTTP endpoint specified for URI"},
		"not an ARN": {api.PutIntegrationRequest{Type: new("AWS_PROXY"), IntegrationHttpMethod: new("POST"), Uri: new("hello")}, bad,
			"Invalid ARN specified in the request"},
		"a function's own ARN": {api.PutIntegrationRequest{Type: new("AWS_PROXY"), IntegrationHttpMethod: new("POST"), Uri: new("arn:aws:lambda:us-east-1:111111111111:function:hello")}, bad,
			"Invalid ARN specified in the request"},
		"neither path nor action": {api.PutIntegrationRequest{Type: new("AWS"), IntegrationHttpMethod: new("POST"), Uri: new("arn:aws:apigateway:us-east-1:sqs:queue")}, bad,
			"AWS ARN for integration must contain path or action"},
		"no role": {api.PutIntegrationRequest{Type: new("AWS"), IntegrationHttpMethod: new("POST"), Uri: new("arn:aws:apigateway:us-east-1:sqs:path/q")}, bad,
			"Role ARN must be specified for AWS integrations"},
		"a foreign role": {api.PutIntegrationRequest{Type: new("AWS_PROXY"), IntegrationHttpMethod: new("POST"), Uri: new(lambdaURI), Credentials: new("arn:aws:iam::222222222222:role/r")}, "AccessDeniedException",
			"Cross-account pass role is not allowed."},
		"a proxy to another service": {api.PutIntegrationRequest{Type: new("AWS_PROXY"), IntegrationHttpMethod: new("POST"), Uri: new("arn:aws:apigateway:us-east-1:sqs:path/q")}, bad,
			"Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."},
		"too long": {api.PutIntegrationRequest{Type: new("MOCK"), TimeoutInMillis: new(int32(29001))}, bad,
			"Timeout should be between 50 ms and 29000 ms"},
		"a parameter that the method lacks": {api.PutIntegrationRequest{Type: new("MOCK"), RequestParameters: map[string]string{"integration.request.path.p": "method.request.path.p"}}, bad,
			"Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: method.request.path.p]"},
		"what is not built": {api.PutIntegrationRequest{Type: new("HTTP_PROXY"), IntegrationTarget: new("arn")}, bad,
			"lamgate does not support integrationTarget yet"},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.RestApiId, c.in.ResourceId, c.in.HttpMethod = rest.Id, rest.RootResourceId, new("GET")
			refuse(b, b.PutIntegration, c.in, c.code, c.message)
		})
	}
	do(b, b.PutIntegration, api.PutIntegrationRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), Type: new("AWS"),
		IntegrationHttpMethod: new("POST"), Uri: new(lambdaURI), RequestParameters: map[string]string{
			"integration.request.header.static": "'x'", "integration.request.header.q": "method.request.multivaluequerystring.q",
			"integration.request.header.id": "context.requestId", "integration.request.querystring.b": "method.request.body.a[0]",
		}})
}
