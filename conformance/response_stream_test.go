package conformance

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// streamer streams what the event asks for. With "wait" it writes its second
// piece when that path of lamgate answers, which is all of the world that a
// function can reach everywhere.
const streamer = `
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  const q = event.queryStringParameters || {};
  if (q.fail === "first") throw new Error("oops");
  if (q.head !== "no") {
    stream = awslambda.HttpResponseStream.from(stream, {
      statusCode: 201,
      headers: { "Content-Type": "text/event-stream", "X-A": "1" },
      cookies: ["a=1", "b=2"],
    });
  }
  stream.write("first\n");
  if (q.wait) await fetch(process.env.AWS_ENDPOINT_URL + q.wait);
  if (q.fail === "later") throw new Error("oops");
  stream.write("second\n");
  stream.end();
});
`

// newStreamer creates the function, on Node.
func newStreamer(t *testing.T) *function {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node on this machine")
	}
	return newFunction(t, "", func(in *lambda.CreateFunctionInput) {
		in.Runtime = types.RuntimeNodejs22x
		in.Code = &types.FunctionCode{ZipFile: archive(t, map[string]string{"index.js": streamer})}
	})
}

// gate is an API before a backend that answers once it is opened.
func gate(t *testing.T) (path string, open func()) {
	opened := make(chan struct{})
	backend := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-opened:
		case <-r.Context().Done():
		}
	})
	a := newAPI(t)
	a.method("GET", "/")
	a.http("GET", "/", apitypes.IntegrationTypeHttpProxy, backend)
	a.deploy("v0")
	return strings.TrimPrefix(a.url("/v0/"), endpoint), func() { close(opened) }
}

// wantPieces demands that the first piece comes while the second is held back.
func wantPieces(t *testing.T, url string) {
	t.Helper()
	wait, open := gate(t)
	response, err := client.Do(newRequest(t.Context(), t, "GET", url+"?wait="+wait, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	first := make([]byte, len("first\n"))
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "first\n" {
		t.Fatalf("the first piece is %q, %v (%d)", first, err, response.StatusCode)
	}
	open()
	if rest, err := io.ReadAll(response.Body); err != nil || string(rest) != "second\n" {
		t.Errorf("the rest is %q, %v", rest, err)
	}
	if response.StatusCode != 201 || response.Header.Get("Content-Type") != "text/event-stream" || response.Header.Get("X-A") != "1" ||
		strings.Join(response.Header.Values("Set-Cookie"), "|") != "a=1|b=2" {
		t.Errorf("got %d %v", response.StatusCode, response.Header)
	}
}

// wantCut demands an answer that is not whole.
func wantCut(t *testing.T, url string) {
	t.Helper()
	response, err := client.Do(newRequest(t.Context(), t, "GET", url, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("%d %q came as if it were whole", response.StatusCode, body)
	}
}

func TestAFunctionURLThatStreams(t *testing.T) {
	u := newStreamer(t).openURL(func(in *lambda.CreateFunctionUrlConfigInput) { in.InvokeMode = types.InvokeModeResponseStream })
	wantPieces(t, u.url)
	wantCut(t, u.url+"?fail=later")
	u.ask("GET", "?fail=first", "").want(t, http.StatusBadGateway, urlFailed)
	a := u.ask("GET", "?head=no", "")
	a.want(t, http.StatusOK, "first\nsecond\n")
	if got := a.header.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("without a head, Content-Type is %q", got)
	}
}

// newStreamAPI is an API that streams a function's answers.
func newStreamAPI(t *testing.T, f *function) *restAPI {
	t.Helper()
	a := newAPI(t)
	a.proxy("GET", "/", f, func(in *apigateway.PutIntegrationInput) {
		in.ResponseTransferMode = apitypes.ResponseTransferModeStream
		in.Uri = aws.String("arn:aws:apigateway:" + region + ":lambda:path/2021-11-15/functions/" + f.arn + "/response-streaming-invocations")
	})
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	return a
}

func TestARESTAPIThatStreamsAFunction(t *testing.T) {
	a := newStreamAPI(t, newStreamer(t))
	wantPieces(t, a.url("/v0/"))
	wantCut(t, a.url("/v0/?fail=later"))
	a.get("/v0/?fail=first").wantBadGateway(t)
	a.get("/v0/?head=no").wantBadGateway(t)
}

// Go's client streams as Node's does, on a runtime of its own.
func TestGosClientStreamsToCallers(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", binary, "./testdata/golang")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	code, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	f := newPackage(t).file("bootstrap", string(code), 0o755).deploy(types.RuntimeProvidedal2023, "streamed", 128)
	u := f.openURL(func(in *lambda.CreateFunctionUrlConfigInput) { in.InvokeMode = types.InvokeModeResponseStream })
	a := newStreamAPI(t, f)
	for range 2 {
		for _, got := range []answer{u.ask("GET", "", ""), a.get("/v0/")} {
			got.want(t, http.StatusCreated, "one two three")
			if contentType := got.header.Get("Content-Type"); contentType != "text/plain" {
				t.Errorf("Content-Type is %q", contentType)
			}
		}
	}
}

// A URI for whole answers does not go with STREAM.
func TestAStreamNeedsItsOwnURI(t *testing.T) {
	f := newFunction(t, greeter)
	a := newAPI(t)
	a.proxy("GET", "/", f, func(in *apigateway.PutIntegrationInput) {
		in.ResponseTransferMode = apitypes.ResponseTransferModeStream
	})
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	a.get("/v0/").wantInternalError(t)
}
