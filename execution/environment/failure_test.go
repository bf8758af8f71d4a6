package environment

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// witnessed are the failures that come after answers.
type witnessed chan string

func (w witnessed) FailedLater(function execution.FunctionRef, requestID string, f *Failure) {
	w <- fmt.Sprintf("%s %s: %s", function.Name, requestID, f)
}

func (f *Failure) String() string {
	if f == nil {
		return "nothing"
	}
	return fmt.Sprintf("%s, %s %s %s%s after %s, %s", f.State, f.Cause, f.ErrorType, f.Payload, f.Message, f.Took.Truncate(time.Second), f.Culprit)
}

// Whoever explains an invocation is told of the init that failed before, and of
// whom was waited for in vain.
func TestInitsThatFailAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		extensions    []string
		first         func(p *Pool, s *stage, b *box)
		before, ended string
	}{
		"an error, then nothing": {
			first: func(_ *Pool, s *stage, b *box) {
				s.clock.Advance(time.Second)
				b.voice().failInit("Runtime.X")
			},
			before: `initialising, init error Runtime.X {"errorType":"Runtime.X","errorMessage":"no"} after 1s, `,
			ended:  "initialising, timeout Sandbox.Timedout Task timed out after 10.00 seconds after 10s, the runtime",
		},
		"nothing, with an extension": {
			extensions: []string{"a", "b"},
			first: func(p *Pool, s *stage, b *box) {
				b.register("a", "").next()
				until(s.t, func() bool {
					e := p.fleet.allAlive()[0]
					e.mu.Lock()
					defer e.mu.Unlock()
					return e.awaited() == "the extension b"
				})
				s.clock.Advance(10 * time.Second)
				until(s.t, func() bool { s.clock.Advance(time.Millisecond); return len(s.boxes) > 0 })
			},
			before: "initialising, timeout Sandbox.Timedout Task timed out after 10.00 seconds after 10s, the extension b",
			ended:  "initialising, timeout Sandbox.Timedout Task timed out after 10.00 seconds after 10s, the extension a and the extension b",
		},
		"an extension that ends": {
			extensions: []string{"a"},
			first: func(_ *Pool, s *stage, b *box) {
				b.ended <- sandbox.Ended{Extension: "a", Exit: sandbox.Exit{Code: 4}}
				until(s.t, func() bool { s.clock.Advance(lastBreath / 20); return len(s.boxes) > 0 })
			},
			before: "initialising, crash Extension.Crash exit code 4 after 0s, the extension a",
			ended:  "initialising, timeout Sandbox.Timedout Task timed out after 10.00 seconds after 10s, the extension a",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newStage(t, c.extensions...)
			first := outcomeOf(t, p, "one")
			b := <-s.boxes
			until(t, isState(p, "initialising"))
			c.first(p, s, b)
			<-s.boxes
			until(t, func() bool {
				s.clock.Advance(time.Millisecond)
				return slices.Contains(p.fleet.States(), "initialising")
			})
			began := s.clock.Now()
			until(t, func() bool {
				if len(first) == 0 && s.clock.Now().Sub(began) < p.config.Timeout {
					s.clock.Advance(time.Second)
				}
				return len(first) > 0
			})
			o := <-first
			if o.Before.String() != c.before || o.Failure.String() != c.ended || o.Again != 0 {
				t.Errorf("%+v\nbefore: %s\nthen: %s", o, o.Before, o.Failure)
			}
		})
	}
}

// Only the invocation within which the init was begun again tells of it.
func TestInitBegunAgainIsToldOnce(t *testing.T) {
	p, s := newStage(t)
	first := outcomeOf(t, p, "one")
	(<-s.boxes).end()
	v := (<-s.boxes).voice()
	s.clock.Advance(3 * time.Second)
	v.ask()
	v.hear()
	v.answer("one")
	v.ask()
	if o := <-first; o.Before == nil || o.Before.ErrorType != "Runtime.ExitError" || o.Again != 3*time.Second || o.Failure != nil {
		t.Errorf("%+v", o)
	}
	until(t, isState(p, "idle"))
	second := outcomeOf(t, p, "two")
	v.hear()
	v.answer("two")
	v.ask()
	if o := <-second; o.Before != nil || o.Again != 0 || o.Failure != nil {
		t.Errorf("%+v", o)
	}
}

// What fails after the answer is told to who wants to know.
func TestFailureAfterTheAnswerIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		fail func(p *Pool, s *stage, b *box, v, x *voice)
		want string
	}{
		"an extension ends": {func(p *Pool, s *stage, b *box, v, _ *voice) {
			v.ask()
			until(s.t, isState(p, "settling"))
			b.ended <- sandbox.Ended{Extension: "x", Exit: sandbox.Exit{Code: 3}}
		}, "f one: settling, crash Extension.Crash exit code 3 after 1s, the extension x"},
		"an extension hangs": {func(p *Pool, s *stage, b *box, v, _ *voice) {
			v.ask()
			until(s.t, isState(p, "settling"))
			s.clock.Advance(10 * time.Second)
		}, "f one: settling, timeout Sandbox.Timedout Task timed out after 10.00 seconds after 11s, the extension x"},
		"the runtime hangs": {func(p *Pool, s *stage, b *box, _, x *voice) {
			x.next()
			until(s.t, func() bool { return p.fleet.allAlive()[0].api.Settled() })
			s.clock.Advance(10 * time.Second)
		}, "f one: busy, timeout Sandbox.Timedout Task timed out after 10.00 seconds after 11s, the runtime"},
		"the runtime ends between two events": {func(p *Pool, s *stage, b *box, v, x *voice) {
			v.ask()
			x.next()
			until(s.t, isState(p, "idle"))
			b.ended <- sandbox.Ended{Exit: sandbox.Exit{Code: 7}}
		}, "f one: idle, crash Runtime.ExitError Runtime exited with error: exit status 7 after 1s, "},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newStage(t, "x")
			told, answered := make(witnessed, 10), make(chan bool)
			go func() {
				if _, err := p.Invoke(context.Background(), Request{ID: "one", Payload: []byte("{}"), Witness: told}, func() {}); err != nil {
					t.Error(err)
				}
				close(answered)
			}()
			b := <-s.boxes
			x := b.register("x", `"INVOKE"`)
			v := b.voice()
			v.ask()
			x.next()
			x.hear()
			v.hear()
			s.clock.Advance(time.Second)
			v.answer("one")
			<-answered
			c.fail(p, s, b, v, x)
			var got string
			until(t, func() bool {
				select {
				case got = <-told:
					return true
				default:
					s.clock.Advance(lastBreath / 20)
					return false
				}
			})
			if got != c.want {
				t.Errorf("told %s\nnot %s", got, c.want)
			}
		})
	}
}

// What is remembered of a failure does not hold the whole of what was said.
func TestFailuresHoldNoAnswers(t *testing.T) {
	v := verdict{cause: InitError, payload: make([]byte, 1<<20)}
	if f := v.failure(Initialising, 0); cap(f.Payload) > 2*maxTold {
		t.Errorf("%d bytes are kept", cap(f.Payload))
	}
}
