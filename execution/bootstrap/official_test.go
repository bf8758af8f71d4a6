package bootstrap

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A comparison is a function that AWS's client and lamgate's both run.
type comparison struct {
	name, handler string
	files         map[string]string
	events        []string
	env           map[string]string
	headers       map[string]string
}

// transcript is what a client says and logs, without what differs from one run
// to another.
func transcript(t *testing.T, c *client, events []string, headers map[string]string, root string) string {
	t.Helper()
	var b strings.Builder
	for _, payload := range events {
		id := c.send(payload, headers)
		s := c.hear()
		body := s.body
		if s.path == "error" || s.path == "init/error" {
			body = frames(body)
		}
		kind := s.header.Get("Content-Type")
		if s.path == "init/error" {
			kind = "" // AWS's client for Python gives none
		}
		fmt.Fprintf(&b, "%s %s %s\n", s.path, kind, strings.ReplaceAll(body, id, "ID"))
		// Of the headers of errors AWS's client for Python sends none.
		if mode := s.header.Get("Lambda-Runtime-Function-Response-Mode"); mode != "" {
			fmt.Fprintln(&b, " ", mode, heard(s))
		}
		if s.path == "gone" || s.path == "init/error" {
			fmt.Fprintln(&b, "exit", c.exit())
			break
		}
	}
	// The log is all there once the client has ended.
	c.cmd.Process.Kill()
	<-c.exited
	// Carriage returns hold an event together where lines are all there is. AWS's
	// client ends an event with a traceback without one.
	loaded := !strings.Contains(b.String(), "init/error")
	for line := range strings.Lines(strings.NewReplacer("\r", "\n", "'missing'[ERROR]", "'missing'\n[ERROR]").Replace(c.log.String())) {
		switch {
		case strings.Contains(line, "LAMBDA_WARNING"):
			continue // it speaks of updates of runtimes, which lamgate has none of
		case strings.Contains(line, "bootstrap.py") || strings.Contains(line, "response = request_handler("):
			continue // of the client
		case !loaded && !strings.HasPrefix(line, "[") && !strings.HasPrefix(line, "20"):
			continue // Node.js prints what ends it
		}
		if i := strings.Index(line, "{\"errorType\""); i > 0 && strings.Contains(line, "\tERROR\t") {
			line = line[:i] + frames(strings.TrimSpace(line[i:])) + "\n"
		}
		if strings.HasPrefix(line, `{"timestamp`) {
			line = frames(strings.TrimSpace(line)) + "\n"
		}
		b.WriteString(line)
	}
	text := strings.ReplaceAll(b.String(), root, "ROOT")
	text = times.ReplaceAllString(text, "TIME")
	text = ids.ReplaceAllString(text, "ID")
	text = strings.ReplaceAll(text, fmt.Sprintf("(node:%d)", c.cmd.Process.Pid), "(node)")
	text = callers.ReplaceAllString(text, "at $1")
	return requirers.ReplaceAllString(text, "Require stack: CLIENT")
}

var (
	times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	// A frame of a handler that a class of the client has called.
	callers = regexp.MustCompile(`at StreamingInvokeProcessor\.handler \(([^)]*)\)`)
	// Who asked for a module that is not there, in JSON and as text.
	requirers = regexp.MustCompile(`Require stack:(\\n|\n)- [^"\n]*`)
	ids       = regexp.MustCompile(`00000000-0000-4000-8000-\d{12}`)
)

// frames leaves of an error's stack what is the function's.
func frames(body string) string {
	var object map[string]any
	if json.Unmarshal([]byte(body), &object) != nil {
		return body
	}
	strip(object)
	out, _ := json.Marshal(object)
	return string(out)
}

func strip(object map[string]any) {
	for _, name := range []string{"stackTrace", "trace", "stack"} {
		list, ok := object[name].([]any)
		if !ok {
			continue
		}
		var kept []any
		for _, entry := range list {
			text := fmt.Sprint(entry)
			if strings.Contains(text, "bootstrap") || strings.Contains(text, "node:") || strings.Contains(text, "index.mjs") || strings.Contains(text, "native.cjs") || strings.Contains(text, "<frozen") || strings.Contains(text, "importlib") {
				continue
			}
			kept = append(kept, text)
		}
		object[name] = kept
	}
	for _, value := range object {
		if inner, ok := value.(map[string]any); ok {
			strip(inner)
		}
	}
}

// AWS's client for Python says of every function what lamgate's says.
func TestPythonAsTheOfficialClient(t *testing.T) {
	official := filepath.Join(os.Getenv("LAMGATE_CLIENTS"), "python-client/bin/python")
	if _, err := os.Stat(official); err != nil {
		t.Skip("awslambdaric is not installed: ", err)
	}
	real, err := filepath.EvalSymlinks(official)
	if err != nil {
		t.Fatal(err)
	}
	app := func(code string) map[string]string { return map[string]string{"app.py": code} }
	const values = `
from decimal import Decimal
from collections import namedtuple, OrderedDict
import enum, datetime, uuid
P = namedtuple("P", "x y")
class S(str): pass
class F(float):
    def __repr__(self): return "zz"
class I(enum.IntEnum): A = 1
loop = {}; loop["a"] = loop
deep = []
for _ in range(100000): deep = [deep]
def handler(event, context): return eval(event)
`
	exprs := []string{
		"None", "{'a': [1, 2.5, True, None]}", "'ü😀'", "'\\u2028'", "float('nan')", "-float('inf')", "1e22", "-0.0", "10**40", "Decimal('1.50')", "Decimal('-Infinity')",
		"Decimal('NaN')", "[Decimal('1E+5'), {'d': Decimal('0.1')}]", "P(1, P(2, 3))", "[P(1, 2)]", "OrderedDict(a=1)", "S('s')", "F(1.5)", "I.A", "(1, 2)",
		"b'raw'", "{'b': b'x', b'k': 'v'}", "{'b': b'\\xff'}", "{1, 2}", "{(1, 2): 3}", "{1: 2, None: 3, 2.5: 4}", "datetime.datetime(2020, 1, 1)", "uuid.UUID(int=1)",
		"loop", "deep", "lambda: 1", "bytearray(b'x')", "range(2)", "Exception('x')", "{Decimal('1'): 1}", "'\\x7f\\x00'", "context.no_such", "1/0",
	}
	var events []string
	for _, e := range exprs {
		event, _ := json.Marshal(e)
		events = append(events, string(event))
	}
	logging := app(`
import logging
log = logging.getLogger("orders")
log.warning("while loading")
def handler(event, context):
    log.debug("debugged %s", 1)
    log.info("told", extra={"order": 7, "none": None, "o": object})
    log.warning("two\nlines ü")
    log.error({"a": 1})
    log.log(35, "between")
    try:
        {}["missing"]
    except KeyError:
        log.exception("caught")
    raise ValueError("the end: ü")
`)
	about := app(`
import os, sys
def handler(event, context):
    cc = context.client_context
    return [repr(context).replace(context.aws_request_id, "ID"), context.w3c(), cc and [cc.custom, cc.env, repr(cc.client)], repr(context.identity), context.tenant_id,
            0 < context.get_remaining_time_in_millis() <= 60000, os.environ.get("_X_AMZN_TRACE_ID"), os.getcwd() == os.environ["LAMBDA_TASK_ROOT"], event]
`)
	cases := []comparison{
		{name: "values", files: app(values), events: events},
		{name: "values of 3.12", files: app(values), events: events, env: map[string]string{"AWS_EXECUTION_ENV": "AWS_Lambda_python3.12"}},
		{name: "raises", files: app("class Mine(Exception): pass\ndef inner(): raise Mine('words')\ndef handler(e, c): inner()\n"), events: []string{"1", "2"}},
		{name: "raises without words", files: app("def handler(e, c): raise KeyError\n"), events: []string{"1"}},
		{name: "raises from another", files: app("def handler(e, c):\n  try: 1/0\n  except Exception as x: raise TypeError('second') from x\n"), events: []string{"1"}},
		{name: "exits", files: app("import sys\ndef handler(e, c): sys.exit(3)\n"), events: []string{"1"}},
		{name: "no dot", handler: "app", files: app(""), events: []string{"1"}},
		{name: "built in", handler: "sys.exit", files: app(""), events: []string{"1"}},
		{name: "no module", handler: "none.handler", files: app(""), events: []string{"1"}},
		{name: "missing dependency", files: app("import left_pad\n"), events: []string{"1"}},
		{name: "no function", handler: "app.none", files: app(""), events: []string{"1"}},
		{name: "no arguments", files: app("def handler(): pass\n"), events: []string{"1"}},
		{name: "syntax", files: app("def handler(e, c):\n  return (\n"), events: []string{"1"}},
		{name: "fails to load", files: app("def load(): raise RuntimeError('cold')\nload()\n"), events: []string{"1"}},
		{name: "exits while loading", files: app("import sys\nsys.exit(5)\n"), events: []string{"1"}},
		{name: "folder", handler: "src/app.handler", files: map[string]string{"src/app.py": "def handler(e, c): return __name__\n"}, events: []string{"1"}},
		{name: "package", handler: "pkg.mod.handler", files: map[string]string{"pkg/__init__.py": "", "pkg/mod.py": "from . import other\ndef handler(e, c): return other.n\n", "pkg/other.py": "n = 1\n"}, events: []string{"1"}},
		{name: "logs", files: logging, events: []string{"{}"}},
		{name: "logs of a level", files: logging, events: []string{"{}"}, env: map[string]string{"AWS_LAMBDA_LOG_LEVEL": "TRACE"}},
		{name: "logs in JSON", files: logging, events: []string{"{}"}, env: map[string]string{"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}},
		{name: "logs of a tenant", files: logging, events: []string{"{}"}, env: map[string]string{"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG"}, headers: map[string]string{"Lambda-Runtime-Aws-Tenant-Id": "t1"}},
		{name: "prints", files: app("import sys\nprint('loading')\ndef handler(e, c):\n  print('one', 'two')\n  sys.stderr.write('err\\n')\n  c.log('by context\\n')\n"), events: []string{"1", "2"}},
		{name: "context", files: about, events: []string{`{"ü":[1.5,-0,1E5,"\ud800",123456789012345678901234567890]}`, ` "spaces" `}},
		{name: "context of a client", files: about, events: []string{"1"}, headers: map[string]string{
			"Lambda-Runtime-Client-Context":   `{"client":{"installation_id":"i","app_title":"t"},"custom":{"k":1},"env":{"e":2},"w3c":{"traceparent":"tp","other":"o","baggage":3}}`,
			"Lambda-Runtime-Cognito-Identity": `{"cognitoIdentityId":"a","cognitoIdentityPoolId":"b"}`,
		}},
		{name: "malformed client context", files: about, events: []string{"1"}, headers: map[string]string{"Lambda-Runtime-Client-Context": `{"client":`}},
		{name: "modules of the library's names", files: map[string]string{
			"enum.py": "raise ImportError('the old one')\n", "json.py": "dumps = None\n", "logging.py": "", "datetime.py": "mine = 1\n", "decimal/__init__.py": "x = 1\n",
			"app.py": "import enum, json, logging, re, datetime, decimal\nlogging.warning('w')\ndef handler(e, c): return [enum.Enum.__name__, json.dumps(e), str(decimal.Decimal('1.0')), hasattr(datetime, 'mine')]\n",
		}, events: []string{"1"}},
		{name: "snapshots", files: app("from snapshot_restore_py import register_before_snapshot\nregister_before_snapshot(print, 'never')\ndef handler(e, c): return 1\n"), events: []string{"1"}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			var said [2]string
			for i := range said {
				p := newPlatform(t)
				handler := cmp.Or(test.handler, "app.handler")
				env := function{test.files, handler, test.env}.environment(t, p, "python3.11")
				maps.Copy(env, test.env)
				var c *client
				if i == 0 {
					// As AWS's runtime has it, the client comes before the function.
					const start = "import os, sys; from awslambdaric import bootstrap; from awslambdaric.__main__ import main; sys.path.insert(0, os.environ['LAMBDA_TASK_ROOT']); main(sys.argv)"
					c = p.start([]string{official, "-I", "-B", "-c", start, handler}, env)
				} else {
					c = startPython(t, p, real, env)
				}
				said[i] = transcript(t, c, test.events, test.headers, env["LAMBDA_TASK_ROOT"])
			}
			differ(t, said[0], said[1])
		})
	}
}

// differ reports the lines that only one of two transcripts has.
func differ(t *testing.T, official, ours string) {
	t.Helper()
	if official == ours {
		return
	}
	told := 0
	a, b := strings.Split(official, "\n"), strings.Split(ours, "\n")
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y && told < 3 {
			told++
			t.Errorf("AWS's client:  %.400q\nlamgate's:     %.400q", x, y)
		}
	}
}

// AWS's client for Node.js says of every function what lamgate's says.
func TestNodeAsTheOfficialClient(t *testing.T) {
	source := filepath.Join(os.Getenv("LAMGATE_CLIENTS"), "node-client/node_modules/aws-lambda-ric/index.mjs")
	code, err := os.ReadFile(source)
	if err != nil {
		t.Skip("aws-lambda-ric is not installed: ", err)
	}
	node, ok := nodes(t)["nodejs24.x"]
	if !ok {
		t.Skip("there is no Node.js 24, whose client it is")
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"index.mjs": string(code), "rapid-client.node": "", "package.json": `{"type":"module"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	native, err := filepath.Abs("testdata/native.cjs")
	if err != nil {
		t.Fatal(err)
	}
	logging := js(`
console.log('loading');
class Mine extends Error { constructor(m, o) { super(m, o); this.detail = { a: 1 }; } }
exports.handler = async (event) => {
  console.trace('traced'); console.debug('debugged'); console.info('told %s %j', 'one', { a: 1 }); console.warn('two\nlines'); console.fatal('fatal');
  console.log({ a: [1, { b: 2 }] }); console.log('text', { a: 1 }, 3); console.log(); console.log(undefined, 1);
  console.error('with', new Mine('worse').message); console.log({ big: 1 }, 'x');
  throw new Mine('end', { cause: 'c' });
};`)
	stream := func(body string) map[string]string {
		return js("const { pipeline } = require('stream/promises'); const { Readable } = require('stream');\nexports.handler = awslambda.streamifyResponse(async (event, s, context) => {" + body + "});")
	}
	cases := []comparison{
		{name: "returns", files: js("exports.handler = async (e) => e"), events: []string{"1", `{"ü":[1,null,"\ud800"]}`, `" x "`}},
		{name: "nothing", files: js("exports.handler = async () => {}"), events: []string{"1"}},
		{name: "plain", files: js("exports.handler = () => ({ a: undefined, d: new Date(0), m: new Map([[1, 2]]), n: NaN })"), events: []string{"1"}},
		{name: "throws", files: js("exports.handler = async () => { throw new RangeError('far') }"), events: []string{"1", "2"}},
		{name: "throws at once", files: js("exports.handler = () => { const e = new Error('with a code'); e.code = 'E1'; throw e }"), events: []string{"1"}},
		{name: "throws words", files: js("exports.handler = async () => { throw 'words' }"), events: []string{"1"}},
		{name: "throws nothing", files: js("exports.handler = async () => { throw undefined }"), events: []string{"1"}},
		{name: "throws an object", files: js("exports.handler = async () => { throw { message: 'm' } }"), events: []string{"1"}},
		{name: "throws with a cause", files: js("exports.handler = async () => { throw new Error('outer', { cause: new TypeError('inner') }) }"), events: []string{"1"}},
		{name: "throws several", files: js("exports.handler = async () => { throw new AggregateError([new Error('a')], 'both') }"), events: []string{"1"}},
		{name: "unserialisable", files: js("exports.handler = async () => { const o = {}; o.o = o; return o }"), events: []string{"1"}},
		{name: "no module", handler: "none.handler", files: js(""), events: []string{"1"}},
		{name: "no handler", handler: "index.none", files: js(""), events: []string{"1"}},
		{name: "not a function", files: js("exports.handler = 1"), events: []string{"1"}},
		{name: "malformed", handler: "index", files: js(""), events: []string{"1"}},
		{name: "above", handler: "../index.handler", files: js(""), events: []string{"1"}},
		{name: "callback", files: js("exports.handler = (e, c, done) => done(null, 1)"), events: []string{"1"}},
		{name: "nested", handler: "a/b.c.d", files: map[string]string{"a/b.js": "exports.c = { d: async () => 1 }"}, events: []string{"1"}},
		{name: "module", files: map[string]string{"index.mjs": "const x = await Promise.resolve(1); export const handler = async () => [x, typeof require]"}, events: []string{"1"}},
		{name: "default", files: map[string]string{"index.mjs": "export default { handler: async () => 1 }"}, events: []string{"1"}},
		{name: "module by package.json", files: map[string]string{"package.json": `{"type":"module"}`, "index.js": "export const handler = async () => 1"}, events: []string{"1"}},
		{name: "module without a sign", files: js("export const handler = async () => 1"), events: []string{"1"}},
		{name: "module that is required", files: map[string]string{"index.js": "exports.handler = async () => require('./lib.mjs').x", "lib.mjs": "export const x = 1"}, events: []string{"1"}},
		{name: "cjs", files: map[string]string{"index.cjs": "exports.handler = async () => typeof require"}, events: []string{"1"}},
		{name: "context", files: js("exports.handler = async (e, c) => [Object.keys(c).sort(), c.clientContext, c.identity, c.tenantId, c.getRemainingTimeInMillis() > 1000, process.env._X_AMZN_TRACE_ID, awslambda.InvokeStore.getXRayTraceId()]"), events: []string{"1"},
			headers: map[string]string{"Lambda-Runtime-Client-Context": `{"custom":{"k":1}}`, "Lambda-Runtime-Cognito-Identity": `{"cognitoIdentityId":"a"}`, "Lambda-Runtime-Aws-Tenant-Id": "t1"}},
		{name: "logs", files: logging, events: []string{"{}"}},
		{name: "logs of a level", files: logging, events: []string{"{}"}, env: map[string]string{"AWS_LAMBDA_LOG_LEVEL": "WARN"}},
		{name: "logs in JSON", files: logging, events: []string{"{}"}, env: map[string]string{"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "TRACE"}},
		{name: "stream", files: stream("s.write('a'); s.write(Buffer.from('b')); s.write({ c: 1 }); s.end()"), events: []string{"1", "2"}},
		{name: "stream of a type", files: stream("s.setContentType('text/plain'); s.write('x'); s.end()"), events: []string{"1"}},
		{name: "stream of a pipe", files: stream("await pipeline(Readable.from(['x', 'y']), s)"), events: []string{"1"}},
		{name: "stream with a prelude", files: stream("s = awslambda.HttpResponseStream.from(s, { statusCode: 201, cookies: ['a=b'] }); s.write('body'); s.end()"), events: []string{"1"}},
		{name: "stream with a prelude and no write", files: stream("s = awslambda.HttpResponseStream.from(s, { statusCode: 204 }); s.end()"), events: []string{"1"}},
		{name: "stream with a prelude and last words", files: stream("s = awslambda.HttpResponseStream.from(s, { statusCode: 200 }); s.end('words')"), events: []string{"1"}},
		{name: "stream with a value", files: stream("s.write('x'); s.end(); return 5"), events: []string{"1"}},
		{name: "stream that fails midway", files: stream("s.write('x'); throw new TypeError('late')"), events: []string{"1", "2"}},
		{name: "stream of a late type", files: stream("s.write('x'); s.setContentType('text/plain')"), events: []string{"1"}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			var said [2]string
			for i := range said {
				p := newPlatform(t)
				handler := cmp.Or(test.handler, "index.handler")
				env := function{test.files, handler, test.env}.environment(t, p, "nodejs24.x")
				var c *client
				if i == 0 {
					c = p.start(append(nodeCommand(node, env["AWS_EXECUTION_ENV"]), "--require", native, filepath.Join(dir, "index.mjs"), handler), env)
				} else {
					c = startNode(t, p, node, env)
				}
				said[i] = transcript(t, c, test.events, test.headers, env["LAMBDA_TASK_ROOT"])
			}
			differ(t, said[0], said[1])
		})
	}
}
