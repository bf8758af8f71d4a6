package bootstrap

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func startPython(t testing.TB, p *platform, python string, env map[string]string) *client {
	t.Helper()
	path, err := Bytecode(installed(t), python)
	if err != nil {
		t.Fatal(err)
	}
	return p.start([]string{python, "-B", "-S", path}, env)
}

// What a handler returns, as text. Every line was seen from awslambdaric.
func TestPythonAnswers(t *testing.T) {
	const prelude = "from decimal import Decimal\nfrom collections import namedtuple\nimport enum, datetime\nP = namedtuple('P', 'x y')\n" +
		"class I(enum.IntEnum): A = 1\nclass E(enum.Enum): A = 1\nloop = []; loop.append(loop)\nclass Row:\n  def _asdict(self): return {'c': 1}\n"
	const marshal = "Runtime.MarshalError: Unable to marshal response: "
	cases := []struct{ value, want, ascii string }{
		{"None", "null", ""},
		{"{'a': [1, 1.5, True, 'x']}", `{"a": [1, 1.5, true, "x"]}`, ""},
		{"{'s': 'ü😀'}", `{"s": "ü😀"}`, `{"s": "\u00fc\ud83d\ude00"}`},
		{"'\\u2028'", "\"\u2028\"", `"\u2028"`},
		{"float('nan')", "NaN", ""},
		{"[float('inf'), -float('inf')]", "[Infinity, -Infinity]", ""},
		{"Decimal('1.50')", "1.50", ""},
		{"{'d': [Decimal('1.10'), Decimal('NaN'), Decimal('1E+5')]}", `{"d": [1.10, NaN, 1E+5]}`, ""},
		{"P(1, 2)", `{"x": 1, "y": 2}`, ""},
		{"[P(1, P(2, Decimal('3.0')))]", `[{"x": 1, "y": {"x": 2, "y": 3.0}}]`, ""},
		{"Row()", `{"c": 1}`, ""},
		{"b'raw\\xff'", "raw\xff", ""},
		{"{'b': b'inner', b'k': 1}", `{"b": "inner", "k": 1}`, ""},
		{"{'b': b'\\xff'}", marshal + "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte", ""},
		{"{1, 2}", marshal + "Object of type set is not JSON serializable", ""},
		{"E.A", marshal + "Object of type E is not JSON serializable", ""},
		{"I.A", "1", ""},
		{"datetime.datetime(2020, 1, 1)", marshal + "Object of type datetime is not JSON serializable", ""},
		{"loop", marshal + "Circular reference detected", ""},
		{"{1: 2, None: 3, 1.5: 4}", `{"1": 2, "null": 3, "1.5": 4}`, ""},
		{"10 ** 30", "1000000000000000000000000000000", ""},
		{"'\\x00\\x7f\"/'", "\"\\u0000\x7f\\\"/\"", `"\u0000\u007f\"/"`},
	}
	code := prelude + "def handler(e, c):\n  return eval(e)\n"
	for _, python := range slices.Sorted(maps.Keys(installedPythons())) {
		t.Run(python, func(t *testing.T) {
			p := newPlatform(t)
			f := function{map[string]string{"app.py": code}, "app.handler", nil}
			env := f.environment(t, p, python)
			c := startPython(t, p, installedPythons()[python], env)
			for _, test := range cases {
				event, _ := json.Marshal(test.value)
				c.send("\n "+string(event)+" ", nil)
				s := c.hear()
				if s.path == "gone" {
					t.Fatalf("%s ends the client:\n%s", test.value, c.log.String())
				}
				got, want := s.body, test.want
				if s.path == "error" {
					var e struct{ ErrorType, ErrorMessage string }
					json.Unmarshal([]byte(s.body), &e)
					got = e.ErrorType + ": " + e.ErrorMessage
				}
				if old := len(python) == len("python3.9") || python < "python3.12"; old && test.ascii != "" {
					want = test.ascii
				}
				if got != want {
					t.Errorf("%s is answered %s, not %s", test.value, got, want)
				}
				media := "application/json"
				if strings.HasPrefix(test.value, "b'") {
					media = "application/unknown"
				}
				if s.header.Get("Content-Type") != media {
					t.Errorf("%s has the media type %s", test.value, s.header.Get("Content-Type"))
				}
			}
			if t.Failed() {
				t.Log(c.log.String())
			}
		})
	}
}

// Half of a surrogate pair has no bytes in UTF-8: in an error's words it is
// escaped; in an answer it ends the client, as it does AWS's.
func TestPythonLoneSurrogates(t *testing.T) {
	name, python := newestPython(t)
	p := newPlatform(t)
	f := function{map[string]string{"app.py": "def handler(e, c):\n  if e: raise ValueError('\\ud800')\n  return '\\ud800'\n"}, "app.handler", nil}
	c := startPython(t, p, python, f.environment(t, p, name))
	c.send("1", nil)
	if s := c.hear(); !strings.HasPrefix(s.body, `{"errorMessage": "\ud800", "errorType": "ValueError"`) {
		t.Errorf("%+v", s)
	}
	c.send("0", nil)
	if s := c.hear(); s.path != "gone" || s.body != "1" {
		t.Errorf("%+v", s)
	}
}

// Errors of the start, with what is logged of them.
func TestPythonInitErrors(t *testing.T) {
	cases := []struct {
		name, handler, code, kind, message, log string
	}{
		{"no dot", "app", "", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
			"[ERROR] Runtime.MalformedHandlerName: Bad handler 'app': not enough values to unpack (expected 2, got 1)\rTraceback (most recent call last):\n"},
		{"built in", "sys.handler", "", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module", ""},
		{"no module", "none.handler", "", "Runtime.ImportModuleError", "Unable to import module 'none': No module named 'none'", ""},
		{"no function", "app.handler", "x = 1\n", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'", ""},
		{"syntax", "app.handler", "def handler(:\n", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': invalid syntax (app.py, line 1)", ""},
		{"raises", "app.handler", "raise KeyError('k')\n", "KeyError", "'k'", "[ERROR] KeyError: 'k'\rTraceback (most recent call last):\r"},
		{"no words", "app.handler", "raise KeyError\n", "KeyError", "", "[ERROR] KeyError\rTraceback (most recent call last):\r"},
	}
	name, python := newestPython(t)
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			p := newPlatform(t)
			f := function{map[string]string{"app.py": test.code}, test.handler, nil}
			c := startPython(t, p, python, f.environment(t, p, name))
			s := c.hear()
			var e struct {
				ErrorType, ErrorMessage, RequestId string
				StackTrace                         []string
			}
			if err := json.Unmarshal([]byte(s.body), &e); err != nil {
				t.Fatal(err, s)
			}
			if s.path != "init/error" || e.ErrorType != test.kind || e.ErrorMessage != test.message || s.header.Get("Lambda-Runtime-Function-Error-Type") != test.kind {
				t.Errorf("%+v", s)
			}
			if status := c.exit(); status != 1 {
				t.Errorf("status %d", status)
			}
			if !strings.HasPrefix(c.log.String(), test.log) {
				t.Errorf("log is %q", c.log.String())
			}
			if test.kind == "KeyError" && (len(e.StackTrace) == 0 || !strings.Contains(e.StackTrace[0], "importlib")) {
				t.Errorf("stack is %q", e.StackTrace)
			}
		})
	}
}

// logging, in text and JSON, with levels.
func TestPythonLogs(t *testing.T) {
	const code = `
import logging
log = logging.getLogger("orders")
def handler(e, c):
    print("plain")
    log.debug("one")
    log.info("two\nlines", extra={"order": 7, "none": None})
    log.warning({"a": 1, "when": object})
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("failed")
    c.log("by context\n")
    raise ValueError("bad ü")
`
	cases := []struct {
		name      string
		env       map[string]string
		has, lack []string
	}{
		{"text", nil, []string{"plain\n", "Z\tID\t{'a': 1,", "Z\tID\tfailed\rTraceback (most recent call last):\r", "by context\n",
			"[ERROR] ValueError: bad ü\rTraceback (most recent call last):\r\u00a0\u00a0File \""}, []string{"one", "two"}},
		{"text with a level", map[string]string{"AWS_LAMBDA_LOG_LEVEL": "TRACE"}, []string{"[DEBUG]\t", "Z\tID\tone\n", "Z\tID\ttwo\rlines\n"}, nil},
		{"JSON", map[string]string{"AWS_LAMBDA_LOG_FORMAT": "json", "AWS_LAMBDA_LOG_LEVEL": "INFO"}, []string{
			`, "level": "INFO", "message": "two\nlines", "logger": "orders", "requestId": "ID", "order": 7}`,
			`"level": "WARNING", "message": {"a": 1, "when": "<class 'object'>"}, "logger": "orders", "requestId": "ID"}`,
			`"message": "failed", "logger": "orders", "stackTrace": ["  File `, `"errorType": "ZeroDivisionError", "errorMessage": "division by zero", "requestId": "ID", "location": "`,
			`"level": "ERROR", "errorMessage": "bad ü", "errorType": "ValueError", "requestId": "ID", "stackTrace": ["  File `,
		}, []string{`"one"`}},
		{"JSON of a tenant", map[string]string{"AWS_LAMBDA_LOG_FORMAT": "JSON"}, []string{`"requestId": "ID", "tenantId": "t1"}`}, nil},
	}
	name, python := newestPython(t)
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			p := newPlatform(t)
			f := function{map[string]string{"app.py": code}, "app.handler", test.env}
			c := startPython(t, p, python, f.environment(t, p, name))
			headers := map[string]string{}
			if strings.HasSuffix(test.name, "tenant") {
				headers["Lambda-Runtime-Aws-Tenant-Id"] = "t1"
			}
			id := c.send("{}", headers)
			c.hear()
			log := strings.ReplaceAll(c.logged("bad ü"), id, "ID")
			for _, want := range test.has {
				if !strings.Contains(log, want) {
					t.Errorf("the log lacks %q:\n%q", want, log)
				}
			}
			for _, not := range test.lack {
				if strings.Contains(log, not) {
					t.Errorf("the log has %q:\n%q", not, log)
				}
			}
		})
	}
}

// Hooks around a snapshot run in AWS's order, and their failures have its types.
func TestPythonSnapshotHooks(t *testing.T) {
	const code = `
from snapshot_restore_py import register_before_snapshot, register_after_restore
ran = []
register_before_snapshot(ran.append, "first")
@register_before_snapshot
def last():
    ran.append("last")
    %s
@register_after_restore
def after():
    ran.append("after")
    %s
def handler(e, c): return ran
`
	cases := []struct{ name, before, after, path, kind, status string }{
		{"both", "", "", "response", "", ""},
		{"before fails", "raise ValueError('b')", "", "init/error", "Runtime.BeforeSnapshotError", "64"},
		{"after fails", "", "raise ValueError('a')", "restore/error", "Runtime.AfterRestoreError", "65"},
	}
	name, python := newestPython(t)
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			p := newPlatform(t)
			app := strings.Replace(strings.Replace(code, "%s", test.before, 1), "%s", test.after, 1)
			f := function{map[string]string{"app.py": app}, "app.handler", map[string]string{"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}}
			c := startPython(t, p, python, f.environment(t, p, name))
			c.send("{}", nil)
			s := c.hear()
			if test.before == "" {
				if s.path != "restore/next" {
					t.Errorf("%+v", s)
				}
				s = c.hear()
			}
			if s.path != test.path || s.header.Get("Lambda-Runtime-Function-Error-Type") != test.kind {
				t.Errorf("%+v", s)
			}
			if test.status == "" && s.body != `["last", "first", "after"]` {
				t.Errorf("ran %s", s.body)
			}
			if test.status != "" {
				if s := c.hear(); s.path != "gone" || s.body != test.status {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

// A stem cell becomes a function, and the function cannot tell.
func TestPythonStems(t *testing.T) {
	const code = `
import os, sys, time, logging, json
start = dict(os.environ), os.getcwd(), sys.path[0], time.tzname[0], os.popen("echo $TABLE $LAMGATE_STEM").read(), __name__
def handler(e, c):
    logging.warning("seen")
    return start + (c.function_name, c.memory_limit_in_mb, len(logging.getLogger().handlers))
`
	for _, python := range slices.Sorted(maps.Keys(installedPythons())) {
		t.Run(python, func(t *testing.T) {
			answers := map[bool]string{}
			for _, stem := range []bool{false, true} {
				p := newPlatform(t)
				f := function{map[string]string{"app.py": code}, "app.handler", map[string]string{"TABLE": "orders", "TZ": "Asia/Tokyo"}}
				env := f.environment(t, p, python)
				var c *client
				if stem {
					c = startPython(t, p, installedPythons()[python], map[string]string{
						"AWS_LAMBDA_RUNTIME_API": env["AWS_LAMBDA_RUNTIME_API"], "LAMGATE_STEM": "/lamgate/assignment/x", "LANG": env["LANG"], "PATH": env["PATH"], "TZ": ":UTC", "OTHER": "gone",
					})
					<-p.asked
					p.become <- env
				} else {
					c = startPython(t, p, installedPythons()[python], env)
				}
				id := c.send("{}", nil)
				s := c.hear()
				c.logged("\t" + id + "\tseen\n")
				answer := strings.ReplaceAll(s.body, env["LAMBDA_TASK_ROOT"], "ROOT")
				answers[stem] = strings.ReplaceAll(answer, env["AWS_LAMBDA_RUNTIME_API"], "API")
			}
			var plain, stem []any
			json.Unmarshal([]byte(answers[false]), &plain)
			json.Unmarshal([]byte(answers[true]), &stem)
			a, _ := json.Marshal(plain)
			b, _ := json.Marshal(stem)
			if string(a) != string(b) || len(plain) != 9 {
				t.Errorf("a stem's function sees\n%s\nothers\n%s", answers[true], answers[false])
			}
		})
	}
}

// The scripts do what their bytecode does.
func TestPythonScripts(t *testing.T) {
	name, python := newestPython(t)
	p := newPlatform(t)
	f := function{map[string]string{"app.py": "import logging\nfrom snapshot_restore_py import register_after_restore\nran = []\nregister_after_restore(ran.append, 1)\n" +
		"def handler(e, c):\n  logging.error('told')\n  return ran + ([1.5, None, 'ü'] if e else [])\n"}, "app.handler", map[string]string{"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}}
	dir := installed(t)
	// A Python whose encoder is not as they have been serves as well.
	script := filepath.Join(dir, Python)
	code := "import sys; sys.modules['_json'] = None; sys.path[0] = ''; __file__ = sys.argv[1]; exec(compile(open(__file__).read(), __file__, 'exec'))"
	c := p.start([]string{python, "-B", "-S", "-c", code, script}, f.environment(t, p, name))
	id := c.send("{}", nil)
	if s := c.hear(); s.path != "restore/next" {
		t.Errorf("%+v", s)
	}
	if s := c.hear(); s.body != "[1]" {
		t.Errorf("%+v\n%s", s, c.log.String())
	}
	c.logged("\t" + id + "\ttold\n")
	c.send(` [1] `, nil)
	if s := c.hear(); s.body != `[1, 1.5, null, "ü"]` {
		t.Errorf("%+v\n%s", s, c.log.String())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "python", "*pyc*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Bytecode is made once for each interpreter, and anew for another.
func TestBytecode(t *testing.T) {
	_, python := newestPython(t)
	dir := installed(t)
	path, err := Bytecode(dir, python)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil || before.Mode().Perm()&0o004 == 0 {
		t.Errorf("not for everyone to read: %v %v", before, err)
	}
	again, err := Bytecode(dir, python)
	after, _ := os.Stat(again)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("made again: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".compile-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	other := filepath.Join(t.TempDir(), "python3")
	if err := os.WriteFile(other, []byte("#!/bin/sh\necho no >&2\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Bytecode(dir, other); err == nil || !strings.Contains(err.Error(), "no") {
		t.Errorf("an interpreter that cannot: %v", err)
	}
}
