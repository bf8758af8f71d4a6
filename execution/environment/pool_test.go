package environment

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/code"
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
	"github.com/lamgate/lamgate/state/statetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// driver starts runtimes that are goroutines of the test. Each asks for events
// and answers when the test lets it.
type driver struct {
	sandbox.Driver
	t       *testing.T
	started chan *fake
	begin   chan struct{} // a start goes on when it can take one
	events  chan string   // request IDs as runtimes get them
	answer  chan struct{} // an event is answered when its runtime can take one
	refuse  chan error    // what starts fail with
}

type fake struct {
	sandbox.Sandbox
	done chan struct{}
	once sync.Once
	conn net.Conn
}

func (f *fake) RuntimeAPI() net.Listener { return nil }
func (f *fake) Endpoint() net.Listener   { return nil }
func (f *fake) Freeze() error            { return nil }
func (f *fake) Thaw() error              { return nil }
func (f *fake) Done() <-chan struct{}    { return f.done }
func (f *fake) Exit() sandbox.Exit       { return sandbox.Exit{Code: -1, Signal: "killed"} }
func (f *fake) MaxMemory() int64         { return 1 << 20 }
func (f *fake) Kill() {
	f.once.Do(func() {
		f.conn.Close()
		close(f.done)
	})
}

func (d *driver) Start(ctx context.Context, spec sandbox.Spec) (sandbox.Sandbox, error) {
	select {
	case err := <-d.refuse:
		return nil, err
	default:
	}
	address := ""
	for _, v := range spec.Env {
		if a, ok := strings.CutPrefix(v, "AWS_LAMBDA_RUNTIME_API="); ok {
			address = a
		}
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	f := &fake{done: make(chan struct{}), conn: conn}
	go func() {
		select {
		case <-d.begin:
			d.speak(f)
		case <-f.done:
		}
	}()
	d.started <- f
	return f, nil
}

func (d *driver) speak(f *fake) {
	in := bufio.NewReader(f.conn)
	for {
		fmt.Fprint(f.conn, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n")
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			return
		}
		id := r.Header.Get("Lambda-Runtime-Aws-Request-Id")
		in.Discard(int(r.ContentLength))
		d.events <- id
		select {
		case <-d.answer:
		case <-f.done:
			return
		}
		fmt.Fprintf(f.conn, "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", id)
		if r, err = http.ReadResponse(in, nil); err != nil {
			return
		}
		in.Discard(int(r.ContentLength))
	}
}

// newPool returns a pool of a function that such runtimes run.
func newPool(t *testing.T) (*Pool, *driver, *aws.ManualClock) {
	t.Helper()
	clock := aws.NewManualClock(time.Unix(1700000000, 0))
	d := &driver{t: t, started: make(chan *fake, 1000), begin: make(chan struct{}, 1000), events: make(chan string, 1000), answer: make(chan struct{}, 1000), refuse: make(chan error, 2)}
	var content bytes.Buffer
	archive := zip.NewWriter(&content)
	if _, err := archive.Create("bootstrap"); err != nil {
		t.Fatal(err)
	}
	archive.Close()
	sum := sha256.Sum256(content.Bytes())
	blobs := statetest.Open(t).Blobs()
	if _, err := blobs.Put(t.Context(), "code", &content); err != nil {
		t.Fatal(err)
	}
	packages, err := code.NewPackages(t.TempDir(), blobs, clock, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := NewFleet(Config{Driver: d, Network: sandbox.HostNetwork, Runtimes: runtimes.New(runtimes.Config{}), Packages: packages, Logs: &sink{}, Clock: clock, FreezeAfter: -1})
	t.Cleanup(func() { f.Close(); packages.Collect(0) })
	return f.Pool(execution.FunctionRef{Account: "1", Region: "r", Name: "f"}, execution.Configuration{
		Version: execution.Latest, Runtime: "provided.al2023", MemoryMB: 128, Timeout: time.Hour, EphemeralMB: 512,
		Code: execution.Code{SHA256: base64.StdEncoding.EncodeToString(sum[:]), Blob: "code"},
	}), d, clock
}

// until polls for what other goroutines bring about.
func until(t *testing.T, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it does not come about")
		}
	}
}

// line brings n requests to the pool and waits until all are in line or taken.
func line(t *testing.T, p *Pool, n int) (answered *sync.WaitGroup) {
	t.Helper()
	answered = new(sync.WaitGroup)
	for range n {
		before := p.arrivals()
		answered.Go(func() {
			if _, err := p.Invoke(context.Background(), Request{ID: aws.NewUUID(), Payload: []byte("{}")}, func() {}); err != nil {
				t.Error(err)
			}
		})
		until(t, func() bool { return p.arrivals() > before })
	}
	return answered
}

// arrivals counts the requests in line and under way.
func (p *Pool) arrivals() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.line)
	for e := range p.all {
		e.mu.Lock()
		if e.ticket != nil {
			n++
		}
		e.mu.Unlock()
	}
	return n
}

// warm has the pool know that an invocation takes work, and a start begun.
func warm(t *testing.T, p *Pool, d *driver, clock *aws.ManualClock, start, work time.Duration) {
	t.Helper()
	done := line(t, p, 1)
	<-d.started
	clock.Advance(start)
	d.begin <- struct{}{}
	<-d.events
	clock.Advance(work)
	d.answer <- struct{}{}
	done.Wait()
	until(t, func() bool { all, idle := p.Count(); return all == 1 && idle == 1 }) // it has asked again
}

func TestWaitingIsCheaperThanAStart(t *testing.T) {
	p, d, clock := newPool(t)
	warm(t, p, d, clock, 100*time.Millisecond, time.Millisecond)
	done := line(t, p, 20) // of which the last has 20 ms to wait
	if p.starting != 0 {
		t.Errorf("%d starts for a line that is shorter than one", p.starting)
	}
	for range 20 {
		<-d.events
		d.answer <- struct{}{}
	}
	done.Wait()
	if len(d.started) != 0 {
		t.Error("an environment was started for nothing")
	}
}

func TestStartIsCheaperThanWaiting(t *testing.T) {
	p, d, clock := newPool(t)
	warm(t, p, d, clock, 100*time.Millisecond, 40*time.Millisecond)
	done := line(t, p, 10) // of which the last has 400 ms to wait for one
	// 40 ms for each of the nine in line are done within 100 ms by four.
	for range 3 {
		<-d.started
		d.begin <- struct{}{}
	}
	until(t, func() bool { all, _ := p.Count(); return all == 4 })
	for range 10 {
		<-d.events
		d.answer <- struct{}{}
	}
	done.Wait()
	if len(d.started) != 0 {
		t.Error("a fifth was started")
	}
}

// An estimate may be wrong: nobody waits for longer than a start takes.
func TestNobodyWaitsForLongerThanAStart(t *testing.T) {
	p, d, clock := newPool(t)
	warm(t, p, d, clock, 100*time.Millisecond, time.Millisecond)
	done := line(t, p, 2) // the first of which takes for ever
	<-d.events
	clock.Advance(100 * time.Millisecond)
	<-d.started
	d.begin <- struct{}{}
	<-d.events
	d.answer <- struct{}{}
	d.answer <- struct{}{}
	done.Wait()
}

// A line that lasts is worth an environment more, if the host can run it.
func TestLastingLineGrows(t *testing.T) {
	for _, spare := range []bool{true, false} {
		p, d, clock := newPool(t)
		p.fleet.spare = func() bool { return spare }
		warm(t, p, d, clock, time.Second, 10*time.Millisecond)
		done := line(t, p, 5)
		p.mu.Lock()
		clock.Advance(sustained)
		p.grow()
		grown := p.starting
		p.mu.Unlock()
		if want := map[bool]int{true: 1, false: 0}[spare]; grown != want {
			t.Errorf("spare %v: %d started", spare, grown)
		}
		if spare {
			<-d.started
			d.begin <- struct{}{}
		}
		for range 5 {
			d.answer <- struct{}{}
		}
		done.Wait()
	}
}

// Starts that have lost their reason before their turn are not made.
func TestStartsAreTakenBack(t *testing.T) {
	p, d, _ := newPool(t)
	n := 5 * cap(p.fleet.places)
	done := line(t, p, n)
	for range cap(p.fleet.places) {
		<-d.started
	}
	for range n {
		d.answer <- struct{}{}
	}
	d.begin <- struct{}{} // the first is ready and serves all
	done.Wait()
	for range n {
		d.begin <- struct{}{}
	}
	if left := len(d.started); left > cap(p.fleet.places) {
		t.Errorf("%d more were started", left)
	}
}

// A sandbox that somebody ends while it is made is like an environment that died
// in its init: it is made again within the invocation, which fails with the
// second.
func TestASandboxEndsWhileItIsMade(t *testing.T) {
	ended := fmt.Errorf("start f: %w", sandbox.ErrEnded)
	p, d, _ := newPool(t)
	d.refuse <- ended
	var again sync.WaitGroup
	again.Go(func() {
		if o, err := p.Invoke(context.Background(), Request{ID: "x", Payload: []byte("{}")}, func() {}); err != nil || o.Cause != None {
			t.Errorf("the second time: %+v, %v", o, err)
		}
	})
	<-d.started
	d.begin <- struct{}{}
	<-d.events
	d.answer <- struct{}{}
	again.Wait()

	p, d, _ = newPool(t)
	d.refuse <- ended
	d.refuse <- ended
	o, err := p.Invoke(t.Context(), Request{ID: "x", Payload: []byte("{}")}, func() {})
	if err != nil || o.Cause != Crash || !strings.Contains(string(o.Payload), "Runtime exited with error: signal: killed") {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestRetiredPoolFinishesAndGoes(t *testing.T) {
	p, d, clock := newPool(t)
	warm(t, p, d, clock, time.Millisecond, time.Millisecond)
	done := line(t, p, 2)
	<-d.events
	p.Retire()
	if all, _ := p.Count(); all != 1 {
		t.Errorf("%d environments while one is busy", all)
	}
	d.answer <- struct{}{}
	d.answer <- struct{}{}
	done.Wait()
	until(t, func() bool { return len(p.fleet.States()) == 0 })
}

// A request that is given up in line leaves nothing behind; one that the
// function has is over when the function is done with it.
func TestGivenUp(t *testing.T) {
	p, d, clock := newPool(t)
	warm(t, p, d, clock, time.Second, time.Millisecond)
	ctx, giveUp := context.WithCancel(context.Background())
	ended := make(chan string, 2)
	var both sync.WaitGroup
	for _, id := range []string{"taken", "in-line"} {
		before := p.arrivals()
		both.Go(func() {
			if _, err := p.Invoke(ctx, Request{ID: id, Payload: []byte("{}")}, func() { ended <- id }); err != context.Canceled {
				t.Error(err)
			}
		})
		until(t, func() bool { return p.arrivals() > before })
	}
	<-d.events
	giveUp()
	both.Wait()
	if id := <-ended; id != "in-line" || len(ended) != 0 || len(p.line) != 0 {
		t.Errorf("%q ended first, with %d more and %d in line", id, len(ended), len(p.line))
	}
	d.answer <- struct{}{}
	if id := <-ended; id != "taken" {
		t.Error(id)
	}
}
