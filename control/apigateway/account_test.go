package apigateway_test

import (
	"context"
	"log/slog"
	"net/url"
	"testing"
	"time"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/apigateway"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

// roles are trust policies by the role's name.
type roles map[string]string

func (r roles) GetRole(_ context.Context, in *iam.GetRoleRequest) (*iam.GetRoleResponse, error) {
	trust, ok := r[*in.RoleName]
	if !ok {
		return nil, aws.Faultf(404, "NoSuchEntity", "The role with name %s cannot be found.", *in.RoleName)
	}
	return &iam.GetRoleResponse{Role: &iam.Role{AssumeRolePolicyDocument: new(url.QueryEscape(trust))}}, nil
}

func TestAnAccountsLogRole(t *testing.T) {
	b := newBench(t)
	b.Service = apigateway.New(apigateway.Config{Documents: b.docs, Clock: b.clock, Log: slog.New(slog.DiscardHandler), Roles: roles{
		"logs":  `{"Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
		"other": `{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
	}})
	if a := do(b, b.GetAccount, api.GetAccountRequest{}); a.CloudwatchRoleArn != nil || *a.ThrottleSettings.BurstLimit != 5000 || *a.ThrottleSettings.RateLimit != 10000 {
		t.Errorf("a fresh account is %+v", a)
	}
	set := func(arn string) api.UpdateAccountRequest {
		return api.UpdateAccountRequest{PatchOperations: []api.PatchOperation{replace("/cloudwatchRoleArn", arn)}}
	}
	const unusable = "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy."
	refuse(b, b.UpdateAccount, set("arn:aws:iam::111111111111:role/nobody"), bad, unusable)
	refuse(b, b.UpdateAccount, set("arn:aws:iam::111111111111:role/other"), bad, unusable)
	refuse(b, b.UpdateAccount, set("nobody"), bad, "Invalid ARN specified in the request")
	refuse(b, b.UpdateAccount, api.UpdateAccountRequest{PatchOperations: []api.PatchOperation{replace("/features", "x")}}, bad, "Invalid patch path /features")

	const role = "arn:aws:iam::111111111111:role/path/logs"
	do(b, b.UpdateAccount, set(role))
	if a := do(b, b.GetAccount, api.GetAccountRequest{}); *a.CloudwatchRoleArn != role {
		t.Errorf("the role is %s", *a.CloudwatchRoleArn)
	}
	b.as(testAccount, "eu-west-1")
	if a := do(b, b.GetAccount, api.GetAccountRequest{}); a.CloudwatchRoleArn != nil {
		t.Errorf("the role is %s in another region", *a.CloudwatchRoleArn)
	}
}

func TestTags(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api"), Tags: map[string]string{"a": "1"}})
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
	do(b, b.PutIntegration, api.PutIntegrationRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), Type: new("MOCK")})
	do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest.Id, StageName: new("v0")})
	for _, arn := range []string{"arn:aws:apigateway:us-east-1::/restapis/" + *rest.Id, "arn:aws:apigateway:us-east-1::/restapis/" + *rest.Id + "/stages/v0"} {
		do(b, b.TagResource, api.TagResourceRequest{ResourceArn: &arn, Tags: map[string]string{"a": "2", "b": "3"}})
		do(b, b.UntagResource, api.UntagResourceRequest{ResourceArn: &arn, TagKeys: []string{"b", "c"}})
		if got := do(b, b.GetTags, api.GetTagsRequest{ResourceArn: &arn}).Tags; len(got) != 1 || got["a"] != "2" {
			t.Errorf("%s has the tags %v", arn, got)
		}
	}
	if got := do(b, b.GetStage, api.GetStageRequest{RestApiId: rest.Id, StageName: new("v0")}).Tags["a"]; got != "2" {
		t.Errorf("the stage's tag is %q", got)
	}
	refuse(b, b.GetTags, api.GetTagsRequest{ResourceArn: new("restapi")}, bad, "Invalid ARN specified in the request")
	refuse(b, b.GetTags, api.GetTagsRequest{ResourceArn: new("arn:aws:apigateway:us-east-1::/restapis/none")}, missing, "Invalid API identifier specified 111111111111:none")
	refuse(b, b.GetTags, api.GetTagsRequest{ResourceArn: new("arn:aws:apigateway:us-east-1::/usageplans/u")}, bad, "lamgate does not support tags of usageplans yet")
}

func TestWhatACrashLeavesBehindIsCollected(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")})
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
	do(b, b.PutIntegration, api.PutIntegrationRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), Type: new("MOCK")})
	kept := do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest.Id, StageName: new("v0")})

	orphan := func(api, id string) {
		d := plan.Deployment{ID: id, API: api, Created: b.clock.Now()}
		if err := state.Create(b.ctx, b.docs, plan.DeploymentKey(api, id), d); err != nil {
			t.Fatal(err)
		}
	}
	orphan(*rest.Id, "unnamed")
	orphan("gone", "whole")
	b.clock.Advance(time.Hour)
	orphan(*rest.Id, "justnow") // its CreateDeployment may be running on another node

	apigateway.New(apigateway.Config{Documents: b.docs, Clock: b.clock, Log: slog.New(slog.DiscardHandler)})
	var left []string
	for _, d := range b.docs.List(plan.DeploymentsPrefix) {
		left = append(left, d.Key)
	}
	for _, key := range left {
		if key != plan.DeploymentKey(*rest.Id, *kept.Id) && key != plan.DeploymentKey(*rest.Id, "justnow") {
			t.Errorf("%s is left", key)
		}
	}
	if len(left) != 2 {
		t.Errorf("%v are left", left)
	}
}

// Every operation on the nouns that are built is there, and no other claims to
// be.
func TestTheOperationsThatAreBuilt(t *testing.T) {
	built := map[string]bool{}
	for _, noun := range []string{"RestApi", "Resource", "Method", "MethodResponse", "Integration", "IntegrationResponse", "Model", "Deployment", "Stage", "RequestValidator",
		"Authorizer", "GatewayResponse", "DocumentationPart", "DocumentationVersion", "ClientCertificate", "VpcLink"} {
		for _, verb := range []string{"Create", "Put", "Get", "Update", "Delete"} {
			built[verb+noun] = noun != "Authorizer" || verb == "Get"
		}
		built["Get"+noun+"s"] = true
	}
	for _, name := range []string{"ImportRestApi", "ImportDocumentationParts", "GetAccount", "UpdateAccount", "GetTags", "TagResource", "UntagResource",
		"GenerateClientCertificate", "FlushStageCache", "FlushStageAuthorizersCache", "GetModelTemplate", "TestInvokeMethod", "GetExport"} {
		built[name] = true
	}
	b := newBench(t)
	for _, op := range api.Service.Operations {
		if got := op.Bind(b.Service) != nil; got != built[op.Name] {
			t.Errorf("%s is built: %v, want %v", op.Name, got, built[op.Name])
		}
	}
}
