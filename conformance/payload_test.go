package conformance

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// lengths answers with the length of the request's body.
const lengths = `
def handler(event, context):
    return {"statusCode": 200, "body": str(len(event["body"]))}
`

// flood answers with as many bytes as it is asked for.
const flood = `
def handler(event, context):
    return "x" * event["bytes"]
`

func TestABodyOfMoreThan10MBIsTooLarge(t *testing.T) {
	a := newAPI(t)
	a.mock("POST", "/", "fine")
	a.deploy("v0")
	r := newRequest(t.Context(), t, "POST", a.url("/v0/"), strings.Repeat("x", 10<<20+1), "Content-Type", "application/json")
	response, err := client.Do(r)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return // refused before it was sent
	}
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", response.StatusCode)
	}
	a.ask("POST", "/v0/", "{}", "Content-Type", "application/json").want(t, 200, "fine")
}

func TestABodyOfMegabytesReachesTheFunction(t *testing.T) {
	f := newFunction(t, lengths)
	a := newAPI(t)
	a.proxy("POST", "/", f)
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	const n = 5 << 20
	a.ask("POST", "/v0/", strings.Repeat("x", n)).want(t, 200, fmt.Sprint(n))
}

func TestAPayloadOfMoreThan6MBIsRefused(t *testing.T) {
	f := newFunction(t, greeter)
	_, err := lambdaClient().Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &f.name, Payload: []byte(`"` + strings.Repeat("x", 6<<20) + `"`)})
	wantFault(t, err, "RequestEntityTooLargeException", "Request must be smaller than 6291456 bytes for the InvokeFunction operation")
}

func TestAPayloadThatIsNoJSONIsRefused(t *testing.T) {
	f := newFunction(t, greeter)
	_, err := lambdaClient().Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &f.name, Payload: []byte(`{"a":`)})
	wantFault(t, err, "InvalidRequestContentException", "Could not parse request body into json")
}

func TestAnAnswerOfMoreThan6MBIsAFunctionError(t *testing.T) {
	f := newFunction(t, flood)
	if out := f.invoke(`{"bytes": 1000000}`); out.FunctionError != nil || len(out.Payload) != 1000002 {
		t.Errorf("%d bytes, error %q", len(out.Payload), aws.ToString(out.FunctionError))
	}
	out := f.invoke(`{"bytes": 6291556}`)
	if aws.ToString(out.FunctionError) != "Unhandled" || !strings.Contains(string(out.Payload), "Function.ResponseSizeTooLarge") {
		t.Errorf("error %q, payload %.200s", aws.ToString(out.FunctionError), out.Payload)
	}
}
