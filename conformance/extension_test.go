package conformance

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// witness is an extension that prints what it is told: events, and the types of
// telemetry.
const witness = `#!/usr/bin/env python3
import http.client, http.server, json, os, sys, threading

def call(method, path, body, headers):
    c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    c.request(method, path, body, headers)
    r = c.getresponse()
    return r, r.read()

class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        for e in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
            print("WITNESS telemetry", e["type"], flush=True)
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args):
        pass

server = http.server.HTTPServer(("0.0.0.0", 4243), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()
r, body = call("POST", "/2020-01-01/extension/register", '{"events":["INVOKE","SHUTDOWN"]}', {"Lambda-Extension-Name": os.path.basename(sys.argv[0])})
me = {"Lambda-Extension-Identifier": r.getheader("Lambda-Extension-Identifier")}
print("WITNESS registered with", sorted(json.loads(body)), "_HANDLER" in os.environ, flush=True)
call("PUT", "/2022-07-01/telemetry", json.dumps({"schemaVersion": "2022-12-13", "types": ["platform", "function"], "buffering": {"timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243"}}), me)
while True:
    _, body = call("GET", "/2020-01-01/extension/event/next", None, me)
    e = json.loads(body)
    print("WITNESS event", e["eventType"], e.get("shutdownReason", ""), flush=True)
    if e["eventType"] == "SHUTDOWN":
        break
`

// newExtension publishes a layer with an extension.
func newExtension(t testing.TB, name, source string) (arn string) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "extensions/" + name}
	h.SetMode(0o755)
	w, err := z.CreateHeader(h)
	if err == nil {
		_, err = w.Write([]byte(source))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	layer := uniqueName("extension")
	out, err := lambdaClient().PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{
		LayerName: &layer, Content: &types.LayerVersionContentInput{ZipFile: b.Bytes()},
	})
	v := must(t, out, err)
	t.Cleanup(func() {
		lambdaClient().DeleteLayerVersion(cleanup(), &lambda.DeleteLayerVersionInput{LayerName: &layer, VersionNumber: aws.Int64(v.Version)})
	})
	return *v.LayerVersionArn
}

// wantLog waits until the function's log has all of these.
func (f *function) wantLog(parts ...string) {
	f.t.Helper()
	for _, part := range parts {
		eventually(f.t, "the log has "+part, func() bool { return strings.Contains(f.log(), part) })
	}
}

func TestAnExtensionIsToldOfInvocationsAndTelemetry(t *testing.T) {
	f := newFunction(t, greeter, withLayers(newExtension(t, "witness", witness)))
	if out := f.invoke(`{}`); out.FunctionError != nil {
		t.Fatalf("%s\n%s", out.Payload, f.log())
	}
	f.wantLog("WITNESS registered with ['functionName', 'functionVersion', 'handler'] False", "WITNESS event INVOKE", "EXTENSION\tName: witness\tState: Ready\tEvents: ",
		"WITNESS telemetry platform.initStart", "WITNESS telemetry platform.start", "WITNESS telemetry platform.runtimeDone", "WITNESS telemetry platform.report")
}

func TestAnExtensionIsToldOfTheEnd(t *testing.T) {
	f := newFunction(t, greeter, withLayers(newExtension(t, "witness", witness)))
	f.invoke(`{}`)
	_, err := lambdaClient().UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &f.name, Timeout: aws.Int32(9)})
	if err != nil {
		t.Fatal(err)
	}
	f.wantLog("WITNESS event SHUTDOWN spindown")
}

func TestAnExtensionIsToldOfATimeout(t *testing.T) {
	f := newFunction(t, `
import time

def handler(event, context):
    time.sleep(60)
`, withLayers(newExtension(t, "witness", witness)), func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(1) })
	if out := f.invoke(`{}`); !strings.Contains(string(out.Payload), "Task timed out after 1.00 seconds") {
		t.Errorf("%s", out.Payload)
	}
	f.wantLog("WITNESS event SHUTDOWN timeout")
}

func TestAnExtensionThatEndsTakesTheEnvironmentWithIt(t *testing.T) {
	f := newFunction(t, greeter, withLayers(newExtension(t, "quitter", "#!/bin/sh\nexit 3\n")))
	out := f.invoke(`{}`)
	if aws.ToString(out.FunctionError) != "Unhandled" || !strings.Contains(string(out.Payload), `"errorType":"Extension.Crash"`) {
		t.Errorf("%s", out.Payload)
	}
}
