package conformance

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// passthrough is the shape of what the console's "method request passthrough"
// generates: the body, and all parameters by where they came from.
const passthrough = `
#set($allParams = $input.params())
{
"method" : "$context.httpMethod", ## a comment
"authcontext" : "$context.authorizer.stringkey", ## of no authorizer
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
}
}`

// The tutorial of a custom Lambda integration with all parameters passed on.
// The function's answer, statusCode and all, is the body as it is.
func TestAPassthroughTemplateShowsTheFunctionEverything(t *testing.T) {
	f := newFunction(t, `
import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
`)
	a := newAPI(t)
	a.custom("ANY", "/{proxy+}", f, requestTemplate(passthrough))
	a.response("ANY", "/{proxy+}", "200")
	a.deploy("stage")
	got := a.ask("POST", "/stage/path1/path2?query1=querystring1&query2=a%22b", `{"keybody":"valuebody"}`,
		"header1", "value1", "header2", "value2", "Content-Type", "application/json")
	if got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	got.wantHeader(t, "Content-Type", "application/json")
	var answer struct {
		StatusCode int
		Body       string
	}
	var event struct {
		Method      string
		AuthContext *string
		BodyJSON    map[string]string `json:"body-json"`
		Params      struct{ Path, QueryString, Header map[string]string }
	}
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil {
		t.Fatal(err, got.body)
	}
	if err := json.Unmarshal([]byte(answer.Body), &event); err != nil {
		t.Fatal(err, answer.Body)
	}
	for _, c := range []struct{ what, got, want string }{
		{"method", event.Method, "POST"},
		{"authcontext", aws.ToString(event.AuthContext), ""},
		{"body", event.BodyJSON["keybody"], "valuebody"},
		{"proxy", event.Params.Path["proxy"], "path1/path2"},
		{"query1", event.Params.QueryString["query1"], "querystring1"},
		{"query2", event.Params.QueryString["query2"], `a"b`},
		{"header1", event.Params.Header["header1"], "value1"},
		{"header2", event.Params.Header["header2"], "value2"},
		{"Content-Type", event.Params.Header["Content-Type"], "application/json"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.what, c.got, c.want)
		}
	}
	if answer.StatusCode != 200 || event.AuthContext == nil {
		t.Errorf("the answer is %s", got.body)
	}
	if event.Params.Header["X-Forwarded-For"] == "" || event.Params.Header["X-Amzn-Trace-Id"] == "" {
		t.Errorf("the headers are %v", event.Params.Header)
	}
}

func TestAResponseTemplateShapesTheAnswer(t *testing.T) {
	f := newFunction(t, mirror)
	a := newAPI(t)
	a.custom("POST", "/", f)
	a.response("POST", "/", "200", selecting("", `#set($in = $input.path('$'))
#foreach($n in $in.names)$foreach.count:$n#if($foreach.hasNext), #end#end of $in.names.size(); $input.json('$.deep.er'); $input.path('$.deep'); $input.path('$.names[-1:]')`))
	a.deploy("v0")
	a.ask("POST", "/v0/", `{"names": ["ann", "bob"], "deep": {"er": [1, "two"]}}`, "Content-Type", "application/json").
		want(t, http.StatusOK, `1:ann, 2:bob of 2; [1,"two"]; {er=[1,"two"]}; ["bob"]`)
}

// What a function fails with selects the answer by its errorMessage, of which a
// pattern has to match the whole.
func TestAnErrorMessageSelectsTheIntegrationResponse(t *testing.T) {
	f := newFunction(t, `
def handler(event, context):
    if "fail" in event:
        raise ValueError(event["fail"])
    return event
`)
	a := newAPI(t)
	a.custom("POST", "/", f)
	a.response("POST", "/", "200")
	a.response("POST", "/", "400", selecting(".*Bad Request.*", `{"why": $input.json('$.errorMessage'), "kind": "$input.path('$.errorType')"}`))
	a.response("POST", "/", "404", selecting("Not Found", `gone`))
	a.deploy("v0")
	ask := func(body string) answer { return a.ask("POST", "/v0/", body, "Content-Type", "application/json") }
	ask(`{"fine": true}`).want(t, http.StatusOK, `{"fine": true}`)
	ask(`{"fail": "[Bad Request] no name"}`).want(t, http.StatusBadRequest, `{"why": "[Bad Request] no name", "kind": "ValueError"}`)
	ask(`{"fail": "Not Found"}`).want(t, http.StatusNotFound, "gone")
	if got := ask(`{"fail": "was Not Found"}`); got.status != http.StatusOK {
		t.Errorf("a pattern that matches a part selects: %d %s", got.status, got.body)
	}
	if got := ask(`{"message": "Not Found"}`); got.status != http.StatusOK {
		t.Errorf("a message that is no errorMessage selects: %d %s", got.status, got.body)
	}
}

// Overrides are set by templates and win over mappings.
func TestTemplatesOverride(t *testing.T) {
	t.Run("the response", func(t *testing.T) {
		f := newFunction(t, mirror)
		a := newAPI(t)
		a.custom("POST", "/", f)
		a.response("POST", "/", "200", func(in *apigateway.PutIntegrationResponseInput) {
			in.ResponseParameters = map[string]string{"method.response.header.X-Kind": "'mapped'"}
		}, selecting("", `#set($context.responseOverride.status = $input.path('$.code'))#set($context.responseOverride.header.X-Kind = "overridden")#set($context.responseOverride.header.X-New = "new")done`))
		a.deploy("v0")
		got := a.ask("POST", "/v0/", `{"code": 418}`, "Content-Type", "application/json")
		got.want(t, http.StatusTeapot, "done")
		got.wantHeader(t, "X-Kind", "overridden")
		got.wantHeader(t, "X-New", "new")
	})
	t.Run("the request", func(t *testing.T) {
		url, requests := newWitness(t, respond(200, "ok"))
		a := newAPI(t)
		a.method("POST", "/{id}")
		a.http("POST", "/{id}", types.IntegrationTypeHttp, url+"/things/{id}", func(in *apigateway.PutIntegrationInput) {
			in.RequestParameters = map[string]string{"integration.request.path.id": "'mapped'", "integration.request.header.X-Kind": "'mapped'"}
		}, requestTemplate(`#set($context.requestOverride.path.id = "over")#set($context.requestOverride.header.X-Kind = "overridden")#set($context.requestOverride.querystring.q = "a b")body`))
		a.response("POST", "/{id}", "200")
		a.deploy("v0")
		a.ask("POST", "/v0/7", `{}`, "Content-Type", "application/json").want(t, http.StatusOK, "ok")
		got := <-requests
		if got.uri != "/things/over?q=a%20b" && got.uri != "/things/over?q=a+b" || got.body != "body" || got.header.Get("X-Kind") != "overridden" {
			t.Errorf("the endpoint sees %+v", got)
		}
	})
}

// What a template reads of the context and of the stage.
func TestATemplateReadsContextAndStageVariables(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/pets/{id}", `$context.apiId $context.stage $context.httpMethod $context.resourcePath $context.path $stageVariables.who $input.params('id') $input.params('q') $util.base64Encode("hi") $util.urlEncode("a b")`)
	a.deploy("v0", map[string]string{"who": "me"})
	a.get("/v0/pets/7?q=x").want(t, http.StatusOK, a.id+` v0 GET /pets/{id} /v0/pets/7 me 7 x aGk= a+b`)
}

// A custom integration needs the function's permission as a proxy does.
func TestACustomIntegrationWithoutPermissionIsAnInternalError(t *testing.T) {
	f := newFunction(t, mirror)
	a := newAPI(t)
	a.method("GET", "/")
	a.integrate("GET", "/", f.arn, func(in *apigateway.PutIntegrationInput) { in.Type = types.IntegrationTypeAws })
	a.response("GET", "/", "200")
	a.deploy("v0")
	a.get("/v0/").wantInternalError(t)
}
