package invoke

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/telemetry"
)

// An idle environment is frozen, thaws when it is needed, and is retired when
// nobody has needed it for long.
func TestIdleEnvironmentsFreezeAndRetire(t *testing.T) {
	levels(t, func(t *testing.T, o options) {
		clock := aws.NewManualClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		o.clock = clock
		h := newHost(t, o)
		dir := t.TempDir()
		os.Chmod(dir, 0o777)
		code := map[string]string{"app.py": `
import os, threading, time
def count():
    while True:
        global n
        n += 1
        time.sleep(0.001)
n = 0
threading.Thread(target=count, daemon=True).start()
def handler(e, c): return [n, os.getpid()]
`}
		ref := h.deploy("f", "python3.13", "app.handler", code, timeout(time.Hour))
		first := string(h.invoke(ref, `{}`).Payload)
		await(t, func() bool { clock.Advance(300 * time.Millisecond); return strings.Contains(h.states(), "frozen") })
		second := h.invoke(ref, `{}`)
		if second.ColdStart || first == string(second.Payload) {
			t.Errorf("after the thaw: %+v %s", second, second.Payload)
		}
		await(t, func() bool { clock.Advance(time.Minute); return h.states() == "" })
		if r := h.invoke(ref, `{}`); !r.ColdStart {
			t.Error("the retired environment served again")
		}
	})
}

// states are those of all environments, for people.
func (h *host) states() string { return strings.Join(h.fleet.States(), " ") }

// AWS: an init that takes more than ten seconds is run again within the first
// invocation and its timeout.
func TestInitThatHangsIsRunAgain(t *testing.T) {
	clock := aws.NewManualClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	h := newHost(t, options{clock: clock})
	marks := t.TempDir()
	code := fmt.Sprintf(`
import os, time, uuid
open(%q + "/" + str(uuid.uuid4()), "w").close()
if len(os.listdir(%[1]q)) in (1, 3, 4): time.sleep(600)
def handler(e, c): return "second"
`, marks)
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": code}, timeout(time.Minute))
	results := make(chan *execution.Result, 1)
	invoke := func() {
		r, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, LogTail: true})
		if err != nil {
			t.Error(err)
		}
		results <- r
	}
	go invoke()
	await(t, func() bool { return entries(marks) == 1 })
	clock.Advance(10 * time.Second)
	if r := <-results; string(r.Payload) != `"second"` {
		t.Errorf("%s", r.Payload)
	}
	h.logs.waitFor(t, "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout\n")

	// Once more, and this time the second init hangs as well.
	h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": code + "\n"}, timeout(time.Minute))
	go invoke()
	await(t, func() bool { return entries(marks) == 3 })
	clock.Advance(10 * time.Second)
	await(t, func() bool { return entries(marks) == 4 })
	clock.Advance(time.Minute)
	if r := <-results; !strings.Contains(string(r.Payload), "Error: Task timed out after 60.00 seconds") {
		t.Errorf("%s", r.Payload)
	}
}

// A function that takes more memory than it has is ended, and says why.
func TestOutOfMemory(t *testing.T) {
	levels(t, func(t *testing.T, o options) {
		if o.driver == "process" {
			t.Skip("limits no memory")
		}
		h := newHost(t, o)
		ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": "def handler(e, c):\n    x = []\n    while True: x.append(bytearray(1 << 20))\n"},
			timeout(30*time.Second), func(f *execution.Function) { f.Latest.MemoryMB = 128 })
		j := &telemetry.Journey{Started: h.clock.Now()}
		r, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Journey: j})
		if err != nil {
			t.Fatal(err)
		}
		want := `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ` + r.RequestID + ` Error: Runtime exited with error: signal: killed"}`
		if string(r.Payload) != want {
			t.Errorf("%s", r.Payload)
		}
		h.logs.waitFor(t, "Memory Size: 128 MB\tMax Memory Used: 128 MB\t")
		h.logs.waitFor(t, "Status: error\tError Type: Runtime.OutOfMemory\n")
		steps, _ := j.Steps()
		what, mend := steps[len(steps)-1].Detail.Explain()
		if !strings.Contains(what, "used up its memory of 128 MB") || mend != "aws lambda update-function-configuration --function-name f --memory-size 256" {
			t.Errorf("explained as %q, %q", what, mend)
		}
	})
}

// Functions reach lamgate at AWS_ENDPOINT_URL from a network of their own.
func TestEndpointInPrivateNetwork(t *testing.T) {
	levels(t, func(t *testing.T, o options) {
		if o.driver == "process" {
			t.Skip("has no network of its own")
		}
		o.endpoint = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "lamgate at ", r.URL.Path) })
		h := newHost(t, o)
		ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": `
import os, urllib.request
def handler(e, c): return urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/x", timeout=5).read().decode()
`}, timeout(10*time.Second))
		if r := h.invoke(ref, `{}`); string(r.Payload) != `"lamgate at /x"` {
			t.Errorf("%s", r.Payload)
		}
	})
}

// What a journey tells of an invocation.
func TestJourney(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": "def handler(e, c):\n    return e['n']\n"})
	for _, c := range []struct {
		payload   string
		where, is string
		verdict   telemetry.Verdict
	}{
		{`{"n":1}`, "a new environment was started (cold start: ", "f after ", telemetry.Passed},
		{`{"n":1}`, "a warm environment was free", "answered 1 bytes", telemetry.Passed},
		{`{}`, "a warm environment was free", `raised KeyError: 'n', File "`, telemetry.Failed},
	} {
		j := &telemetry.Journey{Started: h.clock.Now()}
		if _, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Payload: []byte(c.payload), Journey: j}); err != nil {
			t.Fatal(err)
		}
		steps, _ := j.Steps()
		if len(steps) != 2 || steps[0].Name != "environment" || steps[1].Name != "function" || steps[1].Verdict != c.verdict {
			t.Fatalf("%+v", steps)
		}
		if what, _ := steps[0].Detail.Explain(); !strings.Contains(what, c.where) {
			t.Errorf("environment: %s", what)
		}
		if what, _ := steps[1].Detail.Explain(); !strings.Contains(what, c.is) {
			t.Errorf("function: %s", what)
		}
		await(t, func() bool { return slices.Equal(h.fleet.States(), []string{"idle"}) }) // it has asked again
	}
}
