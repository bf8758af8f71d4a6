package apigateway_test

import (
	"fmt"
	"slices"
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
)

func add(path, value string) api.PatchOperation     { return operation("add", path, value) }
func replace(path, value string) api.PatchOperation { return operation("replace", path, value) }
func remove(path string) api.PatchOperation {
	return api.PatchOperation{Op: new("remove"), Path: &path}
}
func operation(op, path, value string) api.PatchOperation {
	return api.PatchOperation{Op: &op, Path: &path, Value: &value}
}

// newAPI creates an API as most scenarios begin.
func (s *scenario) newAPI() *api.RestApi {
	s.t.Helper()
	return do(s.bench, s.CreateRestApi, api.CreateRestApiRequest{Name: new("an api"), Description: new("this is my api")})
}

func TestRestAPIScenarios(t *testing.T) {
	create := func(s *scenario, name string, in api.CreateRestApiRequest) *api.RestApi {
		s.t.Helper()
		in.Name = new("an api")
		return call[api.RestApi](s, name)(s.CreateRestApi(s.ctx, &in))
	}
	update := func(s *scenario, name string, id *string, ops ...api.PatchOperation) {
		s.t.Helper()
		call[api.RestApi](s, name)(s.UpdateRestApi(s.ctx, &api.UpdateRestApiRequest{RestApiId: id, PatchOperations: ops}))
	}
	endpoint := func(types ...string) *api.EndpointConfiguration {
		return &api.EndpointConfiguration{Types: types}
	}

	play(t, "test_list_and_delete_apis", func(s *scenario) {
		one := create(s, "create-rest-api-1", api.CreateRestApiRequest{Description: new("this is my api")})
		s.clock.Advance(1e9)
		create(s, "create-rest-api-2", api.CreateRestApiRequest{Description: new("this is my api2")})
		call[api.RestApis](s, "get-rest-api-before-delete")(s.GetRestApis(s.ctx, &api.GetRestApisRequest{}))
		call[api.DeleteRestApiOutput](s, "delete-rest-api")(s.DeleteRestApi(s.ctx, &api.DeleteRestApiRequest{RestApiId: one.Id}))
		call[api.RestApis](s, "get-rest-api-after-delete")(s.GetRestApis(s.ctx, &api.GetRestApisRequest{}))
	})
	play(t, "test_create_rest_api_with_optional_params", func(s *scenario) {
		create(s, "create-only-name", api.CreateRestApiRequest{})
		create(s, "create-empty-desc", api.CreateRestApiRequest{Description: new("")})
		create(s, "create-with-version", api.CreateRestApiRequest{Version: new("v1")})
		create(s, "create-with-empty-binary-media", api.CreateRestApiRequest{BinaryMediaTypes: []string{}})
		create(s, "string-compression-size", api.CreateRestApiRequest{MinimumCompressionSize: new(int32(-1))})
	})
	play(t, "test_create_rest_api_with_tags", func(s *scenario) {
		a := create(s, "create-rest-api-w-tags", api.CreateRestApiRequest{Description: new("this is my api"), Tags: map[string]string{"MY_TAG1": "MY_VALUE1"}})
		call[api.RestApi](s, "get-rest-api-w-tags")(s.GetRestApi(s.ctx, &api.GetRestApiRequest{RestApiId: a.Id}))
		call[api.RestApis](s, "get-rest-apis-w-tags")(s.GetRestApis(s.ctx, &api.GetRestApisRequest{}))
	})
	play(t, "test_update_rest_api_operation_add_remove", func(s *scenario) {
		id := s.newAPI().Id
		update(s, "update-rest-api-add", id, add("/binaryMediaTypes/image~1png", ""), add("/binaryMediaTypes/image~1jpeg", ""))
		update(s, "update-rest-api-replace", id, replace("/binaryMediaTypes/image~1png", "image/gif"))
		update(s, "update-rest-api-remove", id, remove("/binaryMediaTypes/image~1gif"), remove("/description"))
	})
	play(t, "test_update_rest_api_compression", func(s *scenario) {
		id := s.newAPI().Id
		update(s, "enable-compression", id, replace("/minimumCompressionSize", "10"))
		update(s, "disable-compression", id, replace("/minimumCompressionSize", ""))
		update(s, "set-compression-zero", id, replace("/minimumCompressionSize", "0"))
		update(s, "set-negative-compression", id, replace("/minimumCompressionSize", "-1"))
		update(s, "set-string-compression", id, replace("/minimumCompressionSize", "test"))
		update(s, "unsupported-operation", id, add("/minimumCompressionSize", "10"))
	})
	play(t, "test_update_rest_api_behaviour", func(s *scenario) {
		id := s.newAPI().Id
		update(s, "update-rest-api-array", id, add("/binaryMediaTypes/-", "image/png"))
		update(s, "update-rest-api-add-base-path", id, add("/binaryMediaTypes", "image/gif"))
		update(s, "update-rest-api-replace-base-path", id, replace("/binaryMediaTypes", "image/gif"))
		update(s, "update-rest-api-remove-base-path", id, remove("/binaryMediaTypes"))
	})
	play(t, "test_update_rest_api_invalid_api_id", func(s *scenario) {
		update(s, "not-found-update-rest-api", new("api_id"), replace("/apiKeySource", "AUTHORIZER"))
	})
	play(t, "test_create_rest_api_with_binary_media_types", func(s *scenario) {
		create(s, "create-with-binary-media", api.CreateRestApiRequest{BinaryMediaTypes: []string{"image/png"}})
	})
	play(t, "test_create_rest_api_with_endpoint_configuration", func(s *scenario) {
		create(s, "create-with-empty-types", api.CreateRestApiRequest{EndpointConfiguration: endpoint([]string{}...)})
		create(s, "create-with-multiple-errors-2", api.CreateRestApiRequest{Description: new(""), EndpointConfiguration: endpoint("EDGE", "REGIONAL")})
		create(s, "create-with-two-types", api.CreateRestApiRequest{EndpointConfiguration: endpoint("EDGE", "REGIONAL")})
		create(s, "create-with-endpoint-config-dualstack", api.CreateRestApiRequest{EndpointConfiguration: &api.EndpointConfiguration{IpAddressType: new("dualstack")}})
		create(s, "create-with-endpoint-config-regional", api.CreateRestApiRequest{EndpointConfiguration: endpoint("REGIONAL")})
	})
	play(t, "test_create_rest_api_private_type", func(s *scenario) {
		c := &api.EndpointConfiguration{Types: []string{"PRIVATE"}, IpAddressType: new("ipv4")}
		create(s, "create-with-private-type-and-ipv4-ip-address-type", api.CreateRestApiRequest{EndpointConfiguration: c})
		create(s, "create-with-private-type-and-ipv4-ip-address-type-and-empty-description", api.CreateRestApiRequest{Description: new(""), EndpointConfiguration: c})
	})
	play(t, "test_create_rest_api_verify_defaults", func(s *scenario) {
		create(s, "create-with-edge-default", api.CreateRestApiRequest{EndpointConfiguration: endpoint("EDGE")})
		create(s, "create-with-regional-default", api.CreateRestApiRequest{EndpointConfiguration: endpoint("REGIONAL")})
		create(s, "create-with-private-default", api.CreateRestApiRequest{EndpointConfiguration: endpoint("PRIVATE")})
		create(s, "create-with-empty-default", api.CreateRestApiRequest{EndpointConfiguration: &api.EndpointConfiguration{}})
	})
	play(t, "test_update_rest_api_ip_address_type", func(s *scenario) {
		id := do(s.bench, s.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")}).Id
		update(s, "update-rest-api-replace-type", id, replace("/endpointConfiguration/types/EDGE", "PRIVATE"))
		update(s, "update-rest-api-replace-to-ipv4-within-private-type", id, replace("/endpointConfiguration/ipAddressType", "ipv4"))
		update(s, "update-rest-api-wrong-ipAddressType", id, replace("/endpointConfiguration/ipAddressType", "wrong"))
		update(s, "update-rest-api-wrong-type", id, replace("/endpointConfiguration/types/PRIVATE", "wrong"))
		update(s, "update-rest-api-invalid-operation-on-ipAddressType", id, operation("test", "/endpointConfiguration/ipAddressType", "dualstack"))
		update(s, "update-rest-api-invalid-operation-on-type", id, operation("test", "/endpointConfiguration/types/PRIVATE", "EDGE"))
		update(s, "update-rest-api-replace-ip-address-type", id, replace("/endpointConfiguration/ipAddressType", "dualstack"))
	})
}

func TestAnAPIExistsForItsOwnerOnly(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("mine")})
	mine := b.ctx
	for name, ctx := range map[string]func(){
		"another account": func() { b.as("222222222222", "us-east-1") },
		"another region":  func() { b.as(testAccount, "eu-west-1") },
	} {
		ctx()
		if list := do(b, b.GetRestApis, api.GetRestApisRequest{}); len(list.Items) != 0 {
			t.Errorf("%s sees %d APIs", name, len(list.Items))
		}
		if _, err := b.GetRestApi(b.ctx, &api.GetRestApiRequest{RestApiId: rest.Id}); err == nil {
			t.Errorf("%s reads the API", name)
		}
		refuse(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("NONE")},
			missing, "Invalid Resource identifier specified")
		if _, err := b.DeleteRestApi(b.ctx, &api.DeleteRestApiRequest{RestApiId: rest.Id}); err == nil {
			t.Errorf("%s deletes the API", name)
		}
	}
	b.ctx = mine
	do(b, b.GetRestApi, api.GetRestApiRequest{RestApiId: rest.Id})
}

func TestAPolicyIsWrittenOutAndEscaped(t *testing.T) {
	b := newBench(t)
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}`
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("guarded"), Policy: &policy})
	want := `{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"execute-api:Invoke\",\"Resource\":\"arn:aws:execute-api:us-east-1:111111111111:` + *rest.Id + `/*\"}]}`
	if *rest.Policy != want {
		t.Errorf("got policy  %s\nwant policy %s", *rest.Policy, want)
	}
	refuse(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("guarded"), Policy: new(`{"Version":`)}, bad,
		"Invalid policy document. Please check the policy syntax and ensure that Principals are valid.")
}

func TestListsComeInPages(t *testing.T) {
	b := newBench(t)
	for range 5 {
		do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("one of five")})
		b.clock.Advance(1e9)
	}
	var ids []string
	var position *string
	for {
		list := do(b, b.GetRestApis, api.GetRestApisRequest{Limit: new(int32(2)), Position: position})
		for _, a := range list.Items {
			ids = append(ids, *a.Id)
		}
		if position = list.Position; position == nil {
			break
		}
	}
	seen := map[string]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	if len(ids) != 5 || len(seen) != 5 {
		t.Errorf("pages of two hold %v", ids)
	}
	refuse(b, b.GetRestApis, api.GetRestApisRequest{Position: new("%")}, bad, "Invalid position specified")
}

func TestAClonedAPIHasResourcesOfItsOwn(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("source")})
	r := do(b, b.CreateResource, api.CreateResourceRequest{RestApiId: rest.Id, ParentId: rest.RootResourceId, PathPart: new("a")})
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: r.Id, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
	do(b, b.PutIntegration, api.PutIntegrationRequest{RestApiId: rest.Id, ResourceId: r.Id, HttpMethod: new("GET"), Type: new("MOCK")})

	clone := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("clone"), CloneFrom: rest.Id})
	list := do(b, b.GetResources, api.GetResourcesRequest{RestApiId: clone.Id, Embed: []string{"methods"}})
	if len(list.Items) != 2 || *list.Items[0].Id != *clone.RootResourceId || *list.Items[1].ParentId != *clone.RootResourceId {
		t.Fatalf("clone has %+v", list.Items)
	}
	copied := list.Items[1]
	if *copied.Id == *r.Id || *copied.ResourceMethods["GET"].MethodIntegration.CacheNamespace != *copied.Id {
		t.Errorf("the clone's resource is %+v", copied)
	}
}

func TestWhatAnAPIIsCreatedWithIsChecked(t *testing.T) {
	b := newBench(t)
	tags := map[string]string{}
	for n := range 51 {
		tags[fmt.Sprint(n)] = ""
	}
	refuse(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("a"), Tags: tags}, bad, "Number of tags exceeds the limit of 50")
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("a")})
	update := func(path, value string) api.UpdateRestApiRequest {
		return api.UpdateRestApiRequest{RestApiId: rest.Id, PatchOperations: []api.PatchOperation{replace(path, value)}}
	}
	refuse(b, b.UpdateRestApi, update("/securityPolicy", "TLS_9"), bad, "Invalid security policy specified: TLS_9")
	refuse(b, b.UpdateRestApi, update("/endpointAccessMode", "LAX"), bad, "Invalid endpoint access mode specified: LAX. Valid options are BASIC, STRICT")
	do(b, b.UpdateRestApi, update("/securityPolicy", "SecurityPolicy_TLS13_1_3_2025_09"))
}

// What is below a resource moves and goes with it, and nothing else does.
func TestResourcesMoveAndGoWithWhatIsBelow(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: document(`"/a/b/c":{},"/a/b":{},"/ab/c":{},"/d":{}`, ``)})
	paths := func() (list []string) {
		for _, r := range do(b, b.GetResources, api.GetResourcesRequest{RestApiId: rest.Id}).Items {
			list = append(list, *r.Path)
		}
		return list
	}
	want := func(list ...string) {
		t.Helper()
		if got := paths(); !slices.Equal(got, list) {
			t.Errorf("the paths are %v, want %v", got, list)
		}
	}
	do(b, b.UpdateResource, api.UpdateResourceRequest{RestApiId: rest.Id, ResourceId: b.resource(rest.Id, "/a/b").Id,
		PatchOperations: []api.PatchOperation{replace("/parentId", *b.resource(rest.Id, "/d").Id)}})
	want("/", "/a", "/ab", "/ab/c", "/d", "/d/b", "/d/b/c")
	do(b, b.UpdateResource, api.UpdateResourceRequest{RestApiId: rest.Id, ResourceId: b.resource(rest.Id, "/d").Id,
		PatchOperations: []api.PatchOperation{replace("/pathPart", "a2")}})
	want("/", "/a", "/a2", "/a2/b", "/a2/b/c", "/ab", "/ab/c")
	do(b, b.DeleteResource, api.DeleteResourceRequest{RestApiId: rest.Id, ResourceId: b.resource(rest.Id, "/a").Id})
	want("/", "/a2", "/a2/b", "/a2/b/c", "/ab", "/ab/c")
	do(b, b.DeleteResource, api.DeleteResourceRequest{RestApiId: rest.Id, ResourceId: b.resource(rest.Id, "/a2").Id})
	want("/", "/ab", "/ab/c")
}
