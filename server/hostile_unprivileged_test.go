package server_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
)

// TestHostileFunctionsWithoutRoot takes what a machine has to give, on a server
// that has no privileges, and so perhaps no control groups, only limits of
// processes and a watch. TestHostileFunctions does as much for a server with root.
func TestHostileFunctionsWithoutRoot(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("without isolation they would harm this machine")
	}
	user := os.Geteuid()
	if user == 0 {
		user = unprivileged
		if err := os.Chmod(filepath.Dir(command), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p := startAs(t, user, "private")
	p.createTestRole(t)
	body := func(lines string) []byte {
		return python(t, "import os, sys, time, signal, socket, threading\ndef handler(event, context):\n    "+strings.ReplaceAll(lines, "\n", "\n    ")+"\n")
	}
	must(createFunction(t.Context(), p, functionSpec{name: "good", code: python(t, helloSource), runtime: "python3.11"}))(t)
	for i, c := range []struct{ name, body, says, logs string }{
		{"it takes memory without end", "a = []\nwhile True: a.append(bytearray(1 << 20))", "signal: killed", "Error Type: Runtime.OutOfMemory"},
		{"its children take memory without end", "for _ in range(8):\n    if os.fork() == 0:\n        a = bytearray(64 << 20)\n        time.sleep(100)\ntime.sleep(100)", "signal: killed", "Error Type: Runtime.OutOfMemory"},
		{"it forks without end", "while True:\n    try: os.fork()\n    except OSError: pass", "Error", "Status: "},
		{"it starts threads without end", "try:\n    while True: threading.Thread(target=time.sleep, args=(100,), daemon=True).start()\nexcept RuntimeError: return 'bounded'", "", ""},
		{"it fills its disk", "try:\n    with open('/tmp/full', 'wb') as f:\n        while True: f.write(bytes(1 << 20))\nexcept OSError as e: return e.errno", "28", ""},
		{"it makes files without end", "try:\n    for n in range(3000000): open('/tmp/%d' % n, 'w').close()\nexcept OSError as e: return e.errno\nreturn n", "", ""},
		{"it prints without end", "line = 'x' * 65535 + '\\n'\nwhile True: sys.stdout.write(line)", "Task timed out after 3.00 seconds", ""},
		{"it hangs and ignores signals", "for n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass", "Task timed out after 3.00 seconds", "Status: timeout"},
		{"it keeps processors from its own end", "for _ in range(60):\n    if os.fork() == 0:\n        while True: pass\nfor pid in (1, 0):\n    try: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))\n    except OSError: pass\nwhile True: pass", "Task timed out after 3.00 seconds", "Status: timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := fmt.Sprintf("hostile-%d", i)
			must(createFunction(t.Context(), p, functionSpec{name: name, code: body(c.body), runtime: "python3.11", timeout: 3}))(t)
			r := mustCall[lambda.InvocationResponse](t, p, &lambda.Service, "Invoke", &lambda.InvocationRequest{FunctionName: &name, LogType: new("Tail"), Payload: []byte("{}")})
			if !strings.Contains(string(r.Payload), c.says) {
				t.Errorf("it answers %.300s without %q", r.Payload, c.says)
			}
			log := ""
			if r.LogResult != nil {
				log = string(must(base64.StdEncoding.DecodeString(*r.LogResult))(t))
			}
			if !strings.Contains(log, c.logs) {
				t.Errorf("its log lacks %q: %s", c.logs, tail(log, 1000))
			}
			if err := deleteFunction(t.Context(), p, name); err != nil {
				t.Error(err)
			}
			if r, err := invoke(t.Context(), p, "good", "RequestResponse", "{}"); err != nil || string(r.Payload) != `"hello"` {
				t.Fatalf("a good function answers %v (%v)", r, err)
			}
		})
	}
	p.alive(t)
	if mb := p.anonymousMemory(t) >> 20; mb > 300 {
		t.Errorf("the server takes %d MB", mb)
	}
}
