package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// What one API exports with its extensions, imported, answers the same.
func TestAnImportedExportAnswersTheSame(t *testing.T) {
	url := newBackend(t, respond(http.StatusNotFound, "no such thing"))
	a := petShop(t)
	a.mock("GET", "/pets/{id}", `pet $input.params('id')`)
	a.method("GET", "/things/{proxy+}")
	a.http("GET", "/things/{proxy+}", types.IntegrationTypeHttp, url)
	a.response("GET", "/things/{proxy+}", "200")
	a.response("GET", "/things/{proxy+}", "410", selecting("404", "gone"))
	a.gatewayResponse(types.GatewayResponseTypeMissingAuthenticationToken, "404", map[string]string{"X-Kind": "'own'"}, `{"nothing": "here"}`)
	a.deploy("v0")
	for _, format := range []string{"oas30", "swagger"} {
		t.Run(format, func(t *testing.T) {
			export, err := apiGateway().GetExport(t.Context(), &apigateway.GetExportInput{
				RestApiId: &a.id, StageName: new("v0"), ExportType: &format, Accepts: new("application/json"),
				Parameters: map[string]string{"extensions": "apigateway"},
			})
			if err != nil {
				t.Fatal(err)
			}
			out, err := apiGateway().ImportRestApi(t.Context(), &apigateway.ImportRestApiInput{
				Body: export.Body, FailOnWarnings: true, Parameters: map[string]string{"endpointConfigurationTypes": "REGIONAL"},
			})
			if err != nil {
				t.Fatalf("%v\n%s", err, export.Body)
			}
			t.Cleanup(func() { apiGateway().DeleteRestApi(cleanup(), &apigateway.DeleteRestApiInput{RestApiId: out.Id}) })
			b := &restAPI{t: t, id: aws.ToString(out.Id)}
			b.deploy("v0")
			for _, c := range []struct{ method, path, body string }{
				{"GET", "/v0/pets/7", ""},
				{"GET", "/v0/things/a/b", ""},
				{"GET", "/v0/nowhere", ""},
				{"POST", "/v0/", `{"pets": [{"name": "Rex"}]}`},
				{"POST", "/v0/", `{"pets": [{"age": 3}]}`},
			} {
				want := a.ask(c.method, c.path, c.body, "Content-Type", "application/json")
				got := b.ask(c.method, c.path, c.body, "Content-Type", "application/json")
				got.want(t, want.status, want.body)
				got.wantHeader(t, "Content-Type", want.header.Get("Content-Type"))
				got.wantHeader(t, "X-Kind", want.header.Get("X-Kind"))
			}
		})
	}
}
