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
