package apigateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/google/go-cmp/cmp"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

// export returns a stage as a document.
func (b *bench) export(rest *string, exportType, accept, extensions string) string {
	b.t.Helper()
	return string(do(b, b.GetExport, api.GetExportRequest{
		RestApiId: rest, StageName: new("dev"), ExportType: &exportType, Accepts: &accept,
		Parameters: map[string]string{"extensions": extensions},
	}).Body)
}

// deployed imports a document and deploys it, if it can be deployed.
func (b *bench) deployed(body []byte) (rest *string, ok bool) {
	b.t.Helper()
	rest = do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: body}).Id
	_, err := b.CreateDeployment(b.ctx, &api.CreateDeploymentRequest{RestApiId: rest, StageName: new("dev")})
	if err != nil && aws.AsFault(err) == nil {
		b.t.Fatal(err)
	}
	return rest, err == nil
}

// ids takes the IDs of APIs out of a document.
func ids(document string, apis ...string) string {
	for _, id := range apis {
		document = strings.ReplaceAll(document, id, "API")
	}
	return document
}

// roundTrips checks that what is exported and imported again is exported as the
// same.
func roundTrips(t *testing.T, body []byte) {
	t.Helper()
	b := newBench(t)
	first, ok := b.deployed(body)
	if !ok {
		return // a method without an integration
	}
	for _, exportType := range []string{"oas30", "swagger"} {
		for _, accept := range []string{"application/json", "application/yaml"} {
			want := b.export(first, exportType, accept, "apigateway")
			second, ok := b.deployed([]byte(want))
			if !ok {
				t.Fatalf("the export cannot be deployed:\n%s", want)
			}
			replace := func(s string) string { return ids(s, *first, *second) }
			if diff := cmp.Diff(replace(want), replace(b.export(second, exportType, accept, "apigateway"))); diff != "" {
				t.Errorf("%s as %s (-first +second):\n%s", exportType, accept, diff)
			}
		}
	}
}

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v; run the test with -rewrite", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// library is a document with something of everything.
var library = document(`"/books":{
		"summary":"All the books.",
		"get":{"operationId":"ListBooks","summary":"Lists books","tags":["books"],"produces":["application/json","text/csv"],
			"parameters":[{"in":"query","name":"author","description":"Whose books."},{"in":"header","name":"X-Page","required":true}],
			"security":[{"readers":["books/read"]},{"key":[]}],
			"x-amazon-apigateway-request-validator":"parameters",
			"responses":{"200":{"description":"The books.","schema":{"$ref":"#/definitions/Books"},"headers":{"ETag":{"type":"string","description":"What the list is."}}},"404":{"description":"No such author."}},
			"x-amazon-apigateway-integration":{"type":"http","httpMethod":"GET","uri":"https://example.com/books","timeoutInMillis":3000,"cacheNamespace":"books",
				"cacheKeyParameters":["method.request.querystring.author"],"tlsConfig":{"insecureSkipVerification":true},
				"requestParameters":{"integration.request.querystring.by":"method.request.querystring.author"},
				"responses":{"default":{"statusCode":"200","responseParameters":{"method.response.header.ETag":"integration.response.header.ETag"}},
					"404":{"statusCode":"404","responseTemplates":{"application/json":"{\"message\": \"nobody of the name \\\"$input.params('author')\\\"\"}"}}}}},
		"post":{"consumes":["application/json"],"parameters":[{"in":"body","name":"book","required":true,"schema":{"$ref":"#/definitions/Book"}}],
			"security":[{"signed":[]}],
			"x-amazon-apigateway-integration":{"type":"aws_proxy","httpMethod":"POST","uri":"`+lambdaURI+`","credentials":"arn:aws:iam::111111111111:role/gateway"}}},
	"/books/{isbn}":{
		"parameters":[{"in":"path","name":"isbn","required":true,"description":"The number on its back."}],
		"x-amazon-apigateway-any-method":{"security":[{"signatory":[]}],"x-amazon-apigateway-integration":{"type":"mock","requestTemplates":{"application/json":"{\"statusCode\": 200}"}}}}`,
	`"securityDefinitions":{
		"readers":{"type":"apiKey","name":"Authorization","in":"header","x-amazon-apigateway-authtype":"cognito_user_pools",
			"x-amazon-apigateway-authorizer":{"type":"cognito_user_pools","providerARNs":["arn:aws:cognito-idp:us-east-1:111111111111:userpool/p"]}},
		"signatory":{"type":"apiKey","name":"Unused","in":"header","x-amazon-apigateway-authtype":"custom",
			"x-amazon-apigateway-authorizer":{"type":"request","authorizerUri":"`+lambdaURI+`","identitySource":"method.request.querystring.by","authorizerResultTtlInSeconds":0}},
		"signed":{"type":"apiKey","name":"Authorization","in":"header","x-amazon-apigateway-authtype":"awsSigv4"},
		"key":{"type":"apiKey","name":"x-api-key","in":"header"}},
	"definitions":{"Books":{"type":"array","items":{"$ref":"#/definitions/Book"}},
		"Book":{"type":"object","required":["title","isbn"],"properties":{"isbn":{"type":"string","pattern":"^[0-9X-]+$"},"title":{"type":"string"},"sequel":{"$ref":"#/definitions/Book"}}},
		"Unread":{"type":"object"}},
	"x-amazon-apigateway-request-validators":{"parameters":{"validateRequestParameters":true,"validateRequestBody":false}},
	"x-amazon-apigateway-gateway-responses":{"DEFAULT_4XX":{"responseParameters":{"gatewayresponse.header.Access-Control-Allow-Origin":"'*'"}},
		"THROTTLED":{"statusCode":"503","responseTemplates":{"application/json":"{}"}}},
	"x-amazon-apigateway-binary-media-types":["image/*"],
	"x-amazon-apigateway-minimum-compression-size":1024,
	"x-amazon-apigateway-api-key-source":"AUTHORIZER",
	"x-amazon-apigateway-policy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]},
	"x-amazon-apigateway-endpoint-configuration":{"disableExecuteApiEndpoint":true}`)

func TestAStageIsExported(t *testing.T) {
	b := newBench(t)
	rest, ok := b.deployed(library)
	if !ok {
		t.Fatal("the library cannot be deployed")
	}
	for name, c := range map[string]struct{ exportType, accept, extensions string }{
		"export_oas30.json":              {"oas30", "", "apigateway"},
		"export_oas30_plain.yaml":        {"oas30", "application/yaml", ""},
		"export_swagger.yaml":            {"swagger", "application/yaml", "integrations,authorizers"},
		"export_swagger_authorizer.json": {"swagger", "application/json", "authorizers"},
	} {
		golden(t, name, ids(b.export(rest, c.exportType, c.accept, c.extensions), *rest))
	}
	do(b, b.CreateDocumentationVersion, api.CreateDocumentationVersionRequest{RestApiId: rest, DocumentationVersion: new("1"), StageName: new("dev")})
	golden(t, "export_documented.yaml", ids(b.export(rest, "oas30", "application/yaml", ""), *rest))
}

func TestALibraryIsExportedAndImported(t *testing.T) { roundTrips(t, library) }

func TestAnExportIsTheStagesDeployment(t *testing.T) {
	b := newBench(t)
	rest, _ := b.deployed(library)
	before := b.export(rest, "oas30", "", "apigateway")
	do(b, b.PutRestApi, api.PutRestApiRequest{RestApiId: rest, Mode: new("overwrite"), Body: document(`"/other":{"get":{`+mockIntegration+`}}`, ``)})
	if diff := cmp.Diff(before, b.export(rest, "oas30", "", "apigateway")); diff != "" {
		t.Errorf("what is not deployed changes the export:\n%s", diff)
	}
	do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest, StageName: new("dev")})
	if after := b.export(rest, "oas30", "", ""); !strings.Contains(after, `"/other"`) || strings.Contains(after, `"/books"`) {
		t.Errorf("the export is not of the new deployment:\n%s", after)
	}
}

// AWS: validators are none of integrations; documentation may be named.
func TestExportsAreOfWhatIsNamed(t *testing.T) {
	b := newBench(t)
	rest, _ := b.deployed(library)
	for extensions, want := range map[string][2]bool{ // validators, integrations
		"": {}, "documentation": {}, "authorizers": {}, "validators": {true, false}, "integrations": {false, true},
		"integrations,authorizers,documentation": {false, true}, "integrations,validators": {true, true}, "apigateway": {true, true},
	} {
		for _, exportType := range []string{"oas30", "swagger"} {
			document := b.export(rest, exportType, "", extensions)
			got := [2]bool{strings.Contains(document, "x-amazon-apigateway-request-validator"), strings.Contains(document, "x-amazon-apigateway-integration")}
			if got != want {
				t.Errorf("%s of %q: validators %v, integrations %v", exportType, extensions, got[0], got[1])
			}
		}
	}
	if document := b.export(rest, "oas30", "", "documentation"); document != b.export(rest, "oas30", "", "") {
		t.Errorf("documentation that is named changes the export:\n%s", document)
	}
}

func TestExportsThatAreRefused(t *testing.T) {
	b := newBench(t)
	rest, _ := b.deployed(library)
	request := func(exportType, stage, accept, extensions string) api.GetExportRequest {
		return api.GetExportRequest{RestApiId: rest, StageName: &stage, ExportType: &exportType, Accepts: &accept, Parameters: map[string]string{"extensions": extensions}}
	}
	refuse(b, b.GetExport, request("oas31", "dev", "", ""), bad, "Invalid export type specified: oas31. Valid options are oas30, swagger")
	refuse(b, b.GetExport, request("oas30", "dev", "text/html", ""), bad, "Invalid Accept header specified: text/html. Valid options are application/json, application/yaml")
	refuse(b, b.GetExport, request("swagger", "dev", "", "integrations,postman"), bad, "lamgate does not support Postman extensions of an export yet")
	refuse(b, b.GetExport, request("swagger", "dev", "", "magic"), bad, "Invalid extensions specified: magic. Valid options are integrations, authorizers, validators, documentation, apigateway, postman")
	refuse(b, b.GetExport, request("swagger", "prod", "", ""), missing, "Invalid stage identifier specified")
	b.as("222222222222", "us-east-1")
	refuse(b, b.GetExport, request("swagger", "dev", "", ""), missing, "Invalid stage identifier specified")
}

// Names that the exporter gives must not be taken by what has them already: an
// authorizer called api_key is none that looks for a key.
func TestNamesOfSchemesDoNotMeet(t *testing.T) {
	b := newBench(t)
	rest, _ := b.deployed(document(`"/a":{"get":{"security":[{"api_key":[]},{"key":[]}],`+mockIntegration+`}}`,
		`"securityDefinitions":{"key":{"type":"apiKey","name":"x-api-key","in":"header"},
		"api_key":{"type":"apiKey","name":"Authorization","in":"header","x-amazon-apigateway-authorizer":{"type":"token","authorizerUri":"`+lambdaURI+`"}}}`))
	again, _ := b.deployed([]byte(b.export(rest, "swagger", "", "apigateway")))
	m := b.resource(again, "/a").ResourceMethods["GET"]
	if *m.AuthorizationType != "CUSTOM" || !*m.ApiKeyRequired {
		t.Errorf("the method is now open to %s, key %v", *m.AuthorizationType, *m.ApiKeyRequired)
	}
	// Without what the authorizer is, the document is refused.
	in := api.ImportRestApiRequest{Body: []byte(b.export(rest, "swagger", "", "integrations"))}
	if _, err := b.ImportRestApi(b.ctx, &in); !aws.HasCode(err, bad) {
		t.Errorf("a document without its authorizers is imported: %v", err)
	}
}

func TestAWSsOwnClientExports(t *testing.T) {
	b, c := client(t)
	rest, _ := b.deployed(library)
	// This client wants JSON whatever it is told.
	out := ok[sdk.GetExportOutput](t)(c.GetExport(t.Context(), &sdk.GetExportInput{RestApiId: rest, StageName: new("dev"), ExportType: new("oas30"),
		Accepts: new("application/yaml"), Parameters: map[string]string{"extensions": "integrations"}}))
	if *out.ContentType != "application/json" || *out.ContentDisposition != `attachment; filename="oas30_2026-03-01_12-00Z.json"` {
		t.Errorf("the export is %s, %s", *out.ContentType, *out.ContentDisposition)
	}
	if diff := cmp.Diff(b.export(rest, "oas30", "", "integrations"), string(out.Body)); diff != "" {
		t.Error(diff)
	}
}

// A deployment of before there were exports knows no authorizers. Those that
// are gone must not leave their methods open.
func TestADeploymentWithoutItsAuthorizersIsNotExportedOpen(t *testing.T) {
	b := newBench(t)
	rest, _ := b.deployed(library)
	id := *do(b, b.GetStage, api.GetStageRequest{RestApiId: rest, StageName: new("dev")}).DeploymentId
	want := b.export(rest, "oas30", "", "apigateway")
	_, err := state.Update(b.ctx, b.docs, plan.DeploymentKey(*rest, id), func(*plan.Deployment) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.export(rest, "oas30", "", "apigateway")); diff != "" {
		t.Errorf("the export of an old deployment differs:\n%s", diff)
	}
	do(b, b.PutRestApi, api.PutRestApiRequest{RestApiId: rest, Mode: new("overwrite"), Body: document(``, ``)})
	in := api.GetExportRequest{RestApiId: rest, StageName: new("dev"), ExportType: new("oas30")}
	if _, err := b.GetExport(b.ctx, &in); !aws.HasCode(err, bad) {
		t.Errorf("a deployment whose authorizers are not known is exported: %v", err)
	}
}
