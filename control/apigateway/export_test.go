package apigateway_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
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
