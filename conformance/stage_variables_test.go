package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestAStageVariableChoosesTheFunction(t *testing.T) {
	says := func(greeting string) *function {
		return newFunction(t, greeter, func(in *lambda.CreateFunctionInput) {
			in.Environment = &lambdatypes.Environment{Variables: map[string]string{"GREETING": greeting}}
		})
	}
	blue, green := says("blue"), says("green")
	a := newAPI(t)
	a.method("GET", "/")
	a.integrate("GET", "/", "arn:aws:lambda:"+region+":"+account+":function:${stageVariables.function}")
	a.deploy("one", map[string]string{"function": blue.name})
	a.deploy("two", map[string]string{"function": green.name})
	a.deploy("three")
	blue.permit(a.sourceARN("*"))
	green.permit(a.sourceARN("*"))
	a.get("/one/").want(t, http.StatusOK, "blue")
	a.get("/two/").want(t, http.StatusOK, "green")
	a.get("/three/").wantInternalError(t)

	// It is the stage's, not the deployment's.
	_, err := apiGateway().UpdateStage(t.Context(), &apigateway.UpdateStageInput{RestApiId: &a.id, StageName: aws.String("one"),
		PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/variables/function"), Value: &green.name}}})
	if err != nil {
		t.Fatal(err)
	}
	a.get("/one/").want(t, http.StatusOK, "green")
}

func TestStageVariablesReachTheFunction(t *testing.T) {
	event := newEchoAPI(t, map[string]string{"colour": "blue", "size": "9"}).event("GET", "/v0/", "")
	variables, _ := event["stageVariables"].(map[string]any)
	if len(variables) != 2 || variables["colour"] != "blue" || variables["size"] != "9" {
		t.Errorf("stageVariables is %v", event["stageVariables"])
	}
}
