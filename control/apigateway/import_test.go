package apigateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
)

// Documents that AWS's answers were recorded for are beside the recordings; the
// tests that need them are skipped without.
func recordedDocument(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("LAMGATE_RECORDINGS")
	if dir == "" {
		t.Skip("LAMGATE_RECORDINGS is not set")
	}
	body, err := os.ReadFile(filepath.Join(dir, "..", "openapi", name))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.NewReplacer(
		"${uri}", "http://petstore.execute-api.us-east-1.amazonaws.com/petstore/pets",
		"${lambda_invocation_arn}", lambdaURI,
		"${authorizer_lambda_invocation_arn}", lambdaURI,
		"${cognito_pool_arn}", "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_ABC123",
	).Replace(string(body)))
}

func TestDocumentsAreImportedAsRecorded(t *testing.T) {
	for test, c := range map[string]struct{ document, first string }{
		"test_import_swagger_api":                                   {"petstore-authorizer.swagger.json", "import-swagger"},
		"test_import_and_validate_rest_api[openapi.spec.tf.json]":   {"openapi.spec.tf.json", "import_tf_rest_api"},
		"test_import_and_validate_rest_api[swagger-mock-cors.json]": {"swagger-mock-cors.json", "import_tf_rest_api"},
		"test_import_with_global_api_key_authorizer":                {"openapi.spec.global-auth.json", "import-swagger"},
		"test_import_with_circular_models":                          {"openapi.spec.circular-ref.json", "import-api"},
		"test_import_with_circular_models_and_request_validation":   {"openapi.spec.circular-ref-with-request-body.json", "import-api"},
		"test_import_with_http_method_integration":                  {"openapi-http-method-integration.json", ""},
		"test_import_with_cognito_auth_identity_source":             {"openapi.cognito-auth.json", "import-swagger"},
		"test_import_with_integer_http_status_code":                 {"openapi-method-int.spec.yaml", ""},
		"test_import_rest_apis_with_base_path_swagger[ignore]":      {"swagger.json", ""},
		"test_import_rest_api_with_base_path_oas30[prepend]":        {"openapi-basepath-url.yaml", ""},
	} {
		t.Run(test, func(t *testing.T) {
			body := recordedDocument(t, c.document)
			s := &scenario{bench: newBench(t), name: test, recorded: recording(t, test), seen: map[string]bool{}}
			out, err := s.ImportRestApi(s.ctx, &api.ImportRestApiRequest{Body: body})
			if c.first != "" {
				s.match(c.first, out, err)
			}
			if err != nil {
				t.Fatal(err)
			}
			s.matchContents(out.Id)
			t.Logf("%d of %d steps matched", len(s.seen), len(s.recorded))
		})
	}
}

// matchContents compares the resources and methods of an API with those of a
// recording that has them.
func (s *scenario) matchContents(rest *string) {
	s.t.Helper()
	has := func(step string) bool { _, ok := s.recorded[step]; return ok }
	if has("get-models") {
		call[api.Models](s, "get-models")(s.GetModels(s.ctx, &api.GetModelsRequest{RestApiId: rest}))
	}
	if list := s.recorded["get-authorizers"]; list != nil {
		out := do(s.bench, s.GetAuthorizers, api.GetAuthorizersRequest{RestApiId: rest})
		if _, itemsOnly := list.([]any); itemsOnly {
			s.match("get-authorizers", out.Items, nil)
		} else {
			s.match("get-authorizers", out, nil)
		}
	}
	if has("request-validators") {
		call[api.RequestValidators](s, "request-validators")(s.GetRequestValidators(s.ctx, &api.GetRequestValidatorsRequest{RestApiId: rest}))
	}
	resources := do(s.bench, s.GetResources, api.GetResourcesRequest{RestApiId: rest})
	if has("resources") {
		s.match("resources", resources, nil)
	}
	for _, r := range resources.Items {
		path := strings.TrimPrefix(*r.Path, "/")
		if path == "" {
			path = "root"
		}
		for httpMethod := range r.ResourceMethods {
			at := path + "-" + strings.ToLower(httpMethod)
			if has("method-" + at) {
				call[api.Method](s, "method-"+at)(s.GetMethod(s.ctx, &api.GetMethodRequest{RestApiId: rest, ResourceId: r.Id, HttpMethod: &httpMethod}))
			}
			if has("integration-" + at) {
				call[api.Integration](s, "integration-"+at)(s.GetIntegration(s.ctx, &api.GetIntegrationRequest{RestApiId: rest, ResourceId: r.Id, HttpMethod: &httpMethod}))
			}
			if has("method-response-" + at) {
				call[api.MethodResponse](s, "method-response-"+at)(s.GetMethodResponse(s.ctx, &api.GetMethodResponseRequest{RestApiId: rest, ResourceId: r.Id, HttpMethod: &httpMethod, StatusCode: new("200")}))
			}
			if has("integration-response-" + at) {
				call[api.IntegrationResponse](s, "integration-response-"+at)(s.GetIntegrationResponse(s.ctx, &api.GetIntegrationResponseRequest{RestApiId: rest, ResourceId: r.Id, HttpMethod: &httpMethod, StatusCode: new("200")}))
			}
		}
	}
}

func TestDocumentsAreMergedOrOverwritten(t *testing.T) {
	const body = `{"openapi":"3.0.1","info":{"title":"Merged","version":"1.0.0"},"paths":{},"x-amazon-apigateway-binary-media-types":["image/png","image/jpg"]}`
	for _, mode := range []string{"merge", "overwrite"} {
		play(t, "test_put_rest_api_mode_binary_media_types["+mode+"]", func(s *scenario) {
			id := call[api.RestApi](s, "create-rest-api")(s.CreateRestApi(s.ctx, &api.CreateRestApiRequest{Name: new("an api"), BinaryMediaTypes: []string{"image/heif"}})).Id
			call[api.RestApi](s, "get-rest-api")(s.GetRestApi(s.ctx, &api.GetRestApiRequest{RestApiId: id}))
			call[api.RestApi](s, "put-api")(s.PutRestApi(s.ctx, &api.PutRestApiRequest{RestApiId: id, Mode: &mode, Body: []byte(body)}))
		})
	}
	play(t, "test_import_api_bad_file", func(s *scenario) {
		id := s.newAPI().Id
		for _, bad := range [][2]string{{"yaml", "- no\n- map"}, {"json", `{"openapi": "3.0.0"`}} {
			kind, body := bad[0], bad[1]
			call[api.RestApi](s, "import-api-bad-"+kind+"-file")(s.ImportRestApi(s.ctx, &api.ImportRestApiRequest{Body: []byte(body)}))
			call[api.RestApi](s, "put-rest-api-bad-"+kind+"-file")(s.PutRestApi(s.ctx, &api.PutRestApiRequest{RestApiId: id, Body: []byte(body)}))
		}
	})
}

func TestBasePathsAsRecorded(t *testing.T) {
	for document, c := range map[string]struct{ test, put, list string }{
		"swagger.json":                          {"test_import_rest_apis_with_base_path_swagger", "put-rest-api-swagger-json", "get-resources-swagger-json"},
		"openapi-basepath-url.yaml":             {"test_import_rest_api_with_base_path_oas30", "put-rest-api-oas30-srv-url", "get-resources-oas30-srv-url"},
		"openapi-basepath-server-variable.yaml": {"test_import_rest_api_with_base_path_oas30", "put-rest-api-oas30-srv-var", "get-resources-oas30-srv-var"},
	} {
		for _, mode := range []string{"ignore", "prepend", "split"} {
			t.Run(document+" "+mode, func(t *testing.T) {
				body := recordedDocument(t, document)
				test := c.test + "[" + mode + "]"
				s := &scenario{bench: newBench(t), name: test, recorded: recording(t, test), seen: map[string]bool{}}
				id := do(s.bench, s.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")}).Id
				call[api.RestApi](s, c.put)(s.PutRestApi(s.ctx, &api.PutRestApiRequest{RestApiId: id, Mode: new("overwrite"), Body: body, Parameters: map[string]string{"basepath": mode}}))
				call[api.Resources](s, c.list)(s.GetResources(s.ctx, &api.GetResourcesRequest{RestApiId: id}))
			})
		}
	}
}
