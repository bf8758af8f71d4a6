package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func TestAMethodMadeAfterTheDeploymentDoesNotExistOnTheStage(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/early", "early")
	a.deploy("v0")
	a.mock("GET", "/late", "late")
	a.get("/v0/late").wantMissingToken(t)
	a.deploy("v0")
	a.get("/v0/late").want(t, http.StatusOK, "late")
	a.get("/v0/early").want(t, http.StatusOK, "early")
}

func TestADeletedMethodIsServedUntilTheNextDeployment(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "root")
	a.mock("GET", "/kept", "kept")
	a.deploy("v0")
	if _, err := apiGateway().DeleteMethod(t.Context(), &apigateway.DeleteMethodInput{RestApiId: &a.id, ResourceId: a.resource("/"), HttpMethod: aws.String("GET")}); err != nil {
		t.Fatal(err)
	}
	a.get("/v0/").want(t, http.StatusOK, "root")
	a.deploy("v0")
	a.get("/v0/").wantMissingToken(t)
}

func TestStagesOfOneAPIServeDifferentDeployments(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "first")
	first := a.deploy("old")
	a.mockIntegrationResponse("GET", "/", "second")
	a.deploy("new")
	a.get("/old/").want(t, http.StatusOK, "first")
	a.get("/new/").want(t, http.StatusOK, "second")

	// A stage goes back to an earlier deployment.
	_, err := apiGateway().UpdateStage(t.Context(), &apigateway.UpdateStageInput{RestApiId: &a.id, StageName: aws.String("new"),
		PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/deploymentId"), Value: &first}}})
	if err != nil {
		t.Fatal(err)
	}
	a.get("/new/").want(t, http.StatusOK, "first")
}

func TestADeploymentThatAStagePointsToCannotBeDeleted(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "root")
	id := a.deploy("v0")
	in := &apigateway.DeleteDeploymentInput{RestApiId: &a.id, DeploymentId: &id}
	_, err := apiGateway().DeleteDeployment(t.Context(), in)
	wantFault(t, err, "BadRequestException", "Active stages pointing to this deployment must be moved or deleted")
	a.get("/v0/").want(t, http.StatusOK, "root")

	if _, err := apiGateway().DeleteStage(t.Context(), &apigateway.DeleteStageInput{RestApiId: &a.id, StageName: aws.String("v0")}); err != nil {
		t.Fatal(err)
	}
	a.get("/v0/").wantGatewayFault(t, http.StatusForbidden, "ForbiddenException", forbidden)
	if _, err := apiGateway().DeleteDeployment(t.Context(), in); err != nil {
		t.Error(err)
	}
}

func TestAnAPIWithoutMethodsCannotBeDeployed(t *testing.T) {
	a := newAPI(t)
	_, err := apiGateway().CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &a.id, StageName: aws.String("v0")})
	wantFault(t, err, "BadRequestException", "The REST API doesn't contain any methods")
}

func TestAMethodWithoutIntegrationCannotBeDeployed(t *testing.T) {
	a := newAPI(t)
	a.method("GET", "/")
	_, err := apiGateway().CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &a.id, StageName: aws.String("v0")})
	wantFault(t, err, "BadRequestException", "No integration defined for method")
}

func TestADeletedAPIIsForbidden(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "root")
	a.deploy("v0")
	a.get("/v0/").want(t, http.StatusOK, "root")
	if _, err := apiGateway().DeleteRestApi(t.Context(), &apigateway.DeleteRestApiInput{RestApiId: &a.id}); err != nil {
		t.Fatal(err)
	}
	a.get("/v0/").wantGatewayFault(t, http.StatusForbidden, "ForbiddenException", forbidden)
}

// mockIntegrationResponse changes what a MOCK answers.
func (a *restAPI) mockIntegrationResponse(method, path, body string) {
	a.t.Helper()
	_, err := apiGateway().PutIntegrationResponse(a.t.Context(), &apigateway.PutIntegrationResponseInput{
		RestApiId: &a.id, ResourceId: a.resource(path), HttpMethod: &method, StatusCode: aws.String("200"),
		ResponseTemplates: map[string]string{"application/json": body},
	})
	if err != nil {
		a.t.Fatal(err)
	}
}
