package conformance

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// Every request leaves a line in the format that the stage has, also the ones
// that no method serves.
func TestAccessLogsArriveInTheirFormat(t *testing.T) {
	letGatewaysLog(t)
	group, arn := newLogGroup(t)
	a := newAPI(t)
	a.mock("GET", "/pets/{id}", "fine")
	a.deploy("v0")
	a.patchStage("v0", setting("/accessLogSettings/destinationArn", arn), setting("/accessLogSettings/format",
		`{"id":"$context.requestId","request":"$context.httpMethod $context.resourcePath $context.path","status":$context.status,"length":$context.responseLength,"error":"$context.error.responseType","nothing":"$context.authorizer.claims.sub"}`))
	first := a.get("/v0/pets/7").header.Get("x-amzn-RequestId")
	second := a.ask(http.MethodDelete, "/v0/pets/7", "").header.Get("x-amzn-RequestId")
	wants := []string{
		`{"id":"` + first + `","request":"GET /pets/{id} /v0/pets/7","status":200,"length":4,"error":"-","nothing":"-"}`,
		`{"id":"` + second + `",`,
	}
	var got []string
	eventually(t, "both lines are in the log", func() bool { got = logged(t, group); return len(got) >= 2 })
	if !slices.Contains(got, wants[0]) {
		t.Errorf("the log is\n%s\nwant the line\n%s", strings.Join(got, "\n"), wants[0])
	}
	i := slices.IndexFunc(got, func(line string) bool { return strings.HasPrefix(line, wants[1]) })
	if len(got) != 2 || i < 0 || !strings.Contains(got[i], `"status":403,`) || !strings.Contains(got[i], `"error":"MISSING_AUTHENTICATION_TOKEN"`) {
		t.Errorf("the log is\n%s", strings.Join(got, "\n"))
	}
}

// AWS's rule: a format names the request.
func TestAnAccessLogFormatNamesTheRequest(t *testing.T) {
	letGatewaysLog(t)
	_, arn := newLogGroup(t)
	a := newAPI(t)
	a.mock("GET", "/", "fine")
	a.deploy("v0")
	_, err := apiGateway().UpdateStage(t.Context(), &apigateway.UpdateStageInput{RestApiId: &a.id, StageName: new("v0"), PatchOperations: []types.PatchOperation{
		setting("/accessLogSettings/destinationArn", arn), setting("/accessLogSettings/format", "$context.status"),
	}})
	wantFault(t, err, "BadRequestException", "$context.requestId")
}
