package apigateway_test

import (
	"strings"
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
)

// models returns an API and what creates a model of it.
func (b *bench) models() (rest *string, create func(name, schema string) api.CreateModelRequest, url string) {
	b.t.Helper()
	rest = do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")}).Id
	create = func(name, schema string) api.CreateModelRequest {
		return api.CreateModelRequest{RestApiId: rest, Name: &name, ContentType: new("application/json"), Schema: &schema}
	}
	return rest, create, "https://apigateway.amazonaws.com/restapis/" + *rest + "/models/"
}

func TestSchemasOfModels(t *testing.T) {
	b := newBench(t)
	_, create, url := b.models()
	do(b, b.CreateModel, create("Pet", `{"type": "object"}`))
	for name, schema := range map[string]string{
		"Pets":   `{"type": "array", "items": {"$ref": "` + url + `Pet"}}`,
		"Tree":   `{"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "` + url + `Tree"}}}}`,
		"Local":  `{"definitions": {"a": {"type": "string"}}, "properties": {"b": {"$ref": "#/definitions/a"}, "c": {"$ref": "#"}}}`,
		"Named":  `{"properties": {"$ref": {"type": "string"}, "required": {"type": "boolean"}, "type": {"type": "null"}}}`,
		"Either": `{"type": ["string", "null"], "oneOf": [{"type": "null"}, {"$ref": "` + url + `Pet"}]}`,
	} {
		do(b, b.CreateModel, create(name, schema))
	}
	const invalid, canonical = "Invalid model schema specified", "Model reference must be in canonical form"
	for schema, errors := range map[string]string{
		`{"items": {"$ref": "` + url + `None"}}`:                "Invalid model specified: None",
		`{"items": {"$ref": "Pet"}}`:                            invalid + ", " + canonical,
		`{"items": {"$ref": "#/definitions/Pet"}}`:              invalid + ", " + canonical,
		`{"items": {"$ref": "https://example.com/schema"}}`:     invalid + ", " + canonical,
		`{"type": "Object"}`:                                    invalid,
		`{"required": []}`:                                      invalid,
		`{"properties": {"a": {"enum": ["A", "A"]}}}`:           invalid,
		`{"allOf": [{"properties": {"a": {"required": [1]}}}]}`: invalid,
		`[]`: invalid,
	} {
		refuse(b, b.CreateModel, create("Bad", schema), bad, "Invalid model specified: Validation Result: warnings : [], errors : ["+errors+"]")
	}
}

func TestAModelThatOthersReferToStays(t *testing.T) {
	b := newBench(t)
	rest, create, url := b.models()
	do(b, b.CreateModel, create("Pet", `{"type": "object"}`))
	do(b, b.CreateModel, create("Pets", `{"type": "array", "items": {"$ref": "`+url+`Pet"}}`))
	refuse(b, b.DeleteModel, api.DeleteModelRequest{RestApiId: rest, ModelName: new("Pet")}, clash, "Cannot delete model 'Pet', is referenced in model: Pets")
	do(b, b.DeleteModel, api.DeleteModelRequest{RestApiId: rest, ModelName: new("Pets")})
	do(b, b.DeleteModel, api.DeleteModelRequest{RestApiId: rest, ModelName: new("Pet")})
}

func TestAModelIsFlattened(t *testing.T) {
	b := newBench(t)
	rest, create, url := b.models()
	do(b, b.CreateModel, create("Tag", `{"definitions": {"t": {"type": "string"}}, "items": {"$ref": "#/definitions/t"}}`))
	do(b, b.CreateModel, create("Pet", `{"type": "object"}`))
	do(b, b.CreateModel, create("Owner", `{"properties": {"pet": {"$ref": "`+url+`Pet"}, "self": {"$ref": "`+url+`Owner"}}}`))
	// Two models that refer to each other.
	do(b, b.UpdateModel, api.UpdateModelRequest{RestApiId: rest, ModelName: new("Pet"), PatchOperations: []api.PatchOperation{
		replace("/schema", `{"properties":{"owner":{"$ref":"`+url+`Owner"},"tag":{"$ref":"`+url+`Tag"}}}`)}})
	get := api.GetModelRequest{RestApiId: rest, ModelName: new("Pet"), Flatten: new(true)}
	want := `{"properties":{"owner":{"$ref":"#/definitions/Owner"},"tag":{"$ref":"#/definitions/Tag"}},"definitions":{` +
		`"Owner":{"properties":{"pet":{"$ref":"#"},"self":{"$ref":"#/definitions/Owner"}}},` +
		`"Tag":{"definitions":{"t":{"type":"string"}},"items":{"$ref":"#/definitions/Tag/definitions/t"}}}}`
	if got := *do(b, b.GetModel, get).Schema; got != want {
		t.Errorf("flat\n%s\nwant\n%s", got, want)
	}
	get.Flatten = nil
	if got := *do(b, b.GetModel, get).Schema; !strings.Contains(got, url+"Owner") {
		t.Errorf("not flat: %s", got)
	}
}

func TestTemplatesOfModels(t *testing.T) {
	b := newBench(t)
	rest, create, url := b.models()
	do(b, b.CreateModel, create("Pet", `{"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": ["null", "string"]}, "tame": {"type": "boolean"}}}`))
	do(b, b.CreateModel, create("Pets", `{"type": "array", "items": {"$ref": "`+url+`Pet"}}`))
	do(b, b.CreateModel, create("Tree", `{"type": "object", "properties": {"left": {"$ref": "`+url+`Tree"}}}`))
	template := func(name string) string {
		t.Helper()
		return *do(b, b.GetModelTemplate, api.GetModelTemplateRequest{RestApiId: rest, ModelName: &name}).Value
	}
	const set = "#set($inputRoot = $input.path('$'))\n"
	for name, want := range map[string]string{
		"Empty": set + "{ }",
		"Pet":   set + "{\n  \"id\" : 42,\n  \"name\" : \"foo\",\n  \"tame\" : true\n}",
		"Pets": set + "[\n##TODO: Update this foreach loop to reference array from input json\n#foreach($elem in $inputRoot.TODO)\n" +
			" {\n  \"id\" : 42,\n  \"name\" : \"foo\",\n  \"tame\" : true\n} \n#if($foreach.hasNext),#end\n#end\n]",
	} {
		if got := template(name); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
	if got := template("Tree"); !strings.HasSuffix(got, "}") || len(got) > 4096 {
		t.Errorf("a model that refers to itself makes %d bytes", len(got))
	}
	// Each model refers twice to the next: the sample would double 30 times.
	do(b, b.CreateModel, create("M0", `{"type": "string"}`))
	for i, name := range strings.Split("M1 M2 M3 M4 M5 M6 M7 M8 M9 N1 N2 N3 N4 N5 N6 N7 N8 N9 O1 O2 O3", " ") {
		below := append([]string{"M0"}, strings.Split("M1 M2 M3 M4 M5 M6 M7 M8 M9 N1 N2 N3 N4 N5 N6 N7 N8 N9 O1 O2 O3", " ")...)[i]
		ref := `{"$ref": "` + url + below + `"}`
		do(b, b.CreateModel, create(name, `{"properties": {"a": `+ref+`, "b": `+ref+`}}`))
	}
	refuse(b, b.GetModelTemplate, api.GetModelTemplateRequest{RestApiId: rest, ModelName: new("O3")}, bad,
		"The template of model O3 would exceed 262144 bytes: its references make too much of it")
	refuse(b, b.GetModelTemplate, api.GetModelTemplateRequest{RestApiId: rest, ModelName: new("None")}, missing, "Invalid model name specified: None")
}
