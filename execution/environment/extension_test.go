package environment

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/code"
	"github.com/lamgate/lamgate/execution/runtimeapi"
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
	"github.com/lamgate/lamgate/state/statetest"
)

// A stage is a driver whose sandboxes the test plays itself.
type stage struct {
	sandbox.Driver
	t     *testing.T
	clock *aws.ManualClock
	logs  *sink
	boxes chan *box

	refuse func(*sandbox.Spec) error // the reason for a start that fails
}

func (s *stage) Controls() []sandbox.Control { return nil }

func (s *stage) Start(ctx context.Context, spec sandbox.Spec) (sandbox.Sandbox, error) {
	if ctx.Done() != nil {
		s.t.Error("a start may be broken off amid: it takes a moment, and then its sandbox is ended like others")
	}
	b := &box{t: s.t, spec: spec, released: make(chan struct{}), ended: make(chan sandbox.Ended, 10), signals: make(chan os.Signal, 100), done: make(chan struct{}), assigned: make(chan sandbox.Assignment, 1)}
	for _, v := range spec.Env {
		if a, ok := strings.CutPrefix(v, "AWS_LAMBDA_RUNTIME_API="); ok {
			b.address = a
		}
	}
	if spec.Network != sandbox.HostNetwork {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		b.api, b.address = l, l.Addr().String()
	}
	if s.refuse != nil {
		if err := s.refuse(&spec); err != nil {
			return nil, err
		}
	}
	s.boxes <- b
	return b, nil
}

// close closes a fleet, while time passes.
func (s *stage) close(f *Fleet) {
	closed := make(chan struct{})
	go func() {
		f.Close()
		close(closed)
	}()
	for {
		select {
		case <-closed:
			return
		default:
			s.clock.Advance(time.Second)
			runtime.Gosched()
		}
	}
}

type box struct {
	sandbox.Sandbox
	t        *testing.T
	spec     sandbox.Spec
	address  string
	released chan struct{}
	ended    chan sandbox.Ended
	signals  chan os.Signal
	done     chan struct{}

	api      net.Listener // with a network of its own
	assigned chan sandbox.Assignment
	unfit    bool // Assign fails

	mu     sync.Mutex
	speak  []net.Conn
	gone   bool
	frozen bool
	free   bool
	told   map[string]bool // the ends that were brought
	dial   func(context.Context, int) (net.Conn, error)
}

func (b *box) RuntimeAPI() net.Listener    { return b.api }
func (b *box) Endpoint() net.Listener      { return nil }
func (b *box) Freeze() error               { return b.stop(true) }
func (b *box) Thaw() error                 { return b.stop(false) }
func (b *box) Done() <-chan struct{}       { return b.done }
func (b *box) Ended() <-chan sandbox.Ended { return b.ended }
func (b *box) Exit() sandbox.Exit          { return sandbox.Exit{Code: -1, Signal: "killed"} }
func (b *box) MaxMemory() int64            { return 1 << 20 }
func (b *box) PrivateMemory() int64        { return 1 << 20 }
func (b *box) Signal(s os.Signal) error    { b.signals <- s; return nil }
func (b *box) Release() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.free {
		b.free = true
		close(b.released)
	}
	return nil
}
func (b *box) stop(on bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return os.ErrProcessDone
	}
	b.frozen = on
	return nil
}
func (b *box) Assign(_ context.Context, a sandbox.Assignment) error {
	if b.unfit {
		return errors.New("unfit")
	}
	b.assigned <- a
	return nil
}
func (b *box) Kill() { b.end() }
func (b *box) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return
	}
	b.gone = true
	for _, c := range b.speak {
		c.Close()
	}
	close(b.ended)
	close(b.done)
}

// A voice is one of the sandbox's connections to its Runtime API.
type voice struct {
	b    *box
	conn net.Conn
	in   *bufio.Reader
	id   string // of an extension
}

func (b *box) voice() *voice {
	conn, err := net.Dial("tcp", b.address)
	if err != nil {
		b.t.Fatal(err)
	}
	b.mu.Lock()
	b.speak = append(b.speak, conn)
	b.mu.Unlock()
	return &voice{b: b, conn: conn, in: bufio.NewReader(conn)}
}

func (v *voice) say(method, path, body string, headers ...string) {
	head := ""
	if v.id != "" {
		head = "Lambda-Extension-Identifier: " + v.id + "\r\n"
	}
	for _, h := range headers {
		head += h + "\r\n"
	}
	fmt.Fprintf(v.conn, "%s %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", method, path, head, len(body), body)
}

// hear returns a reply's body; empty when the connection ends.
func (v *voice) hear() (*http.Response, string) {
	r, err := http.ReadResponse(v.in, nil)
	if err != nil {
		return nil, ""
	}
	b, _ := io.ReadAll(r.Body)
	return r, string(b)
}

func (b *box) register(name string, events string) *voice {
	v := b.voice()
	v.say("POST", "/2020-01-01/extension/register", `{"events":[`+events+`]}`, "Lambda-Extension-Name: "+name)
	r, body := v.hear()
	if r == nil || r.StatusCode != http.StatusOK {
		b.t.Fatalf("the registration is answered %v %s", r, body)
	}
	v.id = r.Header.Get("Lambda-Extension-Identifier")
	return v
}

func (v *voice) next() { v.say("GET", "/2020-01-01/extension/event/next", "") }
func (v *voice) ask()  { v.say("GET", "/2018-06-01/runtime/invocation/next", "") }
func (v *voice) answer(id string) {
	v.say("POST", "/2018-06-01/runtime/invocation/"+id+"/response", `"done"`)
	v.hear()
}

// newStage returns a pool whose layer has the extensions named.
func newStage(t *testing.T, extensions ...string) (*Pool, *stage) {
	t.Helper()
	s := &stage{t: t, clock: aws.NewManualClock(time.Unix(1700000000, 0)), logs: &sink{}, boxes: make(chan *box, 100)}
	blobs := statetest.Open(t).Blobs()
	pack := func(names ...string) execution.Code {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, name := range names {
			h := &zip.FileHeader{Name: name}
			h.SetMode(0o755)
			if _, err := z.CreateHeader(h); err != nil {
				t.Fatal(err)
			}
		}
		z.Close()
		sum := sha256.Sum256(b.Bytes())
		key := aws.NewUUID()
		if _, err := blobs.Put(t.Context(), key, &b); err != nil {
			t.Fatal(err)
		}
		return execution.Code{SHA256: base64.StdEncoding.EncodeToString(sum[:]), Blob: key}
	}
	packages, err := code.NewPackages(t.TempDir(), blobs, s.clock, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := NewFleet(Config{
		Driver: s, Network: sandbox.HostNetwork, Runtimes: runtimes.New(runtimes.Config{}), Packages: packages, Logs: s.logs, Clock: s.clock,
		FreezeAfter: -1, Log: slog.New(loud{t}), Stems: -1,
	})
	t.Cleanup(func() { s.close(f); packages.Collect(0) })
	c := execution.Configuration{
		Version: execution.Latest, Runtime: "provided.al2023", Handler: "app.run", MemoryMB: 128, Timeout: 10 * time.Second, EphemeralMB: 512, Code: pack("bootstrap"),
	}
	if len(extensions) > 0 {
		for i := range extensions {
			extensions[i] = "extensions/" + extensions[i]
		}
		c.Layers = []execution.Layer{{ARN: "layer", Code: pack(extensions...)}}
	}
	return f.Pool(execution.FunctionRef{Account: "1", Region: "r", Name: "f"}, c), s
}

// A layer may have any number of files where extensions are looked for.
//
// AWS: the quota is ten.
func TestTooManyExtensions(t *testing.T) {
	names := make([]string, runtimeapi.MaxExtensions+1)
	want := ""
	for i := range names {
		names[i] = fmt.Sprintf("x%02d", i)
		want += "EXTENSION\tName: " + names[i] + "\tState: Started\tEvents: []\n"
	}
	want = strings.Replace(want, "x10\tState: Started\tEvents: []", "x10\tState: LaunchError\tEvents: []\tError Type: TooManyExtensions", 1)
	p, s := newStage(t, slices.Clone(names)...)
	o := <-tailed(t, p, "one")
	if string(o.Payload) != `{"errorType":"Extension.LaunchError","errorMessage":"RequestId: one Error: ErrTooManyExtensions"}` || o.Cause != InitError {
		t.Errorf("%+v: %s", o, o.Payload)
	}
	if log := s.heard(t, p, "REPORT RequestId"); strings.Count(log, want) != 2 || !strings.Contains(log, "lamgate: there are 11 extensions in /opt/extensions, and an environment has at most 10\n") {
		t.Errorf("log:\n%s", log)
	}
	p, s = newStage(t, names[1:]...)
	first := outcomeOf(t, p, "one")
	b := <-s.boxes
	if len(b.spec.Extensions) != runtimeapi.MaxExtensions {
		t.Errorf("%d are started", len(b.spec.Extensions))
	}
	b.end()
	(<-s.boxes).end()
	<-first
}

// loud is a log whose errors fail the test: an illegal transition is one.
type loud struct{ t *testing.T }

func (l loud) Enabled(context.Context, slog.Level) bool { return true }
func (l loud) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l loud) WithGroup(string) slog.Handler            { return l }
func (l loud) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		text := r.Message
		r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
		l.t.Error(text)
	}
	return nil
}

func (s *sink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, e := range s.events {
		b.WriteString(e.Message)
	}
	return b.String()
}

// outcomeOf invokes the pool and brings the outcome.
func outcomeOf(t *testing.T, p *Pool, id string) <-chan *Outcome {
	c := make(chan *Outcome, 1)
	go func() {
		o, err := p.Invoke(context.Background(), Request{ID: id, Payload: []byte("{}")}, func() {})
		if err != nil {
			t.Error(err)
		}
		c <- o
	}()
	return c
}

func isState(p *Pool, want string) func() bool {
	return func() bool { return slices.Equal(p.fleet.States(), []string{want}) }
}

// An environment is ready, and idle, when its extensions are; the answer does
// not wait for them.
func TestExtensionsTakePart(t *testing.T) {
	p, s := newStage(t, "observer")
	first := outcomeOf(t, p, "one")
	b := <-s.boxes
	if len(b.spec.Extensions) != 1 || b.spec.Extensions[0].Path != "/opt/extensions/observer" {
		t.Fatalf("%+v", b.spec.Extensions)
	}
	for _, v := range b.spec.Extensions[0].Env {
		if strings.HasPrefix(v, "_HANDLER=") || strings.HasPrefix(v, "LAMBDA_TASK_ROOT=") {
			t.Errorf("the extension has %s", v)
		}
	}
	x := b.register("observer", `"INVOKE","SHUTDOWN"`)
	<-b.released
	runtime := b.voice()
	runtime.ask()
	s.clock.Advance(time.Second)
	if got := p.fleet.States(); got[0] != "initialising" {
		t.Errorf("before the extension asks, it is %s", got)
	}
	x.next()
	if _, event := x.hear(); !strings.Contains(event, `"eventType":"INVOKE"`) || !strings.Contains(event, `"requestId":"one"`) {
		t.Errorf("the extension gets %s", event)
	}
	runtime.hear()
	s.clock.Advance(20 * time.Millisecond)
	runtime.answer("one")
	if o := <-first; o.FunctionError != "" || o.Duration != 20*time.Millisecond || o.InitDuration != time.Second {
		t.Errorf("%+v", o)
	}
	runtime.ask()
	until(t, isState(p, "settling"))
	s.clock.Advance(30 * time.Millisecond)
	x.next()
	until(t, isState(p, "idle"))
	p.fleet.allAlive()[0].log.flushOld(0)
	if log := s.logs.text(); !strings.Contains(log, "EXTENSION\tName: observer\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n") ||
		!strings.Contains(log, "REPORT RequestId: one\tDuration: 50.00 ms\tBilled Duration: 1050 ms\t") {
		t.Errorf("log:\n%s", log)
	}
	// The next one is taken by the same.
	second := outcomeOf(t, p, "two")
	x.hear()
	runtime.hear()
	runtime.answer("two")
	<-second
	// The runtime may be the last.
	x.next()
	runtime.ask()
	until(t, isState(p, "idle"))
}

// What an extension does counts for the function's timeout.
func TestExtensionThatDoesNotSettle(t *testing.T) {
	p, s := newStage(t, "slow")
	first := outcomeOf(t, p, "one")
	b := <-s.boxes
	x := b.register("slow", `"INVOKE","SHUTDOWN"`)
	runtime := b.voice()
	runtime.ask()
	x.next()
	x.hear()
	runtime.hear()
	runtime.answer("one")
	if o := <-first; o.FunctionError != "" {
		t.Errorf("%+v", o)
	}
	runtime.ask()
	until(t, isState(p, "settling"))
	s.clock.Advance(10 * time.Second)
	if got := <-b.signals; got != syscall.SIGKILL {
		t.Errorf("the runtime gets %s", got)
	}
	x.next()
	if _, event := x.hear(); !strings.Contains(event, `"shutdownReason":"timeout"`) {
		t.Errorf("the extension gets %s", event)
	}
	until(t, func() bool { return p.fleet.States()[0] == "shutting down" })
	s.clock.Advance(externalShutdown)
	<-b.done
	until(t, func() bool { return strings.Contains(s.logs.text(), "REPORT RequestId: one\tDuration: 10000.00 ms") })
	if log := s.logs.text(); !strings.Contains(log, "Task timed out after 10.00 seconds") || !strings.Contains(log, "Status: timeout") {
		t.Errorf("log:\n%s", log)
	}
}

func TestShutdownPhase(t *testing.T) {
	bring := func(t *testing.T, external bool) (*Pool, *stage, *box, *voice) {
		names := []string{"x"}
		if !external {
			names = nil
		}
		p, s := newStage(t, slices.Clone(names)...)
		first := outcomeOf(t, p, "one")
		b := <-s.boxes
		events := `"INVOKE","SHUTDOWN"`
		if !external {
			events = `"INVOKE"`
		}
		x := b.register("x", events)
		runtime := b.voice()
		runtime.ask()
		x.next()
		x.hear()
		runtime.hear()
		runtime.answer("one")
		<-first
		x.next()
		runtime.ask()
		until(t, isState(p, "idle"))
		return p, s, b, x
	}
	t.Run("external", func(t *testing.T) {
		p, s, b, x := bring(t, true)
		p.Retire()
		if got := <-b.signals; got != syscall.SIGTERM {
			t.Errorf("the runtime gets %s", got)
		}
		until(t, isState(p, "shutting down"))
		s.clock.Advance(runtimeShutdown)
		if got := <-b.signals; got != syscall.SIGKILL {
			t.Errorf("the runtime that does not end gets %s", got)
		}
		_, event := x.hear()
		want := fmt.Sprintf(`"shutdownReason":"spindown","deadlineMs":%d`, s.clock.Now().Add(externalShutdown-runtimeShutdown).UnixMilli())
		if !strings.Contains(event, want) {
			t.Errorf("the extension gets %s", event)
		}
		b.end() // as it does
		until(t, func() bool { return len(p.fleet.States()) == 0 })
	})
	t.Run("runtime ends", func(t *testing.T) {
		p, _, b, x := bring(t, true)
		p.Retire()
		<-b.signals
		b.ended <- sandbox.Ended{}
		if _, event := x.hear(); !strings.Contains(event, "SHUTDOWN") {
			t.Errorf("the extension gets %s", event)
		}
		b.end()
		until(t, func() bool { return len(p.fleet.States()) == 0 })
	})
	t.Run("internal", func(t *testing.T) {
		p, s, b, _ := bring(t, false)
		p.Retire()
		<-b.signals
		until(t, isState(p, "shutting down"))
		s.clock.Advance(internalShutdown - 1)
		if !isState(p, "shutting down")() {
			t.Error("it has ended before its time")
		}
		s.clock.Advance(1)
		<-b.done
	})
}

// An extension that fails takes its environment with it, and the invocation.
func TestExtensionFails(t *testing.T) {
	for name, c := range map[string]struct {
		fail          func(*box, *voice)
		kind, message string
		line          string
	}{
		"crash": {func(b *box, _ *voice) { b.ended <- sandbox.Ended{Extension: "x", Exit: sandbox.Exit{Code: 3}} },
			"Extension.Crash", "exit code 3", "lamgate: the extension x has ended: exit code 3\n"},
		"exit error": {func(_ *box, x *voice) {
			x.say("POST", "/2020-01-01/extension/exit/error", "", "Lambda-Extension-Function-Error-Type: Extension.Tired")
		}, "Extension.ExitError", "exit code 0", "lamgate: the extension x has failed: Extension.Tired\n"},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newStage(t, "x")
			first := outcomeOf(t, p, "one")
			b := <-s.boxes
			x := b.register("x", `"INVOKE"`)
			runtime := b.voice()
			runtime.ask()
			x.next()
			x.hear()
			runtime.hear()
			c.fail(b, x)
			over := make(chan struct{})
			go func() { // time passes
				for {
					select {
					case <-over:
						return
					case <-time.After(time.Millisecond):
						s.clock.Advance(lastBreath)
					}
				}
			}()
			o := <-first
			close(over)
			want := fmt.Sprintf(`{"errorType":%q,"errorMessage":"RequestId: one Error: %s"}`, c.kind, c.message)
			if string(o.Payload) != want || o.ErrorType != c.kind {
				t.Errorf("%s", o.Payload)
			}
			s.heard(t, p, c.line)
		})
	}
}
