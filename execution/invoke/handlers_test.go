package invoke

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
)

// The forms of a handler that AWS's clients accept.
func TestHandlersAreFound(t *testing.T) {
	cases := []struct {
		name, runtime, handler string
		files                  map[string]string
		want                   string
	}{
		{"python in a folder", "python3.13", "src/app.handler", map[string]string{"src/app.py": "def handler(e, c): return 'folder'\n"}, `"folder"`},
		{"python in a package", "python3.13", "pkg.mod.handler", map[string]string{"pkg/__init__.py": "", "pkg/mod.py": "from . import other\ndef handler(e, c): return other.name\n", "pkg/other.py": "name = 'package'\n"}, `"package"`},
		{"python text", "python3.13", "app.handler", map[string]string{"app.py": "def handler(e, c): return {'s': 'ü', 'n': None}\n"}, `{"s": "ü", "n": null}`},
		{"python 3.8 text", "python3.8", "app.handler", map[string]string{"app.py": "def handler(e, c): return 'ü'\n"}, `"\u00fc"`},
		{"python 3.7", "python3.7", "app.handler", map[string]string{"app.py": "import sys\ndef handler(e, c): return sys.version_info[:2]\n"}, `[3, 7]`},
		{"python decimal", "python3.13", "app.handler", map[string]string{"app.py": "from decimal import Decimal\ndef handler(e, c): return Decimal('1.5')\n"}, `1.5`},
		{"node in a folder", "nodejs20.x", "src/lib.run", map[string]string{"src/lib.js": "exports.run = async () => 'folder'\n"}, `"folder"`},
		{"node nested export", "nodejs20.x", "index.api.get", map[string]string{"index.js": "exports.api = { get: async () => 'nested' }\n"}, `"nested"`},
		{"node module", "nodejs20.x", "index.handler", map[string]string{"index.mjs": "const x = await Promise.resolve('module')\nexport const handler = async () => x\n"}, `"module"`},
		{"node module by package.json", "nodejs20.x", "index.handler", map[string]string{"package.json": `{"type":"module"}`, "index.js": "export const handler = async () => import.meta.url.startsWith('file:')\n"}, `true`},
		{"node cjs", "nodejs20.x", "index.handler", map[string]string{"index.cjs": "exports.handler = async () => 'cjs'\n"}, `"cjs"`},
		{"node callback", "nodejs20.x", "index.handler", map[string]string{"index.js": "exports.handler = (e, c, done) => setTimeout(() => done(null, 'called'), 1)\n"}, `"called"`},
		{"node succeed", "nodejs20.x", "index.handler", map[string]string{"index.js": "exports.handler = (e, c) => { c.succeed('succeeded') }\n"}, `"succeeded"`},
		{"node waits for the event loop", "nodejs20.x", "index.handler", map[string]string{"index.js": "exports.handler = (e, c, done) => { const r = { n: 1 }; setTimeout(() => { r.n = 2 }, 20); done(null, r) }\n"}, `{"n":2}`},
		{"node does not wait", "nodejs20.x", "index.handler", map[string]string{"index.js": "exports.handler = (e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; const r = { n: 1 }; setTimeout(() => { r.n = 2 }, 1000); done(null, r) }\n"}, `{"n":1}`},
		{"node never settles", "nodejs20.x", "index.handler", map[string]string{"index.js": "exports.handler = () => new Promise(() => {})\n"}, `null`},
		{"node undefined", "nodejs20.x", "index.handler", map[string]string{"index.js": "exports.handler = async () => {}\n"}, `null`},
		{"node 24 returns", "nodejs24.x", "index.handler", map[string]string{"index.js": "exports.handler = () => 'plain'\n"}, `"plain"`},
		{"node streams", "nodejs20.x", "index.handler", map[string]string{"index.js": "exports.handler = awslambda.streamifyResponse(async (e, s) => { s.write('a'); s.write('b'); s.end() })\n"}, `ab`},
		{"native", "provided.al2", "x", native(t), `{"body":"hello","statusCode":200}`},
	}
	h := newHost(t, options{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ref := h.deploy("f", c.runtime, c.handler, c.files)
			for range 2 {
				if r := h.invoke(ref, `{}`); string(r.Payload) != c.want || r.FunctionError != "" {
					t.Errorf("payload is %s, not %s\n%s", r.Payload, c.want, r.LogTail)
				}
			}
		})
	}
}

// What a function learns of itself and of its invocation.
func TestContext(t *testing.T) {
	cases := []struct {
		name, runtime, handler string
		files                  map[string]string
	}{
		{"python", "python3.13", "app.handler", map[string]string{"app.py": `
import os
def handler(e, c):
    return {"id": c.aws_request_id, "arn": c.invoked_function_arn, "name": c.function_name, "version": c.function_version,
            "memory": c.memory_limit_in_mb, "group": c.log_group_name, "left": 0 < c.get_remaining_time_in_millis() <= 3000,
            "client": c.client_context.custom, "trace": os.environ["_X_AMZN_TRACE_ID"], "event": e}
`}},
		{"node", "nodejs20.x", "index.handler", map[string]string{"index.js": `
exports.handler = async (event, c) => ({ id: c.awsRequestId, arn: c.invokedFunctionArn, name: c.functionName, version: c.functionVersion,
  memory: c.memoryLimitInMB, group: c.logGroupName, left: c.getRemainingTimeInMillis() > 0 && c.getRemainingTimeInMillis() <= 3000,
  client: c.clientContext.custom, trace: process.env._X_AMZN_TRACE_ID, event })
`}},
	}
	levels(t, func(t *testing.T, o options) {
		h := newHost(t, o)
		for _, c := range cases {
			ref := h.deploy(c.name, c.runtime, c.handler, c.files)
			ref.Qualifier = execution.Latest
			r, err := h.Invoke(context.Background(), execution.Invocation{
				Function: ref, Payload: []byte(`{"ü":[1,null]}`), RequestID: "11111111-2222-4333-8444-555555555555",
				ClientContext: base64.StdEncoding.EncodeToString([]byte("{\"custom\":\n{\"k\":\"ü\"}}")),
				TraceHeader:   "Root=1-00000000-000000000000000000000000",
			})
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			_ = json.Unmarshal(r.Payload, &got)
			_ = json.Unmarshal([]byte(`{"id":"11111111-2222-4333-8444-555555555555","arn":"arn:aws:lambda:us-east-1:000000000000:function:`+c.name+`:$LATEST",
				"name":"`+c.name+`","version":"$LATEST","memory":"256","group":"/aws/lambda/`+c.name+`","left":true,"client":{"k":"ü"},
				"trace":"Root=1-00000000-000000000000000000000000;Lineage=1:`+lineageHash(ref)+`:0","event":{"ü":[1,null]}}`), &want)
			g, _ := json.Marshal(got)
			w, _ := json.Marshal(want)
			if string(g) != string(w) {
				t.Errorf("%s: the function saw\n%s\nnot\n%s", c.name, g, w)
			}
		}
	})
}

// The environment variables of AWS's guide, the function's own, and no others.
func TestVariables(t *testing.T) {
	h := newHost(t, options{})
	t.Setenv("NODE_EXTRA_CA_CERTS", "/nowhere")
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": "import os\nstart = dict(os.environ)\ndef handler(e, c): return start\n"},
		func(f *execution.Function) {
			f.Latest.Environment = map[string]string{"TABLE": "orders", "_HANDLER": "evil"}
		})
	var got map[string]string
	if err := json.Unmarshal(h.invoke(ref, `{}`).Payload, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "_HANDLER": "app.handler",
		"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13", "TZ": ":UTC",
		"LANG": "en_US.UTF-8", "TABLE": "orders", "NODE_EXTRA_CA_CERTS": "",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, not %q", name, got[name], want)
		}
	}
}

// AWS: AWS_LAMBDA_EXEC_WRAPPER starts the runtime in the function's own way.
func TestWrapper(t *testing.T) {
	levels(t, func(t *testing.T, o options) {
		h := newHost(t, o)
		ref := h.deploy("f", "python3.13", "app.handler", map[string]string{
			"wrap":   "#!/bin/sh\nexport WRAPPED=yes\nexec \"$@\"\n",
			"app.py": "import os\ndef handler(e, c): return os.environ['WRAPPED']\n",
		}, func(f *execution.Function) {
			f.Latest.Environment = map[string]string{"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrap"}
		})
		if r := h.invoke(ref, `{}`); string(r.Payload) != `"yes"` {
			t.Errorf("%s\n%s", r.Payload, r.LogTail)
		}
	})
}

// Every Python of this host keeps the contract.
func TestEveryPython(t *testing.T) {
	h := newHost(t, options{})
	for _, installed := range h.fleet.Runtimes.Installed() {
		runtime := installed[0]
		if !strings.HasPrefix(runtime, "python") {
			continue
		}
		t.Run(runtime, func(t *testing.T) {
			ref := h.deploy("f", runtime, "app.handler", map[string]string{"app.py": `
import json, logging, ssl, urllib.request
def handler(e, c):
    logging.warning("careful\nwith %s", e["word"])
    print("plain")
    if e["word"] == "raise": raise ValueError("raised")
    return c.aws_request_id
`}, timeout(10*time.Second))
			r := h.invoke(ref, `{"word":"ü"}`)
			if string(r.Payload) != `"`+r.RequestID+`"` || !strings.Contains(string(r.LogTail), "\t"+r.RequestID+"\tcareful\nwith ü\nplain\nEND") {
				t.Errorf("%s\n%s", r.Payload, r.LogTail)
			}
			r = h.invoke(ref, `{"word":"raise"}`)
			if !strings.HasPrefix(string(r.Payload), `{"errorMessage": "raised", "errorType": "ValueError", "requestId": "`+r.RequestID+`", "stackTrace": ["  File \"`) {
				t.Errorf("%s", r.Payload)
			}
		})
	}
}
