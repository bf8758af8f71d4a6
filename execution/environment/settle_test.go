package environment

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/runtimeapi"
)

// busy brings a pool's first environment to an event that it is to answer.
func busy(t *testing.T, p *Pool, s *stage, tail bool) (<-chan *Outcome, *box, *voice) {
	t.Helper()
	invoke := outcomeOf
	if tail {
		invoke = tailed
	}
	first := invoke(t, p, "one")
	b := <-s.boxes
	v := b.voice()
	v.ask()
	v.hear()
	return first, b, v
}

const (
	loaded = "INIT_START Runtime Version: provided.al2023\n"
	begun  = "START RequestId: one Version: $LATEST\n"
)

// An invocation is over when the runtime asks for the next event, not when it has
// answered: what it prints until then is in its log, and the time counts.
//
// AWS: "Lambda execution environment" of the developer guide.
func TestInvocationLastsUntilTheRuntimeAsksAgain(t *testing.T) {
	const want = begun + "before\n" + "after, as clients that log an error once they have reported it\n" +
		"END RequestId: one\n" +
		"REPORT RequestId: one\tDuration: 320.00 ms\tBilled Duration: 320 ms\tMemory Size: 128 MB\tMax Memory Used: 1 MB\t\n"
	for _, tail := range []bool{false, true} {
		p, s := newStage(t)
		first, b, v := busy(t, p, s, tail)
		fmt.Fprintln(b.spec.Output, "before")
		s.clock.Advance(20 * time.Millisecond)
		v.answer("one")
		var o *Outcome
		if !tail { // the answer waits for nothing
			if o = <-first; o.Duration != 20*time.Millisecond {
				t.Errorf("%+v", o)
			}
		}
		fmt.Fprintln(b.spec.Output, "after, as clients that log an error once they have reported it")
		s.clock.Advance(300 * time.Millisecond)
		if log := s.logs.text(); strings.Contains(log, "END") || len(first) > 0 {
			t.Errorf("it has ended already:\n%s", log)
		}
		v.ask()
		if tail {
			if o = <-first; string(o.LogTail) != want {
				t.Errorf("the tail is:\n%s", o.LogTail)
			}
		}
		if string(o.Payload) != `"done"` || o.FunctionError != "" {
			t.Errorf("%+v", o)
		}
		if log := s.heard(t, p, "REPORT"); log != loaded+want {
			t.Errorf("log:\n%s", log)
		}
	}
}

// Whoever comes as soon as he has his answer waits for the same environment: until
// it can be had, the pool counts on it.
func TestEnvironmentThatReturnsIsCountedOn(t *testing.T) {
	p, s := newStage(t)
	first, _, v := busy(t, p, s, true)
	v.answer("one")
	p.mu.Lock() // so that it cannot be released
	v.ask()
	<-first
	counted := p.returning.Load()
	p.mu.Unlock()
	if counted != 1 {
		t.Errorf("%d environments are said to be back in a moment", counted)
	}
	until(t, func() bool { _, idle := p.Count(); return idle == 1 && p.returning.Load() == 0 })
}

// A runtime that has answered and then fails has failed, though its caller has the
// answer.
func TestFailureAfterTheAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		fail func(*stage, *box)
		want string
	}{
		"it does not ask again": {
			func(s *stage, _ *box) { s.clock.Advance(9 * time.Second) },
			"2023-11-14T22:13:30.000Z one Task timed out after 10.00 seconds\n\nEND RequestId: one\n" +
				"REPORT RequestId: one\tDuration: 10000.00 ms\tBilled Duration: 10000 ms\tMemory Size: 128 MB\tMax Memory Used: 1 MB\tStatus: timeout\n"},
		"it ends": {
			func(_ *stage, b *box) { b.end() },
			"RequestId: one Error: Runtime exited with error: signal: killed\nRuntime.ExitError\nEND RequestId: one\n" +
				"REPORT RequestId: one\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 128 MB\tMax Memory Used: 1 MB\tStatus: error\tError Type: Runtime.ExitError\n"},
	} {
		for _, tail := range []bool{false, true} {
			t.Run(fmt.Sprint(name, tail), func(t *testing.T) {
				p, s := newStage(t)
				first, b, v := busy(t, p, s, tail)
				s.clock.Advance(time.Second)
				v.answer("one")
				var o *Outcome
				if !tail {
					o = <-first
				}
				c.fail(s, b)
				if tail {
					o = <-first
				}
				if string(o.Payload) != `"done"` || o.FunctionError != "" || tail && string(o.LogTail) != begun+c.want {
					t.Errorf("%+v: %s\n%s", o, o.Payload, o.LogTail)
				}
				if log := s.heard(t, p, "REPORT"); log != loaded+begun+c.want {
					t.Errorf("log:\n%s", log)
				}
				<-b.done // the environment is of no use any more
				second := outcomeOf(t, p, "two")
				v = (<-s.boxes).voice()
				v.ask()
				v.hear()
				v.answer("two")
				<-second
			})
		}
	}
}

// Extensions are told of what came after the answer, too, and the log in JSON says
// the same.
//
// AWS: spans as in logs in JSON that are in public; that of extensions as its
// runtime interface emulator has it.
func TestTelemetryOfAnInvocationsEnd(t *testing.T) {
	fail := func(v *voice) {
		v.say("POST", "/2018-06-01/runtime/invocation/one/error", `{"errorMessage":"no"}`, "Lambda-Runtime-Function-Error-Type: Own.Error")
		v.hear()
	}
	// AWS: an error that the runtime reports is a success of the platform; see
	// verdict.status.
	for name, c := range map[string]struct {
		then func(s *stage, b *box, v *voice)
		want string
	}{
		"an answer": {func(s *stage, _ *box, v *voice) {
			v.answer("one")
			s.clock.Advance(300 * time.Millisecond)
			v.ask()
		}, `{"requestId":"one","status":"success","metrics":{"durationMs":500,"producedBytes":6},"spans":[` +
			`{"name":"responseLatency","start":"2023-11-14T22:13:20.000Z","durationMs":200},` +
			`{"name":"responseDuration","start":"2023-11-14T22:13:20.200Z","durationMs":0},` +
			`{"name":"runtimeOverhead","start":"2023-11-14T22:13:20.200Z","durationMs":300}]}` +
			` report success 1000 extensionOverhead 500`},
		"an error": {func(s *stage, _ *box, v *voice) {
			fail(v)
			s.clock.Advance(300 * time.Millisecond)
			v.ask()
		}, `{"requestId":"one","status":"success","metrics":{"durationMs":500,"producedBytes":0}} report success 1000 extensionOverhead 500`},
		"an answer too late": {func(s *stage, _ *box, v *voice) {
			v.answer("one")
			s.clock.Advance(10 * time.Second)
		}, `{"requestId":"one","status":"timeout","metrics":{"durationMs":10000,"producedBytes":6},"spans":[` +
			`{"name":"responseLatency","start":"2023-11-14T22:13:20.000Z","durationMs":200},` +
			`{"name":"responseDuration","start":"2023-11-14T22:13:20.200Z","durationMs":0},` +
			`{"name":"runtimeOverhead","start":"2023-11-14T22:13:20.200Z","durationMs":9800}]}` +
			` report timeout 10000`},
		"no answer": {func(s *stage, _ *box, _ *voice) { s.clock.Advance(10 * time.Second) },
			`{"requestId":"one","status":"timeout","metrics":{"durationMs":10000,"producedBytes":0}} report timeout 10000`},
		"the runtime's end": {func(_ *stage, b *box, _ *voice) { b.end() },
			`{"requestId":"one","status":"error","errorType":"Runtime.ExitError","metrics":{"durationMs":200,"producedBytes":0}} report error 200`},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newStage(t, "observer")
			p.config.LogFormat, p.config.SystemLogLevel = "JSON", "DEBUG"
			first := outcomeOf(t, p, "one")
			b := <-s.boxes
			x := b.register("observer", `"INVOKE"`)
			told := ends(t, p, s.clock)
			v := b.voice()
			v.ask()
			x.next()
			x.hear()
			v.hear()
			s.clock.Advance(200 * time.Millisecond)
			c.then(s, b, v)
			<-first
			if name == "an answer" || name == "an error" {
				until(t, isState(p, "settling"))
				s.clock.Advance(500 * time.Millisecond)
				x.next()
			}
			text := told()
			if got := inShort(t, text); got != c.want {
				t.Errorf("told\n%s\nnot\n%s", got, c.want)
			}
			log := s.heard(t, p, "platform.report")
			for _, kind := range []string{"runtimeDone", "report"} {
				if told, logged := recordOf(t, text, kind), recordOf(t, log, kind); !reflect.DeepEqual(told, logged) {
					t.Errorf("%s is told as\n%v\nand logged as\n%v", kind, told, logged)
				}
			}
		})
	}
}

// ends has the pool's only environment tell what extensions are told of the
// platform, up to an invocation's end.
func ends(t *testing.T, p *Pool, clock aws.Clock) func() string {
	u := newSubscriber(runtimeapi.Subscription{Schema: "2022-12-13", Types: []string{"platform"}, Protocol: "TCP", MaxItems: 1000, MaxBytes: 1 << 20}, clock, t.Context(), nil)
	u.busy = true // it keeps what it is told
	p.fleet.allAlive()[0].log.subscribe(u)
	return func() (s string) {
		until(t, func() bool {
			u.mu.Lock()
			defer u.mu.Unlock()
			s = string(u.batch.Body())
			return strings.Contains(s, "platform.report")
		})
		return s
	}
}

// recordOf is that of an event among lines of JSON.
func recordOf(t *testing.T, lines, kind string) (record map[string]any) {
	for line := range strings.Lines(lines) {
		if strings.Contains(line, `"type":"platform.`+kind+`"`) {
			var event struct{ Record map[string]any }
			if err := json.Unmarshal([]byte(line), &event); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			record = event.Record
		}
	}
	return record
}

// inShort is an end that was told: runtimeDone, and what matters of the report.
func inShort(t *testing.T, lines string) string {
	_, rest, _ := strings.Cut(lines, `"platform.runtimeDone","record":`)
	done, _, _ := strings.Cut(rest, "}\n")
	report := recordOf(t, lines, "report")
	short := fmt.Sprintf("%s report %s %v", done, report["status"], report["metrics"].(map[string]any)["durationMs"])
	if spans, ok := report["spans"].([]any); ok {
		span := spans[0].(map[string]any)
		short += fmt.Sprintf(" %s %v", span["name"], span["durationMs"])
	}
	return short
}
