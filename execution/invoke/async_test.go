package invoke

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// counted is a function that leaves a line for each run and fails if told to.
var counted = map[string]string{"app.py": `
def handler(e, c):
    with open(e["file"], "a") as f: f.write(c.aws_request_id + "\n")
    if e.get("fail"): raise Exception("told to")
`}

func lines(path string) []string {
	b, _ := os.ReadFile(path)
	return strings.Fields(string(b))
}

// ends is a Results that keeps what it is told.
type ends struct {
	mu   sync.Mutex
	list []execution.Ended
	fail int // the first calls
}

func (a *ends) Ended(_ context.Context, e execution.Ended) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fail > 0 {
		a.fail--
		return errors.New("the disk is full")
	}
	a.list = append(a.list, e)
	return nil
}

func (a *ends) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.list)
}

// AWS: a failing event is run three times, after one minute and after two more.
func TestFailedEventsAreRetried(t *testing.T) {
	clock := aws.NewManualClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	gone := &ends{}
	h := newHost(t, options{clock: clock, results: gone})
	file := filepath.Join(t.TempDir(), "runs")
	// The clock runs ahead of the function, which must not time out by it.
	ref := h.deploy("f", "python3.13", "app.handler", counted, timeout(24*time.Hour))
	id, err := h.Enqueue(context.Background(), execution.Invocation{Function: ref, Payload: []byte(`{"fail":true,"file":"` + file + `"}`)})
	if err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return len(lines(file)) == 1 })
	for run, delay := range []time.Duration{time.Minute, 2 * time.Minute} {
		// The retry is in the queue once its new message is; moving the clock in
		// steps does not depend on when that is.
		clock.Advance(delay - 10*time.Second)
		if n := len(lines(file)); n != run+1 {
			t.Errorf("%d runs before the delay has passed", n)
		}
		await(t, func() bool { clock.Advance(5 * time.Second); return len(lines(file)) == run+2 })
	}
	await(t, func() bool { return gone.count() == 1 })
	a := gone.list[0]
	if a.RequestID != id || a.Condition != "RetriesExhausted" || a.Attempts != 3 || a.Result == nil || a.Result.FunctionError == "" {
		t.Errorf("abandoned: %+v", a)
	}
	for _, l := range lines(file) {
		if l != id {
			t.Errorf("a retry had the request ID %s, not %s", l, id)
		}
	}
}

// A retry takes its event's place in the queue: the next server does not run it
// early, however soon it comes, and counts the attempts before.
func TestRetriesSurviveTheServer(t *testing.T) {
	dir, clock := t.TempDir(), manualClock()
	h := newHost(t, options{dir: dir, clock: clock, results: &ends{}})
	file := filepath.Join(t.TempDir(), "runs")
	ref := h.deploy("f", "python3.13", "app.handler", counted, timeout(24*time.Hour))
	id := h.enqueue(ref, `{"fail":true,"file":"`+file+`"}`)
	await(t, func() bool {
		j, ok := h.journeys.Find(id)
		return ok && strings.Contains(explained(j), "attempt 2 of 3")
	})
	h.stop()
	told := &ends{}
	h = newHost(t, options{dir: dir, clock: clock, results: told})
	clock.Advance(50 * time.Second)
	h.enqueue(ref, `{"file":"`+file+`"}`)
	await(t, func() bool { return told.count() == 1 })
	if n := len(lines(file)); n != 2 || told.list[0].RequestID == id {
		t.Errorf("%d runs, and the end of %+v", n, told.list[0])
	}
	await(t, func() bool { clock.Advance(time.Second); return told.count() == 2 })
	if e := told.list[1]; e.RequestID != id || e.Attempts != 3 || len(lines(file)) != 4 {
		t.Errorf("%d runs, and the end of %+v", len(lines(file)), e)
	}
}

// An accepted event is run, even if the server ends before.
func TestEventsSurviveTheServer(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, options{dir: dir, concurrency: 1})
	in, gate := t.TempDir(), filepath.Join(t.TempDir(), "open")
	file := filepath.Join(t.TempDir(), "runs")
	slow := h.deploy("slow", "python3.13", "app.handler", gated, timeout(time.Minute))
	ref := h.deploy("f", "python3.13", "app.handler", counted)
	if _, err := h.Enqueue(context.Background(), execution.Invocation{Function: slow, Payload: []byte(`{"in":"` + in + `","gate":"` + gate + `"}`)}); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return entries(in) == 1 })
	for range 5 { // throttled: they stay in the queue
		if _, err := h.Enqueue(context.Background(), execution.Invocation{Function: ref, Payload: []byte(`{"file":"` + file + `"}`)}); err != nil {
			t.Fatal(err)
		}
	}
	h.stop()
	if len(lines(file)) != 0 {
		t.Fatal("a function ran that the account has no concurrency for")
	}

	touch(t, gate)
	h = newHost(t, options{dir: dir})
	h.logs.waitFor(t, "REPORT RequestId: ") // the slow one, again
	await(t, func() bool { return len(lines(file)) >= 5 })
	distinct := map[string]bool{}
	for _, l := range lines(file) {
		distinct[l] = true
	}
	if len(distinct) != 5 {
		t.Errorf("%d different events of 5 ran", len(distinct))
	}
}

// enqueue gives a function an event.
func (h *host) enqueue(ref execution.FunctionRef, payload string) (id string) {
	h.t.Helper()
	id, err := h.Enqueue(context.Background(), execution.Invocation{Function: ref, Payload: []byte(payload)})
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func manualClock() *aws.ManualClock {
	return aws.NewManualClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
}

// An event that is throttled until it is too old is told of as such, with the
// answer that it got last.
func TestOldEventsAreGivenUp(t *testing.T) {
	for name, age := range map[string]time.Duration{"default": 0, "configured": 90 * time.Second} {
		t.Run(name, func(t *testing.T) {
			clock, gone := manualClock(), &ends{}
			h := newHost(t, options{clock: clock, results: gone, concurrency: 1})
			file := filepath.Join(t.TempDir(), "runs")
			ref := h.deploy("f", "python3.13", "app.handler", counted, func(f *execution.Function) {
				if age > 0 {
					f.EventInvoke = map[string]execution.EventInvoke{execution.Latest: {MaxAge: &age}}
				}
			})
			f, _ := h.functions.find(ref)
			leave, err := f.limit.enter(execution.Latest, clock) // what the account has
			if err != nil {
				t.Fatal(err)
			}
			defer leave()
			h.enqueue(ref, `{"file":"`+file+`"}`)
			step := 5 * time.Minute
			if age > 0 {
				step = time.Second
			}
			await(t, func() bool { clock.Advance(step); return gone.count() == 1 })
			a := gone.list[0]
			if a.Condition != execution.EventAgeExceeded || a.Attempts != 0 || a.Result != nil || len(lines(file)) != 0 {
				t.Errorf("ended: %+v; %d runs", a, len(lines(file)))
			}
			// Not before its next attempt would have been too late; the clock runs on
			// while it is told.
			if lasted := a.At.Sub(a.Accepted); lasted < cmp.Or(age, 6*time.Hour)-5*time.Minute || age > 0 && lasted < age/2 {
				t.Errorf("given up after %v", lasted)
			}
			// What an attempt said is told, unless the age was over at once.
			if a.Err != nil && !aws.HasCode(a.Err, "TooManyRequestsException") {
				t.Errorf("because of %v", a.Err)
			}
		})
	}
}

// While nobody can be told of an end, its event waits, more and more patiently; it
// is not run again unless the server ends.
func TestEndsThatAreNotStoredAreWaitedFor(t *testing.T) {
	clock, told := manualClock(), &ends{fail: 3}
	s := &Service{Config: Config{Clock: clock, Log: slog.New(slog.DiscardHandler), Results: told}}
	began := clock.Now()
	over := func(ctx context.Context) <-chan state.Verdict {
		verdict := make(chan state.Verdict, 1)
		go func() {
			verdict <- s.over(ctx, &event{}, &treatment{}, execution.Ended{Condition: execution.Succeeded})
		}()
		return verdict
	}
	verdict := over(t.Context())
	for range 3 {
		await(t, func() bool { return clock.Waiting() == 1 })
		for clock.Waiting() == 1 {
			clock.Advance(time.Second)
		}
	}
	if got := <-verdict; got.Retry || told.count() != 1 || clock.Now().Sub(began) != 7*time.Second {
		t.Errorf("%+v, %d told, after %v", got, told.count(), clock.Now().Sub(began))
	}
	told.fail = 1
	ctx, cancel := context.WithCancel(t.Context())
	verdict = over(ctx)
	await(t, func() bool { return clock.Waiting() == 1 })
	cancel()
	if got := <-verdict; !got.Retry {
		t.Errorf("%+v", got)
	}
}

// How a function's configuration treats its events: retries, destinations, dead
// letters and the role go with the version that was invoked.
func TestEndsAreTold(t *testing.T) {
	const onSuccess, onFailure, deadLetter = "arn:aws:sqs:us-east-1:000000000000:good", "arn:aws:sqs:us-east-1:000000000000:bad", "arn:aws:sns:us-east-1:000000000000:dead"
	clock, told := manualClock(), &ends{fail: 1}
	h := newHost(t, options{clock: clock, results: told})
	file := filepath.Join(t.TempDir(), "runs")
	ref := h.deploy("f", "python3.13", "app.handler", counted, timeout(24*time.Hour), func(f *execution.Function) {
		f.Latest.Role, f.Latest.DeadLetterTarget = "latest's role", deadLetter
		v := f.Latest
		v.Version, v.Role, v.DeadLetterTarget = "1", "version's role", ""
		f.Versions = map[string]execution.Configuration{"1": v}
		f.Aliases = map[string]execution.Alias{"live": {Name: "live", Version: "1"}}
		f.EventInvoke = map[string]execution.EventInvoke{
			execution.Latest: {MaxRetries: new(0), OnFailure: onFailure},
			"live":           {OnSuccess: onSuccess},
		}
	})
	good, bad := `{"file":"`+file+`"}`, `{"fail":1,"file":"`+file+`"}`
	last := func(n int) execution.Ended {
		t.Helper()
		await(t, func() bool { clock.Advance(time.Second); return told.count() == n })
		told.mu.Lock()
		defer told.mu.Unlock()
		return told.list[n-1]
	}

	// Whoever is to tell could not, the first time: that is waited for.
	id := h.enqueue(ref, bad)
	e := last(1)
	if e.Condition != execution.RetriesExhausted || e.Attempts != 1 || e.Config.OnFailure != onFailure || e.DeadLetter != deadLetter || e.Role != "latest's role" ||
		e.Result.ExecutedVersion != execution.Latest || string(e.Payload) != bad || e.RequestID != id || len(lines(file)) != 1 {
		t.Errorf("a failure without retries: %+v; %d runs", e, len(lines(file)))
	}
	if !strings.Contains(e.TraceHeader, "Lineage=1:"+lineageHash(ref)+":0") {
		t.Errorf("the trace header is %q", e.TraceHeader)
	}
	if j, ok := h.journeys.Find(id); !ok {
		t.Error("the failed event has no journey")
	} else if what := explained(j); !strings.Contains(what, "told to") || !strings.Contains(what, onFailure+" and "+deadLetter+" will be told") || j.Status != 200 || j.Took <= 0 {
		t.Errorf("the journey is\n%s", what)
	}

	h.enqueue(ref, good)
	if e = last(2); e.Condition != execution.Succeeded || e.Attempts != 1 || e.Config.OnSuccess != "" {
		t.Errorf("a success: %+v", e)
	}
	live := ref
	live.Qualifier = "live"
	h.enqueue(live, good)
	if e = last(3); e.Condition != execution.Succeeded || e.Config.OnSuccess != onSuccess || e.Role != "version's role" || e.Result.ExecutedVersion != "1" || e.Function != live {
		t.Errorf("an alias's success: %+v", e)
	}
	h.enqueue(live, bad)
	if e = last(4); e.Condition != execution.RetriesExhausted || e.Attempts != 3 || e.DeadLetter != "" {
		t.Errorf("an alias's failure: %+v", e)
	}
	if j, _ := h.journeys.Find(e.RequestID); strings.Count(explained(j), "raised Exception: told to") != 3 || !strings.Contains(explained(j), "again in 2m0s: attempt 3 of 3") {
		t.Errorf("the journey of all attempts is\n%s", explained(j))
	}
}

// explained is all that a journey says.
func explained(j *telemetry.Journey) string {
	var b strings.Builder
	steps, _ := j.Steps()
	for _, s := range steps {
		b.WriteString(s.Name + " " + s.Verdict.String() + ": ")
		if s.Detail != nil {
			what, mend := s.Detail.Explain()
			b.WriteString(what + "; mend: " + mend)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// What ends an event before its next attempt does not forget those before.
func TestAttemptsCountToTheEnd(t *testing.T) {
	told := &ends{}
	h := newHost(t, options{clock: manualClock(), results: told})
	ref := h.deploy("f", "python3.13", "app.handler", counted)
	zero := h.deploy("zero", "python3.13", "app.handler", counted, func(f *execution.Function) { f.ReservedConcurrency = new(0) })
	h.attempt(t.Context(), &event{Function: ref, Attempts: 1, Accepted: h.clock.Now().Add(-7 * time.Hour)}, 1)
	h.attempt(t.Context(), &event{Function: zero, Attempts: 2, Accepted: h.clock.Now()}, 1)
	if told.count() != 2 || told.list[0].Condition != execution.EventAgeExceeded || told.list[0].Attempts != 1 ||
		told.list[1].Condition != execution.ZeroReservedConcurrency || told.list[1].Attempts != 2 {
		t.Errorf("%+v", told.list)
	}
}

// AWS: with nothing reserved, events go to who is told of failures at once.
func TestNothingReservedIsNotTried(t *testing.T) {
	told := &ends{}
	h := newHost(t, options{clock: manualClock(), results: told})
	file := filepath.Join(t.TempDir(), "runs")
	ref := h.deploy("f", "python3.13", "app.handler", counted, func(f *execution.Function) { f.ReservedConcurrency = new(0) })
	h.enqueue(ref, `{"file":"`+file+`"}`)
	await(t, func() bool { return told.count() == 1 })
	if e := told.list[0]; e.Condition != execution.ZeroReservedConcurrency || e.Attempts != 0 || e.Result != nil || len(lines(file)) != 0 {
		t.Errorf("%+v; %d runs", e, len(lines(file)))
	}
}

// An event whose function, or version, is gone is given up with Invoke's answer.
func TestEventsOfTheDeleted(t *testing.T) {
	clock, told := manualClock(), &ends{}
	h := newHost(t, options{clock: clock, results: told, concurrency: 1})
	alias := func(f *execution.Function) {
		v := f.Latest
		v.Version = "1"
		f.Versions = map[string]execution.Configuration{"1": v}
		f.Aliases = map[string]execution.Alias{"live": {Name: "live", Version: "1"}}
	}
	ref := h.deploy("f", "python3.13", "app.handler", counted, alias)
	f, _ := h.functions.find(ref)
	leave, err := f.limit.enter("1", clock)
	if err != nil {
		t.Fatal(err)
	}
	live := ref
	live.Qualifier = "live"
	h.enqueue(live, `{}`)
	h.deploy("f", "python3.13", "app.handler", counted, func(f *execution.Function) { f.Latest.DeadLetterTarget = "dead" })
	leave()
	await(t, func() bool { clock.Advance(time.Second); return told.count() == 1 })
	if e := told.list[0]; e.Condition != execution.RetriesExhausted || !aws.HasCode(e.Err, "ResourceNotFoundException") || e.DeadLetter != "dead" {
		t.Errorf("%+v", e)
	}
}
