package apigateway_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// What is exported and imported again is exported as the same, whatever the
// document was.
func TestExportsOfAnyDocumentAreImportedAsTheyWere(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		body, err := json.Marshal(anyDocument(rt))
		if err != nil {
			t.Fatal(err)
		}
		rt.Logf("%s", body)
		t.Run("", func(t *testing.T) { roundTrips(t, body) })
		if t.Failed() {
			rt.FailNow()
		}
	})
}

type fields = map[string]any

// anyText are texts that are hard to write, above all as YAML.
var anyText = rapid.OneOf(
	rapid.SampledFrom([]string{"", "yes", "null", "- a", "a: b", "#", "'", `"`, "\\", "\t", "a\nb\n", "\u0085\u2028\ufeff\u007f", "é😀", "{}", "*/*", "&a", "0x1F", "1e3", "~"}),
	rapid.StringN(0, 12, -1),
)

func anyDocument(t *rapid.T) fields {
	models := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z0-9]{1,4}`), 1, 4, rapid.ID[string]).Draw(t, "models")
	schemas := fields{}
	for _, name := range models {
		schemas[name] = fields{
			"type": "object", "title": anyText.Draw(t, "title"),
			"required":   []any{"b", "a"},
			"properties": fields{anyText.Draw(t, "property"): fields{"$ref": "#/components/schemas/" + rapid.SampledFrom(models).Draw(t, "reference")}},
		}
	}
	paths := fields{}
	for _, path := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"/", "/a", "/a/{b}", "/a/{b}/c", "/{d}", "/{d}/{e+}"}), 1, 4, rapid.ID[string]).Draw(t, "paths") {
		item := fields{}
		for _, method := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"get", "post", "head", "x-amazon-apigateway-any-method"}), 1, 2, rapid.ID[string]).Draw(t, "methods") {
			item[method] = anyOperation(t, models)
		}
		paths[path] = item
	}
	return fields{
		"openapi": "3.0.1",
		"info":    fields{"title": "any", "description": anyText.Draw(t, "description")},
		"paths":   paths,
		"components": fields{
			"schemas": schemas,
			"securitySchemes": fields{
				"sigv4": fields{"type": "apiKey", "name": "x-api-key", "in": "header"},
				"token": fields{"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authorizer": fields{
					"type": "token", "authorizerUri": lambdaURI, "identityValidationExpression": anyText.Draw(t, "expression"), "authorizerResultTtlInSeconds": rapid.IntRange(0, 3600).Draw(t, "ttl")}},
				"signed": fields{"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
			},
		},
		"x-amazon-apigateway-request-validators": fields{"a b": fields{"validateRequestBody": rapid.Bool().Draw(t, "body")}, "ä": fields{"validateRequestParameters": true}},
		"x-amazon-apigateway-gateway-responses":  fields{"DEFAULT_5XX": fields{"statusCode": "503", "responseTemplates": fields{"text/plain": anyText.Draw(t, "template")}}},
	}
}

func anyOperation(t *rapid.T, models []string) fields {
	content := func(label string) fields {
		c := fields{}
		for _, contentType := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"application/json", "text/xml", "a/b"}), 0, 2, rapid.ID[string]).Draw(t, label) {
			schema := fields{"$ref": "#/components/schemas/" + rapid.SampledFrom(models).Draw(t, "model")}
			if rapid.Bool().Draw(t, "inline") {
				schema = fields{"type": "array", "items": schema}
			}
			c[contentType] = fields{"schema": schema}
		}
		return c
	}
	responses, integrated := fields{}, fields{}
	for i, status := range rapid.SliceOfNDistinct(rapid.IntRange(200, 205), 0, 3, rapid.ID[int]).Draw(t, "statuses") {
		responses[strconv.Itoa(status)] = fields{"headers": fields{"ETag": fields{}}, "content": content("response")}
		pattern := "default"
		if i > 0 {
			pattern = fmt.Sprintf("%d{2}", i)
		}
		integrated[pattern] = fields{
			"statusCode":         strconv.Itoa(status),
			"responseParameters": fields{"method.response.header.ETag": "'x'"},
			"responseTemplates":  fields{"application/json": anyText.Draw(t, "response template")},
		}
	}
	op := fields{
		"responses":   responses,
		"requestBody": fields{"content": content("request")},
		"parameters":  []any{fields{"in": "query", "name": "q", "required": rapid.Bool().Draw(t, "required")}, fields{"in": "header", "name": "X-H"}},
		"x-amazon-apigateway-integration": fields{
			"type": "http", "httpMethod": "POST", "uri": "https://example.com/",
			"timeoutInMillis":    rapid.IntRange(50, 29000).Draw(t, "timeout"),
			"requestTemplates":   fields{"application/json": anyText.Draw(t, "request template")},
			"requestParameters":  fields{"integration.request.header.h": "method.request.header.X-H"},
			"cacheKeyParameters": rapid.SampledFrom([][]string{nil, {"method.request.querystring.q"}}).Draw(t, "cached"),
			"responses":          integrated,
		},
		"x-amazon-apigateway-request-validator": rapid.SampledFrom([]string{"", "a b", "ä"}).Draw(t, "validator"),
	}
	if scheme := rapid.SampledFrom([]string{"", "sigv4", "token", "signed"}).Draw(t, "scheme"); scheme != "" {
		op["security"] = []any{fields{scheme: []any{}}}
	}
	return op
}
