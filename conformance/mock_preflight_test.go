package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// What the console makes of "Enable CORS": an OPTIONS method with a MOCK, the
// headers of CORS, and the same origin on the gateway's own 4XX and 5XX.
func TestThePreflightThatTheConsoleMakes(t *testing.T) {
	const allowed = "Content-Type,Authorization,X-Amz-Date,X-Api-Key,X-Amz-Security-Token"
	a := newAPI(t)
	a.method("OPTIONS", "/pets")
	id, options := a.resource("/pets"), aws.String("OPTIONS")
	_, err := apiGateway().PutMethodResponse(t.Context(), &apigateway.PutMethodResponseInput{
		RestApiId: &a.id, ResourceId: id, HttpMethod: options, StatusCode: aws.String("200"),
		ResponseModels: map[string]string{"application/json": "Empty"},
		ResponseParameters: map[string]bool{
			"method.response.header.Access-Control-Allow-Headers": false,
			"method.response.header.Access-Control-Allow-Methods": false,
			"method.response.header.Access-Control-Allow-Origin":  false,
		},
	})
	if err == nil {
		_, err = apiGateway().PutIntegration(t.Context(), &apigateway.PutIntegrationInput{
			RestApiId: &a.id, ResourceId: id, HttpMethod: options, Type: types.IntegrationTypeMock,
			RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}, PassthroughBehavior: aws.String("WHEN_NO_MATCH"),
		})
	}
	if err == nil {
		_, err = apiGateway().PutIntegrationResponse(t.Context(), &apigateway.PutIntegrationResponseInput{
			RestApiId: &a.id, ResourceId: id, HttpMethod: options, StatusCode: aws.String("200"),
			ResponseParameters: map[string]string{
				"method.response.header.Access-Control-Allow-Headers": "'" + allowed + "'",
				"method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
				"method.response.header.Access-Control-Allow-Origin":  "'*'",
			},
			ResponseTemplates: map[string]string{"application/json": ""},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []types.GatewayResponseType{types.GatewayResponseTypeDefault4xx, types.GatewayResponseTypeDefault5xx} {
		a.gatewayResponse(kind, "", map[string]string{"Access-Control-Allow-Origin": "'*'"}, "")
	}
	a.deploy("v0")

	got := a.ask("OPTIONS", "/v0/pets", "", "Origin", "http://example.com", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "content-type")
	got.want(t, http.StatusOK, "")
	got.wantHeader(t, "Access-Control-Allow-Headers", allowed)
	got.wantHeader(t, "Access-Control-Allow-Methods", "GET,OPTIONS")
	got.wantHeader(t, "Access-Control-Allow-Origin", "*")
	got.wantHeader(t, "Content-Type", "application/json")
	got.wantHeader(t, "X-Amzn-Trace-Id", "")

	refused := a.get("/v0/pets")
	refused.wantMissingToken(t)
	refused.wantHeader(t, "Access-Control-Allow-Origin", "*")
}
