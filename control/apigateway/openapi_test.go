package apigateway_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

// document returns a document of Swagger 2.0 with the given paths, and what
// else there is to say.
func document(paths, more string) []byte {
	if more != "" {
		more = "," + more
	}
	return []byte(`{"swagger":"2.0","info":{"title":"doc","version":"1"},"paths":{` + paths + `}` + more + `}`)
}

const mockIntegration = `"x-amazon-apigateway-integration":{"type":"mock"}`

// resource returns the resource of an API at a path, with its methods.
func (b *bench) resource(rest *string, path string) *api.Resource {
	b.t.Helper()
	for _, r := range do(b, b.GetResources, api.GetResourcesRequest{RestApiId: rest, Embed: []string{"methods"}}).Items {
		if *r.Path == path {
			return &r
		}
	}
	b.t.Fatalf("no resource at %s", path)
	return nil
}

func TestADocumentAsSAMWritesIt(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: []byte(`
swagger: 2.0
info: {version: 2026-01-01, title: sam-app}
paths:
  /{proxy+}:
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-integration:
        httpMethod: POST
        type: aws_proxy
        uri: arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:111111111111:function:hello/invocations
      responses: {}
  /hello/:
    get:
      x-amazon-apigateway-integration:
        httpMethod: POST
        type: aws_proxy
        uri: arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:111111111111:function:hello/invocations
        credentials: arn:aws:iam::111111111111:role/gateway
        timeoutInMillis: 5000
      responses: {}
x-amazon-apigateway-gateway-responses:
  DEFAULT_4XX:
    responseParameters: {gatewayresponse.header.Access-Control-Allow-Origin: "'*'"}
`)})
	if *rest.Name != "sam-app" || *rest.Version != "2026-01-01" || rest.Warnings != nil {
		t.Errorf("imported %q, version %q, warnings %v", *rest.Name, *rest.Version, rest.Warnings)
	}
	proxy := b.resource(rest.Id, "/{proxy+}")
	m := proxy.ResourceMethods["ANY"]
	if got := m.MethodIntegration; *got.Type != "AWS_PROXY" || *got.Uri != lambdaURI || *got.CacheNamespace != *proxy.Id || !m.RequestParameters["method.request.path.proxy"] {
		t.Errorf("ANY /{proxy+} is %+v with %+v", m, *got)
	}
	hello := b.resource(rest.Id, "/hello").ResourceMethods["GET"].MethodIntegration
	if *hello.TimeoutInMillis != 5000 || *hello.Credentials != "arn:aws:iam::111111111111:role/gateway" {
		t.Errorf("GET /hello is integrated with %+v", *hello)
	}
	d := do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest.Id, StageName: new("Prod")})
	snapshot, err := state.Load[plan.Deployment](b.docs, plan.DeploymentKey(*rest.Id, *d.Id))
	if err != nil {
		t.Fatal(err)
	}
	if got := snapshot.GatewayResponses["DEFAULT_4XX"].ResponseParameters["gatewayresponse.header.Access-Control-Allow-Origin"]; got != "'*'" {
		t.Errorf("the deployment's gateway response adds %q", got)
	}
}

func TestTheWholeDocumentIsRead(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.ImportRestApi, api.ImportRestApiRequest{
		Parameters: map[string]string{"endpointConfigurationTypes": "REGIONAL"},
		Body: document(`"/things/{id}":{
			"parameters":[{"$ref":"#/parameters/Trace"}],
			"put":{"operationId":"PutThing","consumes":["application/json","text/json"],
				"parameters":[{"in":"query","name":"dry","required":true},{"in":"body","name":"thing","schema":{"$ref":"#/definitions/Thing"}}],
				"x-amazon-apigateway-request-validator":"all",
				"responses":{"200":{"headers":{"ETag":{"type":"string"}},"schema":{"$ref":"#/definitions/Things"}},"default":{"description":"else"}},
				"x-amazon-apigateway-integration":{"type":"http","httpMethod":"put","uri":"https://example.com/{id}","connectionType":"INTERNET","timeoutInMillis":1000,
					"contentHandling":"convert_to_text","passthroughBehavior":"never","cacheNamespace":"things","cacheKeyParameters":["method.request.path.id"],
					"tlsConfig":{"insecureSkipVerification":true},
					"requestParameters":{"integration.request.path.id":"method.request.path.id","integration.request.header.trace":"method.request.header.X-Trace"},
					"requestTemplates":{"application/json":"$input.json('$')"},
					"responses":{"default":{"statusCode":"200","responseParameters":{"method.response.header.ETag":"integration.response.header.ETag"}},
						"4\\d\\d":{"statusCode":400,"responseTemplates":{"application/json":"{}"},"contentHandling":"CONVERT_TO_BINARY"}}}}}`,
			`"parameters":{"Trace":{"in":"header","name":"X-Trace"}},
			"definitions":{"Thing":{"type":"object","description":"one thing"},"Things":{"type":"array","items":{"$ref":"#/definitions/Thing"}}},
			"x-amazon-apigateway-request-validators":{"all":{"validateRequestBody":true,"validateRequestParameters":true}},
			"x-amazon-apigateway-binary-media-types":["image/png"],
			"x-amazon-apigateway-minimum-compression-size":512,
			"x-amazon-apigateway-api-key-source":"AUTHORIZER",
			"x-amazon-apigateway-endpoint-configuration":{"disableExecuteApiEndpoint":true},
			"x-amazon-apigateway-policy":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}}`)})

	s := &scenario{bench: b, name: "whole_document", seen: map[string]bool{}}
	call[api.RestApi](s, "api")(b.GetRestApi(b.ctx, &api.GetRestApiRequest{RestApiId: rest.Id}))
	s.steps[0].Answer.(map[string]any)["policy"] = strings.ReplaceAll(*rest.Policy, *rest.Id, "API")
	call[api.Models](s, "models")(b.GetModels(b.ctx, &api.GetModelsRequest{RestApiId: rest.Id}))
	call[api.RequestValidators](s, "validators")(b.GetRequestValidators(b.ctx, &api.GetRequestValidatorsRequest{RestApiId: rest.Id}))
	call[api.Resources](s, "resources")(b.GetResources(b.ctx, &api.GetResourcesRequest{RestApiId: rest.Id, Embed: []string{"methods"}}))
	s.compareGolden()
}

// What a document secures is closed, or the document is refused; it is never
// open.
func TestWhatIsSecuredIsNeverOpen(t *testing.T) {
	schemes := map[string]string{
		"function": `{"type":"apiKey","name":"Authorization","in":"header","x-amazon-apigateway-authtype":"custom","x-amazon-apigateway-authorizer":{"type":"token","authorizerUri":"` + lambdaURI + `"}}`,
		"pool":     `{"type":"apiKey","name":"Authorization","in":"header","x-amazon-apigateway-authtype":"cognito_user_pools","x-amazon-apigateway-authorizer":{"type":"cognito_user_pools","providerARNs":["arn:aws:cognito-idp:us-east-1:111111111111:userpool/p"]}}`,
		"signed":   `{"type":"apiKey","name":"Authorization","in":"header","x-amazon-apigateway-authtype":"awsSigv4"}`,
		"key":      `{"type":"apiKey","name":"x-api-key","in":"header"}`,
		"oauth":    `{"type":"oauth2","flow":"implicit","authorizationUrl":"https://example.com"}`,
		"bearer":   `{"type":"apiKey","name":"Authorization","in":"header"}`,
	}
	var definitions []string
	for name, s := range schemes {
		definitions = append(definitions, `"`+name+`":`+s)
	}
	defined := `"securityDefinitions":{` + strings.Join(definitions, ",") + `}`
	for security, want := range map[string]string{
		`[]`:                             "NONE false",
		`[{}]`:                           "NONE false",
		`[{"function":[]}]`:              "CUSTOM false",
		`[{"pool":["email"]}]`:           "COGNITO_USER_POOLS false",
		`[{"signed":[]}]`:                "AWS_IAM false",
		`[{"key":[]}]`:                   "NONE true",
		`[{"function":[],"key":[]}]`:     "CUSTOM true",
		`[{"function":[]},{"key":[]}]`:   "CUSTOM true",
		`[{},{"function":[]}]`:           "CUSTOM false",
		`[{"oauth":[]}]`:                 "refused",
		`[{"bearer":[]}]`:                "refused",
		`[{"undefined":[]}]`:             "refused",
		`[{"function":[]},{"oauth":[]}]`: "refused",
		`[{"function":[]},{"pool":[]}]`:  "refused",
		`"function"`:                     "refused",
		`{"function":[]}`:                "refused",
		`["function"]`:                   "refused",
	} {
		for where, body := range map[string][]byte{
			"operation": document(`"/a":{"get":{"security":`+security+`,`+mockIntegration+`}}`, defined),
			"document":  document(`"/a":{"get":{`+mockIntegration+`}}`, defined+`,"security":`+security),
		} {
			t.Run(where+" "+security, func(t *testing.T) {
				b := newBench(t)
				in := api.ImportRestApiRequest{Body: body}
				rest, err := b.ImportRestApi(b.ctx, &in)
				if err != nil {
					if want != "refused" || !aws.HasCode(err, bad) {
						t.Errorf("%v; want %s", err, want)
					}
					return
				}
				m := b.resource(rest.Id, "/a").ResourceMethods["GET"]
				if got := fmt.Sprint(*m.AuthorizationType, " ", *m.ApiKeyRequired); got != want {
					t.Errorf("the method is secured by %s, want %s", got, want)
				}
			})
		}
	}
}

func TestMistakesInDocumentsAreNamed(t *testing.T) {
	b := newBench(t)
	errors := func(lines ...string) string {
		return "Errors found during import:\n\t" + strings.Join(lines, "\n\t")
	}
	for name, c := range map[string]struct {
		body    []byte
		message string
	}{
		"an unknown extension": {document(``, `"x-amazon-apigateway-magic":1`),
			errors("lamgate does not support x-amazon-apigateway-magic at the top of the document yet")},
		"two at once": {document(`"/a b":{},"/a":{"get":{"x-amazon-apigateway-integration":{"type":"aws_proxy","httpMethod":"POST","uri":"hello"}}}`, ``),
			errors("Unable to create resource at path '/a b': Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.",
				"Unable to put integration on 'GET' for resource at path '/a': Invalid ARN specified in the request")},
		"a function without a method": {document(`"/a":{"get":{"x-amazon-apigateway-integration":{"type":"aws_proxy","uri":"`+lambdaURI+`"}}}`, ``),
			errors("Unable to put integration on 'GET' for resource at path '/a': Enumeration value for HttpMethod must be non-empty")},
		"a header that is not declared": {document(`"/a":{"get":{"responses":{"200":{}},"x-amazon-apigateway-integration":{"type":"mock","responses":{"default":{"statusCode":"200","responseParameters":{"method.response.header.X":"'x'"}}}}}}`, ``),
			errors("Unable to put integration response on 'GET' for resource at path '/a': Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: method.response.header.X]")},
		"names and references of models": {document(``, `"definitions":{"a_b":{"type":"object"},"C":{"$ref":"#/definitions/a_b"},"D":{"$ref":"#/definitions/Ghost"},"E":{"$ref":"https://example.com/E"},"F":{"properties":{"a":{"type":"file"}}},"G":{"properties":{"a":{"required":true}}},"H":"text"}`),
			errors("Unable to create model for 'a_b': Model name must be alphanumeric: a_b",
				"Unable to create model for 'C': Invalid model specified: Validation Result: warnings : [], errors : [Invalid model specified: a_b]",
				"Unable to create model for 'D': Invalid model specified: Validation Result: warnings : [], errors : [Invalid model specified: Ghost]",
				"Unable to create model for 'E': Invalid model specified: Validation Result: warnings : [], errors : [Model reference must be in canonical form]",
				"Unable to create model for 'F': Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]",
				"Unable to create model for 'G': Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]",
				"Unable to create model for 'H': Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]")},
		"a mistake and a doubt": {document(`"/a b":{}`, `"x-amazon-apigateway-cors":{}`),
			errors("Unable to create resource at path '/a b': Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.") +
				"\nAdditionally, these warnings were found:\n\tx-amazon-apigateway-cors applies to HTTP APIs only. Ignoring."},
		"a validator that is not there": {document(`"/a":{"get":{"x-amazon-apigateway-request-validator":"all",`+mockIntegration+`}}`, ``),
			errors("Unable to put method 'GET' on resource at path '/a': Invalid Request Validator name specified: all")},
		"references in a circle": {document(`"/a":{"$ref":"#/x-b"}`, `"x-b":{"$ref":"#/x-b"}`),
			errors("Unable to resolve a reference: more than 16 follow each other")},
		"another version": {[]byte(`{"openapi":"3.1.0"}`), "Invalid OpenAPI input. Version 3.1.0 is not supported: use swagger 2.0 or openapi 3.0."},
		"no title":        {[]byte(`{"openapi":"3.0.1"}`), "Invalid OpenAPI input. It has no info.title, which is the name of the REST API."},
		"nothing":         {nil, "Invalid OpenAPI input."},
	} {
		t.Run(name, func(t *testing.T) {
			refuse(b, b.ImportRestApi, api.ImportRestApiRequest{Body: c.body}, bad, c.message)
		})
	}
	if left := b.docs.List(plan.RestAPIsPrefix); len(left) != 0 {
		t.Errorf("refused imports left %d APIs", len(left))
	}
	refuse(b, b.ImportRestApi, api.ImportRestApiRequest{FailOnWarnings: new(true), Body: document(`"/a":{"get":{"parameters":[{"in":"formData","name":"f"}],`+mockIntegration+`}}`, ``)}, bad,
		"Warnings found during import:\n\tParameter 'f' in 'formData' of GET /a is ignored")
}

func TestAnAPIIsOverwrittenOrMerged(t *testing.T) {
	for mode, want := range map[string]string{"overwrite": "/ /new", "merge": "/ /new /old"} {
		t.Run(mode, func(t *testing.T) {
			b := newBench(t)
			open := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}}`
			rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("before"), Policy: &open, DisableExecuteApiEndpoint: new(true)})
			do(b, b.PutRestApi, api.PutRestApiRequest{RestApiId: rest.Id, Body: document(`"/old":{"get":{`+mockIntegration+`}}`, ``)})
			got := do(b, b.PutRestApi, api.PutRestApiRequest{RestApiId: rest.Id, Mode: &mode, Body: document(`"/new":{"get":{`+mockIntegration+`}}`, ``)})
			var paths []string
			for _, r := range do(b, b.GetResources, api.GetResourcesRequest{RestApiId: rest.Id}).Items {
				paths = append(paths, *r.Path)
			}
			if strings.Join(paths, " ") != want {
				t.Errorf("paths are %v, want %s", paths, want)
			}
			if *got.RootResourceId != *rest.RootResourceId || *got.Name != "doc" || got.Policy == nil || !*got.DisableExecuteApiEndpoint {
				t.Errorf("the API is now %+v", got)
			}
		})
	}
}

// YAML has merges, tags and anchors that JSON lacks.
func TestWhatOnlyYAMLHas(t *testing.T) {
	b := newBench(t)
	yaml := func(paths, rest string) []byte {
		return []byte("swagger: '2.0'\ninfo: {title: doc}\n" + rest + "paths:\n" + paths)
	}
	const secured = "x-own: &secured {security: [{key: []}], operationId: merged}\nsecurityDefinitions: {key: {type: apiKey, in: header, name: x-api-key}}\n"
	for name, item := range map[string]string{
		"a map":  "  /a: {get: {<<: *secured, operationId: own}}\n",
		"a list": "  /a: {get: {<<: [{operationId: own}, *secured]}}\n",
	} {
		rest := do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: yaml(item, secured)})
		if m := b.resource(rest.Id, "/a").ResourceMethods["GET"]; !*m.ApiKeyRequired || *m.OperationName != "own" {
			t.Errorf("%s merged makes %+v", name, m)
		}
	}
	refuse(b, b.ImportRestApi, api.ImportRestApiRequest{Body: yaml("  /a: {get: {<<: secured}}\n", secured)}, bad, "Invalid OpenAPI input.")

	rest := do(b, b.ImportRestApi, api.ImportRestApiRequest{Body: yaml("  {}\n", "definitions: {A: {description: !!bool 'x\": 1', default: !!int 0x10}}\n")})
	schema := *do(b, b.GetModel, api.GetModelRequest{RestApiId: rest.Id, ModelName: new("A")}).Schema
	if !json.Valid([]byte(schema)) {
		t.Errorf("tags make the model\n%s", schema)
	}
}
