package conformance

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// What is written about a method is in the export of the stage that shows that
// version of it.
func TestDocumentationIsExportedByItsVersion(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/pets", "pets")
	a.deploy("v0")
	part, err := apiGateway().CreateDocumentationPart(t.Context(), &apigateway.CreateDocumentationPartInput{
		RestApiId: &a.id, Location: &types.DocumentationPartLocation{Type: types.DocumentationPartTypeMethod, Path: new("/pets"), Method: new("GET")},
		Properties: new(`{"summary": "All pets", "description": "One by one."}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := apiGateway().CreateDocumentationVersion(t.Context(), &apigateway.CreateDocumentationVersionInput{RestApiId: &a.id, DocumentationVersion: new("1"), StageName: new("v0")}); err != nil {
		t.Fatal(err)
	}
	// What is changed afterwards is not in that version.
	_, err = apiGateway().UpdateDocumentationPart(t.Context(), &apigateway.UpdateDocumentationPartInput{RestApiId: &a.id, DocumentationPartId: part.Id,
		PatchOperations: []types.PatchOperation{setting("/properties", `{"summary": "No pets"}`)}})
	if err != nil {
		t.Fatal(err)
	}
	export, err := apiGateway().GetExport(t.Context(), &apigateway.GetExportInput{
		RestApiId: &a.id, StageName: new("v0"), ExportType: new("oas30"), Accepts: new("application/json"), Parameters: map[string]string{"extensions": "apigateway"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Documentation struct {
			Version string
			Parts   []struct {
				Location   struct{ Type, Path, Method string }
				Properties struct{ Summary, Description string }
			} `json:"documentationParts"`
		} `json:"x-amazon-apigateway-documentation"`
	}
	if err := json.Unmarshal(export.Body, &document); err != nil {
		t.Fatal(err)
	}
	d := document.Documentation
	if d.Version != "1" || len(d.Parts) != 1 || d.Parts[0].Location.Path != "/pets" || d.Parts[0].Properties.Summary != "All pets" {
		t.Errorf("the documentation is %+v in\n%s", d, export.Body)
	}
	_, err = apiGateway().CreateDocumentationPart(t.Context(), &apigateway.CreateDocumentationPartInput{
		RestApiId: &a.id, Location: &types.DocumentationPartLocation{Type: types.DocumentationPartTypeMethod, Path: new("/pets"), Method: new("GET")}, Properties: new(`{}`),
	})
	wantFault(t, err, "ConflictException", "")
}
