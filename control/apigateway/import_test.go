package apigateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

// Documents that AWS's answers were recorded for are beside the recordings; the
// tests that need them are skipped without.
func recordedDocument(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("LAMGATE_RECORDINGS")
	if dir == "" {
		t.Skip("LAMGATE_RECORDINGS is not set")
	}
	body, err := os.ReadFile(filepath.Join(dir, "openapi", name))
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

// recordedScenario is a scenario whose answers are compared with a recording
// alone, every step of it.
func recordedScenario(t *testing.T, test string) *scenario {
	t.Helper()
	s := &scenario{bench: newBench(t), name: test, recorded: recording(t, test), seen: map[string]bool{}}
	t.Cleanup(func() {
		for name := range s.recorded {
			if !s.seen[name] {
				t.Errorf("nothing was compared with step %s of the recording", name)
			}
		}
	})
	return s
}

func TestDocumentsAreImportedAsRecorded(t *testing.T) {
	for test, c := range map[string]struct{ document, first string }{
		"test_import_rest_api":                                      {"openapi.spec.pulumi.json", "import_rest_api"},
		"test_import_swagger_api":                                   {"petstore-authorizer.swagger.json", "import-swagger"},
		"test_import_and_validate_rest_api[openapi.spec.tf.json]":   {"openapi.spec.tf.json", "import_tf_rest_api"},
		"test_import_and_validate_rest_api[swagger-mock-cors.json]": {"swagger-mock-cors.json", "import_tf_rest_api"},
		"test_import_with_global_api_key_authorizer":                {"openapi.spec.global-auth.json", "import-swagger"},
		"test_import_with_circular_models":                          {"openapi.spec.circular-ref.json", "import-api"},
		"test_import_with_circular_models_and_request_validation":   {"openapi.spec.circular-ref-with-request-body.json", "import-api"},
		"test_import_with_http_method_integration":                  {"openapi-http-method-integration.json", ""},
		"test_import_with_cognito_auth_identity_source":             {"openapi.cognito-auth.json", "import-swagger"},
		"test_import_with_integer_http_status_code":                 {"openapi-method-int.spec.yaml", ""},
	} {
		t.Run(test, func(t *testing.T) {
			body := recordedDocument(t, c.document)
			s := recordedScenario(t, test)
			out, err := s.ImportRestApi(s.ctx, &api.ImportRestApiRequest{Body: body})
			if c.first != "" {
				s.match(c.first, out, err)
			}
			if err != nil {
				t.Fatal(err)
			}
			s.matchContents(out.Id, "", "resources")
		})
	}
}

// matchContents compares the resources and methods of an API with those of a
// recording that has them, in steps whose names begin with prefix.
func (s *scenario) matchContents(rest *string, prefix, listStep string) {
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
	if has(listStep) {
		s.match(listStep, resources, nil)
	}
	for _, r := range resources.Items {
		path := strings.TrimPrefix(*r.Path, "/")
		if path == "" {
			path = "root"
		}
		for httpMethod := range r.ResourceMethods {
			at := path + "-" + strings.ToLower(httpMethod)
			if step := prefix + "method-" + at; has(step) {
				call[api.Method](s, step)(s.GetMethod(s.ctx, &api.GetMethodRequest{RestApiId: rest, ResourceId: r.Id, HttpMethod: &httpMethod}))
			}
			if step := prefix + "integration-" + at; has(step) {
				call[api.Integration](s, step)(s.GetIntegration(s.ctx, &api.GetIntegrationRequest{RestApiId: rest, ResourceId: r.Id, HttpMethod: &httpMethod}))
			}
			if step := prefix + "method-response-" + at; has(step) {
				call[api.MethodResponse](s, step)(s.GetMethodResponse(s.ctx, &api.GetMethodResponseRequest{RestApiId: rest, ResourceId: r.Id, HttpMethod: &httpMethod, StatusCode: new("200")}))
			}
			if step := prefix + "integration-response-" + at; has(step) {
				call[api.IntegrationResponse](s, step)(s.GetIntegrationResponse(s.ctx, &api.GetIntegrationResponseRequest{RestApiId: rest, ResourceId: r.Id, HttpMethod: &httpMethod, StatusCode: new("200")}))
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
	// noBasePath is what the recorder put last: two GETs of a pet store.
	const noBasePath = `{"swagger":"2.0","info":{"title":"Pets","version":"1"},"schemes":["https"],"paths":{
		"/pets":{"get":{"responses":{"200":{}},"x-amazon-apigateway-integration":{"type":"http","httpMethod":"GET",
			"uri":"http://petstore-demo-endpoint.execute-api.com/petstore/pets","passthroughBehavior":"when_no_match","responses":{"default":{"statusCode":"200"}}}}},
		"/pets/{petId}":{"get":{"parameters":[{"name":"petId","in":"path","required":true,"type":"string"}],"responses":{"200":{}},
			"x-amazon-apigateway-integration":{"type":"http","httpMethod":"GET","uri":"http://petstore-demo-endpoint.execute-api.com/petstore/pets/{id}",
			"requestParameters":{"integration.request.path.id":"method.request.path.petId"},"responses":{"default":{"statusCode":"200"}}}}}}}`
	for _, mode := range []string{"ignore", "prepend", "split"} {
		put := func(s *scenario, body []byte, step, listStep, prefix string) {
			s.t.Helper()
			id := do(s.bench, s.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")}).Id
			out, err := s.PutRestApi(s.ctx, &api.PutRestApiRequest{RestApiId: id, Mode: new("overwrite"), Body: body, Parameters: map[string]string{"basepath": mode}})
			if step != "" {
				s.match(step, out, err)
			}
			s.matchContents(id, prefix, listStep)
		}
		t.Run("swagger "+mode, func(t *testing.T) {
			body := recordedDocument(t, "swagger.json")
			s := recordedScenario(t, "test_import_rest_apis_with_base_path_swagger["+mode+"]")
			put(s, body, "put-rest-api-swagger-json", "get-resources-swagger-json", "")
			put(s, []byte(noBasePath), "", "get-resources-no-base-path-swagger", "")
		})
		t.Run("oas30 "+mode, func(t *testing.T) {
			variable, url := recordedDocument(t, "openapi-basepath-server-variable.yaml"), recordedDocument(t, "openapi-basepath-url.yaml")
			s := recordedScenario(t, "test_import_rest_api_with_base_path_oas30["+mode+"]")
			put(s, variable, "put-rest-api-oas30-srv-var", "get-resources-oas30-srv-var", "srv-var-")
			put(s, url, "put-rest-api-oas30-srv-url", "get-resources-oas30-srv-url", "srv-url-")
		})
	}
}

func TestDocumentationIsImportedAsRecorded(t *testing.T) {
	body := recordedDocument(t, "oas30_documentation_parts.json")
	s := recordedScenario(t, "test_import_documentation_parts")
	id := do(s.bench, s.ImportRestApi, api.ImportRestApiRequest{Body: body}).Id
	call[api.DocumentationParts](s, "get-documentations-parts-after-api-imports")(s.GetDocumentationParts(s.ctx, &api.GetDocumentationPartsRequest{RestApiId: id}))
	out := do(s.bench, s.ImportDocumentationParts, api.ImportDocumentationPartsRequest{RestApiId: id, Mode: new("overwrite"), Body: body})
	s.seen["import-documentation-parts"] = true // IDs alone
	if len(out.Ids) != 4 {
		t.Errorf("%d parts were imported", len(out.Ids))
	}
	call[api.DocumentationParts](s, "get-documentations-parts-after-import")(s.GetDocumentationParts(s.ctx, &api.GetDocumentationPartsRequest{RestApiId: id}))
}

// Every document of the folder is imported, deployed, exported and imported
// again as what it was.
func TestEveryRecordedDocumentIsImported(t *testing.T) {
	dir := os.Getenv("LAMGATE_RECORDINGS")
	if dir == "" {
		t.Skip("LAMGATE_RECORDINGS is not set")
	}
	files, err := filepath.Glob(filepath.Join(dir, "openapi", "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			roundTrips(t, recordedDocument(t, filepath.Base(f)))
		})
	}
}

// Whatever real documents hold, they are imported, deployed and exported, and
// what was exported is imported again.
func TestRealDocumentsGoRound(t *testing.T) {
	folder := os.Getenv("LAMGATE_RECORDINGS")
	if folder == "" {
		t.Skip("LAMGATE_RECORDINGS does not name the folder of real documents")
	}
	files, err := filepath.Glob(filepath.Join(folder, "openapi", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b := newBench(t)
			for _, base := range []string{"ignore", "prepend", "split"} {
				rest := do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: recordedDocument(t, filepath.Base(file)), Parameters: map[string]string{"basepath": base}})
				deployed := api.CreateDeploymentRequest{RestApiId: rest.Id, StageName: new("dev")}
				if _, err := b.CreateDeployment(b.ctx, &deployed); err != nil {
					if message := aws.AsFault(err).Message; message != "No integration defined for method" {
						t.Errorf("it cannot be deployed: %s", message)
					}
					continue
				}
				for _, exportType := range []string{"oas30", "swagger"} {
					for _, accepts := range []string{"application/json", "application/yaml"} {
						out := do(b, b.GetExport, api.GetExportRequest{RestApiId: rest.Id, StageName: new("dev"), ExportType: &exportType, Accepts: &accepts,
							Parameters: map[string]string{"extensions": "apigateway"}})
						do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: out.Body})
					}
				}
			}
		})
	}
}
