package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const invalidBody = `{"message": "Invalid request body"}`

// model creates a model of JSON.
func (a *restAPI) model(name, schema string) {
	a.t.Helper()
	_, err := apiGateway().CreateModel(a.t.Context(), &apigateway.CreateModelInput{RestApiId: &a.id, Name: &name, ContentType: aws.String("application/json"), Schema: &schema})
	if err != nil {
		a.t.Fatal("create model ", name, ": ", err)
	}
}

// validator creates a request validator.
func (a *restAPI) validator(body, parameters bool) *string {
	a.t.Helper()
	out, err := apiGateway().CreateRequestValidator(a.t.Context(), &apigateway.CreateRequestValidatorInput{
		RestApiId: &a.id, Name: aws.String(uniqueName("validator")), ValidateRequestBody: body, ValidateRequestParameters: parameters,
	})
	return must(a.t, out, err).Id
}

// petShop is an API whose POST / wants an order, a model that refers to another
// by its URL, as AWS's guide has it.
func petShop(t *testing.T) *restAPI {
	a := newAPI(t)
	a.model("Pet", `{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["name"],
		"properties": {"name": {"type": "string", "minLength": 1}, "age": {"type": "integer", "minimum": 0, "exclusiveMinimum": true}}}`)
	a.model("Order", `{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["pets"],
		"properties": {"pets": {"type": "array", "minItems": 1, "items": {"$ref": "https://apigateway.amazonaws.com/restapis/`+a.id+`/models/Pet"}}}}`)
	validator := a.validator(true, false)
	a.method("POST", "/", func(in *apigateway.PutMethodInput) {
		in.RequestValidatorId, in.RequestModels = validator, map[string]string{"application/json": "Order"}
	})
	a.mockIntegration("POST", "/", "ordered")
	return a
}

func TestABodyIsValidatedByItsModel(t *testing.T) {
	a := petShop(t)
	a.deploy("v0")
	for _, c := range []struct {
		body string
		ok   bool
	}{
		{`{"pets": [{"name": "Rex"}]}`, true},
		{`{"pets": [{"name": "Rex", "age": 3, "more": true}], "note": "x"}`, true},
		{`{"pets": [{"name": "Rex", "age": 0}]}`, false}, // draft 4's exclusiveMinimum
		{`{"pets": [{"name": "Rex", "age": 1.5}]}`, false},
		{`{"pets": [{"age": 3}]}`, false}, // of the other model
		{`{"pets": []}`, false},
		{`{}`, false},
		{`[]`, false},
		{`{"pets": `, false},
		{``, false},
	} {
		t.Run(c.body, func(t *testing.T) {
			got := a.ask("POST", "/v0/", c.body, "Content-Type", "application/json")
			if c.ok {
				got.want(t, http.StatusOK, "ordered")
			} else {
				got.wantGatewayFault(t, http.StatusBadRequest, "BadRequestException", invalidBody)
			}
		})
	}
}

// A body whose type has no model is not validated.
func TestABodyWithoutAModelIsNotValidated(t *testing.T) {
	url := newBackend(t, respond(200, "ok"))
	a := newAPI(t)
	a.model("Pet", `{"type": "object"}`)
	validator := a.validator(true, false)
	a.method("POST", "/", func(in *apigateway.PutMethodInput) {
		in.RequestValidatorId, in.RequestModels = validator, map[string]string{"application/json": "Pet"}
	})
	a.http("POST", "/", types.IntegrationTypeHttpProxy, url)
	a.deploy("v0")
	a.ask("POST", "/v0/", `[]`, "Content-Type", "text/plain").want(t, http.StatusOK, "ok")
	// No type at all means JSON.
	a.ask("POST", "/v0/", `[]`).wantGatewayFault(t, http.StatusBadRequest, "BadRequestException", invalidBody)
}

// What is missing is named: headers, then path, then query string.
func TestMissingParametersAreNamed(t *testing.T) {
	a := newAPI(t)
	validator := a.validator(false, true)
	a.method("GET", "/{issuer}", func(in *apigateway.PutMethodInput) {
		in.RequestValidatorId = validator
		in.RequestParameters = map[string]bool{
			"method.request.header.x-header-param": true, "method.request.path.issuer": true,
			"method.request.querystring.qs1": true, "method.request.querystring.optional": false,
		}
	})
	a.mockIntegration("GET", "/{issuer}", "fine")
	a.deploy("v0")
	missing := func(got answer, names string) {
		t.Helper()
		got.wantGatewayFault(t, http.StatusBadRequest, "BadRequestException", `{"message": "Missing required request parameters: [`+names+`]"}`)
	}
	missing(a.get("/v0/me"), "x-header-param, qs1")
	missing(a.ask("GET", "/v0/me", "", "X-Header-Param", "1"), "qs1")
	missing(a.ask("GET", "/v0/me?qs1=", "", "X-Header-Param", "1"), "qs1")
	a.ask("GET", "/v0/me?qs1=1", "", "X-Header-Param", "1").want(t, http.StatusOK, "fine")
}

// The reason is told to those whom the API's author lets see it.
func TestAGatewayResponseTellsWhyABodyIsInvalid(t *testing.T) {
	a := petShop(t)
	a.gatewayResponse(types.GatewayResponseTypeBadRequestBody, "422", nil, `{"message": $context.error.messageString, "why": "$context.error.validationErrorString"}`)
	a.deploy("v0")
	a.ask("POST", "/v0/", `{}`, "Content-Type", "application/json").
		want(t, http.StatusUnprocessableEntity, `{"message": "Invalid request body", "why": "[object has missing required properties (["pets"])]"}`)
}
