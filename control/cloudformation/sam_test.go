package cloudformation_test

import (
	"slices"
	"strings"
	"testing"

	agapi "github.com/lamgate/lamgate/api/apigateway"
	api "github.com/lamgate/lamgate/api/cloudformation"
	lambdaapi "github.com/lamgate/lamgate/api/lambda"
)

func TestServerlessStack(t *testing.T) {
	h := build(t)
	name := "sam"
	st := h.create(name, read(t, "sam.yaml"))
	h.must(st, "CREATE_COMPLETE")
	ids := h.physical(name)
	for id := range ids {
		if strings.HasPrefix(id, "ServerlessRestApiDeployment") {
			delete(ids, id)
		}
	}
	var logical []string
	for id := range ids {
		logical = append(logical, id)
	}
	slices.Sort(logical)
	want := []string{
		"HelloFunction", "HelloFunctionHelloPermissionProd", "HelloFunctionRestPermissionProd", "HelloFunctionRole",
		"ServerlessRestApi", "ServerlessRestApiProdStage",
	}
	if !slices.Equal(logical, want) {
		t.Errorf("resources are %q, want %q", logical, want)
	}
	resources, err := h.gateway.GetResources(h.ctx, &agapi.GetResourcesRequest{RestApiId: new(ids["ServerlessRestApi"])})
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	for _, r := range resources.Items {
		for method := range r.ResourceMethods {
			routes = append(routes, method+" "+*r.Path)
		}
	}
	slices.Sort(routes)
	if want := []string{"ANY /things/{proxy+}", "GET /hello"}; !slices.Equal(routes, want) {
		t.Errorf("routes are %q, want %q", routes, want)
	}
	f, err := h.lambda.GetFunction(h.ctx, &lambdaapi.GetFunctionRequest{FunctionName: new(ids["HelloFunction"])})
	if err != nil {
		t.Fatal(err)
	}
	if v := f.Configuration.Environment.Variables; v["COLOUR"] != "blue" || v["SHAPE"] != "round" {
		t.Errorf("variables are %v", v)
	}
	if f.Tags["lambda:createdBy"] != "SAM" || f.Tags["aws:cloudformation:stack-name"] != "sam" {
		t.Errorf("tags are %v", f.Tags)
	}
	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: &name}); err != nil {
		t.Fatal(err)
	}
	h.must(h.settled(*st.StackId), "DELETE_COMPLETE")
	if left := h.inventory(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestServerlessFunctionWithAnAlias(t *testing.T) {
	h := build(t)
	body := strings.Replace(read(t, "sam.yaml"), "      Handler: index.handler\n", "      Handler: index.handler\n      AutoPublishAlias: live\n", 1)
	h.must(h.create("sam", body), "CREATE_COMPLETE")
	h.must(h.update("sam", strings.Replace(body, "200", "201", 1)), "UPDATE_COMPLETE")
	alias, err := h.lambda.GetAlias(h.ctx, &lambdaapi.GetAliasRequest{FunctionName: new(h.physical("sam")["HelloFunction"]), Name: new("live")})
	if err != nil {
		t.Fatal(err)
	}
	if *alias.FunctionVersion != "2" {
		t.Errorf("alias is at version %s", *alias.FunctionVersion)
	}
	versions, err := h.lambda.ListVersionsByFunction(h.ctx, &lambdaapi.ListVersionsByFunctionRequest{FunctionName: new(h.physical("sam")["HelloFunction"])})
	if err != nil {
		t.Fatal(err)
	}
	if len(versions.Versions) != 3 { // $LATEST, and the first one, which is retained
		t.Errorf("there are %d versions", len(versions.Versions))
	}
	policy, err := h.lambda.GetPolicy(h.ctx, &lambdaapi.GetPolicyRequest{FunctionName: alias.AliasArn})
	if err != nil || !strings.Contains(*policy.Policy, "/*/GET/hello") {
		t.Errorf("the alias's policy is %v, %v", policy, err)
	}
	h.cleared("sam")
}

func TestChangeSetOfABadServerlessTemplate(t *testing.T) {
	h := build(t)
	cs, err := h.changeSet("CREATE", "s", "c", strings.Replace(read(t, "sam.yaml"), "Type: Api", "Type: SQS", 1))
	if err != nil {
		t.Fatal(err)
	}
	want := "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. Number of errors found: 1. " +
		"Resource with id [HelloFunction] is invalid. Event with id [Hello] is invalid. lamgate does not support the event type SQS (line 26, column 17)"
	if *cs.Status != "FAILED" || *cs.StatusReason != want {
		t.Errorf("change set is %s: %s", *cs.Status, *cs.StatusReason)
	}
	_, err = h.CreateStack(h.ctx, &api.CreateStackInput{
		StackName: new("other"), TemplateBody: new(strings.Replace(read(t, "sam.yaml"), "Type: Api", "Type: SQS", 1)), Capabilities: []string{"CAPABILITY_AUTO_EXPAND"},
	})
	refused(t, err, "ValidationError", want)
}
