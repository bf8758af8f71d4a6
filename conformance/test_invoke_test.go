package conformance

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// A method is tried without a Deployment, and its log comes back.
func TestTestInvokeMethodTellsItsWay(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/pets/{id}", `$input.params('id') $input.params('q')`)
	out, err := apiGateway().TestInvokeMethod(t.Context(), &apigateway.TestInvokeMethodInput{
		RestApiId: &a.id, ResourceId: a.resource("/pets/{id}"), HttpMethod: new("GET"), PathWithQueryString: new("/pets/7?q=x"),
		Headers: map[string]string{"X-In": "in"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.Status != 200 || aws.ToString(out.Body) != "7 x" || out.Headers["Content-Type"] != "application/json" {
		t.Errorf("%d %s %v", out.Status, aws.ToString(out.Body), out.Headers)
	}
	wantInOrder(t, aws.ToString(out.Log),
		"Execution log for request ",
		"Starting execution for request: ",
		"HTTP Method: GET, Resource Path: /pets/7",
		"Method request path: {id=7}",
		"Method request query string: {q=x}",
		"Method request headers: {X-In=in}",
		"Method response body after transformations: 7 x",
		"Method response headers: {",
		"Successfully completed execution",
		"Method completed with status: 200",
	)
}
