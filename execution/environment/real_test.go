package environment

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/bootstrap"
	"github.com/lamgate/lamgate/execution/code"
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/state/statetest"
)

// observer is an extension that tells of all that it is told.
const observer = `#!/usr/bin/python3
import http.client, http.server, json, os, threading
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
def call(method, path, body, headers):
    c = http.client.HTTPConnection(api)
    c.request(method, path, body, headers)
    r = c.getresponse()
    return r, r.read()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        for e in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
            if e["type"] in ("function", "platform.report"):
                print("told", e["type"], flush=True)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *a):
        pass
server = http.server.HTTPServer(("127.0.0.1", PORT), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
r, _ = call("POST", "/2020-01-01/extension/register", '{"events":["INVOKE","SHUTDOWN"]}', {"Lambda-Extension-Name": os.path.basename(__file__)})
me = {"Lambda-Extension-Identifier": r.getheader("Lambda-Extension-Identifier")}
r, b = call("PUT", "/2022-07-01/telemetry", json.dumps({"schemaVersion": "2022-12-13", "types": ["platform", "function"], "buffering": {"timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:PORT"}}), me)
print("subscribed", r.status, b, flush=True)
while True:
    _, b = call("GET", "/2020-01-01/extension/event/next", None, me)
    e = json.loads(b)
    print("event", e["eventType"], e.get("requestId"), e.get("shutdownReason"), flush=True)
    if e["eventType"] == "SHUTDOWN":
        break
`

// The whole of it, with processes: an extension in a layer is started first, is
// told of invocations and lines, and of the end.
func TestRealExtension(t *testing.T) {
	if _, err := os.Stat("/usr/bin/python3"); err != nil {
		t.Skip(err)
	}
	for level, network := range map[string]sandbox.Network{sandbox.ProcessLevel: sandbox.HostNetwork, sandbox.NamespaceLevel: sandbox.PrivateNetwork} {
		t.Run(level, func(t *testing.T) {
			driver, err := sandbox.Open(level, sandbox.Options{Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Skip(err)
			}
			t.Cleanup(func() { driver.Close() })
			if _, err := driver.Probe(t.Context()); err != nil {
				t.Skip(err)
			}
			blobs := statetest.Open(t).Blobs()
			dir := t.TempDir()
			clients, err := bootstrap.Install(dir)
			if err != nil {
				t.Fatal(err)
			}
			packages, err := code.NewPackages(dir+"/code", blobs, aws.SystemClock{}, slog.New(loud{t}))
			if err != nil {
				t.Fatal(err)
			}
			logs := &sink{}
			f := NewFleet(Config{
				Driver: driver, Network: network, Runtimes: runtimes.New(runtimes.Config{Clients: clients}), Packages: packages, Logs: logs,
				Clock: aws.SystemClock{}, Log: slog.New(loud{t}), Stems: -1,
			})
			t.Cleanup(func() { f.Close(); packages.Collect(0) })
			p := f.Pool(execution.FunctionRef{Account: "1", Region: "r", Name: "f"}, execution.Configuration{
				Version: execution.Latest, Runtime: "python3.12", Handler: "app.run", MemoryMB: 256, Timeout: 10 * time.Second, EphemeralMB: 512,
				Code:   packed(t, blobs, "app.py", "def run(e, c):\n    print('I work')\n    return 'done'\n"),
				Layers: []execution.Layer{{ARN: "layer", Code: packed(t, blobs, "extensions/observer", strings.ReplaceAll(observer, "PORT", "14243"))}},
			})
			o, err := p.Invoke(context.Background(), Request{ID: "one", Payload: []byte("{}")}, func() {})
			if err != nil || string(o.Payload) != `"done"` {
				t.Fatalf("%s %v\n%s", o.Payload, err, logs.text())
			}
			all := func() string {
				for _, e := range f.allAlive() {
					e.log.flushOld(0)
				}
				return logs.text()
			}
			for _, want := range []string{
				"subscribed 200", "State: Subscribed", "event INVOKE one", "told function\n", "told platform.report\n", "State: Ready\tEvents: [INVOKE, SHUTDOWN]", "I work\n",
			} {
				until(t, func() bool { return strings.Contains(all(), want) })
			}
			p.Retire()
			until(t, func() bool { return strings.Contains(all(), "event SHUTDOWN None spindown") })
			until(t, func() bool { return len(f.States()) == 0 })
		})
	}
}

// packed stores a package with one file in it.
func packed(t *testing.T, blobs state.Blobs, name, content string) execution.Code {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: name}
	h.SetMode(0o755)
	w, err := z.CreateHeader(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	key := aws.NewUUID()
	if _, err := blobs.Put(t.Context(), key, &b); err != nil {
		t.Fatal(err)
	}
	return execution.Code{SHA256: base64.StdEncoding.EncodeToString(sum[:]), Blob: key}
}
