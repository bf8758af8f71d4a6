package invoke

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/telemetry"
)

// What lamgate why says of environments that fail: what failed, who it was, and
// what helps.
func TestFailuresAreExplained(t *testing.T) {
	crash := &environment.Failure{State: environment.Initialising, Cause: environment.Crash, ErrorType: "Extension.Crash", Message: "exit code 4", Took: 200 * time.Millisecond, Culprit: "the extension x"}
	raised := &environment.Failure{State: environment.Initialising, Cause: environment.InitError, ErrorType: "Runtime.ImportModuleError",
		Payload: []byte(`{"errorType":"Runtime.ImportModuleError","errorMessage":"Unable to import module 'm': No module named 'boto3'"}`), Took: time.Second}
	hung := &environment.Failure{State: environment.Initialising, Cause: environment.Timeout, ErrorType: "Sandbox.Timedout", Took: 10003 * time.Millisecond, Culprit: "the runtime"}
	waited := *hung
	waited.Culprit = "the extension x"
	late := *crash
	late.State = environment.Settling
	hangs := waited
	hangs.State = environment.Settling
	between := *crash
	between.State, between.Culprit = environment.Frozen, ""
	reset := *crash
	reset.State, reset.RequestID = environment.Busy, "r"
	c := &execution.Configuration{Runtime: "python3.13", Timeout: 3 * time.Second}
	ref := execution.FunctionRef{Name: "f"}
	for name, e := range map[string]struct {
		of         telemetry.Detail
		what, mend string
	}{
		"an init that crashed": {placedOf(ref, c, &environment.Outcome{Before: crash, Again: time.Second, Result: execution.Result{ColdStart: true, Environment: "s"}}),
			"a new environment's init failed after 200ms: Extension.Crash: exit code 4 (the extension x); it was begun again within the invocation, as on AWS, of which the init took 1s; log stream s", "lamgate logs f"},
		"one that was reset": {placedOf(ref, c, &environment.Outcome{Before: &reset, Again: time.Second, Result: execution.Result{ColdStart: true, Environment: "s"}}),
			"the environment was reset when r failed (Extension.Crash: exit code 4 (the extension x)), and started again within the invocation, as on AWS, of which the init took 1s; log stream s", ""},
		"an init that raised": {placedOf(ref, c, &environment.Outcome{Before: raised, Result: execution.Result{Environment: "s"}}),
			"a new environment's init failed after 1s: Runtime.ImportModuleError: Unable to import module 'm': No module named 'boto3'; Lambda's runtime has boto3 in it, lamgate's does not: the function must bring it; " +
				"it was begun again within the invocation, as on AWS; log stream s", "pip install --target DIRECTORY-OF-THE-CODE boto3, or name it in requirements.txt for sam build"},
		"an init that hung": {placedOf(ref, c, &environment.Outcome{Before: hung, Result: execution.Result{Environment: "s"}}),
			"a new environment's init did not end within 10s: the runtime had not asked for the next event; it was begun again within the invocation, as on AWS; log stream s",
			"the runtime must get as far as GET /2018-06-01/runtime/invocation/next; a handler's module should not wait while it is loaded; an init has 10 s, and begun again within an invocation the function's timeout"},
		"an init that hangs again": {endedOf(ref, c, &environment.Outcome{Cause: environment.Timeout, Failure: &waited}),
			"the init of f, within the invocation, did not end within the function's timeout of 3s, and was ended: the extension x had not asked for the next event",
			"the extension x must get as far as GET /2020-01-01/extension/event/next, for each name that it registers; an init has 10 s, and begun again within an invocation the function's timeout"},
		"a handler that hangs": {endedOf(ref, c, &environment.Outcome{Cause: environment.Timeout, Failure: &environment.Failure{State: environment.Busy, Cause: environment.Timeout}}),
			"f did not answer within its timeout of 3s, and was ended", "aws lambda update-function-configuration --function-name f --timeout 6"},
		"an extension that crashes": {endedOf(ref, c, &environment.Outcome{Cause: environment.Crash, Failure: &environment.Failure{State: environment.Busy, Culprit: "the extension x"},
			Result: execution.Result{Payload: []byte(`{"errorType":"Extension.Crash","errorMessage":"RequestId: r Error: exit code 3"}`)}}),
			"f after 0s ended without an answer: Extension.Crash: RequestId: r Error: exit code 3 (the extension x)", "lamgate logs f"},
		"an image": {endedOf(ref, c, &environment.Outcome{Cause: environment.InitError, Result: execution.Result{Payload: []byte(`{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"no"}`)}}),
			"f could not be loaded: Runtime.InvalidEntrypoint: no", "lamgate logs f"},
		"a stream": {endedOf(ref, c, &environment.Outcome{Result: execution.Result{Streamed: 21}}), "f after 0s answered 21 bytes", ""},
		"an extension that crashes after the answer": {&later{"f", *failureOf(&late)},
			"failed after 200ms: Extension.Crash: exit code 4 (the extension x); the caller has the answer, the environment was ended", "lamgate logs f"},
		"an extension that hangs after the answer": {&later{"f", *failureOf(&hangs)},
			"the invocation was not over within the timeout of 10s: the extension x had not asked for the next event; the caller has the answer, the environment was ended", "lamgate logs f"},
		"an end between two events": {&later{"f", *failureOf(&between)},
			"the environment failed between two events, 200ms after it was given this one: Extension.Crash: exit code 4; the caller has the answer", "lamgate logs f"},
	} {
		if what, mend := e.of.Explain(); what != e.what || mend != e.mend {
			t.Errorf("%s:\n%s\n→ %s\nnot\n%s\n→ %s", name, what, mend, e.what, e.mend)
		}
	}
}

// A first init that fails is told, and what fails after the answer becomes a step
// of the journey that its caller may have seen already.
func TestJourneyOfWhatFailsBesideTheHandler(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": `
import os, sys, threading
mark = "` + t.TempDir() + `/mark"
if not os.path.exists(mark):
    open(mark, "w").close()
    sys.exit(3)
def handler(e, c):
    threading.Timer(0.05, os._exit, [7]).start()
    return "done"
`})
	j := &telemetry.Journey{RequestID: "r", Started: h.clock.Now()}
	r, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, RequestID: "r", Journey: j})
	if err != nil || string(r.Payload) != `"done"` {
		t.Fatalf("%+v, %v", r, err)
	}
	h.journeys.Record(j)
	var steps []telemetry.Step
	await(t, func() bool {
		j, _ := h.journeys.Find("r")
		steps, _ = j.Steps()
		return len(steps) == 3
	})
	want := []struct {
		name, what string
		verdict    telemetry.Verdict
	}{
		{"environment", "a new environment's init failed after ", telemetry.Failed},
		{"function", "f after ", telemetry.Passed},
		{"after the answer", "Runtime.ExitError: Runtime exited with error: exit status 7; the caller has the answer", telemetry.Failed},
	}
	for i, s := range steps {
		what, _ := s.Detail.Explain()
		if s.Name != want[i].name || s.Verdict != want[i].verdict || !strings.Contains(what, want[i].what) {
			t.Errorf("%s, %s: %s", s.Name, s.Verdict, what)
		}
	}
}

// A function that has crashed comes back as the same environment, and its init is
// the invocation's.
func TestCrashedFunctionStartsAgainInPlace(t *testing.T) {
	levels(t, func(t *testing.T, o options) {
		h := newHost(t, o)
		ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": `
import os, time
time.sleep(0.1)
def handler(e, c):
    if e: os._exit(1)
    return c.log_stream_name
`})
		first := h.invoke(ref, `{}`)
		await(t, func() bool { use := h.fleet.Use(); return len(use) == 1 && use[0].Idle == 1 })
		h.invoke(ref, `{"crash":true}`)
		r := h.invoke(ref, `{}`)
		if string(r.Payload) != string(first.Payload) || r.Environment != first.Environment || r.InitDuration != 0 || r.Duration < 100*time.Millisecond || first.InitDuration == 0 {
			t.Errorf("first %+v %s\nthen %+v %s", first, first.Payload, r, r.Payload)
		}
	})
}
