package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// A preflight as OpenAPI files write it: a MOCK with static headers.
func TestAMockAnswersAPreflight(t *testing.T) {
	a := newAPI(t)
	a.method("OPTIONS", "/")
	id, options := a.resource("/"), aws.String("OPTIONS")
	ctx := t.Context()
	_, err := apiGateway().PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{RestApiId: &a.id, ResourceId: id, HttpMethod: options, StatusCode: aws.String("204"),
		ResponseParameters: map[string]bool{"method.response.header.Access-Control-Allow-Origin": true, "method.response.header.Access-Control-Allow-Methods": true}})
	if err == nil {
		_, err = apiGateway().PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: &a.id, ResourceId: id, HttpMethod: options, Type: types.IntegrationTypeMock,
			RequestTemplates: map[string]string{"application/json": `{statusCode: 204}`}})
	}
	if err == nil {
		_, err = apiGateway().PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{RestApiId: &a.id, ResourceId: id, HttpMethod: options, StatusCode: aws.String("204"),
			ResponseParameters: map[string]string{"method.response.header.Access-Control-Allow-Origin": "'*'", "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	a.deploy("v0")
	got := a.ask("OPTIONS", "/v0/", "")
	got.want(t, http.StatusNoContent, "")
	if o, m := got.header.Get("Access-Control-Allow-Origin"), got.header.Get("Access-Control-Allow-Methods"); o != "*" || m != "GET,OPTIONS" {
		t.Errorf("allows the origin %q and the methods %q", o, m)
	}
}

func TestAMocksStatusSelectsItsResponse(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "default")
	ctx, id, get := t.Context(), a.resource("/"), aws.String("GET")
	_, err := apiGateway().PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{RestApiId: &a.id, ResourceId: id, HttpMethod: get, StatusCode: aws.String("404")})
	if err == nil {
		_, err = apiGateway().PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{RestApiId: &a.id, ResourceId: id, HttpMethod: get, StatusCode: aws.String("404"),
			SelectionPattern: aws.String("4\\d{2}"), ResponseTemplates: map[string]string{"application/json": "not here"}})
	}
	if err == nil {
		_, err = apiGateway().UpdateIntegration(ctx, &apigateway.UpdateIntegrationInput{RestApiId: &a.id, ResourceId: id, HttpMethod: get,
			PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/requestTemplates/application~1json"), Value: aws.String(`{"statusCode": 410}`)}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	a.deploy("v0")
	a.get("/v0/").want(t, http.StatusNotFound, "not here")
}

func TestAContentTypeWithoutTemplateIsUnsupportedUnderNEVER(t *testing.T) {
	a := newAPI(t)
	a.mock("POST", "/", "fine")
	_, err := apiGateway().UpdateIntegration(t.Context(), &apigateway.UpdateIntegrationInput{RestApiId: &a.id, ResourceId: a.resource("/"), HttpMethod: aws.String("POST"),
		PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/passthroughBehavior"), Value: aws.String("NEVER")}}})
	if err != nil {
		t.Fatal(err)
	}
	a.deploy("v0")
	a.ask("POST", "/v0/", "{}", "Content-Type", "application/json; charset=utf-8").want(t, http.StatusOK, "fine")
	a.ask("POST", "/v0/", "<a/>", "Content-Type", "application/xml").
		wantGatewayFault(t, http.StatusUnsupportedMediaType, "BadRequestException", `{"message": "Unsupported Media Type"}`)
}
