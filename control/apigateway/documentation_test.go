package apigateway_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
)

func (s *scenario) createPart(step string, rest *string, location api.DocumentationPartLocation, properties string) *api.DocumentationPart {
	s.t.Helper()
	return call[api.DocumentationPart](s, step)(s.CreateDocumentationPart(s.ctx, &api.CreateDocumentationPartRequest{RestApiId: rest, Location: &location, Properties: &properties}))
}

func (s *scenario) part(step string, rest, id *string) {
	s.t.Helper()
	call[api.DocumentationPart](s, step)(s.GetDocumentationPart(s.ctx, &api.GetDocumentationPartRequest{RestApiId: rest, DocumentationPartId: id}))
}

func (s *scenario) parts(step string, rest *string) {
	s.t.Helper()
	call[api.DocumentationParts](s, step)(s.GetDocumentationParts(s.ctx, &api.GetDocumentationPartsRequest{RestApiId: rest}))
}

func (s *scenario) updatePart(step string, rest, id *string, ops ...api.PatchOperation) {
	s.t.Helper()
	call[api.DocumentationPart](s, step)(s.UpdateDocumentationPart(s.ctx, &api.UpdateDocumentationPartRequest{RestApiId: rest, DocumentationPartId: id, PatchOperations: ops}))
}

func (s *scenario) deletePart(step string, rest, id *string) {
	s.t.Helper()
	call[api.DeleteDocumentationPartOutput](s, step)(s.DeleteDocumentationPart(s.ctx, &api.DeleteDocumentationPartRequest{RestApiId: rest, DocumentationPartId: id}))
}

func TestDocumentationScenarios(t *testing.T) {
	theAPI := api.DocumentationPartLocation{Type: new("API")}
	const sample = `{"description": "Sample API description"}`
	play(t, "test_doc_parts_crud_no_api", func(s *scenario) {
		s.createPart("wrong-rest-api-id-create-doc-part", new("test-fake-rest-id"), theAPI, sample)
		s.parts("wrong-rest-api-id-get-doc-parts", new("test-fake-rest-id"))
	})
	play(t, "test_documentation_part_lifecycle", func(s *scenario) {
		rest := s.newAPI().Id
		id := s.createPart("create-documentation-part", rest, theAPI, sample).Id
		s.part("get-documentation-part", rest, id)
		s.parts("get-documentation-parts", rest)
		s.updatePart("update-documentation-part", rest, id, replace("/properties", `{"description": "Updated Sample API description"}`))
		s.part("get-documentation-part-after-update", rest, id)
		s.deletePart("delete_documentation_part", rest, id)
	})
	play(t, "test_invalid_get_documentation_part", func(s *scenario) {
		rest := s.newAPI().Id
		id := do(s.bench, s.CreateDocumentationPart, api.CreateDocumentationPartRequest{RestApiId: rest, Location: &theAPI, Properties: new(sample)}).Id
		s.part("get-documentation-part-invalid-api-id", new("api_id"), id)
		s.part("get-documentation-part-invalid-doc-id", rest, new("part_id"))
	})
	play(t, "test_invalid_get_documentation_parts", func(s *scenario) {
		s.parts("get-inavlid-documentation-parts", new("api_id"))
	})
	play(t, "test_invalid_update_documentation_part", func(s *scenario) {
		rest := s.newAPI().Id
		id := do(s.bench, s.CreateDocumentationPart, api.CreateDocumentationPartRequest{RestApiId: rest, Location: &theAPI, Properties: new(sample)}).Id
		s.updatePart("update-documentation-part-invalid-api-id", new("api_id"), id, replace("/properties", sample))
		s.updatePart("update-documentation-part-invalid-add-operation", rest, id, add("/properties", sample))
		s.updatePart("update-documentation-part-invalid-path", rest, id, replace("/invalidPath", sample))
	})
	play(t, "test_invalid_create_documentation_part_operations", func(s *scenario) {
		s.createPart("create_documentation_part_invalid_api_id", new("api_id"), theAPI, sample)
	})
	play(t, "test_invalid_delete_documentation_part", func(s *scenario) {
		rest := s.newAPI().Id
		id := do(s.bench, s.CreateDocumentationPart, api.CreateDocumentationPartRequest{RestApiId: rest, Location: &theAPI, Properties: new(sample)}).Id
		s.deletePart("delete_documentation_part_wrong_api_id", new("api_id"), id)
		s.deletePart("delete_documentation_part", rest, id)
		s.deletePart("delete_already_deleted_documentation_part", rest, id)
	})
	play(t, "test_import_documentation_parts_bad_file", func(s *scenario) {
		rest := s.newAPI().Id
		importParts := func(step, body string) {
			call[api.DocumentationPartIds](s, step)(s.ImportDocumentationParts(s.ctx, &api.ImportDocumentationPartsRequest{RestApiId: rest, Mode: new("overwrite"), Body: []byte(body)}))
		}
		importParts("import-documentation-parts-bad-yaml-file", "openapi: 3.0.0\n\tpaths: [}")
		importParts("import-documentation-parts-bad-json-file", `{"openapi": "3.0.0",}`)
	})
	play(t, "test_documentation_parts_and_versions", func(s *scenario) {
		rest := s.newAPI().Id
		s.createPart("create-part-response", rest, theAPI, `{"foo": "bar"}`)
		s.parts("get-parts-response", rest)
		version := call[api.DocumentationVersion]
		version(s, "create-version-response")(s.CreateDocumentationVersion(s.ctx, &api.CreateDocumentationVersionRequest{RestApiId: rest, DocumentationVersion: new("v123")}))
		version(s, "update-version-response")(s.UpdateDocumentationVersion(s.ctx, &api.UpdateDocumentationVersionRequest{RestApiId: rest, DocumentationVersion: new("v123"),
			PatchOperations: []api.PatchOperation{replace("/description", "doc version new")}}))
		version(s, "get-version-response")(s.GetDocumentationVersion(s.ctx, &api.GetDocumentationVersionRequest{RestApiId: rest, DocumentationVersion: new("v123")}))
	})
}

// The document that AWS was recorded to import stands beside the recordings.
func TestRecordedImportOfDocumentation(t *testing.T) {
	dir := os.Getenv("LAMGATE_RECORDINGS")
	if dir == "" {
		t.Skip("no recordings: LAMGATE_RECORDINGS is not set")
	}
	body, err := os.ReadFile(filepath.Join(dir, "openapi", "oas30_documentation_parts.json"))
	if err != nil {
		t.Skip(err)
	}
	play(t, "test_import_documentation_parts", func(s *scenario) {
		rest := do(s.bench, s.ImportRestApi, api.ImportRestApiRequest{Body: body}).Id
		s.parts("get-documentations-parts-after-api-imports", rest)
		call[api.DocumentationPartIds](s, "import-documentation-parts")(s.ImportDocumentationParts(s.ctx, &api.ImportDocumentationPartsRequest{RestApiId: rest, Mode: new("overwrite"), Body: body}))
		s.parts("get-documentations-parts-after-import", rest)
	})
}

func TestDocumentationPartsAreFound(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")}).Id
	create := func(l api.DocumentationPartLocation, properties string) {
		t.Helper()
		do(b, b.CreateDocumentationPart, api.CreateDocumentationPartRequest{RestApiId: rest, Location: &l, Properties: &properties})
	}
	create(api.DocumentationPartLocation{Type: new("MODEL"), Name: new("Pet")}, `{"a": 1}`)
	create(api.DocumentationPartLocation{Type: new("MODEL"), Name: new("Petstore")}, `{}`)
	create(api.DocumentationPartLocation{Type: new("METHOD"), Path: new("/pets"), Method: new("GET")}, `{"a": 1}`)
	create(api.DocumentationPartLocation{Type: new("RESPONSE"), Path: new("/pets")}, `{"a": 1}`)
	for _, c := range []struct {
		name string
		in   api.GetDocumentationPartsRequest
		want []string
	}{
		{"all", api.GetDocumentationPartsRequest{}, []string{"METHOD /pets GET  ", "MODEL    Pet", "MODEL    Petstore", "RESPONSE /pets * * "}},
		{"of a type", api.GetDocumentationPartsRequest{Type: new("MODEL")}, []string{"MODEL    Pet", "MODEL    Petstore"}},
		{"by name", api.GetDocumentationPartsRequest{NameQuery: new("store")}, []string{"MODEL    Petstore"}},
		{"by path", api.GetDocumentationPartsRequest{Path: new("/pets")}, []string{"METHOD /pets GET  ", "RESPONSE /pets * * "}},
		{"with content", api.GetDocumentationPartsRequest{Type: new("MODEL"), LocationStatus: new("DOCUMENTED")}, []string{"MODEL    Pet"}},
		{"without content", api.GetDocumentationPartsRequest{LocationStatus: new("UNDOCUMENTED")}, []string{"MODEL    Petstore"}},
	} {
		c.in.RestApiId = rest
		var got []string
		for _, p := range do(b, b.GetDocumentationParts, c.in).Items {
			l := p.Location
			text := *l.Type
			for _, member := range []*string{l.Path, l.Method, l.StatusCode, l.Name} {
				text += " "
				if member != nil {
					text += *member
				}
			}
			got = append(got, text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	first := do(b, b.GetDocumentationParts, api.GetDocumentationPartsRequest{RestApiId: rest, Limit: new(int32(3))})
	second := do(b, b.GetDocumentationParts, api.GetDocumentationPartsRequest{RestApiId: rest, Limit: new(int32(3)), Position: first.Position})
	if len(first.Items) != 3 || len(second.Items) != 1 || second.Position != nil {
		t.Errorf("pages of %d and %d parts", len(first.Items), len(second.Items))
	}
}

func TestDocumentationPartsAreRefused(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")}).Id
	in := api.CreateDocumentationPartRequest{RestApiId: rest, Location: &api.DocumentationPartLocation{Type: new("METHOD"), Path: new("/pets")}, Properties: new(`{}`)}
	do(b, b.CreateDocumentationPart, in)
	// What a location leaves out is its default, so this is the same one.
	in.Location = &api.DocumentationPartLocation{Type: new("METHOD"), Path: new("/pets"), Method: new("*")}
	refuse(b, b.CreateDocumentationPart, in, clash, "Documentation part already exists for the specified location: type 'METHOD', path '/pets', method '*'.")
	in.Location = &api.DocumentationPartLocation{Type: new("API"), Path: new("/pets")}
	refuse(b, b.CreateDocumentationPart, in, bad, "Invalid documentation part location: the type API has no path")
	in.Location = &api.DocumentationPartLocation{Type: new("MODEL")}
	refuse(b, b.CreateDocumentationPart, in, bad, "Invalid documentation part location: the type MODEL requires a name")
	in.Location, in.Properties = &api.DocumentationPartLocation{Type: new("API")}, new(`[]`)
	refuse(b, b.CreateDocumentationPart, in, bad, "Documentation part properties must be a valid JSON object")
}

func TestDocumentationIsImported(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")}).Id
	kept := do(b, b.CreateDocumentationPart, api.CreateDocumentationPartRequest{RestApiId: rest, Location: &api.DocumentationPartLocation{Type: new("API")}, Properties: new(`{"a": 1, "b": 2}`)})
	body := []byte(`{"openapi": "3.0.1", "info": {"title": "t"}, "paths": {}, "x-amazon-apigateway-documentation": {"documentationParts": [
		{"location": {"type": "API"}, "properties": {"b": 3}}, {"location": {"type": "RESOURCE", "path": "/a"}, "properties": {"c": 4}}]}}`)
	ids := do(b, b.ImportDocumentationParts, api.ImportDocumentationPartsRequest{RestApiId: rest, Body: body}).Ids
	if len(ids) != 2 || ids[0] != *kept.Id {
		t.Errorf("merged parts are %v; the API's was %s", ids, *kept.Id)
	}
	if got := *do(b, b.GetDocumentationPart, api.GetDocumentationPartRequest{RestApiId: rest, DocumentationPartId: kept.Id}).Properties; got != `{"a":1,"b":3}` {
		t.Errorf("the merged part has %s", got)
	}
	ids = do(b, b.ImportDocumentationParts, api.ImportDocumentationPartsRequest{RestApiId: rest, Mode: new("overwrite"), Body: body}).Ids
	if len(ids) != 2 || ids[0] == *kept.Id {
		t.Errorf("parts put in the place of all others are %v", ids)
	}
}

func TestAVersionIsASnapshotThatAStagePublishes(t *testing.T) {
	b := newBench(t)
	rest := b.mockAPI()
	d := do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest, StageName: new("s1")}).Id
	version := api.CreateDocumentationVersionRequest{RestApiId: rest, DocumentationVersion: new("v1"), StageName: new("s1")}
	do(b, b.CreateDocumentationVersion, version)
	refuse(b, b.CreateDocumentationVersion, version, clash, "Documentation version already exists: v1")
	if got := do(b, b.GetStage, api.GetStageRequest{RestApiId: rest, StageName: new("s1")}).DocumentationVersion; got == nil || *got != "v1" {
		t.Errorf("the stage publishes %v", got)
	}
	gone := "Invalid Documentation version specified"
	refuse(b, b.CreateStage, api.CreateStageRequest{RestApiId: rest, StageName: new("s2"), DeploymentId: d, DocumentationVersion: new("v2")}, missing, gone)
	refuse(b, b.UpdateStage, api.UpdateStageRequest{RestApiId: rest, StageName: new("s1"), PatchOperations: []api.PatchOperation{replace("/documentationVersion", "v2")}}, missing, gone)

	drop := api.DeleteDocumentationVersionRequest{RestApiId: rest, DocumentationVersion: new("v1")}
	refuse(b, b.DeleteDocumentationVersion, drop, clash, "Cannot delete documentation version 'v1', is referenced in stage: s1")
	do(b, b.UpdateStage, api.UpdateStageRequest{RestApiId: rest, StageName: new("s1"), PatchOperations: []api.PatchOperation{remove("/documentationVersion")}})
	do(b, b.DeleteDocumentationVersion, drop)
	refuse(b, b.DeleteDocumentationVersion, drop, missing, gone)
	if list := do(b, b.GetDocumentationVersions, api.GetDocumentationVersionsRequest{RestApiId: rest}).Items; len(list) != 0 {
		t.Errorf("versions are left: %v", list)
	}
}
