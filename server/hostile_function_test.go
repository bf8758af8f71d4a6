package server_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// garbage is a function that speaks to the Runtime API itself. The placeholder
// is a list of what it sends, each on a connection of its own.
const garbage = `
import os, socket

def handler(event, context):
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    id = context.aws_request_id
    path = "/2018-06-01/runtime/invocation/" + id
    for message in %s:
        s = socket.create_connection((host, int(port)))
        s.settimeout(0.5)
        try:
            s.sendall(message if isinstance(message, bytes) else message.encode())
            s.recv(1000)
        except OSError as problem:
            print(problem)
        s.close()
    return "survived"
`

// TestHostileFunctions runs functions that fail in every way and mean harm. Each
// gets AWS's error in bounded time, and nothing of it remains.
func TestHostileFunctions(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("without isolation they would harm this machine")
	}
	home := newSite(t)
	p := home.start(t)
	p.createTestRole(t)
	must(createFunction(t.Context(), p, functionSpec{name: "good", code: python(t, helloSource)}))(t)
	py := func(source string) functionSpec { return functionSpec{code: python(t, source), timeout: 3} }
	body := func(lines string) functionSpec {
		return py("import os, sys, time, signal\ndef handler(event, context):\n    " + strings.ReplaceAll(lines, "\n", "\n    ") + "\n")
	}
	js := func(source string) functionSpec {
		return functionSpec{code: zipped(t, entry{name: "app.js", content: source}), runtime: "nodejs20.x", timeout: 3}
	}
	native := func(bootstrap string, mode os.FileMode) functionSpec {
		return functionSpec{code: zipped(t, entry{"bootstrap", bootstrap, mode}), runtime: "provided.al2023", handler: "x", timeout: 3}
	}
	with := func(f functionSpec, handler string) functionSpec { f.handler = handler; return f }
	const initTimeout = "imed out"
	t.Run("function", func(t *testing.T) {
		for i, c := range []struct {
			name     string
			function functionSpec
			says     string // of the error or, where there is none, the answer
			error    bool
		}{
			{"the handler does not exist", with(py(helloSource), "app.nothing"), "Runtime.HandlerNotFound", true},
			{"the module does not exist", with(py(helloSource), "nothing.handler"), "Runtime.ImportModuleError", true},
			{"the handler's name is malformed", with(py(helloSource), "handler"), "Runtime.MalformedHandlerName", true},
			{"it throws while loading", py("raise ValueError('at load')"), "at load", true},
			{"it exits while loading", py("import os; os._exit(3)"), "Runtime.ExitError", true},
			{"it hangs while loading", py("while True: pass"), initTimeout, true},
			{"its syntax is wrong", py("def handler(:"), "Runtime.UserCodeSyntaxError", true},
			{"its source is no text", py("\x00\xff\xfe"), "Runtime.", true},
			{"the handler does not exist (Node)", with(js("exports.handler = 1"), "app.nothing"), "Runtime.HandlerNotFound", true},
			{"it throws while loading (Node)", js("throw new Error('at load')"), "at load", true},
			{"its syntax is wrong (Node)", js("exports.handler = ("), "Runtime.UserCodeSyntaxError", true},
			{"it rejects with nothing (Node)", js("exports.handler = () => Promise.reject()"), "error", true},
			{"it throws where nobody catches (Node)", js("exports.handler = () => new Promise(() => setTimeout(() => { throw new Error('later') }, 1))"), "later", true},
			{"its bootstrap ends at once", native("#!/bin/sh\nexit 1\n", 0o755), "Runtime.ExitError", true},
			{"its bootstrap may not run", native("#!/bin/sh\n", 0o644), "Runtime.", true},
			{"its bootstrap is no program", native("\x7fELF nonsense", 0o755), "Runtime.", true},
			{"its bootstrap's interpreter does not exist", native("#!/no/such/interpreter\n", 0o755), "Runtime.", true},
			{"its bootstrap never asks for an event", native("#!/bin/sh\nsleep 100\n", 0o755), initTimeout, true},
			{"it exits", body("os._exit(0)"), "Runtime.ExitError", true},
			{"it exits with an error", body("sys.exit(7)"), "Runtime.ExitError", true},
			{"it is killed by a signal", body("os.kill(os.getpid(), signal.SIGSEGV)"), "Runtime.ExitError", true},
			{"it hangs", body("time.sleep(100)"), "Task timed out after 3.00 seconds", true},
			{"it hangs and ignores signals", body("for n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass"), "Task timed out after 3.00 seconds", true},
			{"it leaves children that hold its output", body("if os.fork() == 0:\n    os.setsid()\n    time.sleep(100)\nreturn 'left'"), "left", false},
			{"it forks without end", body("while True:\n    try: os.fork()\n    except OSError: pass"), "", true},
			{"it starts threads without end", body("import threading\ntry:\n    while True: threading.Thread(target=time.sleep, args=(100,), daemon=True).start()\nexcept RuntimeError: return 'bounded'"), "", false},
			{"it takes memory without end", body("a = []\nwhile True: a.append(bytearray(1 << 20))"), "signal: killed", true},
			{"it fills its disk", body("try:\n    with open('/tmp/full', 'wb') as f:\n        while True: f.write(bytes(1 << 20))\nexcept OSError as e: return e.errno"), "28", false},
			{"it makes files without end", body("n = 0\ntry:\n    while n < 3000000:\n        open('/tmp/%d' % n, 'w').close()\n        n += 1\nexcept OSError as e: return e.errno\nreturn n"), "", false},
			{"it opens files without end", body("a = []\ntry:\n    while True: a.append(open('/dev/null'))\nexcept OSError as e: return e.errno"), "24", false},
			{"it prints without end", body("line = 'x' * 65535 + '\\n'\nwhile True: sys.stdout.write(line)"), "Task timed out after 3.00 seconds", true},
			{"it prints a line without end", body("part = 'x' * 65536\nwhile True: sys.stdout.write(part)"), "Task timed out after 3.00 seconds", true},
			{"it prints what is no text", body("sys.stdout.buffer.write(bytes(range(256)) * 1000)\nreturn 'printed'"), "printed", false},
			{"its answer is too large", body("return 'x' * (7 << 20)"), "Function.ResponseSizeTooLarge", true},
			{"its answer is no JSON", body("return {1, 2}"), "Runtime.MarshalError", true},
			{"its answer is no number", body("return float('nan')"), "", false},
			{"its answer is too deep", body("a = []\nfor _ in range(100000): a = [a]\nreturn a"), "", true},
			{"it says nonsense to the Runtime API", py(fmt.Sprintf(garbage, `[b"\x00\xff" * 1000, "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST " + path + "/response HTTP/1.1\r\n\r\n", b"\n" * 100000]`)), "", false},
			{"it answers for another", py(fmt.Sprintf(garbage, `["POST /2018-06-01/runtime/invocation/another/response HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"]`)), "survived", false},
			{"it answers in broken chunks", py(fmt.Sprintf(garbage, `["POST " + path + "/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "POST " + path + "/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"]`)), "", false},
			{"it answers with headers without end", py(fmt.Sprintf(garbage, `["POST " + path + "/response HTTP/1.1\r\n" + "A: b\r\n" * 100000]`)), "", false},
			{"it promises more than it sends", py(fmt.Sprintf(garbage, `["POST " + path + "/response HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{}"]`)), "", false},
			{"it promises more than there is", py(fmt.Sprintf(garbage, `["POST " + path + "/response HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n{}", "POST " + path + "/response HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}"]`)), "", false},
			{"it asks for the next event in the middle of one", py(fmt.Sprintf(garbage, `["GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"]`)), "", false},
			{"it reports an error of its start in the middle of an event", py(fmt.Sprintf(garbage, `["POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"]`)), "", false},
		} {
			t.Run(c.name, func(t *testing.T) {
				if c.says == initTimeout {
					t.Parallel() // an initialisation has ten seconds
				}
				f := c.function
				f.name = fmt.Sprintf("hostile-%d", i)
				if _, err := createFunction(t.Context(), p, f); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				r, err := invoke(t.Context(), p, f.name, "RequestResponse", `{"a":1}`)
				took := time.Since(began)
				switch {
				case err != nil:
					if fault := aws.AsFault(err); fault == nil || fault.Code == "InternalFailure" || c.says == "" || !strings.Contains(err.Error(), c.says) {
						t.Errorf("after %v: %v", took, err)
					}
				case c.error != (r.FunctionError != nil) && c.says != "":
					t.Errorf("after %v it answers %.300s", took, r.Payload)
				case !strings.Contains(string(r.Payload), c.says):
					t.Errorf("after %v it answers %.300s without %q", took, r.Payload, c.says)
				default:
					t.Logf("after %v: %.200s", took.Round(time.Millisecond), r.Payload)
				}
				if took > patience {
					t.Errorf("it took %v", took)
				}
				if err := deleteFunction(t.Context(), p, f.name); err != nil {
					t.Error(err)
				}
				if r, err := invoke(t.Context(), p, "good", "RequestResponse", "{}"); err != nil || string(r.Payload) != `"hello"` {
					t.Fatalf("a good function answers %v (%v)", r, err)
				}
			})
		}
	})
	p.alive(t)
	if mb := p.anonymousMemory(t) >> 20; mb > 300 {
		t.Errorf("the server takes %d MB", mb)
	}
	if err := deleteFunction(t.Context(), p, "good"); err != nil {
		t.Error(err)
	}
	// Two stem cells, each a runtime and its init, of each of the three runtimes.
	const stock = 2 * 2 * 3
	eventually(t, patience, func() error {
		if left := descendants(t, p.pid); len(left) > stock {
			return fmt.Errorf("%d processes remain, %d of them are in stock: %v", len(left), stock, left)
		}
		return nil
	})
	trail := p.trail(t)
	p.stop(t)
	if err := trail.gone(t, home); err != nil {
		t.Error(err)
	}
}

// anonymousMemory is what the server's process has for itself, in bytes.
func (p *process) anonymousMemory(t testing.TB) int64 {
	t.Helper()
	b := must(os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid)))(t)
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			return must(strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64))(t) << 10
		}
	}
	t.Skip("the kernel does not tell RssAnon")
	return 0
}
