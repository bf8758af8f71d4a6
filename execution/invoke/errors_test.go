package invoke

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
)

// What an invoker gets of a function that fails: AWS's types and texts.
func TestFunctionsFailInAWSsWords(t *testing.T) {
	py := func(code string) map[string]string { return map[string]string{"app.py": code} }
	js := func(code string) map[string]string { return map[string]string{"index.js": code} }
	cases := []struct {
		name, runtime, handler string
		files                  map[string]string
		timeout                time.Duration
		payload                string
		want                   string // of the payload, ID standing for the request ID
		log                    string
	}{
		{name: "python exception", runtime: "python3.13", handler: "app.handler",
			files: py("def handler(e, c):\n    raise ValueError('bad value')\n"),
			want:  `{"errorMessage": "bad value", "errorType": "ValueError", "requestId": "ID", "stackTrace": \["  File \\"TASK/app.py\\", line 2, in handler\\n    raise ValueError\('bad value'\)\\n"\]}`,
			log:   "[ERROR] ValueError: bad value\nTraceback (most recent call last):\n\u00a0\u00a0File \""},
		{name: "python import", runtime: "python3.13", handler: "app.handler", files: py("import no_such_module\n"),
			want: `{"errorMessage": "Unable to import module 'app': No module named 'no_such_module'", "errorType": "Runtime.ImportModuleError", "requestId": "", "stackTrace": \[\]}`,
			log:  "Phase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError"},
		{name: "python no module", runtime: "python3.13", handler: "main.handler", files: py(""),
			want: `{"errorMessage": "Unable to import module 'main': No module named 'main'", "errorType": "Runtime.ImportModuleError", .*}`},
		{name: "python no handler", runtime: "python3.13", handler: "app.other", files: py("def handler(e, c): pass\n"),
			want: `{"errorMessage": "Handler 'other' missing on module 'app'", "errorType": "Runtime.HandlerNotFound", .*}`},
		{name: "python handler name", runtime: "python3.13", handler: "app", files: py(""),
			want: `{"errorMessage": "Bad handler 'app': not enough values to unpack \(expected 2, got 1\)", "errorType": "Runtime.MalformedHandlerName", .*}`},
		{name: "python syntax", runtime: "python3.13", handler: "app.handler", files: py("def handler(e, c)\n    return 1\n"),
			want: `{"errorMessage": "Syntax error in module 'app': expected ':' \(app.py, line 1\)", "errorType": "Runtime.UserCodeSyntaxError", "requestId": "", "stackTrace": \["  File \\"TASK/app.py\\" Line 1\\n    def handler\(e, c\)\\n"\]}`},
		{name: "python raises while loading", runtime: "python3.13", handler: "app.handler", files: py("raise KeyError('TABLE')\n"),
			want: `{"errorMessage": "'TABLE'", "errorType": "KeyError", "requestId": "", "stackTrace": .*}`},
		{name: "python unserialisable", runtime: "python3.13", handler: "app.handler", files: py("def handler(e, c): return {1, 2}\n"),
			want: `{"errorMessage": "Unable to marshal response: Object of type set is not JSON serializable", "errorType": "Runtime.MarshalError", "requestId": "ID", "stackTrace": \[\]}`},
		{name: "python exit", runtime: "python3.13", handler: "app.handler", files: py("import os\ndef handler(e, c): os._exit(1)\n"),
			want: `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: exit status 1"}`,
			log:  "Error: Runtime exited with error: exit status 1\nRuntime.ExitError\nEND"},
		{name: "python exit 0", runtime: "python3.13", handler: "app.handler", files: py("import sys\ndef handler(e, c): sys.exit(0)\n"),
			want: `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited without providing a reason"}`},
		{name: "python signal", runtime: "python3.13", handler: "app.handler", files: py("import os\ndef handler(e, c): os.kill(os.getpid(), 9)\n"),
			want: `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: signal: killed"}`},
		{name: "python exit while loading", runtime: "python3.13", handler: "app.handler", files: py("import sys\nsys.exit(7)\n"),
			want: `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: exit status 7"}`,
			log:  "INIT_REPORT Init Duration: "},
		{name: "python timeout", runtime: "python3.13", handler: "app.handler", timeout: time.Second,
			files: py("import time\ndef handler(e, c):\n    print('working')\n    time.sleep(60)\n"),
			want:  `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ID Error: Task timed out after 1.00 seconds"}`,
			log:   "Task timed out after 1.00 seconds\n\nEND"},
		{name: "python too large", runtime: "python3.13", handler: "app.handler", files: py("def handler(e, c): return 'x' * (6 * 1024 * 1024 + 99)\n"),
			want: `{"errorMessage":"Response payload size exceeded maximum allowed payload size \(6291556 bytes\).","errorType":"Function.ResponseSizeTooLarge"}`},
		{name: "node exception", runtime: "nodejs20.x", handler: "index.handler",
			files: js("exports.handler = async () => { throw new TypeError('bad type') }\n"),
			want:  `{"errorType":"TypeError","errorMessage":"bad type","trace":\["TypeError: bad type","    at (Runtime\.|exports\.)handler \(TASK/index.js:1:39\)".*\]}`,
			log:   "\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"bad type\",\"stack\":["},
		{name: "node throws a string", runtime: "nodejs20.x", handler: "index.handler", files: js("exports.handler = async () => { throw 'just words' }\n"),
			want: `{"errorType":"string","errorMessage":"just words","trace":\[\]}`},
		{name: "node callback error", runtime: "nodejs20.x", handler: "index.handler", files: js("exports.handler = (e, c, done) => { done(new RangeError('range')) }\n"),
			want: `{"errorType":"RangeError","errorMessage":"range","trace":.*}`},
		{name: "node no module", runtime: "nodejs20.x", handler: "main.handler", files: js(""),
			want: `{"errorType":"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module 'main'.*}`},
		{name: "node missing dependency", runtime: "nodejs20.x", handler: "index.handler", files: js("require('left-pad')\n"),
			want: `{"errorType":"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module 'left-pad'.*}`},
		{name: "node no handler", runtime: "nodejs20.x", handler: "index.other", files: js("exports.handler = async () => 1\n"),
			want: `{"errorType":"Runtime.HandlerNotFound","errorMessage":"index.other is undefined or not exported","trace":.*}`},
		{name: "node not a function", runtime: "nodejs20.x", handler: "index.handler", files: js("exports.handler = 5\n"),
			want: `{"errorType":"Runtime.HandlerNotFound","errorMessage":"index.handler is not a function","trace":.*}`},
		{name: "node syntax", runtime: "nodejs20.x", handler: "index.handler", files: js("exports.handler = async () => {\n"),
			want: `{"errorType":"Runtime.UserCodeSyntaxError","errorMessage":"SyntaxError: Unexpected end of input","trace":.*}`},
		{name: "node handler name", runtime: "nodejs20.x", handler: "../index.handler", files: js(""),
			want: `{"errorType":"Runtime.MalformedHandlerName","errorMessage":"'../index.handler' is not a valid handler name. Use absolute paths when specifying root directories in handler names.","trace":.*}`},
		{name: "node unhandled rejection", runtime: "nodejs20.x", handler: "index.handler",
			files: js("exports.handler = () => new Promise(() => { Promise.reject(new Error('boom')) })\n"),
			want:  `{"errorType":"Runtime.UnhandledPromiseRejection","errorMessage":"Error: boom","trace":.*}`},
		{name: "node uncaught", runtime: "nodejs20.x", handler: "index.handler",
			files: js("exports.handler = () => new Promise(() => { setTimeout(() => { throw new Error('late') }, 1) })\n"),
			want:  `{"errorType":"Error","errorMessage":"late","trace":.*}`},
		{name: "node unserialisable", runtime: "nodejs20.x", handler: "index.handler", files: js("exports.handler = async () => ({ n: 1n })\n"),
			want: `{"errorType":"Error","errorMessage":"Unable to stringify response body","trace":.*}`},
		{name: "node exit", runtime: "nodejs20.x", handler: "index.handler", files: js("exports.handler = async () => process.exit(4)\n"),
			want: `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: exit status 4"}`},
		{name: "no bootstrap", runtime: "provided.al2023", handler: "x", files: js(""),
			want: `{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: ID Error: Couldn't find valid bootstrap\(s\): \[/var/task/bootstrap /opt/bootstrap\]"}`,
			log:  "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]\nRuntime.InvalidEntrypoint\nEND RequestId: "},
		{name: "bootstrap is no program", runtime: "provided.al2023", handler: "x", files: map[string]string{"bootstrap": "\x7fELF but not really"},
			want: `{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: ID Error: fork/exec /var/task/bootstrap: exec format error"}`},
		{name: "native error", runtime: "provided.al2023", handler: "x", files: native(t), payload: `{"do":"fail"}`,
			want: `{"errorMessage":"native failure","errorType":"errorString"}`},
		{name: "native panic", runtime: "provided.al2023", handler: "x", files: native(t), payload: `{"do":"panic"}`,
			want: `{"errorMessage":"native panic","errorType":"string","stackTrace":.*}`},
		{name: "native exit", runtime: "provided.al2023", handler: "x", files: native(t), payload: `{"do":"exit"}`,
			want: `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: exit status 3"}`},
		{name: "native too large", runtime: "provided.al2023", handler: "x", files: native(t), payload: `{"do":"large"}`,
			want: `{"errorMessage":"Response payload size exceeded .*","errorType":"Function.ResponseSizeTooLarge"}`},
	}
	levels(t, func(t *testing.T, o options) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				h := newHost(t, o)
				d := c.timeout
				if d == 0 {
					d = 5 * time.Second
				}
				ref := h.deploy("f", c.runtime, c.handler, c.files, timeout(d))
				payload := c.payload
				if payload == "" {
					payload = "{}"
				}
				r := h.invoke(ref, payload)
				if r.FunctionError != "Unhandled" {
					t.Errorf("FunctionError is %q", r.FunctionError)
				}
				want := strings.ReplaceAll(strings.ReplaceAll(c.want, "ID", r.RequestID), "TASK", "/[^\"]*?")
				want = strings.NewReplacer("{\"", "\\{\"", "({ ", "(\\{ ").Replace(want)
				if !regexp.MustCompile("^" + want + "$").Match(r.Payload) {
					t.Errorf("payload is\n%s\nnot\n%s", r.Payload, want)
				}
				if !json.Valid(r.Payload) {
					t.Error("the payload is not JSON")
				}
				text := h.logs.waitFor(t, "REPORT RequestId: "+r.RequestID)
				if !strings.Contains(text, c.log) {
					t.Errorf("the log lacks %q:\n%s", c.log, text)
				}
			})
		}
	})
}

// A function that has failed runs again, in a new environment if the old one is
// gone.
func TestFunctionRunsAgainAfterItsEnd(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": `
import os, time
def handler(e, c):
    if e.get("do") == "exit": os._exit(1)
    if e.get("do") == "hang": time.sleep(60)
    if e.get("do") == "raise": raise Exception("x")
    return os.getpid()
`}, timeout(time.Second))
	first := string(h.invoke(ref, `{}`).Payload)
	if r := h.invoke(ref, `{"do":"raise"}`); r.FunctionError == "" {
		t.Error("the exception is lost")
	}
	if again := string(h.invoke(ref, `{}`).Payload); again != first {
		t.Error("an exception ended the environment")
	}
	for _, do := range []string{"exit", "hang"} {
		if r := h.invoke(ref, `{"do":"`+do+`"}`); r.FunctionError == "" {
			t.Errorf("%s: no error", do)
		}
		r := h.invoke(ref, `{}`)
		if r.FunctionError != "" || !r.ColdStart || string(r.Payload) == first {
			t.Errorf("after %s: %+v %s", do, r, r.Payload)
		}
	}
}

// An answer counts although the process ends right after it.
func TestAnswerBeforeTheEndCounts(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "nodejs20.x", "index.handler", map[string]string{"index.js": `
exports.handler = async () => { setImmediate(() => process.exit(1)); return 'answered' }
`})
	for range 5 {
		if r := h.invoke(ref, `{}`); r.FunctionError != "" && !strings.Contains(string(r.Payload), "Runtime exited") {
			t.Errorf("%+v %s", r, r.Payload)
		}
	}
}

var _ execution.Invoker = (*host)(nil)
