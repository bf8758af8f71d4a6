package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func TestAGatewayResponseHasItsOwnStatusHeadersAndBody(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "fine")
	a.gatewayResponse(types.GatewayResponseTypeMissingAuthenticationToken, "404", map[string]string{
		"X-Static": "'always'", "X-Asked": "method.request.querystring.q", "X-Header": "method.request.header.X-In", "X-Stage": "context.stage",
	}, `{"message": $context.error.messageString, "text": "$context.error.message", "type": "$context.error.responseType", "path": "$context.path", "who": "$stageVariables.who"}`)
	a.deploy("v0", map[string]string{"who": "me"})
	got := a.ask("GET", "/v0/nowhere?q=this", "", "X-In", "in")
	got.want(t, http.StatusNotFound, `{"message": "Missing Authentication Token", "text": "Missing Authentication Token", "type": "MISSING_AUTHENTICATION_TOKEN", "path": "/v0/nowhere", "who": "me"}`)
	got.wantHeader(t, "X-Static", "always")
	got.wantHeader(t, "X-Asked", "this")
	got.wantHeader(t, "X-Header", "in")
	got.wantHeader(t, "X-Stage", "v0")
	got.wantHeader(t, "Content-Type", "application/json")
	got.wantHeader(t, "x-amzn-ErrorType", "MissingAuthenticationTokenException")
	a.get("/v0/").want(t, http.StatusOK, "fine")
}

// The default of a class serves what has no response of its own. One that is
// put without a template has AWS's own, {"message":$context.error.messageString}.
func TestTheDefaultsServeTheRest(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "fine")
	a.method("GET", "/broken")
	a.http("GET", "/broken", types.IntegrationTypeHttpProxy, "http://127.0.0.1:1/")
	validator := a.validator(false, true)
	a.method("GET", "/strict", func(in *apigateway.PutMethodInput) {
		in.RequestValidatorId, in.RequestParameters = validator, map[string]bool{"method.request.querystring.q": true}
	})
	a.mockIntegration("GET", "/strict", "fine")
	a.gatewayResponse(types.GatewayResponseTypeDefault4xx, "", map[string]string{"X-Class": "'4XX'"}, `{"4XX": $context.error.messageString}`)
	a.gatewayResponse(types.GatewayResponseTypeDefault5xx, "503", map[string]string{"X-Class": "'5XX'"}, "")
	a.gatewayResponse(types.GatewayResponseTypeBadRequestParameters, "422", nil, "")
	a.deploy("v0")

	got := a.get("/v0/nowhere")
	got.want(t, http.StatusForbidden, `{"4XX": "Missing Authentication Token"}`)
	got.wantHeader(t, "X-Class", "4XX")
	got = a.get("/v0/broken")
	got.want(t, http.StatusServiceUnavailable, `{"message":"Network error communicating with endpoint"}`)
	got.wantHeader(t, "X-Class", "5XX")
	got = a.get("/v0/strict")
	got.want(t, http.StatusUnprocessableEntity, `{"message":"Missing required request parameters: [q]"}`)
	got.wantHeader(t, "X-Class", "")
}

// Gateway responses are part of a Deployment's snapshot.
func TestAGatewayResponseServesOnceDeployed(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "fine")
	a.deploy("v0")
	a.gatewayResponse(types.GatewayResponseTypeMissingAuthenticationToken, "404", nil, "")
	a.get("/v0/nowhere").wantMissingToken(t)
	a.deploy("v0")
	if got := a.get("/v0/nowhere"); got.status != http.StatusNotFound {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestAnAPIHasAllGatewayResponses(t *testing.T) {
	a := newAPI(t)
	a.gatewayResponse(types.GatewayResponseTypeThrottled, "503", nil, "")
	out, err := apiGateway().GetGatewayResponses(t.Context(), &apigateway.GetGatewayResponsesInput{RestApiId: &a.id, Limit: aws.Int32(500)})
	if err != nil {
		t.Fatal(err)
	}
	own := map[types.GatewayResponseType]bool{}
	for _, r := range out.Items {
		own[r.ResponseType] = !r.DefaultResponse
	}
	if len(own) < 20 || !own[types.GatewayResponseTypeThrottled] || own[types.GatewayResponseTypeUnauthorized] {
		t.Errorf("the gateway responses are %v", own)
	}
}
