package invoke

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/bootstrap"
	"github.com/lamgate/lamgate/execution/code"
	"github.com/lamgate/lamgate/execution/disk"
	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
	"go.uber.org/goleak"
)

// A host is a whole execution plane with a store of its own.
type host struct {
	*Service
	t        testing.TB
	store    *state.Store
	driver   sandbox.Driver
	fleet    *environment.Fleet
	journeys *telemetry.Journeys
	logs     *logs
	clock    aws.Clock
	options  options
}

type options struct {
	dir      string
	driver   string
	network  sandbox.Network
	clock    aws.Clock
	results  execution.Results
	endpoint http.Handler
	freeze   time.Duration

	concurrency int // of the account
	memory      environment.Memory
}

// levels are the drivers that behaviours are tested with. namespace needs a
// kernel that allows it.
func levels(t *testing.T, test func(t *testing.T, o options)) {
	for _, level := range []string{sandbox.ProcessLevel, sandbox.NamespaceLevel} {
		t.Run(level, func(t *testing.T) {
			o := options{driver: level, network: sandbox.HostNetwork}
			if level == sandbox.NamespaceLevel {
				o.network = sandbox.PrivateNetwork
				d, err := sandbox.Open(level, sandbox.Options{})
				if err != nil {
					t.Skip(err)
				}
				defer d.Close()
				if p, ok := d.(interface {
					Probe(context.Context) ([]sandbox.Control, error)
				}); ok {
					if _, err := p.Probe(t.Context()); err != nil {
						t.Skip(err)
					}
				}
			}
			test(t, o)
		})
	}
}

func newHost(t testing.TB, o options) *host {
	t.Helper()
	if o.driver == "" {
		o.driver, o.network = sandbox.ProcessLevel, sandbox.HostNetwork
	}
	if o.dir == "" {
		o.dir = t.TempDir()
	}
	if o.clock == nil {
		o.clock = aws.SystemClock{}
	}
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := state.Open(state.Options{Dir: filepath.Join(o.dir, "state"), Clock: o.clock})
	must(err)
	driver, err := sandbox.Open(o.driver, sandbox.Options{Log: log})
	must(err)
	clients, err := bootstrap.Install(o.dir)
	must(err)
	packages, err := code.NewPackages(filepath.Join(o.dir, "code"), store.Blobs(), o.clock, log)
	must(err)
	queue, err := store.Queue("invocations")
	must(err)
	h := &host{t: t, store: store, driver: driver, logs: &logs{}, clock: o.clock, options: o, journeys: telemetry.NewJourneys()}
	h.fleet = environment.NewFleet(environment.Config{
		Driver: driver, Network: o.network, Runtimes: runtimes.New(runtimes.Config{Clients: clients}), Packages: packages,
		Logs: h.logs, Clock: o.clock, Log: log, FreezeAfter: o.freeze, Endpoint: o.endpoint, Memory: o.memory,
	})
	h.Service = New(Config{Documents: store.Documents(), Queue: queue, Fleet: h.fleet, Clock: o.clock, Log: log, Results: o.results, Journeys: h.journeys, Concurrency: o.concurrency})
	h.Service.Start()
	t.Cleanup(func() { disk.RemoveTree(filepath.Join(o.dir, "code")) }) // which only that can
	t.Cleanup(h.stop)
	return h
}

func (h *host) stop() {
	if h.store == nil {
		return
	}
	h.Service.Close()
	h.fleet.Close()
	h.driver.Close()
	h.store.Close()
	h.store = nil
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimRight(string(b), "\n"))
	return len(b), nil
}

// logs is a LogSink that keeps everything.
type logs struct {
	mu      sync.Mutex
	events  []state.LogEvent
	groups  map[string]bool
	changed chan struct{} // closed at the next Append, if somebody waits for it
}

func (l *logs) Append(account, region, group, stream string, events []state.LogEvent) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, events...)
	if l.groups == nil {
		l.groups = map[string]bool{}
	}
	l.groups[group+" "+stream] = true
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return nil
}

func (l *logs) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, e := range l.events {
		b.WriteString(e.Message)
	}
	return b.String()
}

// streams lists the groups and streams that have been written to.
func (l *logs) streams() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.groups))
}

// waitFor returns the log once it has what comes to it a moment after the
// answer.
func (l *logs) waitFor(t testing.TB, want string) string {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		l.mu.Lock()
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		if text := l.text(); strings.Contains(text, want) {
			return text
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("the log lacks %q:\n%s", want, l.text())
		}
	}
}

func zipOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o644)
		if name == "bootstrap" || strings.HasPrefix(content, "#!") {
			h.SetMode(0o755)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// deploy stores a function as control/lambda would.
func (h *host) deploy(name, runtime, handler string, files map[string]string, changes ...func(*execution.Function)) execution.FunctionRef {
	h.t.Helper()
	ctx := context.Background()
	code := zipOf(h.t, files)
	sum := sha256.Sum256(code)
	blob := "code/" + aws.NewUUID()
	if _, err := h.store.Blobs().Put(ctx, blob, bytes.NewReader(code)); err != nil {
		h.t.Fatal(err)
	}
	f := &execution.Function{
		Account: aws.DefaultAccount, Region: aws.DefaultRegion, Name: name,
		Latest: execution.Configuration{
			Version: execution.Latest, Runtime: runtime, Handler: handler, MemoryMB: 256, Timeout: 3 * time.Second,
			EphemeralMB: 512, Architecture: "x86_64", State: "Active",
			Code: execution.Code{SHA256: base64.StdEncoding.EncodeToString(sum[:]), Size: int64(len(code)), Blob: blob},
		},
	}
	for _, change := range changes {
		change(f)
	}
	ref := execution.FunctionRef{Account: f.Account, Region: f.Region, Name: name}
	b, err := json.Marshal(f)
	if err != nil {
		h.t.Fatal(err)
	}
	old, _ := h.store.Documents().Get(ref.Key())
	if _, err := h.store.Documents().Put(ctx, ref.Key(), b, old.Revision); err != nil {
		h.t.Fatal(err)
	}
	return ref
}

func (h *host) invoke(ref execution.FunctionRef, payload string) *execution.Result {
	h.t.Helper()
	r, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Payload: []byte(payload), LogTail: true})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func timeout(d time.Duration) func(*execution.Function) {
	return func(f *execution.Function) { f.Latest.Timeout = d }
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// await polls for what happens outside this process.
func await(t testing.TB, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it does not come about")
		}
	}
}

func entries(dir string) int {
	list, _ := os.ReadDir(dir)
	return len(list)
}

func touch(t testing.TB, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}
