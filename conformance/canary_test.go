package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// retemplate changes the body that GET / answers.
func (a *restAPI) retemplate(body string) {
	a.t.Helper()
	_, err := apiGateway().UpdateIntegrationResponse(a.t.Context(), &apigateway.UpdateIntegrationResponseInput{
		RestApiId: &a.id, ResourceId: a.resource("/"), HttpMethod: new("GET"), StatusCode: new("200"),
		PatchOperations: []types.PatchOperation{setting("/responseTemplates/application~1json", body)},
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

// A canary takes its share of the requests, with its own variables; promoting
// it makes them the stage's.
func TestACanaryIsTriedAndPromoted(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "old $stageVariables.who $stageVariables.where")
	a.deploy("v0", map[string]string{"who": "stage", "where": "here"})
	a.retemplate("new $stageVariables.who $stageVariables.where")
	deployment, err := apiGateway().CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{
		RestApiId: &a.id, StageName: new("v0"),
		CanarySettings: &types.DeploymentCanarySettings{PercentTraffic: 100, StageVariableOverrides: map[string]string{"who": "canary"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	all := func(want string) {
		t.Helper()
		for range 20 {
			a.get("/v0/").want(t, http.StatusOK, want)
		}
	}
	all("new canary here")
	a.patchStage("v0", setting("/canarySettings/percentTraffic", "0.0"))
	all("old stage here")

	out := a.patchStage("v0",
		types.PatchOperation{Op: types.OpReplace, Path: aws.String("/deploymentId"), Value: deployment.Id},
		types.PatchOperation{Op: types.OpCopy, From: aws.String("/canarySettings/stageVariableOverrides"), Path: aws.String("/variables")},
		types.PatchOperation{Op: types.OpRemove, Path: aws.String("/canarySettings")},
	)
	if out.CanarySettings != nil || aws.ToString(out.DeploymentId) != *deployment.Id {
		t.Errorf("the stage is %+v", out)
	}
	all("new canary here")
}

func TestACanarysShareIsBounded(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "old")
	a.deploy("v0")
	_, err := apiGateway().CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{
		RestApiId: &a.id, StageName: new("v0"), CanarySettings: &types.DeploymentCanarySettings{PercentTraffic: 101},
	})
	wantFault(t, err, "BadRequestException", "")
}
