package invoke

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/telemetry"
)

// gated is a function that answers when a file appears.
var gated = map[string]string{"app.py": `
import os, time
def handler(e, c):
    open(e["in"] + "/" + c.aws_request_id, "w").close()
    while not os.path.exists(e["gate"]): time.sleep(0.005)
    return os.getpid()
`}

func TestReservedConcurrencyIsALimit(t *testing.T) {
	h := newHost(t, options{})
	in, gate := t.TempDir(), t.TempDir()+"/open"
	payload := []byte(`{"in":"` + in + `","gate":"` + gate + `"}`)
	ref := h.deploy("f", "python3.13", "app.handler", gated, timeout(time.Minute), func(f *execution.Function) { f.ReservedConcurrency = new(2) })
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if r, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Payload: payload}); err != nil || r.FunctionError != "" {
				t.Error(err, r)
			}
		})
	}
	await(t, func() bool { return entries(in) == 2 })
	j := &telemetry.Journey{Started: h.clock.Now()}
	_, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Payload: payload, Journey: j})
	f := aws.AsFault(err)
	// AWS: recorded.
	if f == nil || f.Status != 429 || f.Code != "TooManyRequestsException" || f.Message != "Rate Exceeded." ||
		f.Members["Reason"] != "ReservedFunctionConcurrentInvocationLimitExceeded" {
		t.Errorf("the third got %+v", f)
	}
	if steps, _ := j.Steps(); len(steps) != 1 || steps[0].Verdict != telemetry.Denied {
		t.Errorf("the journey is %+v", steps)
	}
	touch(t, gate)
	wg.Wait()
	if _, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Payload: payload}); err != nil {
		t.Error(err)
	}
	h.deploy("f", "python3.13", "app.handler", gated, func(f *execution.Function) { f.ReservedConcurrency = new(0) })
	if _, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Payload: payload}); !aws.HasCode(err, "TooManyRequestsException") {
		t.Errorf("with nothing reserved: %v", err)
	}
}

// AWS: a caller that goes away does not end the function, which uses up its
// concurrency until it does: "Lambda continues to run the function".
func TestCallerGoneIsStillUnderWay(t *testing.T) {
	h := newHost(t, options{})
	in, gate := t.TempDir(), t.TempDir()+"/open"
	payload := []byte(`{"in":"` + in + `","gate":"` + gate + `"}`)
	ref := h.deploy("f", "python3.13", "app.handler", gated, timeout(time.Minute), func(f *execution.Function) { f.ReservedConcurrency = new(1) })
	ctx, goAway := context.WithCancel(context.Background())
	left := make(chan error)
	go func() {
		_, err := h.Invoke(ctx, execution.Invocation{Function: ref, Payload: payload})
		left <- err
	}()
	await(t, func() bool { return entries(in) == 1 })
	goAway()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	again := func() error {
		_, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Payload: payload})
		return err
	}
	if err := again(); !aws.HasCode(err, "TooManyRequestsException") {
		t.Errorf("beside one that nobody waits for: %v", err)
	}
	touch(t, gate)
	await(t, func() bool { return again() == nil })
}

// Two hundred first requests at once all get their answer.
func TestBurst(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": "import os\ndef handler(e, c): return os.getpid()\n"}, timeout(30*time.Second))
	var wg sync.WaitGroup
	var mu sync.Mutex
	pids := map[string]bool{}
	for range 200 {
		wg.Go(func() {
			r, err := h.Invoke(context.Background(), execution.Invocation{Function: ref})
			if err != nil || r.FunctionError != "" {
				t.Error(err, r)
				return
			}
			mu.Lock()
			pids[string(r.Payload)] = true
			mu.Unlock()
		})
	}
	wg.Wait()
	// Those that were first ready have served the rest.
	if len(pids) > 20 {
		t.Errorf("%d environments were started for a function that takes no time", len(pids))
	}
}

// A slow function gets an environment for each request at once.
func TestSlowFunctionsScaleOut(t *testing.T) {
	h := newHost(t, options{})
	in, gate := t.TempDir(), t.TempDir()+"/open"
	payload := []byte(`{"in":"` + in + `","gate":"` + gate + `"}`)
	ref := h.deploy("f", "python3.13", "app.handler", gated, timeout(time.Minute))
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if r, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Payload: payload}); err != nil || r.FunctionError != "" {
				t.Error(err, r)
			}
		})
	}
	await(t, func() bool { return entries(in) == 10 })
	touch(t, gate)
	wg.Wait()
}

// Who gives up in line is not invoked; who gives up later is.
func TestCallersWhoLeave(t *testing.T) {
	h := newHost(t, options{})
	in, gate := t.TempDir(), t.TempDir()+"/open"
	payload := []byte(`{"in":"` + in + `","gate":"` + gate + `"}`)
	ref := h.deploy("f", "python3.13", "app.handler", gated, timeout(time.Minute))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Invoke(ctx, execution.Invocation{Function: ref, Payload: payload}); err == nil {
		t.Error("no error for one who has left")
	}
	ctx, cancel = context.WithCancel(context.Background())
	left := make(chan error)
	go func() {
		_, err := h.Invoke(ctx, execution.Invocation{Function: ref, Payload: payload})
		left <- err
	}()
	await(t, func() bool { return entries(in) == 1 })
	cancel()
	if err := <-left; err == nil {
		t.Error("no error for one who leaves")
	}
	touch(t, gate)
	h.logs.waitFor(t, "REPORT RequestId: ")
}

// Many callers of a quick function share environments. How few depends on how
// busy the host is: whoever waits for longer than a start takes gets one.
func TestQuickFunctionsStaySmall(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "nodejs20.x", "index.handler", map[string]string{"index.js": "exports.handler = async () => 1\n"})
	h.many(t, ref, 32, 3000)
	if n := len(h.fleet.States()); n > 16 {
		t.Errorf("%d environments for 32 callers", n)
	}
}
