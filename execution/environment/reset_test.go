package environment

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution/sandbox"
)

// stream is the log stream that a sandbox is told.
func (b *box) stream() string {
	for _, v := range b.spec.Env {
		if name, ok := strings.CutPrefix(v, "AWS_LAMBDA_LOG_STREAM_NAME="); ok {
			return name
		}
	}
	return ""
}

// crashed brings a pool to the state after an invocation whose runtime ended.
func crashed(t *testing.T, p *Pool, s *stage) (o *Outcome, b *box) {
	t.Helper()
	first, b, _ := busy(t, p, s, false)
	b.end()
	return <-first, b
}

// An environment that has failed is started again within the next invocation: it
// is the same one, and its init is part of that invocation in every sense.
func TestResetEnvironmentStartsAgainWithinAnInvocation(t *testing.T) {
	for name, fail := range map[string]func(*stage, *box){
		"after a crash":   func(_ *stage, b *box) { b.end() },
		"after a timeout": func(s *stage, _ *box) { s.clock.Advance(10 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newStage(t)
			first, b, _ := busy(t, p, s, false)
			fail(s, b)
			o := <-first
			before := s.heard(t, p, "REPORT RequestId: one")
			second := tailed(t, p, "two")
			again := <-s.boxes
			if again.stream() != b.stream() || o.Environment != b.stream() {
				t.Errorf("%s became %s", b.stream(), again.stream())
			}
			fmt.Fprintln(again.spec.Output, "loads")
			v := again.voice()
			s.clock.Advance(3 * time.Second)
			v.ask()
			r, _ := v.hear()
			if got := r.Header.Get("Lambda-Runtime-Deadline-Ms"); got != fmt.Sprint(s.clock.Now().Add(7*time.Second).UnixMilli()) {
				t.Errorf("the deadline is %s", got)
			}
			s.clock.Advance(time.Second)
			v.answer("two")
			v.ask()
			o = <-second
			if o.Environment != b.stream() || o.Duration != 4*time.Second || o.InitDuration != 0 || !o.ColdStart || o.Before == nil || o.Before.RequestID != "one" || o.Again != 3*time.Second {
				t.Errorf("%+v", o)
			}
			const want = "loads\nSTART RequestId: two Version: $LATEST\n" +
				"END RequestId: two\n" +
				"REPORT RequestId: two\tDuration: 4000.00 ms\tBilled Duration: 4000 ms\tMemory Size: 128 MB\tMax Memory Used: 1 MB\t\n"
			if log := s.heard(t, p, "REPORT RequestId: two"); log != before+want || string(o.LogTail) != want {
				t.Errorf("log:\n%s\ntail:\n%s", log, o.LogTail)
			}
			// From then on it is like any other.
			third := outcomeOf(t, p, "three")
			v.hear()
			v.answer("three")
			v.ask()
			if o := <-third; o.Environment != b.stream() || o.ColdStart || o.Before != nil {
				t.Errorf("%+v", o)
			}
		})
	}
}

// AWS: github.com/astuyve/lambda-new-timeout-crash: where an init takes longer than
// the function's timeout, what has once failed does not come up again.
func TestSuppressedInitHasTheFunctionsTimeout(t *testing.T) {
	p, s := newStage(t)
	p.config.Timeout = 2 * time.Second
	_, b := crashed(t, p, s)
	for _, id := range []string{"two", "three"} {
		o := outcomeOf(t, p, id)
		if again := <-s.boxes; again.stream() != b.stream() {
			t.Errorf("%s is another environment", again.stream())
		}
		until(t, func() bool { return strings.Contains(strings.Join(p.fleet.States(), " "), "initialising") })
		s.clock.Advance(2 * time.Second)
		if o := <-o; o.Cause != Timeout || o.Duration != 2*time.Second || o.Failure == nil || !o.Failure.Init() || o.Failure.Culprit != "the runtime" {
			t.Errorf("%+v, %s", o, o.Failure)
		}
		log := s.heard(t, p, "REPORT RequestId: "+id)
		if want := "INIT_REPORT Init Duration: 2000.00 ms\tPhase: invoke\tStatus: timeout\nSTART RequestId: " + id; !strings.Contains(log, want) || strings.Count(log, "INIT_START") != 1 {
			t.Errorf("log:\n%s", log)
		}
	}
}

// One event starts a reset environment again; who comes beside it has another.
func TestResetEnvironmentIsForOne(t *testing.T) {
	p, s := newStage(t)
	_, b := crashed(t, p, s)
	two, three := outcomeOf(t, p, "two"), outcomeOf(t, p, "three")
	boxes := []*box{<-s.boxes, <-s.boxes}
	streams := map[string]bool{boxes[0].stream(): true, boxes[1].stream(): true}
	voices := []*voice{boxes[0].voice(), boxes[1].voice()}
	var ids []string
	for _, v := range voices {
		v.ask()
		r, _ := v.hear()
		ids = append(ids, r.Header.Get("Lambda-Runtime-Aws-Request-Id"))
	}
	for i, v := range voices {
		v.answer(ids[i])
		v.ask()
	}
	<-two
	<-three
	if len(streams) != 2 || !streams[b.stream()] {
		t.Errorf("%v, and the first was %s", streams, b.stream())
	}
	if log := s.heard(t, p, "REPORT RequestId: three"); strings.Count(log, "INIT_START") != 2 {
		t.Errorf("log:\n%s", log)
	}
}

// Its extensions are told first, and given their time.
func TestResetEnvironmentEndsBeforeItStartsAgain(t *testing.T) {
	p, s := newStage(t, "x")
	first := outcomeOf(t, p, "one")
	b := <-s.boxes
	x, v := b.register("x", `"INVOKE","SHUTDOWN"`), b.voice()
	v.ask()
	x.next()
	v.hear()
	x.hear()
	b.ended <- sandbox.Ended{Exit: sandbox.Exit{Code: 1}}
	until(t, func() bool { s.clock.Advance(lastBreath); return len(first) > 0 })
	second := outcomeOf(t, p, "two")
	x.next()
	if _, told := x.hear(); !strings.Contains(told, `"shutdownReason":"failure"`) {
		t.Errorf("told %s", told)
	}
	until(t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.resets) == 0 && len(p.fleet.places) == 0 // it is taken, and keeps nobody from starting
	})
	if len(s.boxes) != 0 {
		t.Error("it starts again though it has not ended")
	}
	b.end()
	again := <-s.boxes
	if again.stream() != b.stream() {
		t.Errorf("%s became %s", b.stream(), again.stream())
	}
	x, v = again.register("x", ""), again.voice()
	x.next()
	v.ask()
	v.hear()
	v.answer("two")
	<-second
}

// A reset environment may begin as a stem cell, and is accounted for as what it
// is.
func TestResetEnvironmentBeginsAsStem(t *testing.T) {
	p, s := newStems(t)
	p.fleet.Prepare(&p.config, true)
	boxes := stock(t, p, s, 2)
	var stream string
	for i, id := range []string{"one", "two"} {
		b := boxes[i]
		v := b.voice()
		v.say("GET", b.assignment(), "")
		o := outcomeOf(t, p, id)
		_, given := v.hear()
		if i == 0 {
			_, stream, _ = strings.Cut(given, `"AWS_LAMBDA_LOG_STREAM_NAME":"`)
			stream, _, _ = strings.Cut(stream, `"`)
		} else if !strings.Contains(given, stream) {
			t.Errorf("it is not %s again: %s", stream, given)
		}
		s.clock.Advance(time.Second)
		v.ask()
		v.hear()
		if i == 0 {
			b.end()
			<-o
			continue
		}
		v.answer(id)
		if o := <-o; o.InitDuration != 0 || o.Duration != time.Second || o.Environment != stream {
			t.Errorf("%+v", o)
		}
	}
}

// What nobody needs for long, or what has been replaced, does not come back.
func TestResetEnvironmentIsForgotten(t *testing.T) {
	for name, then := range map[string]func(p *Pool, s *stage){
		"in time":      func(p *Pool, s *stage) { s.clock.Advance(p.fleet.RetireAfter) },
		"by an update": func(p *Pool, _ *stage) { p.Retire() },
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newStage(t)
			_, b := crashed(t, p, s)
			then(p, s)
			o := outcomeOf(t, p, "two")
			again := <-s.boxes
			if again.stream() == b.stream() {
				t.Error("it came back")
			}
			play(again, "two")
			if o := <-o; o.Before != nil {
				t.Errorf("%+v", o)
			}
		})
	}
}

// Provisioned concurrency is started again at once, ahead of invocations.
func TestProvisionedEnvironmentIsNotReset(t *testing.T) {
	p, s := newStage(t)
	p.Provision(1)
	b := <-s.boxes
	v := b.voice()
	v.ask()
	until(t, func() bool { return p.Allocation().Status == "READY" })
	first := outcomeOf(t, p, "one")
	v.hear()
	b.end()
	<-first
	again := <-s.boxes
	if again.stream() == b.stream() || len(p.resets) != 0 {
		t.Error("it was reset")
	}
}
