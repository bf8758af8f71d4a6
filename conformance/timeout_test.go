package conformance

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// sleeper sleeps for longer than anyone waits.
const sleeper = `
import time

def handler(event, context):
    print("going to sleep")
    time.sleep(20)
`

func TestAnIntegrationThatTakesTooLongIsAGatewayTimeout(t *testing.T) {
	f := newFunction(t, sleeper, func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(1) })
	a := newAPI(t)
	a.proxy("GET", "/", f, func(in *apigateway.PutIntegrationInput) { in.TimeoutInMillis = aws.Int32(100) })
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	a.get("/v0/").wantGatewayFault(t, http.StatusGatewayTimeout, "InternalServerErrorException", timedOut)
}

func TestAFunctionThatTakesTooLongIsABadGateway(t *testing.T) {
	f := newFunction(t, sleeper, func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(1) })
	a := newAPI(t)
	a.proxy("GET", "/", f)
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	a.get("/v0/").wantBadGateway(t)
}

func TestAnIntegrationsTimeoutIsFrom50MillisecondsTo29Seconds(t *testing.T) {
	f := newFunction(t, greeter)
	a := newAPI(t)
	a.method("GET", "/")
	for _, wrong := range []int32{49, 29001} {
		in := &apigateway.PutIntegrationInput{RestApiId: &a.id, ResourceId: a.resource("/"), HttpMethod: aws.String("GET"), Type: "AWS_PROXY", IntegrationHttpMethod: aws.String("POST"),
			Uri: aws.String("arn:aws:apigateway:" + region + ":lambda:path/2015-03-31/functions/" + f.arn + "/invocations"), TimeoutInMillis: &wrong}
		_, err := apiGateway().PutIntegration(t.Context(), in)
		wantFault(t, err, "BadRequestException", "Timeout should be between 50 ms and 29000 ms")
	}
}

func TestAFunctionsTimeoutIsAnUnhandledErrorThatSaysAfterHowLong(t *testing.T) {
	f := newFunction(t, sleeper, func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(1) })
	out := f.invoke(`{}`, func(in *lambda.InvokeInput) { in.LogType = types.LogTypeTail })
	if out.StatusCode != 200 || aws.ToString(out.FunctionError) != "Unhandled" {
		t.Errorf("status %d, error %q", out.StatusCode, aws.ToString(out.FunctionError))
	}
	if s := string(out.Payload); !strings.Contains(s, `"errorType":"Sandbox.Timedout"`) || !strings.Contains(s, "Error: Task timed out after 1.00 seconds") {
		t.Errorf("payload %s", s)
	}
	tail, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if err != nil || !strings.Contains(string(tail), "Task timed out after 1.00 seconds") || !strings.Contains(string(tail), "going to sleep") {
		t.Errorf("log %s %v", tail, err)
	}
}
