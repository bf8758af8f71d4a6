package bootstrap

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// nodes returns the interpreters of this host by their release, nodejsN.x: those
// of the tests' tools, and what is in PATH.
func nodes(t testing.TB) map[string]string {
	t.Helper()
	found := map[string]string{}
	paths, _ := filepath.Glob(filepath.Join(os.Getenv("LAMGATE_CLIENTS"), "node-*/bin/node"))
	if path, err := exec.LookPath("node"); err == nil {
		paths = append(paths, path)
	}
	for _, path := range paths {
		out, err := exec.Command(path, "--version").Output()
		if err != nil {
			continue
		}
		major, _, _ := strings.Cut(strings.TrimPrefix(string(out), "v"), ".")
		found["nodejs"+major+".x"] = path
	}
	if len(found) == 0 {
		t.Skip("no Node.js on this host")
	}
	return found
}

func startNode(t testing.TB, p *platform, node string, env map[string]string) *client {
	t.Helper()
	return p.start(append(nodeCommand(node, env["AWS_EXECUTION_ENV"]), filepath.Join(installed(t), Node)), env)
}

// nodeCommand is how a Node.js is started for a runtime: from nodejs20.x on it
// does not require modules, and but for that one it does not guess at them.
func nodeCommand(node, runtime string) []string {
	command := []string{node, "--expose-gc", "--max-http-header-size=81920", "--max-semi-space-size=6", "--max-old-space-size=116"}
	switch runtime {
	case "AWS_Lambda_nodejs16.x", "AWS_Lambda_nodejs18.x", "": // which have neither
	case "AWS_Lambda_nodejs20.x":
		command = append(command, "--no-experimental-require-module")
	default:
		command = append(command, "--no-experimental-require-module", "--no-experimental-detect-module")
	}
	return command
}

// eachNode runs a test with every Node.js of this host.
func eachNode(t *testing.T, test func(t *testing.T, runtime, node string)) {
	all := nodes(t)
	runtimes := slices.Sorted(maps.Keys(all))
	if testing.Short() {
		runtimes = runtimes[len(runtimes)-1:]
	}
	for _, runtime := range runtimes {
		t.Run(runtime, func(t *testing.T) { test(t, runtime, all[runtime]) })
	}
}

func js(code string) map[string]string { return map[string]string{"index.js": code} }

// What callers hear of a handler, in order; "→" comes before the body of an
// answer, "!" before the type and the message of an error.
func heard(s said) string {
	kind := s.header.Get("Lambda-Runtime-Function-Error-Type")
	switch {
	case s.path == "gone":
		return "exit " + s.body
	case s.path == "response" && s.trailer.Get("Lambda-Runtime-Function-Error-Type") != "":
		body, _ := base64.StdEncoding.DecodeString(s.trailer.Get("Lambda-Runtime-Function-Error-Body"))
		var e struct{ ErrorType, ErrorMessage string }
		if json.Unmarshal(body, &e); e.ErrorType != s.trailer.Get("Lambda-Runtime-Function-Error-Type") {
			return "trailers that differ: " + string(body)
		}
		return "→" + s.body + " !" + e.ErrorType + ": " + e.ErrorMessage
	case s.path == "response":
		return "→" + s.body
	}
	var e struct{ ErrorType, ErrorMessage string }
	if json.Unmarshal([]byte(s.body), &e); e.ErrorType != kind {
		return "types that differ: " + s.body + " " + kind
	}
	message, _, _ := strings.Cut(e.ErrorMessage, "\n")
	return "!" + e.ErrorType + ": " + message
}

// Handlers of every form, and everything that they can do wrong.
func TestNodeHandlers(t *testing.T) {
	const settled = "!Runtime.NodeJsExit: The Lambda runtime client detected an unexpected Node.js exit code. This is most likely because a Promise was never settled."
	cases := []struct {
		name, handler string
		files         map[string]string
		old, new      string // from nodejs24.x on
	}{
		{"promise", "index.handler", js("exports.handler = async (e) => ({ got: e })"), `→{"got":1}`, ""},
		{"undefined", "index.handler", js("exports.handler = async () => {}"), "→null", ""},
		{"a function", "index.handler", js("exports.handler = async () => () => 1"), "→null", ""},
		{"callback", "index.handler", js("exports.handler = (e, c, done) => setTimeout(() => done(null, 7), 1)"), "→7", "!Runtime.CallbackHandlerDeprecated: ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html."},
		{"callback's error", "index.handler", js("exports.handler = (e, c, ...rest) => rest[0] ? rest[0](new RangeError('no')) : Promise.reject(new RangeError('no'))"), "!RangeError: no", ""},
		{"returned by no promise", "index.handler", js("exports.handler = () => 'plain'"), "→null", `→"plain"`},
		{"never settled", "index.handler", js("exports.handler = () => new Promise(() => {})"), "→null", settled},
		{"thrown at once", "index.handler", js("exports.handler = () => { throw new TypeError('at once') }"), "!TypeError: at once", ""},
		{"words thrown", "index.handler", js("exports.handler = async () => { throw 'just words' }"), "!string: just words", ""},
		{"unserialisable", "index.handler", js("exports.handler = async () => 1n"), "!Error: Unable to stringify response body", "!Runtime.JSONStringifyError: Unable to stringify response body"},
		{"exit", "index.handler", js("exports.handler = async () => process.exit(4)"), "exit 4", ""},
		{"uncaught", "index.handler", js("exports.handler = () => new Promise(() => setTimeout(() => { throw new Error('outside') }, 1))"), "!Error: outside", ""},
		{"unhandled rejection", "index.handler", js("exports.handler = () => { Promise.reject(new Error('nobody')); return new Promise((r) => setTimeout(r, 50)) }"), "!Runtime.UnhandledPromiseRejection: Error: nobody", ""},
		{"module with top-level await", "index.handler", map[string]string{"index.mjs": "const x = await new Promise((r) => setTimeout(r, 1, 'awaited')); export const handler = async () => x"}, `→"awaited"`, ""},
		{"default export", "index.handler", map[string]string{"index.mjs": "export default { handler: async () => 'default' }"}, `→"default"`, ""},
		{"module by package.json", "index.handler", map[string]string{"package.json": `{"type":"module"}`, "index.js": "export const handler = async () => typeof require"}, `→"undefined"`, ""},
		{"index of a folder", "lib.handler", map[string]string{"lib/index.js": "exports.handler = async () => 'folder'"}, `→"folder"`, ""},
		{"below a folder", "src/api/app.v1.get", map[string]string{"src/api/app.js": "exports.v1 = { get: async () => 'deep' }"}, `→"deep"`, ""},
		{"no module", "none.handler", js(""), "!Runtime.ImportModuleError: Error: Cannot find module 'none'", ""},
		{"no handler", "index.none", js(""), "!Runtime.HandlerNotFound: index.none is undefined or not exported", ""},
		{"not a function", "index.handler", js("exports.handler = {}"), "!Runtime.HandlerNotFound: index.handler is not a function", ""},
		{"malformed", "index", js(""), "!Runtime.MalformedHandlerName: Bad handler", ""},
		{"above", "../index.handler", js(""), "!Runtime.MalformedHandlerName: '../index.handler' is not a valid handler name. Use absolute paths when specifying root directories in handler names.", ""},
		{"syntax", "index.handler", js("exports.handler = ("), "!Runtime.UserCodeSyntaxError: SyntaxError: Unexpected end of input", "!Runtime.UserCodeSyntaxError: SyntaxError: Unexpected token '}'"},
		{"module without a sign", "index.handler", js("export const handler = async () => 1"), "!Runtime.UserCodeSyntaxError: SyntaxError: Unexpected token 'export'", ""},
		{"module that is required", "index.handler", map[string]string{"index.js": "exports.handler = async () => require('./lib.mjs').x", "lib.mjs": "export const x = 1"}, "!Error: require() of ES Module ROOT/lib.mjs not supported.", ""},
		{"fails to load", "index.handler", js("throw new Error('cold')"), "!Error: cold", ""},
		{"streams", "index.handler", js("exports.handler = awslambda.streamifyResponse(async (e, s) => { s.write('a'); s.write({ b: 1 }); s.end('c') })"), `→a{"b":1}c`, ""},
		{"pipes", "index.handler", js("const { pipeline } = require('stream/promises'); const { Readable } = require('stream')\nexports.handler = awslambda.streamifyResponse(async (e, s) => pipeline(Readable.from(['x', 'y']), s))"), "→xy", ""},
		{"stream fails before", "index.handler", js("exports.handler = awslambda.streamifyResponse(async (e, s) => { throw new Error('early') })"), "!Error: early", ""},
		{"stream fails midway", "index.handler", js("exports.handler = awslambda.streamifyResponse(async (e, s) => { s.write('half'); throw new Error('late') })"), "→half !Error: late", ""},
		{"pipe fails midway", "index.handler", js("const { pipeline } = require('stream/promises'); const { Readable } = require('stream')\nexports.handler = awslambda.streamifyResponse(async (e, s) => pipeline(Readable.from((function* () { yield 'p'; throw new Error('source') })()), s))"), "→p !Error: source", ""},
		{"stream dies midway", "index.handler", js("exports.handler = awslambda.streamifyResponse(async (e, s) => { s.write('d'); setTimeout(() => { throw new Error('dead') }, 5); await new Promise(() => {}) })"), "→d !Error: dead", ""},
		{"stream is whole", "index.handler", js("exports.handler = awslambda.streamifyResponse(async (e, s) => { s.end('whole'); throw new Error('after') })"), "→whole", ""},
		{"stream without a promise", "index.handler", js("exports.handler = awslambda.streamifyResponse((e, s) => { s.end('x') })"), "→x", ""},
		{"type too late", "index.handler", js("exports.handler = awslambda.streamifyResponse(async (e, s) => { s.write('t'); s.setContentType('text/plain') })"), "→t !Runtime.InvalidStreamingOperation: Cannot set content-type, too late.", ""},
		{"prelude", "index.handler", js("exports.handler = awslambda.streamifyResponse(async (e, s) => { s = awslambda.HttpResponseStream.from(s, { statusCode: 201 }); s.write('body'); s.end() })"), "→{\"statusCode\":201}\x00\x00\x00\x00\x00\x00\x00\x00body", ""},
		{"wrapped by its sign", "index.handler", js("const f = async (e, s) => s.end('signed'); f[Symbol.for('aws.lambda.runtime.handler.streaming')] = 'response'; exports.handler = f"), "→signed", ""},
		{"another sign", "index.handler", js("const f = async (e, s) => s.end(); f[Symbol.for('aws.lambda.runtime.handler.streaming')] = 'request'; exports.handler = f"), "!Runtime.MalformedStreamingHandler: Only response streaming is supported.", ""},
	}
	eachNode(t, func(t *testing.T, runtime, node string) {
		for _, test := range cases {
			t.Run(test.name, func(t *testing.T) {
				p := newPlatform(t)
				c := startNode(t, p, node, function{test.files, test.handler, nil}.environment(t, p, runtime))
				c.send("1", nil)
				want := test.old
				if runtime >= "nodejs24.x" && test.new != "" {
					want = test.new
				}
				got := strings.ReplaceAll(strings.ReplaceAll(heard(c.hear()), c.cmd.Dir, "ROOT"), " from ROOT/index.js", "")
				if runtime == "nodejs20.x" && test.name == "module without a sign" {
					return // Node.js 20 tells it by its syntax, and will not require it
				}
				if test.name == "syntax" && strings.HasPrefix(got, "!Runtime.UserCodeSyntaxError: SyntaxError: Unexpected") {
					return // its words are the engine's
				}
				if got != want {
					t.Errorf("heard %q, not %q\n%s", got, want, c.log.String())
				}
			})
		}
	})
}

// Chunks come one by one, and a function that writes faster than its caller
// reads is held.
func TestNodeStreamsHold(t *testing.T) {
	eachNode(t, func(t *testing.T, runtime, node string) {
		p := newPlatform(t)
		p.slow = make(chan struct{})
		c := startNode(t, p, node, function{js(`
exports.handler = awslambda.streamifyResponse(async (e, s) => {
  s.setContentType('text/event-stream');
  const part = Buffer.alloc(1 << 16, 'x');
  let held = 0;
  for (let n = 0; n < 512; n++) {
    if (!s.write(part)) {
      if (++held === 3) console.log('held');
      await new Promise((resolve) => s.once('drain', resolve));
    }
    if (n === 500) console.log('at the end');
  }
  s.end();
});
`), "index.handler", nil}.environment(t, p, runtime))
		c.send("{}", nil)
		log := c.logged("held")
		if strings.Contains(log, "at the end") {
			t.Error("the function has not been held")
		}
		close(p.slow)
		s := c.hear()
		if len(s.body) != 512<<16 || s.err != nil || s.header.Get("Content-Type") != "text/event-stream" || s.header.Get("Lambda-Runtime-Function-Response-Mode") != "streaming" {
			t.Errorf("%d bytes, %v, %v", len(s.body), s.err, s.header)
		}
		c.send("{}", nil)
		if s := c.hear(); len(s.body) != 512<<16 {
			t.Errorf("the next answer has %d bytes", len(s.body))
		}
	})
}

// The console, in text and JSON, with levels.
func TestNodeLogs(t *testing.T) {
	const code = `
console.log("starts");
class Mine extends Error { constructor(m) { super(m); this.detail = 1; } }
exports.handler = async () => {
  console.debug("one");
  console.log("two\nlines %d", 2);
  console.warn({ a: 1 });
  console.error(new Mine("bad"));
  console.error("with", new Mine("worse"));
  console.log("last");
  throw new Mine("end");
};
`
	cases := []struct {
		name      string
		env       map[string]string
		has, lack []string
	}{
		{"text", nil, []string{"Z\tID\tDEBUG\tone\n", "Z\tID\tINFO\ttwo\rlines 2\n", "Z\tID\tWARN\t{ a: 1 }\n", "Z\tID\tERROR\tMine: bad\r    at ",
			"Z\tID\tERROR\tInvoke Error \t{\"errorType\":\"Error\",\"errorMessage\":\"end\",\"detail\":1,\"stack\":[\"Error: end\","}, nil},
		{"text with a level", map[string]string{"AWS_LAMBDA_LOG_LEVEL": "warn"}, []string{"\tWARN\t"}, []string{"starts", "\tDEBUG\t", "\tINFO\t"}},
		{"JSON", map[string]string{"AWS_LAMBDA_LOG_FORMAT": "JSON"}, []string{
			`"level":"INFO","requestId":"ID","message":"two\nlines 2"}`, `"level":"WARN","requestId":"ID","message":{"a":1}}`,
			`"level":"ERROR","requestId":"ID","message":{"errorType":"Mine","errorMessage":"bad","stackTrace":["Error: bad",`,
			`"message":"with `, `"errorType":"Mine","errorMessage":"worse","stackTrace":["Error: worse",`, `"errorMessage":"end","stackTrace"`,
		}, []string{"one"}},
	}
	eachNode(t, func(t *testing.T, runtime, node string) {
		for _, test := range cases {
			t.Run(test.name, func(t *testing.T) {
				p := newPlatform(t)
				c := startNode(t, p, node, function{js(code), "index.handler", test.env}.environment(t, p, runtime))
				id := c.send("{}", nil)
				c.hear()
				log := c.logged("Error: end")
				log = strings.ReplaceAll(log, id, "ID")
				for _, want := range test.has {
					if strings.HasPrefix(want, "Z\tID\tERROR\tMine: bad") {
						continue // how an error prints is Node's
					}
					if !strings.Contains(log, want) {
						t.Errorf("the log lacks %q:\n%q", want, log)
					}
				}
				for _, not := range test.lack {
					if strings.Contains(log, not) {
						t.Errorf("the log has %q:\n%q", not, log)
					}
				}
				if start := map[bool]string{true: "\tundefined\tINFO\tstarts", false: "\t-\tINFO\tstarts"}[runtime < "nodejs24.x"]; test.name == "text" && !strings.Contains(log, start) {
					t.Errorf("the log lacks %q:\n%q", start, log)
				}
			})
		}
	})
}

// A stem cell becomes a function, and the function cannot tell.
func TestNodeStems(t *testing.T) {
	const code = `
const start = [{ ...process.env }, process.cwd(), new Date(0).getHours(), require('side'), Intl.DateTimeFormat().resolvedOptions().timeZone];
exports.handler = async (e, c) => { console.log('seen'); return [...start, c.functionName, c.memoryLimitInMB]; };
`
	eachNode(t, func(t *testing.T, runtime, node string) {
		answers := map[bool]string{}
		for _, stem := range []bool{false, true} {
			p := newPlatform(t)
			modules := t.TempDir()
			if err := os.WriteFile(filepath.Join(modules, "side.js"), []byte("module.exports = 'by NODE_PATH'"), 0o644); err != nil {
				t.Fatal(err)
			}
			env := function{js(code), "index.handler", map[string]string{"TABLE": "orders", "TZ": "Asia/Tokyo", "NODE_PATH": modules}}.environment(t, p, runtime)
			var c *client
			if stem {
				c = startNode(t, p, node, map[string]string{
					"AWS_LAMBDA_RUNTIME_API": env["AWS_LAMBDA_RUNTIME_API"], "LAMGATE_STEM": "/lamgate/assignment/x", "LANG": env["LANG"], "PATH": env["PATH"], "TZ": ":UTC", "OTHER": "gone",
				})
				<-p.asked
				p.become <- env
			} else {
				c = startNode(t, p, node, env)
			}
			id := c.send("{}", nil)
			s := c.hear()
			c.logged("\t" + id + "\tINFO\tseen\n")
			answer := strings.ReplaceAll(s.body, env["LAMBDA_TASK_ROOT"], "ROOT")
			answer = strings.ReplaceAll(answer, env["AWS_LAMBDA_RUNTIME_API"], "API")
			answers[stem] = strings.ReplaceAll(answer, modules, "MODULES")
		}
		var plain, stem []any
		json.Unmarshal([]byte(answers[false]), &plain)
		json.Unmarshal([]byte(answers[true]), &stem)
		a, _ := json.Marshal(plain)
		b, _ := json.Marshal(stem)
		if string(a) != string(b) || len(plain) != 7 {
			t.Errorf("a stem's function sees\n%s\nothers\n%s", answers[true], answers[false])
		}
	})
}

// What wraps handlers of the newest runtime finds the invocation by it.
func TestNodeInvokeStore(t *testing.T) {
	all := nodes(t)
	node := all[slices.Max(slices.Collect(maps.Keys(all)))]
	p := newPlatform(t)
	c := startNode(t, p, node, function{js(`
exports.handler = async (e, c) => { const s = awslambda.InvokeStore; s.set('k', 1); return [s.getRequestId() === c.awsRequestId, s.getXRayTraceId(), s.getTenantId(), s.get('k'), c.tenantId] }
`), "index.handler", nil}.environment(t, p, "nodejs24.x"))
	c.send("{}", map[string]string{"Lambda-Runtime-Aws-Tenant-Id": "t1"})
	if s := c.hear(); s.body != `[true,"Root=1-0-1","t1",1,"t1"]` {
		t.Errorf("%+v", s)
	}
}
