package apigateway_test

import (
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

const (
	missingToken = "MISSING_AUTHENTICATION_TOKEN"

	// fullTemplate speaks of much that a template can name.
	fullTemplate = "{\n     \"message\": $context.error.messageString,\n     \"type\":  \"$context.error.responseType\",\n" +
		"     \"stage\":  \"$context.stage\",\n     \"resourcePath\":  \"$context.resourcePath\",\n" +
		"     \"stageVariables.a\":  \"$stageVariables.a\",\n     \"statusCode\": \"'404'\"\n}"
)

// fullParameters are one header of each kind of source.
func fullParameters() map[string]string {
	return map[string]string{
		"gatewayresponse.header.Access-Control-Allow-Origin": "'a.b.c'",
		"gatewayresponse.header.x-request-header":            "method.request.header.Accept",
		"gatewayresponse.header.x-request-path":              "method.request.path.petId",
		"gatewayresponse.header.x-request-query":             "method.request.querystring.q",
	}
}

func (s *scenario) putResponse(step string, in api.PutGatewayResponseRequest) {
	s.t.Helper()
	call[api.GatewayResponse](s, step)(s.PutGatewayResponse(s.ctx, &in))
}

func (s *scenario) gatewayResponse(step string, rest *string, responseType string) {
	s.t.Helper()
	call[api.GatewayResponse](s, step)(s.GetGatewayResponse(s.ctx, &api.GetGatewayResponseRequest{RestApiId: rest, ResponseType: &responseType}))
}

func (s *scenario) gatewayResponses(step string, rest *string) {
	s.t.Helper()
	call[api.GatewayResponses](s, step)(s.GetGatewayResponses(s.ctx, &api.GetGatewayResponsesRequest{RestApiId: rest}))
}

func (s *scenario) updateGatewayResponse(step string, rest *string, responseType string, ops ...api.PatchOperation) {
	s.t.Helper()
	call[api.GatewayResponse](s, step)(s.UpdateGatewayResponse(s.ctx, &api.UpdateGatewayResponseRequest{RestApiId: rest, ResponseType: &responseType, PatchOperations: ops}))
}

func (s *scenario) deleteGatewayResponse(step string, rest *string, responseType string) {
	s.t.Helper()
	call[api.DeleteGatewayResponseOutput](s, step)(s.DeleteGatewayResponse(s.ctx, &api.DeleteGatewayResponseRequest{RestApiId: rest, ResponseType: &responseType}))
}

func TestGatewayResponseScenarios(t *testing.T) {
	play(t, "test_gateway_response_crud", func(s *scenario) {
		rest := s.newAPI().Id
		s.gatewayResponse("get-gateway-response-default", rest, missingToken)
		s.putResponse("put-gateway-response", api.PutGatewayResponseRequest{RestApiId: rest, ResponseType: new(missingToken), StatusCode: new("404"),
			ResponseParameters: fullParameters(), ResponseTemplates: map[string]string{"application/json": fullTemplate}})
		s.gatewayResponses("get-gateway-responses", rest)
		s.gatewayResponse("get-gateway-response", rest, missingToken)
		s.deleteGatewayResponse("delete-gateway-response", rest, missingToken)
		s.gatewayResponse("get-deleted-gw-response", rest, missingToken)
	})
	play(t, "test_gateway_response_validation", func(s *scenario) {
		none := new("fake-api-id")
		s.gatewayResponses("get-gateway-responses-no-api", none)
		s.gatewayResponse("get-gateway-response-no-api", none, "DEFAULT_4XX")
		s.deleteGatewayResponse("delete-gateway-response-no-api", none, "DEFAULT_4XX")
		s.updateGatewayResponse("update-gateway-response-no-api", none, "DEFAULT_4XX")
		s.deleteGatewayResponse("delete-gateway-response-not-set", s.newAPI().Id, "DEFAULT_4XX")
	})
	play(t, "test_gateway_response_put", func(s *scenario) {
		rest := s.newAPI().Id
		template := map[string]string{"application/json": fullTemplate}
		header := map[string]string{"gatewayresponse.header.x-request-header": "method.request.header.Accept"}
		s.putResponse("put-gateway-response-all-value", api.PutGatewayResponseRequest{RestApiId: rest, ResponseType: new(missingToken), StatusCode: new("404"),
			ResponseParameters: fullParameters(), ResponseTemplates: template})
		s.putResponse("put-gateway-response-status-only", api.PutGatewayResponseRequest{RestApiId: rest, ResponseType: new(missingToken), StatusCode: new("404")})
		s.putResponse("put-gateway-response-response-parameters-only", api.PutGatewayResponseRequest{RestApiId: rest, ResponseType: new(missingToken), ResponseParameters: header})
		s.putResponse("put-gateway-response-response-templates-only", api.PutGatewayResponseRequest{RestApiId: rest, ResponseType: new(missingToken), ResponseTemplates: template})
		s.putResponse("put-gateway-response-default-5xx", api.PutGatewayResponseRequest{RestApiId: rest, ResponseType: new("DEFAULT_5XX"), StatusCode: new("599"),
			ResponseParameters: header, ResponseTemplates: template})
		s.putResponse("put-gateway-response-default-ignored", api.PutGatewayResponseRequest{RestApiId: rest, ResponseType: new("AUTHORIZER_FAILURE"),
			ResponseParameters: map[string]string{"gatewayresponse.header.foo": "'bar'"}})
		s.gatewayResponses("get-gateway-responses", rest)
	})
	play(t, "test_update_gateway_response", func(s *scenario) {
		const class = "DEFAULT_4XX"
		rest := s.newAPI().Id
		s.updateGatewayResponse("update-gateway-response-not-set", rest, class, replace("/statusCode", "444"))
		s.gatewayResponse("default-get-gateway-response", rest, class)
		s.putResponse("put-gateway-response", api.PutGatewayResponseRequest{RestApiId: rest, ResponseType: new(class), StatusCode: new("404"), ResponseParameters: fullParameters(),
			ResponseTemplates: map[string]string{"application/json": `{"application/json": "{\"message\":$context.error.messageString}"}`}})
		s.updateGatewayResponse("update-gateway-response", rest, class,
			replace("/statusCode", "444"),
			replace("/responseParameters/gatewayresponse.header.Access-Control-Allow-Origin", "'example.com'"),
			add("/responseTemplates/application~1xml", "<gatewayResponse><message>$context.error.messageString</message><type>$context.error.responseType</type></gatewayResponse>"))
		s.gatewayResponse("get-gateway-response", rest, class)
		s.updateGatewayResponse("update-gateway-add-status-code", rest, class, add("/statusCode", "444"))
		s.updateGatewayResponse("update-gateway-remove-status-code", rest, class, remove("/statusCode"))
		s.updateGatewayResponse("update-gateway-replace-invalid-parameter", rest, class, replace("/responseParameters/gatewayresponse.header.Invalid", "'example.com'"))
		s.updateGatewayResponse("update-gateway-no-path", rest, class, api.PatchOperation{Op: new("add"), Value: new("'example.com'")})
		s.updateGatewayResponse("update-gateway-wrong-path", rest, class, replace("/wrongPath", "'example.com'"))
		s.updateGatewayResponse("update-gateway-replace-invalid-parameter-0-none", rest, class, api.PatchOperation{Op: new("replace"), Path: new("/responseTemplates/application~1json")})
		s.updateGatewayResponse("update-gateway-replace-invalid-parameter-1-none", rest, class,
			api.PatchOperation{Op: new("replace"), Path: new("/responseParameters/gatewayresponse.header.Access-Control-Allow-Origin")})
	})
}

func TestGatewayResponsesAreRefused(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")}).Id
	in := api.PutGatewayResponseRequest{RestApiId: rest, ResponseType: new("THROTTLED")}
	for target, source := range map[string]string{
		"method.response.header.a": "'static'",
		"gatewayresponse.header.a": "integration.response.header.a",
		"gatewayresponse.header.":  "'static'",
	} {
		named := target
		if target == "gatewayresponse.header.a" {
			named = source
		}
		in.ResponseParameters = map[string]string{target: source}
		refuse(b, b.PutGatewayResponse, in, bad, "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: "+named+"]")
	}
	in.ResponseParameters, in.ResponseTemplates = nil, map[string]string{"json": "{}"}
	refuse(b, b.PutGatewayResponse, in, bad, "Validation Result: warnings : [], errors : [Invalid content type specified: json]")
	if got := *do(b, b.GetGatewayResponse, api.GetGatewayResponseRequest{RestApiId: rest, ResponseType: new("THROTTLED")}).DefaultResponse; !got {
		t.Error("a refused response is stored")
	}
}

func TestADeploymentHasItsGatewayResponses(t *testing.T) {
	b := newBench(t)
	rest := b.mockAPI()
	do(b, b.PutGatewayResponse, api.PutGatewayResponseRequest{RestApiId: rest, ResponseType: new("THROTTLED"), ResponseParameters: map[string]string{"gatewayresponse.header.a": "'b'"}})
	d := do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest})
	do(b, b.DeleteGatewayResponse, api.DeleteGatewayResponseRequest{RestApiId: rest, ResponseType: new("THROTTLED")})
	snapshot, err := state.Load[plan.Deployment](b.docs, plan.DeploymentKey(*rest, *d.Id))
	if err != nil {
		t.Fatal(err)
	}
	got := snapshot.GatewayResponses["THROTTLED"]
	if got.StatusCode != "429" || got.ResponseParameters["gatewayresponse.header.a"] != "'b'" || got.ResponseTemplates["application/json"] == "" {
		t.Errorf("the deployment has %+v", got)
	}
}

// mockAPI returns an API with one method, GET /, that a mock serves.
func (b *bench) mockAPI() *string {
	b.t.Helper()
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")})
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
	do(b, b.PutIntegration, api.PutIntegrationRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), Type: new("MOCK"),
		RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}})
	return rest.Id
}
