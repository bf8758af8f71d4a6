package environment

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/runtimeapi"
)

// An audience is the listener of an extension.
type audience struct {
	server  *http.Server
	batches chan []told
	status  atomic.Int64
}

type told struct {
	Type   string
	Record any
}

// listenIn has an extension listen, and its sandbox lead there.
func listenIn(t *testing.T) (*audience, func(context.Context, int) (net.Conn, error)) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &audience{batches: make(chan []told, 100)}
	a.status.Store(http.StatusOK)
	a.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var batch []told
		b, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(b, &batch); err != nil {
			t.Errorf("%s: %v", b, err)
		}
		w.WriteHeader(int(a.status.Load()))
		a.batches <- batch
	})}
	go a.server.Serve(l)
	t.Cleanup(func() { a.server.Close() })
	return a, func(context.Context, int) (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
}

func (b *box) Dial(ctx context.Context, port int) (net.Conn, error) {
	b.mu.Lock()
	dial := b.dial
	b.mu.Unlock()
	return dial(ctx, port)
}

// leads sets where Dial leads.
func (b *box) leads(dial func(context.Context, int) (net.Conn, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dial = dial
}

func kinds(batch []told) string {
	var list []string
	for _, e := range batch {
		list = append(list, strings.TrimPrefix(e.Type, "platform."))
	}
	return strings.Join(list, " ")
}

// An extension is told of all that happens from the beginning, in order.
func TestTelemetry(t *testing.T) {
	p, s := newStage(t, "observer")
	a, dial := listenIn(t)
	first := outcomeOf(t, p, "one")
	b := <-s.boxes
	b.leads(dial)
	x := b.register("observer", `"INVOKE"`)
	x.say("PUT", "/2022-07-01/telemetry", `{"schemaVersion":"2022-12-13","types":["platform","function","extension"],
		"buffering":{"timeoutMs":100,"maxItems":1000},"destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080/told"}}`)
	if r, body := x.hear(); r.StatusCode != http.StatusOK {
		t.Fatal(body)
	}
	fmt.Fprintln(b.spec.ExtensionOutput, "I observe")
	runtime := b.voice()
	runtime.ask()
	x.next()
	x.hear()
	runtime.hear()
	fmt.Fprintln(b.spec.Output, "I work")
	runtime.answer("one")
	<-first
	runtime.ask()
	x.next()
	until(t, isState(p, "idle"))
	s.clock.Advance(100 * time.Millisecond)
	batch := <-a.batches
	// What the extension prints may be read at any moment.
	others := slices.DeleteFunc(slices.Clone(batch), func(e told) bool { return e.Type == "extension" })
	if got := kinds(others); got != "initStart telemetrySubscription initRuntimeDone extension initReport start function runtimeDone report" || len(others) == len(batch) {
		t.Errorf("told %s", kinds(batch))
	}
	for _, e := range batch {
		if e.Type == "function" && e.Record != "I work" || e.Type == "extension" && e.Record != "I observe" {
			t.Errorf("told %+v", e)
		}
	}
}

// manual is a subscriber whose extension is an audience.
func manual(t *testing.T, status int) (*subscriber, *audience, *aws.ManualClock) {
	a, dial := listenIn(t)
	a.status.Store(int64(status))
	clock := aws.NewManualClock(time.Unix(1700000000, 0))
	ctx, cancel := context.WithCancel(t.Context())
	u := newSubscriber(runtimeapi.Subscription{
		Schema: "2022-12-13", Types: []string{"function"}, Protocol: "HTTP", Method: "POST", Port: 1, Path: "/", MaxItems: 3, MaxBytes: 1 << 20, Timeout: time.Second,
	}, clock, ctx, dial)
	t.Cleanup(func() { cancel(); u.wait() })
	return u, a, clock
}

func (u *subscriber) line(clock aws.Clock, text string) {
	u.add(func(b *runtimeapi.Batch) { b.Function(clock.Now(), []byte(text), false) })
}

func TestBatchesAreSentWhenFullOrDue(t *testing.T) {
	u, a, clock := manual(t, http.StatusOK)
	u.line(clock, "1")
	clock.Advance(time.Second - 1)
	u.line(clock, "2")
	if len(a.batches) != 0 {
		t.Error("a batch came before its time")
	}
	clock.Advance(1)
	if got := <-a.batches; len(got) != 2 {
		t.Errorf("%+v", got)
	}
	until(t, func() bool { return !u.owes() })
	for _, text := range []string{"3", "4", "5"} {
		u.line(clock, text)
	}
	if got := <-a.batches; len(got) != 3 {
		t.Errorf("%+v", got)
	}
}

// What an extension does not take is tried again, then lost, and it is told.
func TestLostTelemetry(t *testing.T) {
	u, a, clock := manual(t, http.StatusInternalServerError)
	for range 3 + 3 + 2 { // sent, waiting, and beyond
		u.line(clock, "x")
	}
	for try := range deliveries {
		if got := <-a.batches; len(got) != 3 {
			t.Errorf("try %d: %+v", try, got)
		}
		if try == deliveries-1 {
			break
		}
		for { // until the pause has begun
			clock.Advance(deliveryPause << deliveries)
			if len(a.batches) > 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	a.status.Store(http.StatusOK)
	for range 20000 {
		clock.Advance(deliveryPause << deliveries)
		if !u.owes() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	var last []told
	for len(a.batches) > 0 {
		last = append(last, <-a.batches...)
	}
	u.line(clock, "y")
	clock.Advance(time.Second)
	last = append(last, <-a.batches...)
	dropped := false
	for _, e := range last {
		if e.Type == "platform.logsDropped" {
			dropped = true
			if n := e.Record.(map[string]any)["droppedRecords"]; n != 5.0 {
				t.Errorf("%v were dropped", n)
			}
		}
	}
	if !dropped {
		t.Errorf("the loss was not told: %+v", last)
	}
}

// What a function prints before anybody can listen is not kept without end.
func TestWhatIsKeptForSubscribersIsBounded(t *testing.T) {
	r, _, clock := newRecord(false)
	line := []byte(strings.Repeat("x", maxEvent-1) + "\n")
	for range 20 {
		r.event(&r.own, clock.Now(), line)
	}
	if most := maxEarlySize/len(line) + 1; len(r.early) > most {
		t.Errorf("%d lines of %d bytes are kept, more than %d", len(r.early), len(line), most)
	}
}

// An extension that subscribes anew, over and over, has one connection at a time.
func TestSubscribingAnewClosesTheConnectionBefore(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	clock := aws.NewManualClock(time.Unix(1700000000, 0))
	life, cancel := context.WithCancel(t.Context())
	var r record
	again := func() *subscriber {
		u := newSubscriber(runtimeapi.Subscription{
			Extension: "x", Schema: "2022-12-13", Types: []string{"function"}, Protocol: "TCP", Port: 1, MaxItems: 1, MaxBytes: 1 << 20, Timeout: time.Second,
		}, clock, life, func(context.Context, int) (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) })
		r.subscribe(u)
		return u
	}
	first := again()
	first.line(clock, "line")
	heard, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Close()
	last := again()
	t.Cleanup(func() { cancel(); last.wait() })
	heard.SetReadDeadline(time.Now().Add(10 * time.Second))
	if b, err := io.ReadAll(heard); !strings.Contains(string(b), "line") || err != nil {
		t.Errorf("the connection before is open still: %q, %v", b, err)
	}
}

// In JSON, a log has what its levels let through.
func TestLogLevels(t *testing.T) {
	for _, c := range []struct{ system, application, want string }{
		{"", "", "initStart start {a} {b} c report"},
		{"DEBUG", "", "initStart initRuntimeDone initReport start {a} {b} c runtimeDone report"},
		{"WARN", "WARN", "{b}"},
		{"INFO", "ERROR", "initStart start report"},
		{"WARN", "DEBUG", "{a} {b} c"},
	} {
		p, s := newStage(t)
		p.config.LogFormat, p.config.SystemLogLevel, p.config.ApplicationLogLevel = "JSON", c.system, c.application
		first := outcomeOf(t, p, "one")
		b := <-s.boxes
		runtime := b.voice()
		runtime.ask()
		runtime.hear()
		fmt.Fprint(b.spec.Output, `{"level":"debug","a":1}`+"\n"+`{"level":"WARN","b":1}`+"\n"+"c\n")
		runtime.answer("one")
		<-first
		runtime.ask()
		until(t, func() bool {
			for _, e := range p.fleet.allAlive() {
				e.log.flushOld(0)
			}
			return c.system == "WARN" || strings.Contains(s.logs.text(), "platform.report")
		})
		p.fleet.Close()
		var got []string
		for line := range strings.Lines(s.logs.text()) {
			switch {
			case strings.Contains(line, `"type":"platform.`):
				_, rest, _ := strings.Cut(line, `"type":"platform.`)
				kind, _, _ := strings.Cut(rest, `"`)
				got = append(got, kind)
			case strings.Contains(line, `"a"`):
				got = append(got, "{a}")
			case strings.Contains(line, `"b"`):
				got = append(got, "{b}")
			default:
				got = append(got, strings.TrimSpace(line))
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("system %s, application %s: %s", c.system, c.application, strings.Join(got, " "))
		}
	}
}
