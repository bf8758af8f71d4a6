package apigateway_test

import (
	"strings"
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
)

const balancer = "arn:aws:elasticloadbalancing:us-east-1:111111111111:loadbalancer/net/nlb/1234567890abcdef"

func TestVPCLinkScenarios(t *testing.T) {
	link := call[api.VpcLink]
	play(t, "test_vpc_link_lifecycle", func(s *scenario) {
		s.match("nlb-arn", balancer, nil)
		id := link(s, "create_vpc_link")(s.CreateVpcLink(s.ctx, &api.CreateVpcLinkRequest{Name: new("a link"), TargetArns: []string{balancer}})).Id
		link(s, "get_vpc_link")(s.GetVpcLink(s.ctx, &api.GetVpcLinkRequest{VpcLinkId: id}))
		call[api.VpcLinks](s, "get_vpc_links")(s.GetVpcLinks(s.ctx, &api.GetVpcLinksRequest{}))
		link(s, "update_vpc_link")(s.UpdateVpcLink(s.ctx, &api.UpdateVpcLinkRequest{VpcLinkId: id, PatchOperations: []api.PatchOperation{replace("/name", "a link-updated")}}))
		call[api.DeleteVpcLinkOutput](s, "delete_vpc_link")(s.DeleteVpcLink(s.ctx, &api.DeleteVpcLinkRequest{VpcLinkId: id}))
	})
	play(t, "test_create_vpc_link_invalid_parameters", func(s *scenario) {
		link(s, "create_vpc_link_invalid_target_arn")(s.CreateVpcLink(s.ctx, &api.CreateVpcLinkRequest{Name: new("a link"), TargetArns: []string{"invalid-arn"}}))
		link(s, "create_vpc_link_empty_name")(s.CreateVpcLink(s.ctx, &api.CreateVpcLinkRequest{Name: new(""), TargetArns: []string{balancer}}))
	})
	play(t, "test_get_vpc_link_invalid_id", func(s *scenario) {
		link(s, "get_vpc_link_invalid_id")(s.GetVpcLink(s.ctx, &api.GetVpcLinkRequest{VpcLinkId: new("invalid-id")}))
	})
	play(t, "test_delete_vpc_link_invalid_id", func(s *scenario) {
		call[api.DeleteVpcLinkOutput](s, "delete_vpc_link_invalid_id")(s.DeleteVpcLink(s.ctx, &api.DeleteVpcLinkRequest{VpcLinkId: new("invalid-id")}))
	})
	play(t, "test_update_vpc_link_invalid_id", func(s *scenario) {
		link(s, "update_vpc_link_invalid_id")(s.UpdateVpcLink(s.ctx, &api.UpdateVpcLinkRequest{VpcLinkId: new("invalid-id"), PatchOperations: []api.PatchOperation{replace("/name", "b")}}))
	})
}

func TestVPCLinksAreRefused(t *testing.T) {
	b := newBench(t)
	refuse(b, b.CreateVpcLink, api.CreateVpcLinkRequest{Name: new("a"), TargetArns: []string{balancer, balancer}}, bad, "More than one target arn specified for vpc link.")
	l := do(b, b.CreateVpcLink, api.CreateVpcLinkRequest{Name: new("a"), TargetArns: []string{balancer}})
	in := api.UpdateVpcLinkRequest{VpcLinkId: l.Id, PatchOperations: []api.PatchOperation{replace("/targetArns/"+strings.ReplaceAll(balancer, "/", "~1"), balancer)}}
	refuse(b, b.UpdateVpcLink, in, bad, "Target arns are not allowed to be changed/added.")
	b.as("222222222222", "us-east-1")
	refuse(b, b.GetVpcLink, api.GetVpcLinkRequest{VpcLinkId: l.Id}, missing, "Invalid Vpc Link identifier specified")
	if list := do(b, b.GetVpcLinks, api.GetVpcLinksRequest{}).Items; len(list) != 0 {
		t.Errorf("another account lists %v", list)
	}
}

// A link stays while an API is built with it, and while a stage or its canary
// publishes it, be its ID that of a stage variable.
func TestAVPCLinkInUseStays(t *testing.T) {
	b := newBench(t)
	l := do(b, b.CreateVpcLink, api.CreateVpcLinkRequest{Name: new("a link"), TargetArns: []string{balancer}}).Id
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")})
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
	integrate := api.PutIntegrationRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), Type: new("HTTP_PROXY"), IntegrationHttpMethod: new("GET"),
		Uri: new("http://nlb.example.com"), ConnectionType: new("VPC_LINK"), ConnectionId: new("abc123")}
	refuse(b, b.PutIntegration, integrate, missing, "Invalid Vpc Link identifier specified")
	integrate.ConnectionId = l
	do(b, b.PutIntegration, integrate)
	change := api.UpdateIntegrationRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), PatchOperations: []api.PatchOperation{replace("/connectionId", "abc123")}}
	refuse(b, b.UpdateIntegration, change, missing, "Invalid Vpc Link identifier specified")

	drop := api.DeleteVpcLinkRequest{VpcLinkId: l}
	method := *rest.Id + ":GET:" + *rest.RootResourceId
	refuse(b, b.DeleteVpcLink, drop, bad, "Cannot delete vpc link. Vpc link '"+*l+"', is referenced in ["+method+"] in format of [RESTApiId:Method:Resource].")

	integrate.ConnectionId = new("${stageVariables.link}")
	do(b, b.PutIntegration, integrate)
	do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest.Id, StageName: new("s1"), Variables: map[string]string{"link": *l}})
	published := "Cannot delete vpc link. Vpc link '" + *l + "', is referenced in [" + method + ":s1] in format of [RESTApiId:Method:Resource:Stage]."
	refuse(b, b.DeleteVpcLink, drop, bad, published)
	update := func(ops ...api.PatchOperation) {
		t.Helper()
		do(b, b.UpdateStage, api.UpdateStageRequest{RestApiId: rest.Id, StageName: new("s1"), PatchOperations: ops})
	}
	update(replace("/variables/link", "other1"), replace("/canarySettings/stageVariableOverrides/link", *l))
	refuse(b, b.DeleteVpcLink, drop, bad, published)
	update(remove("/canarySettings"))
	do(b, b.DeleteVpcLink, drop)
}

// A document names a link as PutIntegration does, and is held to the same.
func TestAnImportNamesAVPCLinkThatExists(t *testing.T) {
	b := newBench(t)
	body := func(link string) []byte {
		return document(`"/a":{"get":{"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","uri":"http://nlb.example.com","connectionType":"VPC_LINK","connectionId":"`+link+`"}}}`, ``)
	}
	wrong := "Errors found during import:\n\tUnable to put integration on 'GET' for resource at path '/a': Invalid Vpc Link identifier specified"
	refuse(b, b.ImportRestApi, api.ImportRestApiRequest{Body: body("abc123")}, bad, wrong)
	l := *do(b, b.CreateVpcLink, api.CreateVpcLinkRequest{Name: new("a link"), TargetArns: []string{balancer}}).Id
	rest := do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: body(l)})
	do(b, b.PutRestApi, api.PutRestApiRequest{RestApiId: rest.Id, Body: body("${stageVariables.link}")})
	b.as("222222222222", "us-east-1")
	refuse(b, b.ImportRestApi, api.ImportRestApiRequest{Body: body(l)}, bad, wrong)
}
