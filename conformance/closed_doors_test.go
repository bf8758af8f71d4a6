package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// Who shows nothing gets in nowhere: these hold on AWS, and where a guard is
// not built.

func TestAWSIAMRefusesWhoDoesNotSign(t *testing.T) {
	a := newAPI(t)
	a.guardedMock(func(in *apigateway.PutMethodInput) { in.AuthorizationType = aws.String("AWS_IAM") })
	a.get("/v0/").wantMissingToken(t)
}

func TestAMethodThatWantsAnAPIKeyIsForbiddenWithoutOne(t *testing.T) {
	a := newAPI(t)
	a.guardedMock(func(in *apigateway.PutMethodInput) { in.ApiKeyRequired = true })
	a.get("/v0/").wantGatewayFault(t, http.StatusForbidden, "ForbiddenException", forbidden)
	a.ask("GET", "/v0/", "", "x-api-key", "guessed").wantGatewayFault(t, http.StatusForbidden, "ForbiddenException", forbidden)
}

func TestAnAuthorizerRefusesWhoBringsNoToken(t *testing.T) {
	f := newFunction(t, greeter)
	a := newAPI(t)
	authorizer, err := apiGateway().CreateAuthorizer(t.Context(), &apigateway.CreateAuthorizerInput{
		RestApiId: &a.id, Name: aws.String("guard"), Type: types.AuthorizerTypeToken, IdentitySource: aws.String("method.request.header.Authorization"),
		AuthorizerUri: aws.String("arn:aws:apigateway:" + region + ":lambda:path/2015-03-31/functions/" + f.arn + "/invocations"),
	})
	if err != nil {
		// An endpoint without authorizers must say so, and not serve in the open.
		t.Logf("authorizers are not to be had: %v", err)
		return
	}
	a.guardedMock(func(in *apigateway.PutMethodInput) {
		in.AuthorizationType, in.AuthorizerId = aws.String("CUSTOM"), authorizer.Id
	})
	a.get("/v0/").wantGatewayFault(t, http.StatusUnauthorized, "UnauthorizedException", `{"message":"Unauthorized"}`)
}

func TestAResourcePolicyThatAllowsNobodyDeniesEverybody(t *testing.T) {
	a := newAPI(t, func(in *apigateway.CreateRestApiInput) {
		in.Policy = aws.String(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}]}`)
	})
	a.guardedMock(nil)
	got := a.get("/v0/")
	if got.status != http.StatusForbidden || got.header.Get("x-amzn-ErrorType") != "AccessDeniedException" {
		t.Errorf("got %d %s %s", got.status, got.header.Get("x-amzn-ErrorType"), got.body)
	}
}

func TestADisabledEndpointIsForbidden(t *testing.T) {
	a := newAPI(t, func(in *apigateway.CreateRestApiInput) { in.DisableExecuteApiEndpoint = true })
	a.guardedMock(nil)
	a.get("/v0/").wantGatewayFault(t, http.StatusForbidden, "ForbiddenException", forbidden)
}

func TestARequiredParameterThatIsMissingIsABadRequest(t *testing.T) {
	a := newAPI(t)
	validator, err := apiGateway().CreateRequestValidator(t.Context(), &apigateway.CreateRequestValidatorInput{RestApiId: &a.id, Name: aws.String("all"), ValidateRequestParameters: true})
	if err != nil {
		t.Logf("validators are not to be had: %v", err)
		return
	}
	a.guardedMock(func(in *apigateway.PutMethodInput) {
		in.RequestValidatorId = validator.Id
		in.RequestParameters = map[string]bool{"method.request.querystring.who": true, "method.request.header.X-Key": true}
	})
	a.get("/v0/").wantGatewayFault(t, http.StatusBadRequest, "BadRequestException", `{"message": "Missing required request parameters: [X-Key, who]"}`)
	a.ask("GET", "/v0/?who=me", "", "X-Key", "1").want(t, http.StatusOK, "open")
}

// guardedMock is GET / with a guard, deployed.
func (a *restAPI) guardedMock(guard func(*apigateway.PutMethodInput)) {
	a.t.Helper()
	if guard == nil {
		guard = func(*apigateway.PutMethodInput) {}
	}
	a.method("GET", "/", guard)
	a.mockIntegration("GET", "/", "open")
	a.deploy("v0")
}
