package invoke

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
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

type abandoned struct {
	mu   sync.Mutex
	list []Abandoned
}

func (a *abandoned) Abandoned(_ context.Context, x Abandoned) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, x)
}

func (a *abandoned) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.list)
}

// AWS: a failing event is run three times, after one minute and after two more.
func TestFailedEventsAreRetried(t *testing.T) {
	clock := aws.NewManualClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	gone := &abandoned{}
	h := newHost(t, options{clock: clock, exhausted: gone})
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

// An accepted event is run, even if the server ends before.
func TestEventsSurviveTheServer(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, options{dir: dir})
	in, gate := t.TempDir(), filepath.Join(t.TempDir(), "open")
	file := filepath.Join(t.TempDir(), "runs")
	slow := h.deploy("slow", "python3.13", "app.handler", gated, timeout(time.Minute))
	ref := h.deploy("f", "python3.13", "app.handler", counted, func(f *execution.Function) { f.ReservedConcurrency = new(0) })
	if _, err := h.Enqueue(context.Background(), execution.Invocation{Function: slow, Payload: []byte(`{"in":"` + in + `","gate":"` + gate + `"}`)}); err != nil {
		t.Fatal(err)
	}
	for range 5 { // throttled: they stay in the queue
		if _, err := h.Enqueue(context.Background(), execution.Invocation{Function: ref, Payload: []byte(`{"file":"` + file + `"}`)}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, func() bool { return entries(in) == 1 })
	h.stop()
	if len(lines(file)) != 0 {
		t.Fatal("a function without concurrency ran")
	}

	touch(t, gate)
	h = newHost(t, options{dir: dir})
	h.logs.waitFor(t, "REPORT RequestId: ") // the slow one, again
	h.deploy("f", "python3.13", "app.handler", counted)
	await(t, func() bool { return len(lines(file)) >= 5 })
	distinct := map[string]bool{}
	for _, l := range lines(file) {
		distinct[l] = true
	}
	if len(distinct) != 5 {
		t.Errorf("%d different events of 5 ran", len(distinct))
	}
}

func TestOldEventsAreAbandoned(t *testing.T) {
	clock := aws.NewManualClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	gone := &abandoned{}
	h := newHost(t, options{clock: clock, exhausted: gone})
	file := filepath.Join(t.TempDir(), "runs")
	ref := h.deploy("f", "python3.13", "app.handler", counted, func(f *execution.Function) { f.ReservedConcurrency = new(0) })
	if _, err := h.Enqueue(context.Background(), execution.Invocation{Function: ref, Payload: []byte(`{"file":"` + file + `"}`)}); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { clock.Advance(5 * time.Minute); return gone.count() == 1 })
	if a := gone.list[0]; a.Condition != "EventAgeExceeded" || len(lines(file)) != 0 {
		t.Errorf("abandoned: %+v; %d runs", a, len(lines(file)))
	}
}
