package environment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution/sandbox"
)

// failInit has a runtime report that it cannot start.
func (v *voice) failInit(kind string) {
	v.say("POST", "/2018-06-01/runtime/init/error", `{"errorType":"`+kind+`","errorMessage":"no"}`, "Lambda-Runtime-Function-Error-Type: "+kind)
	v.hear()
}

// heard waits until the log has the text, and returns the whole.
func (s *stage) heard(t *testing.T, p *Pool, text string) (log string) {
	t.Helper()
	until(t, func() bool {
		for _, e := range p.fleet.allAlive() {
			e.log.flushOld(0)
		}
		log = s.logs.text()
		return strings.Contains(log, text)
	})
	return log
}

// tailed invokes the pool and brings the outcome, with the end of the log.
func tailed(t *testing.T, p *Pool, id string) <-chan *Outcome {
	c := make(chan *Outcome, 1)
	go func() {
		o, err := p.Invoke(context.Background(), Request{ID: id, Payload: []byte("{}"), LogTail: true}, func() {})
		if err != nil {
			t.Error(err)
		}
		c <- o
	}()
	return c
}

// AWS: as logs of such functions show it. The second init is part of the
// invocation, and only its failure is told, before START.
func TestLogOfAnInitThatFailsTwice(t *testing.T) {
	p, s := newStage(t)
	first := tailed(t, p, "one")
	for _, wait := range []time.Duration{time.Second, 2 * time.Second} {
		b := <-s.boxes
		v := b.voice()
		fmt.Fprintf(b.spec.Output, "for %s\n", wait)
		s.clock.Advance(wait)
		v.failInit("Runtime.ImportModuleError")
		b.end()
	}
	o := <-first
	const want = "for 1s\n" +
		"INIT_REPORT Init Duration: 1000.00 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError\n" +
		"for 2s\n" +
		"INIT_REPORT Init Duration: 2000.00 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError\n" +
		"START RequestId: one Version: $LATEST\n" +
		"END RequestId: one\n" +
		"REPORT RequestId: one\tDuration: 2000.00 ms\tBilled Duration: 2000 ms\tMemory Size: 128 MB\tMax Memory Used: 1 MB\tStatus: error\tError Type: Runtime.ImportModuleError\n"
	if log := s.heard(t, p, "REPORT RequestId"); log != "INIT_START Runtime Version: provided.al2023\n"+want {
		t.Errorf("log:\n%s", log)
	}
	// The caller sees why, from the beginning.
	if got := string(o.LogTail); !strings.HasSuffix(got, want) {
		t.Errorf("the caller sees:\n%s", got)
	}
	if string(o.Payload) != `{"errorType":"Runtime.ImportModuleError","errorMessage":"no"}` || o.Cause != InitError || o.InitDuration != 0 {
		t.Errorf("%+v: %s", o, o.Payload)
	}
}

// A second init that goes well is not told of at all, but counts.
func TestLogOfAnInitThatIsRunAgain(t *testing.T) {
	p, s := newStage(t)
	first := outcomeOf(t, p, "one")
	until(t, func() bool { return len(s.boxes) > 0 })
	until(t, isState(p, "initialising"))
	s.clock.Advance(initLimit)
	(<-s.boxes).end()
	b := <-s.boxes
	v := b.voice()
	s.clock.Advance(3 * time.Second)
	v.ask()
	v.hear()
	s.clock.Advance(time.Second)
	v.answer("one")
	v.ask()
	if o := <-first; o.FunctionError != "" || o.Duration != 4*time.Second || o.InitDuration != 0 {
		t.Errorf("%+v", o)
	}
	log := s.heard(t, p, "REPORT RequestId: one")
	if want := "INIT_START Runtime Version: provided.al2023\n" +
		"INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout\n" +
		"START RequestId: one Version: $LATEST\n" +
		"END RequestId: one\n" +
		"REPORT RequestId: one\tDuration: 4000.00 ms\tBilled Duration: 4000 ms\tMemory Size: 128 MB\tMax Memory Used: 1 MB\t\n"; log != want {
		t.Errorf("log:\n%s", log)
	}
}

// The second init has the function's timeout, together with its invocation.
func TestInvocationWithItsInitHasOneTimeout(t *testing.T) {
	p, s := newStage(t)
	p.config.Timeout = 4 * time.Second
	first := outcomeOf(t, p, "one")
	(<-s.boxes).end()
	b := <-s.boxes
	v := b.voice()
	s.clock.Advance(3 * time.Second)
	v.ask()
	r, _ := v.hear()
	if got := r.Header.Get("Lambda-Runtime-Deadline-Ms"); got != fmt.Sprint(s.clock.Now().Add(time.Second).UnixMilli()) {
		t.Errorf("the deadline is %s", got)
	}
	s.clock.Advance(time.Second)
	if o := <-first; o.Cause != Timeout || string(o.Payload) != `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: one Error: Task timed out after 4.00 seconds"}` {
		t.Errorf("%s", o.Payload)
	}
}

// AWS: "SnapStart and provisioned concurrency functions always emit INIT_REPORT",
// in "Lambda execution environment" of the developer guide. What went well has no
// status, as in RESTORE_REPORT.
func TestInitAheadOfInvocationsIsReported(t *testing.T) {
	for name, prepare := range map[string]func(*Pool){
		"provisioned": func(p *Pool) { p.Provision(1) },
		"SnapStart": func(p *Pool) {
			p.config.SnapStartApplyOn, p.config.Version = publishedVersions, "1"
			go p.Invoke(context.Background(), Request{ID: "one"}, func() {})
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newStage(t)
			prepare(p)
			b := <-s.boxes
			if stream := strings.Contains(strings.Join(b.spec.Env, "\n"), "AWS_LAMBDA_LOG_STREAM_NAME="); stream == p.snapStart() {
				t.Errorf("whether it is told its log stream: %v", stream)
			}
			v := b.voice()
			until(t, isState(p, "initialising"))
			s.clock.Advance(20 * time.Second)
			v.ask()
			s.heard(t, p, "INIT_REPORT Init Duration: 20000.00 ms\n")
		})
	}
}

// How extensions stood is told at the end of the init phase, once, however it
// ended.
func TestLogOfExtensions(t *testing.T) {
	const ready = "EXTENSION\tName: a\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n"
	for name, c := range map[string]struct {
		then func(s *stage, b *box, a *voice)
		want string
	}{
		"all ready": {func(_ *stage, b *box, _ *voice) {
			y := b.register("b", "")
			y.next()
			b.voice().ask()
		}, ready + "EXTENSION\tName: b\tState: Ready\tEvents: []\n" +
			"START RequestId: one Version: $LATEST\n"},
		"one says that it cannot": {func(_ *stage, b *box, _ *voice) {
			y := b.register("b", `"INVOKE"`)
			y.say("POST", "/2020-01-01/extension/init/error", "", "Lambda-Extension-Function-Error-Type: B.NoConfiguration")
			y.hear()
		}, ready + "EXTENSION\tName: b\tState: InitError\tEvents: [INVOKE]\tError Type: B.NoConfiguration\n" +
			"INIT_REPORT Init Duration: 1000.00 ms\tPhase: init\tStatus: error\tError Type: Extension.InitError\n"},
		"one ends": {func(s *stage, b *box, _ *voice) {
			b.ended <- sandbox.Ended{Extension: "b", Exit: sandbox.Exit{Code: 3}}
			until(s.t, func() bool { s.clock.Advance(lastBreath / 20); return strings.Contains(s.logs.text(), "INIT_REPORT") })
		}, "lamgate: the extension b has ended: exit code 3\n" +
			ready + "EXTENSION\tName: b\tState: Started\tEvents: []\n" +
			"INIT_REPORT Init Duration: 10NN.00 ms\tPhase: init\tStatus: error\tError Type: Extension.Crash\n"},
		"the runtime says that it cannot": {func(_ *stage, b *box, _ *voice) {
			b.register("b", "")
			b.voice().failInit("Runtime.HandlerNotFound")
		}, ready + "EXTENSION\tName: b\tState: Registered\tEvents: []\n" +
			"INIT_REPORT Init Duration: 1000.00 ms\tPhase: init\tStatus: error\tError Type: Runtime.HandlerNotFound\n"},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newStage(t, "a", "b")
			go p.Invoke(context.Background(), Request{ID: "one", Payload: []byte("{}")}, func() {})
			b := <-s.boxes
			a := b.register("a", `"INVOKE","SHUTDOWN"`)
			a.next()
			until(t, func() bool { return p.fleet.allAlive()[0].api.Extensions()[0].State == "Ready" })
			s.clock.Advance(time.Second)
			c.then(s, b, a)
			last := c.want[strings.LastIndexByte(c.want[:len(c.want)-1], '\n')+1:]
			log := s.heard(t, p, last[:12])
			log, _, _ = strings.Cut(strings.TrimPrefix(log, "INIT_START Runtime Version: provided.al2023\n"), "INIT_START")
			log = regexp.MustCompile(` 10\d\d\.00`).ReplaceAllString(log, " 10NN.00")
			if want := strings.ReplaceAll(c.want, " 1000.00", " 10NN.00"); !strings.HasPrefix(log, want) {
				t.Errorf("log:\n%s\nnot\n%s", log, want)
			}
		})
	}
}

// An extension that cannot be started ends the init, twice.
//
// AWS: the types of errors in the EXTENSION line as its runtime interface
// emulator has them, PermissionDenied or UnknownError.
func TestLogOfAnExtensionThatCannotBeStarted(t *testing.T) {
	for errno, kind := range map[syscall.Errno]string{syscall.EACCES: "PermissionDenied", syscall.ENOEXEC: "UnknownError"} {
		p, s := newStage(t, "a")
		s.refuse = func(*sandbox.Spec) error { return &sandbox.ExtensionError{Extension: "a", Err: errno} }
		if o := <-outcomeOf(t, p, "one"); string(o.Payload) != fmt.Sprintf(`{"errorType":"Extension.LaunchError","errorMessage":"RequestId: one Error: fork/exec /opt/extensions/a: %v"}`, errno) {
			t.Errorf("%s", o.Payload)
		}
		line := "EXTENSION\tName: a\tState: LaunchError\tEvents: []\tError Type: " + kind + "\n"
		log := s.heard(t, p, "REPORT RequestId")
		if want := line + "INIT_REPORT Init Duration: 0.00 ms\tPhase: init\tStatus: error\tError Type: Extension.LaunchError\n" + line +
			"INIT_REPORT Init Duration: 0.00 ms\tPhase: invoke\tStatus: error\tError Type: Extension.LaunchError\n" +
			"START RequestId: one Version: $LATEST\n"; !strings.Contains(log, want) {
			t.Errorf("log:\n%s", log)
		}
	}
}

// What an extension wants to be told of stands in the log.
//
// AWS: in capitals there, as logs with its own extensions show it.
func TestLogOfSubscriptions(t *testing.T) {
	p, s := newStage(t, "a")
	go p.Invoke(context.Background(), Request{ID: "one"}, func() {})
	b := <-s.boxes
	b.leads(func(context.Context, int) (net.Conn, error) { return nil, errors.New("nobody listens") })
	a := b.register("a", "")
	a.say("PUT", "/2022-07-01/telemetry", `{"schemaVersion":"2022-12-13","types":["platform","function"],"destination":{"protocol":"TCP","port":8080}}`)
	if r, body := a.hear(); r.StatusCode != http.StatusOK {
		t.Fatal(body)
	}
	s.heard(t, p, "TELEMETRY\tName: a\tState: Subscribed\tTypes: [Platform, Function]\n")
	b.end()
}

// A failed init is told whole, each time: when the runtime was done with it, and
// what it took. What the function printed comes before.
func TestTelemetryOfAnInitThatFails(t *testing.T) {
	p, s := newStage(t)
	p.config.LogFormat, p.config.SystemLogLevel = "JSON", "DEBUG"
	first := outcomeOf(t, p, "one")
	for range 2 {
		b := <-s.boxes
		fmt.Fprintln(b.spec.Output, `{"why":1}`)
		b.voice().failInit("Runtime.X")
		b.end()
	}
	<-first
	var got []string
	for line := range strings.Lines(s.heard(t, p, "platform.report")) {
		var e struct {
			Type   string
			Record struct{ Phase, Status, ErrorType string }
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got = append(got, strings.TrimSpace(strings.Join([]string{strings.TrimPrefix(e.Type, "platform."), e.Record.Phase, e.Record.Status, e.Record.ErrorType}, " ")))
	}
	want := []string{
		"initStart init", "", "initRuntimeDone init error Runtime.X", "initReport init error Runtime.X",
		"initStart invoke", "", "initRuntimeDone invoke error Runtime.X", "initReport invoke error Runtime.X",
		"start", "runtimeDone  error Runtime.X", "report  error Runtime.X",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// What the runtime has done already is not told again when an extension fails.
func TestTelemetryOfAnExtensionThatFailsItsInit(t *testing.T) {
	p, s := newStage(t, "a")
	p.config.LogFormat, p.config.SystemLogLevel = "JSON", "DEBUG"
	go p.Invoke(context.Background(), Request{ID: "one"}, func() {})
	b := <-s.boxes
	a := b.register("a", "")
	b.voice().ask()
	s.heard(t, p, "initRuntimeDone")
	a.say("POST", "/2020-01-01/extension/init/error", "", "Lambda-Extension-Function-Error-Type: A.X")
	a.hear()
	log, _, _ := strings.Cut(s.heard(t, p, "initReport"), "initReport")
	if strings.Count(log, "initRuntimeDone") != 1 || !strings.Contains(log, `"errorType":"A.X"`) {
		t.Errorf("log:\n%s", log)
	}
}
