package apigateway_test

import (
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
)

func (s *scenario) child(rest, parent *string, part string) *api.Resource {
	s.t.Helper()
	return do(s.bench, s.CreateResource, api.CreateResourceRequest{RestApiId: rest, ParentId: parent, PathPart: &part})
}

func TestResourceScenarios(t *testing.T) {
	create := func(s *scenario, name string, rest, parent *string, part string) *api.Resource {
		s.t.Helper()
		return call[api.Resource](s, name)(s.CreateResource(s.ctx, &api.CreateResourceRequest{RestApiId: rest, ParentId: parent, PathPart: &part}))
	}
	update := func(s *scenario, name string, rest, id *string, op api.PatchOperation) {
		s.t.Helper()
		call[api.Resource](s, name)(s.UpdateResource(s.ctx, &api.UpdateResourceRequest{RestApiId: rest, ResourceId: id, PatchOperations: []api.PatchOperation{op}}))
	}
	list := func(s *scenario, name string, rest *string) {
		s.t.Helper()
		call[api.Resources](s, name)(s.GetResources(s.ctx, &api.GetResourcesRequest{RestApiId: rest}))
	}
	drop := func(s *scenario, name string, rest, id *string) {
		s.t.Helper()
		call[api.DeleteResourceOutput](s, name)(s.DeleteResource(s.ctx, &api.DeleteResourceRequest{RestApiId: rest, ResourceId: id}))
	}

	play(t, "test_resource_lifecycle", func(s *scenario) {
		a := s.newAPI()
		list(s, "rest-api-root-resource", a.Id)
		pets := create(s, "create-resource", a.Id, a.RootResourceId, "pets")
		list(s, "rest-api-resources-after-create", a.Id)
		create(s, "create-subresource", a.Id, pets.Id, "subpets")
		list(s, "rest-api-resources-after-create-sub", a.Id)
		update(s, "update-path-part", a.Id, pets.Id, replace("/pathPart", "dogs"))
		call[api.Resource](s, "get-resp-after-update-path-part")(s.GetResource(s.ctx, &api.GetResourceRequest{RestApiId: a.Id, ResourceId: pets.Id}))
		drop(s, "del-resource", a.Id, pets.Id)
		list(s, "rest-api-resources-after-delete", a.Id)
	})
	play(t, "test_update_resource_behaviour", func(s *scenario) {
		a := s.newAPI()
		root := a.RootResourceId
		pets := s.child(a.Id, root, "pets").Id
		update(s, "nonexistent-resource", a.Id, new("fake-resource"), replace("/pathPart", "dogs"))
		update(s, "invalid-path-part", a.Id, pets, replace("/invalid", "dogs"))
		update(s, "invalid-parent-id", a.Id, pets, replace("/parentId", "fake-parent-id"))
		sub := create(s, "create-subresource", a.Id, pets, "subpets").Id
		leaf := create(s, "create-subresource-child", a.Id, sub, "pets").Id
		update(s, "existing-future-sibling-path", a.Id, leaf, replace("/parentId", *root))
		do(s.bench, s.DeleteResource, api.DeleteResourceRequest{RestApiId: a.Id, ResourceId: leaf})
		update(s, "update-parent-id-to-subresource-id", a.Id, pets, replace("/parentId", *sub))
		update(s, "update-parent-id-to-root-id", a.Id, sub, replace("/parentId", *root))
		update(s, "update-path-already-exists", a.Id, sub, replace("/pathPart", "pets"))
		do(s.bench, s.DeleteResource, api.DeleteResourceRequest{RestApiId: a.Id, ResourceId: pets})
		list(s, "resources-after-deletion", a.Id)
		update(s, "remove-unsupported", a.Id, sub, remove("/pathPart"))
		update(s, "add-unsupported", a.Id, sub, add("/pathPart", "added-pets"))
	})
	play(t, "test_delete_resource", func(s *scenario) {
		a := s.newAPI()
		pets := s.child(a.Id, a.RootResourceId, "pets").Id
		sub := s.child(a.Id, pets, "subpets").Id
		drop(s, "delete-resource", a.Id, pets)
		list(s, "get-resources", a.Id)
		drop(s, "delete-subresource", a.Id, sub)
	})
	play(t, "test_create_resource_parent_invalid", func(s *scenario) {
		create(s, "wrong-resource-parent-id", s.newAPI().Id, new("fake-resource-id"), "subpets")
	})
	play(t, "test_create_proxy_resource", func(s *scenario) {
		a := s.newAPI()
		create(s, "create-base-proxy-resource", a.Id, a.RootResourceId, "{proxy+}")
		parent := s.child(a.Id, a.RootResourceId, "parent").Id
		proxy := create(s, "create-proxy-sibling-proxy-child-resource", a.Id, parent, "{proxy+}").Id
		child := create(s, "create-proxy-sibling-static-child-resource", a.Id, parent, "child").Id
		create(s, "create-static-child-proxy-resource", a.Id, child, "{proxy+}")
		list(s, "all-resources", a.Id)
		do(s.bench, s.DeleteResource, api.DeleteResourceRequest{RestApiId: a.Id, ResourceId: proxy})
		variable := create(s, "create-proxy-sibling-dynamic-child-resource", a.Id, parent, "{child}").Id
		create(s, "create-dynamic-child-proxy-resource", a.Id, variable, "{proxy+}")
		list(s, "all-resources-2", a.Id)
	})
	play(t, "test_create_proxy_resource_validation", func(s *scenario) {
		a := s.newAPI()
		proxy := create(s, "create-base-proxy-resource", a.Id, a.RootResourceId, "{proxy+}").Id
		create(s, "create-proxy-dynamic-sibling-resource", a.Id, a.RootResourceId, "{dynamic}")
		create(s, "create-proxy-static-child-resource", a.Id, proxy, "child")
		create(s, "create-proxy-dynamic-child-resource", a.Id, proxy, "{child}")
		create(s, "create-greedy-child-resource", a.Id, s.child(a.Id, a.RootResourceId, "parent").Id, "{child+}")
	})
	play(t, "test_update_resource_on_root", func(s *scenario) {
		a := s.newAPI()
		update(s, "update-root-path-part", a.Id, a.RootResourceId, replace("/pathPart", "dogs"))
		update(s, "update-root-parent", a.Id, a.RootResourceId, replace("/parentId", *a.RootResourceId))
	})
}

// A site is the root resource of an API and its methods.
type site struct {
	*scenario
	rest, root *string
}

func (s *scenario) site() site {
	a := s.newAPI()
	return site{s, a.Id, a.RootResourceId}
}

func (s site) put(name, httpMethod string, in api.PutMethodRequest) {
	s.t.Helper()
	in.RestApiId, in.ResourceId, in.HttpMethod = s.rest, s.root, &httpMethod
	if in.AuthorizationType == nil {
		in.AuthorizationType = new("NONE")
	}
	call[api.Method](s.scenario, name)(s.PutMethod(s.ctx, &in))
}

func (s site) update(name, httpMethod string, ops ...api.PatchOperation) {
	s.t.Helper()
	call[api.Method](s.scenario, name)(s.UpdateMethod(s.ctx, &api.UpdateMethodRequest{RestApiId: s.rest, ResourceId: s.root, HttpMethod: &httpMethod, PatchOperations: ops}))
}

func (s site) get(name, httpMethod string) {
	s.t.Helper()
	call[api.Method](s.scenario, name)(s.GetMethod(s.ctx, &api.GetMethodRequest{RestApiId: s.rest, ResourceId: s.root, HttpMethod: &httpMethod}))
}

func (s site) drop(name, httpMethod string) {
	s.t.Helper()
	call[api.DeleteMethodOutput](s.scenario, name)(s.DeleteMethod(s.ctx, &api.DeleteMethodRequest{RestApiId: s.rest, ResourceId: s.root, HttpMethod: &httpMethod}))
}

func TestMethodScenarios(t *testing.T) {
	play(t, "test_method_lifecycle", func(s *scenario) {
		m := s.site()
		m.put("put-base-method-response", "ANY", api.PutMethodRequest{})
		m.get("get-base-method-response", "ANY")
		m.drop("del-base-method-response", "ANY")
		m.get("get-deleted-method-response", "ANY")
		m.drop("delete-deleted-method-response", "ANY")
	})
	play(t, "test_method_request_parameters", func(s *scenario) {
		m := s.site()
		m.put("put-method-request-params-response", "ANY", api.PutMethodRequest{RequestParameters: map[string]bool{
			"method.request.querystring.q_optional": false, "method.request.querystring.q_required": true,
			"method.request.header.h_optional": false, "method.request.header.h_required": true,
		}})
		m.get("get-method-request-params-response", "ANY")
		m.put("req-params-same-name", "GET", api.PutMethodRequest{RequestParameters: map[string]bool{
			"method.request.querystring.optional": false, "method.request.header.optional": false,
		}})
	})
	play(t, "test_put_method_model", func(s *scenario) {
		m := s.site()
		model := func(step, name string) {
			call[api.Model](s, step)(s.CreateModel(s.ctx, &api.CreateModelRequest{RestApiId: m.rest, Name: &name, Description: new(""),
				ContentType: new("application/json"), Schema: new(`{"title":"` + name + `","type":"object"}`)}))
		}
		drop := func(step, name string) {
			call[api.DeleteModelOutput](s, step)(s.DeleteModel(s.ctx, &api.DeleteModelRequest{RestApiId: m.rest, ModelName: &name}))
		}
		model("create-model", "MySchema")
		model("create-model-2", "MySchemaTwo")
		m.put("put-method-request-models", "ANY", api.PutMethodRequest{RequestModels: map[string]string{"application/json": "MySchema"}})
		drop("delete-model-used", "MySchema")
		m.update("update-method-model", "ANY", replace("/requestModels/application~1json", "MySchemaTwo"))
		drop("delete-model-unused", "MySchema")
		drop("delete-model-used-2", "MySchemaTwo")
		other := site{s, m.rest, s.child(m.rest, m.root, "test").Id}
		other.put("put-method-2-request-models", "ANY", api.PutMethodRequest{RequestModels: map[string]string{"application/json": "MySchemaTwo"}})
		drop("delete-model-used-by-2-method", "MySchemaTwo")
		other.update("update-method-model-2", "ANY", remove("/requestModels/application~1json"))
		drop("delete-model-used-by-method-1", "MySchemaTwo")
		m.drop("delete-method-using-model-2", "ANY")
		drop("delete-model-unused-2", "MySchemaTwo")
	})
	play(t, "test_put_method_validation", func(s *scenario) {
		m := s.site()
		site{s, new("fake-api"), m.root}.put("wrong-api", "WRONG", api.PutMethodRequest{})
		site{s, m.rest, new("fake-resource-id")}.put("wrong-resource", "WRONG", api.PutMethodRequest{})
		m.put("wrong-method", "WRONG", api.PutMethodRequest{})
		m.put("missing-authorizer-id", "ANY", api.PutMethodRequest{AuthorizationType: new("CUSTOM")})
		m.put("invalid-request-validator", "ANY", api.PutMethodRequest{RequestValidatorId: new("fake-validator")})
		m.put("invalid-model-name", "ANY", api.PutMethodRequest{RequestModels: map[string]string{"application/json": "petModel"}})
	})
	play(t, "test_update_method", func(s *scenario) {
		m := s.site()
		m.put("put-method-response", "ANY", api.PutMethodRequest{})
		m.update("update-method-add", "ANY", add("/requestParameters/method.request.querystring.optional", "true"), add("/requestModels/application~1json", "Empty"))
		m.update("update-method-replace", "ANY", replace("/operationName", "ReplacedOperationName"), replace("/apiKeyRequired", "true"),
			replace("/authorizationType", "AWS_IAM"), replace("/requestParameters/method.request.querystring.optional", "false"))
	})
	play(t, "test_update_method_validation", func(s *scenario) {
		m := s.site()
		site{s, new("fake-api"), m.root}.update("wrong-rest-api", "ANY")
		site{s, m.rest, new("fake-resource-id")}.update("wrong-resource-id", "ANY")
		m.update("method-does-not-exist", "GET", replace("/operationName", "methodDoesNotExist"))
		m.put("put-method-response", "ANY", api.PutMethodRequest{ApiKeyRequired: new(true)})
		m.update("unsupported-operation", "ANY", add("/operationName", "operationName"))
		m.update("unsupported-operation-2", "ANY", add("/requestValidatorId", "wrong-id"))
		m.update("unsupported-path", "ANY", add("/httpMethod", "PUT"))
		m.update("wrong-path-request-parameters", "ANY", replace("/requestParameters", "method.request.querystring.optional=false"))
		m.update("wrong-path-request-models", "ANY", add("/requestModels/application/json", "Empty"))
		m.update("wrong-value-type", "ANY", replace("/apiKeyRequired", "whatever"))
		m.update("wrong-auth-type", "ANY", replace("/authorizationType", "CUSTOM"))
		m.update("skip-auth-id-with-wrong-type", "ANY", replace("/authorizerId", "abc123"))
		m.update("wrong-auth-id", "ANY", replace("/authorizationType", "CUSTOM"), replace("/authorizerId", "abc123"))
		m.update("wrong-req-validator-id", "ANY", replace("/requestValidatorId", "fake-id"))
	})
}

// mock gives the root a GET method with a MOCK integration.
func (s *scenario) mock() site {
	m := s.site()
	do(s.bench, s.PutMethod, api.PutMethodRequest{RestApiId: m.rest, ResourceId: m.root, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
	do(s.bench, s.PutIntegration, api.PutIntegrationRequest{RestApiId: m.rest, ResourceId: m.root, HttpMethod: new("GET"),
		Type: new("MOCK"), RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}})
	return m
}

func (s site) updateResponse(name, httpMethod, status string, ops ...api.PatchOperation) {
	s.t.Helper()
	call[api.MethodResponse](s.scenario, name)(s.UpdateMethodResponse(s.ctx, &api.UpdateMethodResponseRequest{
		RestApiId: s.rest, ResourceId: s.root, HttpMethod: &httpMethod, StatusCode: &status, PatchOperations: ops}))
}

func TestMethodResponseScenarios(t *testing.T) {
	const header, jsonModel = "/responseParameters/method.response.header.my-header", "/responseModels/application~1json"
	withResponse := func(s *scenario) site {
		m := s.mock()
		do(s.bench, s.PutMethodResponse, api.PutMethodResponseRequest{RestApiId: m.rest, ResourceId: m.root, HttpMethod: new("GET"), StatusCode: new("200"),
			ResponseParameters: map[string]bool{"method.response.header.my-header": false}, ResponseModels: map[string]string{"application/json": "Empty"}})
		return m
	}
	withEmptyResponse := func(s *scenario, m site) (*api.MethodResponse, error) {
		return s.PutMethodResponse(s.ctx, &api.PutMethodResponseRequest{RestApiId: m.rest, ResourceId: m.root, HttpMethod: new("GET"), StatusCode: new("200"),
			ResponseParameters: map[string]bool{}, ResponseModels: map[string]string{}})
	}
	play(t, "test_lifecycle_method_response", func(s *scenario) {
		m := s.mock()
		call[api.MethodResponse](s, "put-method-response")(withEmptyResponse(s, m))
		call[api.MethodResponse](s, "get-integration-response")(s.GetMethodResponse(s.ctx, &api.GetMethodResponseRequest{RestApiId: m.rest, ResourceId: m.root, HttpMethod: new("GET"), StatusCode: new("200")}))
		m.updateResponse("add-method-responses", "GET", "200", add(header, "true"), add(jsonModel, "Empty"))
		m.updateResponse("update-method-responses", "GET", "200", replace(header, "true"), replace(jsonModel, "Empty"))
		m.get("get-method", "GET")
		call[api.DeleteMethodResponseOutput](s, "delete-method-response")(s.DeleteMethodResponse(s.ctx, &api.DeleteMethodResponseRequest{RestApiId: m.rest, ResourceId: m.root, HttpMethod: new("GET"), StatusCode: new("200")}))
	})
	play(t, "test_update_method_response", func(s *scenario) {
		m := withResponse(s)
		m.updateResponse("remove-update-method-response", "GET", "200", remove(header), remove(jsonModel))
		m.updateResponse("add-update-method-response", "GET", "200", add(header, "true"), add(jsonModel, "Empty"))
	})
	play(t, "test_update_method_response_negative_tests", func(s *scenario) {
		m := withResponse(s)
		m.updateResponse("update-method-response-wrong-statuscode", "GET", "201", replace(header, "true"))
		site{s, m.rest, new("wrong")}.updateResponse("update-method-response-wrong-resource", "GET", "200", replace(header, "true"))
		m.updateResponse("update-method-response-wrong-method", "POST", "200", replace(header, "true"))
	})
	play(t, "test_update_method_lack_response_parameters_and_models", func(s *scenario) {
		m := s.mock()
		if _, err := withEmptyResponse(s, m); err != nil {
			t.Fatal(err)
		}
		m.updateResponse("update-method-response-operation-without-response-parameters", "GET", "200", remove(header))
		m.updateResponse("update-method-response-operation-without-response-models", "GET", "200", remove(jsonModel))
		m.updateResponse("update-method-response-operation-with-wrong-path", "GET", "200", remove("/wrong/method.response.header.my-header"))
	})
	play(t, "test_update_method_wrong_param_names", func(s *scenario) {
		m := withResponse(s)
		m.updateResponse("update-method-response-operation-with-wrong-param-name-1", "GET", "200", replace("/responseParameters/wrong", "true"))
		m.updateResponse("update-method-response-operation-with-wrong-param-name-2", "GET", "200", remove("/responseParameters/wrong"))
		m.updateResponse("update-method-response-operation-with-wrong-param-name-3", "GET", "200", replace("/responseModels/wrong", "Empty"))
		m.updateResponse("update-method-response-operation-with-wrong-param-name-4", "GET", "200", remove("/responseModels/wrong"))
	})
}
