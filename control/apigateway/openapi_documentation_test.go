package apigateway_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

// described lists an API's documentation, a line for each part.
func (b *bench) described(rest *string) []string {
	b.t.Helper()
	var lines []string
	for _, p := range do(b, b.GetDocumentationParts, api.GetDocumentationPartsRequest{RestApiId: rest}).Items {
		l := p.Location
		line := *l.Type
		for _, s := range []*string{l.Path, l.Method, l.StatusCode, l.Name} {
			if s != nil {
				line += " " + *s
			}
		}
		lines = append(lines, line+" "+*p.Properties)
	}
	return lines
}

func TestWhatADocumentSaysOfItselfIsDocumentation(t *testing.T) {
	b := newBench(t)
	body := document(`"/a/{b}":{"description":"a path",
		"parameters":[{"$ref":"#/parameters/B"}],
		"get":{"summary":"gets","tags":["t"],"parameters":[{"in":"query","name":"q","description":"asks"},{"in":"header","name":"h"}],
			"responses":{"200":{"description":"well","headers":{"E":{"description":"a tag"}}},"default":{"description":"else"}},`+mockIntegration+`},
		"x-amazon-apigateway-any-method":{"description":"does all",`+mockIntegration+`}}`,
		`"parameters":{"B":{"in":"path","name":"b","required":true,"description":"a part"}},
		"tags":[{"name":"t"}],
		"definitions":{"M":{"type":"object","title":"a model"}}`)
	want := []string{
		`API {"tags":[{"name":"t"}]}`,
		`METHOD /a/{b} ANY {"description":"does all"}`,
		`METHOD /a/{b} GET {"summary":"gets","tags":["t"]}`,
		`MODEL M {"title":"a model"}`,
		`PATH_PARAMETER /a/{b} * b {"description":"a part"}`,
		`QUERY_PARAMETER /a/{b} GET q {"description":"asks"}`,
		`RESOURCE /a/{b} {"description":"a path"}`,
		`RESPONSE /a/{b} GET 200 {"description":"well"}`,
		`RESPONSE_HEADER /a/{b} GET 200 E {"description":"a tag"}`,
	}
	rest := do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: body}).Id
	if diff := cmp.Diff(want, b.described(rest)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	ignored := do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: body, Parameters: map[string]string{"ignore": "documentation"}}).Id
	if got := b.described(ignored); got != nil {
		t.Errorf("documentation that is to be ignored is imported: %v", got)
	}
}

func TestListedDocumentationIsAllThereIs(t *testing.T) {
	b := newBench(t)
	listed := func(parts string) []byte {
		return document(`"/":{"get":{"summary":"not this",`+mockIntegration+`}}`, `"x-amazon-apigateway-documentation":{"version":"1","documentationParts":[`+parts+`]}`)
	}
	first := listed(`{"location":{"type":"METHOD","method":"GET"},"properties":{"summary":"gets","x-more":1}},{"location":{"type":"RESPONSE"},"properties":{"description":"any"}}`)
	second := listed(`{"location":{"type":"METHOD","path":"/","method":"GET"},"properties":{"summary":"reads"}}`)
	rest := do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: first}).Id
	for _, c := range []struct {
		name string
		put  func()
		want []string
	}{
		{"imported", func() {}, []string{`METHOD / GET {"summary":"gets","x-more":1}`, `RESPONSE / * * {"description":"any"}`}},
		{"merged", func() {
			do(b, b.PutRestApi, api.PutRestApiRequest{RestApiId: rest, Body: second, Mode: new("merge")})
		}, []string{`METHOD / GET {"summary":"reads","x-more":1}`, `RESPONSE / * * {"description":"any"}`}},
		{"ignored", func() {
			do(b, b.PutRestApi, api.PutRestApiRequest{RestApiId: rest, Body: first, Mode: new("overwrite"), Parameters: map[string]string{"ignore": "documentation"}})
		}, []string{`METHOD / GET {"summary":"reads","x-more":1}`, `RESPONSE / * * {"description":"any"}`}},
		{"overwritten", func() {
			do(b, b.PutRestApi, api.PutRestApiRequest{RestApiId: rest, Body: second, Mode: new("overwrite")})
		}, []string{`METHOD / GET {"summary":"reads"}`}},
		{"imported alone", func() {
			out := do(b, b.ImportDocumentationParts, api.ImportDocumentationPartsRequest{RestApiId: rest, Body: first, Mode: new("merge")})
			if len(out.Ids) != 2 {
				t.Errorf("%d parts are imported", len(out.Ids))
			}
		}, []string{`METHOD / GET {"summary":"gets","x-more":1}`, `RESPONSE / * * {"description":"any"}`}},
	} {
		c.put()
		if diff := cmp.Diff(c.want, b.described(rest)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	mistaken := listed(`{"location":{"type":"PLANET"},"properties":{}},{"location":{"type":"API"},"properties":"x"}`)
	for _, refused := range []func() error{
		func() error {
			_, err := b.PutRestApi(b.ctx, &api.PutRestApiRequest{RestApiId: rest, Body: mistaken})
			return err
		},
		func() error {
			_, err := b.ImportDocumentationParts(b.ctx, &api.ImportDocumentationPartsRequest{RestApiId: rest, Body: mistaken, Mode: new("overwrite")})
			return err
		},
	} {
		f := aws.AsFault(refused())
		if f == nil || !strings.HasPrefix(f.Message, "Errors found during import:\n\tUnable to create documentation part 1: ") || !strings.Contains(f.Message, "\n\tUnable to create documentation part 2: ") {
			t.Errorf("the mistakes are answered with %v", f)
		}
	}
	if len(b.described(rest)) != 2 {
		t.Error("a refused import changed the documentation")
	}
}

func TestDoubtsAreWarnedOf(t *testing.T) {
	b := newBench(t)
	body := []byte(`{"openapi":"3.0.1","info":{"title":"doubtful"},
		"servers":[{"url":"https://one.example"},{"url":"https://two.example"}],
		"tags":[{"name":"t","x-amazon-apigateway-tag-value":"v"}],
		"x-amazon-apigateway-cors":{"allowOrigins":["*"]},
		"x-amazon-apigateway-importexport-version":"1.0",
		"x-amazon-apigateway-security-policy":"TLS_1_2",
		"paths":{"/a":{"get":{
			"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Ghost"}},"text/plain":{"schema":{"type":"string"}}}},
				"404":{"content":{"application/json":{"schema":{"$ref":"other.json#/x"}}}}},
			"x-amazon-apigateway-integration":{"$ref":"#/components/x-amazon-apigateway-integrations/shared"}}}},
		"components":{"x-amazon-apigateway-integrations":{"shared":{"type":"http_proxy","httpMethod":"get","uri":"https://example.com","tlsConfig":{"serverNameToVerify":"x"}}}}}`)
	warnings := []string{
		"x-amazon-apigateway-cors applies to HTTP APIs only. Ignoring.",
		"x-amazon-apigateway-tag-value applies to HTTP APIs only. Ignoring.",
		"More than one server provided. Ignoring all but the first for defining endpoint configuration",
		"Reference to model 'Ghost' not found. Ignoring.",
		"Unsupported model type 'StringSchema' in 200 response to method 'GET /a'. Ignoring.",
		"Unknown or invalid reference specified by 'other.json#/x'. Ignoring.",
		"serverNameToVerify of 'GET' for resource at path '/a' applies to HTTP APIs only. Ignoring.",
	}
	refuse(b, b.ImportRestApi, api.ImportRestApiRequest{Body: body, FailOnWarnings: new(true)}, bad, "Warnings found during import:\n\t"+strings.Join(warnings, "\n\t"))
	rest := do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: body})
	if diff := cmp.Diff(warnings, rest.Warnings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if *rest.SecurityPolicy != "TLS_1_2" {
		t.Errorf("the security policy is %s", *rest.SecurityPolicy)
	}
	m := b.resource(rest.Id, "/a").ResourceMethods["GET"]
	if *m.MethodIntegration.Type != "HTTP_PROXY" || m.MethodResponses["200"].ResponseModels != nil {
		t.Errorf("the method is %+v", m)
	}
}
