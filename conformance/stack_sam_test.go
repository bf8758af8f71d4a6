package conformance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

const samTemplate = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
    Handler: index.handler
    Environment:
      Variables:
        GREETING: from globals
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        import os
        def handler(event, context):
            return {"statusCode": 200, "body": os.environ["GREETING"] + " " + event["resource"]}
      Events:
        Root: {Type: Api, Properties: {Path: /, Method: get}}
        Item: {Type: Api, Properties: {Path: "/items/{id}", Method: any}}
Outputs:
  Api: {Value: !Ref ServerlessRestApi}
  Role: {Value: !GetAtt HelloRole.Arn}
`

func TestASAMTemplateBecomesAnAPIWithItsPermissions(t *testing.T) {
	s := newStack(t, samTemplate)
	a := &restAPI{t: t, id: s.output("Api")}
	a.get("/Prod/").want(t, http.StatusOK, "from globals /")
	a.ask("DELETE", "/Prod/items/7", "").want(t, http.StatusOK, "from globals /items/{id}")
	a.ask("POST", "/Prod/", "").wantMissingToken(t)
	if got := s.output("Role"); !strings.Contains(got, ":role/") {
		t.Error(got)
	}
}

func TestASAMTemplateThatChangesIsDeployedAnew(t *testing.T) {
	s := newStack(t, samTemplate)
	a := &restAPI{t: t, id: s.output("Api")}
	a.get("/Prod/more").wantMissingToken(t)
	s.update(strings.Replace(samTemplate, "      Events:\n", "      Events:\n        More: {Type: Api, Properties: {Path: /more, Method: get}}\n", 1))
	s.wantStatus(types.StackStatusUpdateComplete)
	a.get("/Prod/more").want(t, http.StatusOK, "from globals /more")
}

func TestATransformDemandsItsCapability(t *testing.T) {
	_, err := cloudFormation().CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String(uniqueName("stack")), TemplateBody: aws.String(samTemplate),
		Capabilities: []types.Capability{types.CapabilityCapabilityIam}})
	wantFault(t, err, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]")
}

func TestAServerlessTypeThatIsNotSupportedIsNamed(t *testing.T) {
	template := "Transform: AWS::Serverless-2016-10-31\nResources:\n  Machine:\n    Type: AWS::Serverless::Nonsense\n"
	_, err := cloudFormation().CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String(uniqueName("stack")), TemplateBody: &template, Capabilities: allCapabilities})
	if err == nil || !strings.Contains(err.Error(), "AWS::Serverless::Nonsense") {
		t.Errorf("it says %v", err)
	}
}
