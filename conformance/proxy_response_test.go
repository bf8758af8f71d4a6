package conformance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

func edgeOptimised(in *apigateway.CreateRestApiInput) {
	in.EndpointConfiguration = &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeEdge}}
}

// newParrotAPI is an API that answers what POST / says the function answers.
func newParrotAPI(t *testing.T, change ...func(*apigateway.CreateRestApiInput)) *restAPI {
	f := newFunction(t, parrot)
	a := newAPI(t, change...)
	a.proxy("POST", "/", f)
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	return a
}

func TestWhatAFunctionAnswersBecomesTheResponse(t *testing.T) {
	a := newParrotAPI(t)
	for _, c := range []struct {
		name, function string
		status         int
		header         http.Header
		body           string
	}{
		{"all members", `{"statusCode": 201, "headers": {"X-A": "1"}, "multiValueHeaders": {"X-B": ["2", "3"]}, "body": "made", "isBase64Encoded": false}`,
			201, http.Header{"X-A": {"1"}, "X-B": {"2", "3"}, "Content-Type": {"application/json"}}, "made"},
		{"no member", `{}`, 200, http.Header{"Content-Type": {"application/json"}}, ""},
		{"only a body", `{"body": "text"}`, 200, nil, "text"},
		{"headers without a status", `{"headers": {"X-A": "1"}}`, 200, http.Header{"X-A": {"1"}}, ""},
		{"a status that is a numeric string", `{"statusCode": "202", "body": ""}`, 202, nil, ""},
		{"headers that are a boolean and a number", `{"statusCode": 200, "headers": {"X-Bool": true, "X-Number": 42}}`,
			200, http.Header{"X-Bool": {"true"}, "X-Number": {"42"}}, ""},
		{"nulls", `{"statusCode": 200, "headers": null, "multiValueHeaders": null, "body": null}`, 200, nil, ""},
		{"a content type of its own", `{"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "x"}`, 200, http.Header{"Content-Type": {"text/plain"}}, "x"},
		{"an error that it formats itself", `{"statusCode": 418, "headers": {"x-amzn-ErrorType": "Teapot"}, "body": "short and stout"}`,
			418, http.Header{"X-Amzn-Errortype": {"Teapot"}}, "short and stout"},
		{"base64 without binary media types", `{"statusCode": 200, "body": "aGk=", "isBase64Encoded": true}`, 200, nil, "aGk="},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := a.ask("POST", "/v0/", c.function)
			got.want(t, c.status, c.body)
			for name, want := range c.header {
				if diff := cmp.Diff(want, got.header[name]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestWhatIsNoResponseIsABadGateway(t *testing.T) {
	a := newParrotAPI(t)
	for _, c := range []struct{ name, function string }{
		{"a string", `"Hello World"`},
		{"a list", `[200, "body"]`},
		{"a number", `42`},
		{"null", `null`},
		{"a body that is an object", `{"statusCode": 200, "body": {"message": "Hello"}}`},
		{"a body that is a number", `{"statusCode": 200, "body": 1}`},
		{"an unknown member", `{"statusCode": 200, "body": "x", "message": "Hello"}`},
		{"a status below all", `{"statusCode": 99}`},
		{"a status above all", `{"statusCode": 600}`},
		{"a status that is a word", `{"statusCode": "fine"}`},
		{"headers that are a list", `{"statusCode": 200, "headers": ["X-A"]}`},
		{"multiValueHeaders without lists", `{"statusCode": 200, "multiValueHeaders": {"X-A": "1"}}`},
	} {
		t.Run(c.name, func(t *testing.T) { a.ask("POST", "/v0/", c.function).wantBadGateway(t) })
	}
}

// The mistakes of a beginner, in functions as they are written.
func TestTheUsualMistakesOfAFunctionAreBadGateways(t *testing.T) {
	for _, c := range []struct{ name, source string }{
		{"returns a string directly", `
def handler(event, context):
    return "Hello World"
`},
		{"returns a body that is a dict", `
def handler(event, context):
    return {"statusCode": 200, "body": {"message": "Hello"}}
`},
		{"raises", `
def handler(event, context):
    return event["missing"]
`},
		{"returns nothing", `
def handler(event, context):
    pass
`},
		{"cannot be imported", `
import not_installed

def handler(event, context):
    return {"statusCode": 200}
`},
		{"exits", `
import os

def handler(event, context):
    os._exit(3)
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFunction(t, c.source)
			a := newAPI(t)
			a.proxy("GET", "/", f)
			a.deploy("v0")
			f.permit(a.sourceARN("*"))
			a.get("/v0/").wantBadGateway(t)
		})
	}
}

func TestHeadersOfOneNameAreMergedWhateverTheirCase(t *testing.T) {
	a := newParrotAPI(t)
	got := a.ask("POST", "/v0/", `{"statusCode": 200, "headers": {"X-Thing": "single"}, "multiValueHeaders": {"x-thing": ["one", "two"]}, "body": ""}`)
	values := got.header["X-Thing"]
	if diff := cmp.Diff([]string{"one", "two", "single"}, values); diff != "" {
		t.Error(diff)
	}
}

func TestHeadersThatTheGatewayOwnsAreRemapped(t *testing.T) {
	a := newParrotAPI(t)
	got := a.ask("POST", "/v0/", `{"statusCode": 200, "headers": {"Authorization": "a", "Server": "mine", "Date": "never", "Connection": "close", "WWW-Authenticate": "Basic"}, "body": ""}`)
	for name, want := range map[string]string{"Authorization": "a", "Server": "mine", "Date": "never", "Connection": "close", "WWW-Authenticate": "Basic"} {
		if v := got.header.Get("x-amzn-Remapped-" + name); !strings.EqualFold(v, want) {
			t.Errorf("x-amzn-Remapped-%s is %q, want %q", name, v, want)
		}
	}
	if v := got.header.Get("Server"); v == "mine" {
		t.Error("the function has set Server")
	}
}

func TestBase64IsDecodedForWhoAcceptsBinary(t *testing.T) {
	a := newParrotAPI(t, func(in *apigateway.CreateRestApiInput) { in.BinaryMediaTypes = []string{"image/png"} })
	const function = `{"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": "iVBORw==", "isBase64Encoded": true}`
	a.ask("POST", "/v0/", function, "Accept", "image/png").want(t, 200, "\x89PNG")
	a.ask("POST", "/v0/", function, "Accept", "image/png, text/html").want(t, 200, "\x89PNG")
	a.ask("POST", "/v0/", function, "Accept", "text/html, image/png").want(t, 200, "iVBORw==")
	a.ask("POST", "/v0/", function).want(t, 200, "iVBORw==")
}

func TestABinaryRequestBodyReachesTheFunctionAsBase64(t *testing.T) {
	f := newFunction(t, echo)
	a := newAPI(t, func(in *apigateway.CreateRestApiInput) { in.BinaryMediaTypes = []string{"application/octet-stream"} })
	a.proxy("POST", "/", f)
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	event := a.event("POST", "/v0/", "\xff\x00", "Content-Type", "application/octet-stream")
	if event["body"] != "/wA=" || event["isBase64Encoded"] != true {
		t.Errorf("body %v, isBase64Encoded %v", event["body"], event["isBase64Encoded"])
	}
	event = a.event("POST", "/v0/", "text", "Content-Type", "text/plain")
	if event["body"] != "text" || event["isBase64Encoded"] != false {
		t.Errorf("body %v, isBase64Encoded %v", event["body"], event["isBase64Encoded"])
	}
}

func TestAnIntegrationMethodOtherThanPOSTIsAnInternalError(t *testing.T) {
	f := newFunction(t, greeter)
	a := newAPI(t)
	a.proxy("GET", "/", f, func(in *apigateway.PutIntegrationInput) { in.IntegrationHttpMethod = aws.String("GET") })
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	a.get("/v0/").wantInternalError(t)
}
