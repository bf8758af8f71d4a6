package invoke

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/execution"
)

// The log of an invocation, line by line, as AWS writes it.
func TestLogOfAnInvocation(t *testing.T) {
	const id = `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`
	const stamp = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`
	report := func(init string) string {
		return "REPORT RequestId: " + id + `\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\t` + init + "\n"
	}
	cases := []struct {
		name, runtime, handler string
		files                  map[string]string
		body                   string // between START and END
	}{
		{"python", "python3.13", "app.handler", map[string]string{"app.py": `
import logging, sys
logging.getLogger().setLevel("INFO")
def handler(e, c):
    print("one")
    print("two\nthree")
    print("no end", end="")
    sys.stdout.flush()
    print(" yet")
    logging.info("logged %d", 4)
    logging.getLogger("other").warning("first\nsecond")
    print("stderr", file=sys.stderr)
`}, "one\ntwo\nthree\nno end yet\n" + `\[INFO\]\t` + stamp + `\t` + id + `\tlogged 4\n\[WARNING\]\t` + stamp + `\t` + id + `\tfirst\nsecond\nstderr\n`},
		{"node", "nodejs20.x", "index.handler", map[string]string{"index.js": `
exports.handler = async () => {
  console.log("one", { a: 1 });
  console.error("two\nthree");
  console.warn(new Error("oops").message);
  process.stdout.write("plain\n");
}`}, stamp + `\t` + id + `\tINFO\tone { a: 1 }\n` + stamp + `\t` + id + `\tERROR\ttwo\nthree\n` + stamp + `\t` + id + `\tWARN\toops\nplain\n`},
		{"native", "provided.al2023", "x", native(t), "printed by native\n"},
	}
	levels(t, func(t *testing.T, o options) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				h := newHost(t, o)
				ref := h.deploy("f", c.runtime, c.handler, c.files)
				payload := `{"do":"print"}`
				first := h.invoke(ref, payload)
				second := h.invoke(ref, payload)
				start := "START RequestId: " + id + ` Version: \$LATEST\n`
				end := "END RequestId: " + id + "\n"
				for n, r := range []*execution.Result{first, second} {
					if r.FunctionError != "" {
						t.Fatalf("%s", r.Payload)
					}
					init := ""
					if n == 0 {
						init = `Init Duration: \d+\.\d\d ms\t`
					}
					want := "^" + start + c.body + end + report(init) + "$"
					if !regexp.MustCompile(want).Match(r.LogTail) {
						t.Errorf("the tail of the log is\n%q\nnot\n%q", r.LogTail, want)
					}
				}
				text := h.logs.waitFor(t, "REPORT RequestId: "+second.RequestID)
				if !strings.HasPrefix(text, "INIT_START Runtime Version: "+c.runtime) {
					t.Errorf("the log begins with %q", text[:min(len(text), 100)])
				}
				streams := h.logs.streams()
				// There may be one more, of an environment that was begun while the
				// first was not free again.
				for _, r := range []*execution.Result{first, second} {
					if !slices.Contains(streams, "/aws/lambda/f "+r.Environment) {
						t.Errorf("streams: %q, without %q", streams, r.Environment)
					}
				}
				for _, name := range streams {
					if !regexp.MustCompile(`^/aws/lambda/f \d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$`).MatchString(name) {
						t.Errorf("the log is in %q", name)
					}
				}
			})
		}
	})
}

// One event of a client is one event of the log, however many lines it has.
func TestEventsOfManyLinesStayTogether(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "nodejs20.x", "index.handler", map[string]string{"index.js": `exports.handler = async () => { console.log("a\nb\nc") }`})
	r := h.invoke(ref, "{}")
	h.logs.waitFor(t, "REPORT RequestId: "+r.RequestID)
	h.logs.mu.Lock()
	defer h.logs.mu.Unlock()
	for _, e := range h.logs.events {
		if strings.HasSuffix(e.Message, "\ta\nb\nc\n") {
			return
		}
	}
	t.Errorf("no such event in %q", h.logs.events)
}

// A function that prints without measure is neither waited for nor kept.
func TestOutputIsBounded(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": `
import os
def handler(e, c):
    line = b"x" * 1023 + b"\n"
    for _ in range(200):
        os.write(1, line * 512)
    os.write(1, b"y" * (1 << 20))
    return "done"
`}, timeout(60e9))
	r := h.invoke(ref, "{}")
	if string(r.Payload) != `"done"` {
		t.Fatalf("%s", r.Payload)
	}
	if len(r.LogTail) > 4096 {
		t.Errorf("the tail has %d bytes", len(r.LogTail))
	}
	text := h.logs.waitFor(t, "REPORT RequestId: "+r.RequestID)
	if len(text) > outputLimit {
		t.Errorf("%d bytes of output were kept", len(text))
	}
	if !strings.Contains(text, "bytes of output were dropped here") {
		t.Error("nothing says that output was dropped")
	}
	h.logs.mu.Lock()
	events := h.logs.events
	h.logs.mu.Unlock()
	for _, e := range events {
		if len(e.Message) > 256<<10 {
			t.Errorf("an event has %d bytes", len(e.Message))
		}
	}
	if r := h.invoke(ref, "{}"); r.FunctionError != "" {
		t.Errorf("%s", r.Payload)
	}
}

// outputLimit is well below the 100 MB that the test prints.
const outputLimit = 60 << 20

// With LogFormat JSON the lines of Lambda and of the clients are objects.
func TestLogInJSON(t *testing.T) {
	h := newHost(t, options{})
	json := func(f *execution.Function) { f.Latest.LogFormat = "JSON" }
	py := h.deploy("py", "python3.13", "app.handler", map[string]string{"app.py": `
import logging
def handler(e, c):
    logging.error("bad", extra={"order": 7})
`}, json)
	js := h.deploy("js", "nodejs20.x", "index.handler", map[string]string{"index.js": `exports.handler = async () => { console.info("good %d", 1) }`}, json)
	for ref, want := range map[execution.FunctionRef][]string{
		py: {`"type":"platform.start"`, `"level": "ERROR", "message": "bad", "logger": "root", "requestId": "`, `"order": 7`, `"type":"platform.report"`},
		js: {`"type":"platform.start"`, `"level":"INFO","requestId":"`, `"message":"good 1"`, `"durationMs":`},
	} {
		r := h.invoke(ref, "{}")
		for _, w := range want {
			if !strings.Contains(string(r.LogTail), w) {
				t.Errorf("%s: the log lacks %s:\n%s", ref.Name, w, r.LogTail)
			}
		}
	}
}
