package apigateway_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/control/apigateway"
	"github.com/lamgate/lamgate/gateway/rest"
)

// testInvoker answers every test with the same result and keeps what it was
// asked.
type testInvoker struct {
	asked  *rest.TestRequest
	result rest.TestResult
}

func (i *testInvoker) TestInvoke(_ context.Context, t *rest.TestRequest) (*rest.TestResult, error) {
	i.asked = t
	return &i.result, nil
}

func TestAMethodIsTestedAsItStands(t *testing.T) {
	b := newBench(t)
	invoker := &testInvoker{result: rest.TestResult{Status: 201, Headers: map[string][]string{"A": {"1", "2"}}, Body: []byte("made"), Log: "a log\n", Latency: 1500 * time.Microsecond}}
	b.Service = apigateway.New(apigateway.Config{Documents: b.docs, Clock: b.clock, Log: slog.New(slog.DiscardHandler), Tests: invoker})
	restID := b.mockAPI()
	root := do(b, b.GetRestApi, api.GetRestApiRequest{RestApiId: restID}).RootResourceId
	// A method without an integration keeps the API from being deployed, not
	// the others from being tested.
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: restID, ResourceId: root, HttpMethod: new("PUT"), AuthorizationType: new("NONE")})
	certificate := do(b, b.GenerateClientCertificate, api.GenerateClientCertificateRequest{}).ClientCertificateId

	in := api.TestInvokeMethodRequest{RestApiId: restID, ResourceId: root, HttpMethod: new("GET"), PathWithQueryString: new("/?a=b"), Body: new("hello"),
		Headers: map[string]string{"One": "1", "Two": "lost"}, MultiValueHeaders: map[string][]string{"Two": {"1", "2"}},
		StageVariables: map[string]string{"v": "w"}, ClientCertificateId: certificate}
	out := do(b, b.TestInvokeMethod, in)
	if *out.Status != 201 || *out.Body != "made" || out.Headers["A"] != "2" || len(out.MultiValueHeaders["A"]) != 2 || *out.Log != "a log\n" || *out.Latency != 1 {
		t.Errorf("the answer is %+v", out)
	}
	asked := invoker.asked
	if asked.ResourceID != *root || asked.Method != "GET" || asked.PathWithQuery != "/?a=b" || string(asked.Body) != "hello" || asked.ClientCertificateID != *certificate ||
		!maps.Equal(asked.StageVariables, in.StageVariables) || asked.Deployment.API != *restID || len(asked.Deployment.Resources) != 1 {
		t.Errorf("the data plane is asked %+v", asked)
	}
	if !slices.Equal(asked.Headers["One"], []string{"1"}) || !slices.Equal(asked.Headers["Two"], []string{"1", "2"}) {
		t.Errorf("with headers %v", asked.Headers)
	}

	in.ClientCertificateId = new("abc123")
	refuse(b, b.TestInvokeMethod, in, missing, "Invalid Client Certificate identifier specified")
	in.ClientCertificateId, in.HttpMethod = nil, new("PUT")
	refuse(b, b.TestInvokeMethod, in, bad, "No integration defined for method")
	in.HttpMethod = new("POST")
	refuse(b, b.TestInvokeMethod, in, missing, "Invalid Method identifier specified")
	in.ResourceId = new("none")
	refuse(b, b.TestInvokeMethod, in, missing, "Invalid Resource identifier specified")
	in.RestApiId = new("none")
	refuse(b, b.TestInvokeMethod, in, missing, "Invalid Resource identifier specified")
}
