package server_test

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/wire"
)

//go:embed testdata/answerer.py
var answererPython string

//go:embed testdata/answerer.js
var answererNode string

// TestKilledEnvironmentsLoseNothing kills processes of environments at random
// under full load, while code is updated. Every caller has their own answer, or
// AWS's error of an environment that has died; every accepted event is processed
// or told of; and nothing remains.
func TestKilledEnvironmentsLoseNothing(t *testing.T) {
	duration := 4 * time.Second
	if testing.Short() {
		duration = time.Second
	}
	testLoad(t, duration, 0)
}

// testLoad is the load for so long. retries is how often some of the events are
// tried again, after a minute and after two.
func testLoad(t *testing.T, duration time.Duration, retries int32) {
	if runtime.GOOS != "linux" {
		t.Skip("the server's processes are found by /proc")
	}
	home := newSite(t)
	home.env = []string{tellCollections}
	p := home.start(t)
	p.createTestRole(t)
	newLoad(t, p, retries).remove() // the code is unpacked and stays for a while
	before := p.stocked(t, 2*2*2)   // of each of two runtimes two stem cells, an interpreter and its init
	memory := p.anonymousMemory(t)

	l := newLoad(t, p, retries)
	began := time.Now()
	l.run(duration)
	l.figures(time.Since(began))
	l.account()
	l.remove()
	settled(t, p, before)
	t.Logf("memory: %d MB before, %d MB after, %d MB of them live", memory>>20, p.anonymousMemory(t)>>20, p.liveHeap())
	if many := p.goroutines(t); many > 200 {
		t.Errorf("%d goroutines remain:\n%s", many, tail(p.stderr.String(), 8000))
	}
}

// A load is what clients do at once, and what they were told.
type load struct {
	t       *testing.T
	p       *process
	client  *wire.Client
	http    *http.Client
	random  *rand.Rand // guarded by mu
	callers []caller
	events  *eventLedger
	kills   atomic.Int64
	updates int

	mu      sync.Mutex
	words   int
	ends    map[string]int // of questions, by what came of them
	longest time.Duration
}

// A subject is a function that is asked while its code changes. Its generations
// take turns with its packages.
type subject struct {
	name            string
	packages        [][]byte
	acknowledged    atomic.Int64 // generation
	sent            atomic.Int64
	api, apiID, url string
}

// A caller asks a subject through a door, again and again.
type caller struct {
	door    door
	subject *subject
}

const (
	generations = 4 // that are different from each other
	loadTimeout = 20
	// Whoever waits for so long has been forgotten. An init phase may take ten
	// seconds of its own, and this machine may do other things meanwhile.
	patience = 3 * loadTimeout * time.Second
)

func newLoad(t *testing.T, p *process, retries int32) *load {
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	l := &load{
		t: t, p: p, client: p.client.WithTransport(transport), http: &http.Client{Transport: transport},
		random: rand.New(rand.NewPCG(seed(t), 0)), ends: map[string]int{},
	}
	python := l.newSubject(functionSpec{name: "ask-python"}, "app.py", answererPython)
	node := l.newSubject(functionSpec{name: "ask-node", runtime: "nodejs20.x"}, "app.js", answererNode)
	stream := l.newSubject(functionSpec{name: "ask-stream", runtime: "nodejs20.x", handler: "app.stream"}, "app.js", answererNode)
	extended := l.newSubject(functionSpec{name: "ask-extended", layers: []string{p.extensionLayer(t)}}, "app.py", answererPython)
	for _, s := range []*subject{python, node} {
		s.api = p.url(p.deployAPI(t, s.name))
		s.apiID = strings.Split(s.api, "/")[5]
		s.url = p.openURL(t, s.name, "BUFFERED")
		for range 3 {
			l.callers = append(l.callers, caller{l.invoke, s}, caller{l.askAPI, s}, caller{l.askURL, s})
		}
		l.callers = append(l.callers, caller{l.invokeStream, s})
	}
	stream.url = p.openURL(t, stream.name, "RESPONSE_STREAM")
	for range 3 {
		l.callers = append(l.callers, caller{l.askURL, stream}, caller{l.invokeStream, stream})
	}
	l.callers = append(l.callers, caller{l.invoke, extended}, caller{l.invoke, extended})
	l.events = l.newEvents(retries)
	return l
}

// newSubject creates a function and deploys each of its generations once.
func (l *load) newSubject(f functionSpec, file, source string) *subject {
	l.t.Helper()
	s := &subject{name: f.name}
	for n := range generations {
		s.packages = append(s.packages, zipped(l.t, entry{name: file, content: strings.ReplaceAll(source, "GENERATION", fmt.Sprint(n))}))
	}
	f.code, f.timeout = s.packages[0], loadTimeout
	must(createFunction(l.t.Context(), l.p, f))(l.t)
	for range generations {
		if err := l.update(s); err != nil {
			l.t.Fatal(err)
		}
	}
	return s
}

// update gives a subject its next generation.
func (l *load) update(s *subject) error {
	n := s.sent.Add(1)
	_, err := call[lambda.FunctionConfiguration](l.t.Context(), l.p, &lambda.Service, "UpdateFunctionCode", &lambda.UpdateFunctionCodeRequest{
		FunctionName: &s.name, ZipFile: s.packages[n%generations],
	})
	if err == nil {
		s.acknowledged.Store(n)
		l.updates++
	}
	return err
}

// openURL gives a function a URL for everybody.
func (p *process) openURL(t testing.TB, function, mode string) string {
	t.Helper()
	for _, permission := range []*lambda.AddPermissionRequest{
		{StatementId: new("url"), Action: new("lambda:InvokeFunctionUrl"), FunctionUrlAuthType: new("NONE")},
		{StatementId: new("url-function"), Action: new("lambda:InvokeFunction"), InvokedViaFunctionUrl: new(true)},
	} {
		permission.FunctionName, permission.Principal = &function, new("*")
		mustCall[lambda.AddPermissionResponse](t, p, &lambda.Service, "AddPermission", permission)
	}
	out := mustCall[lambda.CreateFunctionUrlConfigResponse](t, p, &lambda.Service, "CreateFunctionUrlConfig", &lambda.CreateFunctionUrlConfigRequest{
		FunctionName: &function, AuthType: new("NONE"), InvokeMode: &mode,
	})
	return *out.FunctionUrl
}

// remove deletes everything, and hangs up.
func (l *load) remove() {
	l.t.Helper()
	l.http.CloseIdleConnections()
	for _, c := range l.callers {
		if c.subject.apiID != "" {
			mustCall[struct{}](l.t, l.p, &apigateway.Service, "DeleteRestApi", &apigateway.DeleteRestApiRequest{RestApiId: &c.subject.apiID})
			c.subject.apiID = ""
		}
	}
	for name := range functions(l.t, l.p) {
		if err := deleteFunction(l.t.Context(), l.p, name); err != nil {
			l.t.Fatal(err)
		}
	}
}

// run is the load. In the end, when nobody kills any more, every door answers.
func (l *load) run(duration time.Duration) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), duration)
	defer cancel()
	var clients sync.WaitGroup
	for _, c := range l.callers {
		clients.Go(func() {
			for ctx.Err() == nil && !l.t.Failed() {
				l.ask(c)
			}
		})
	}
	clients.Go(func() { l.events.send(ctx) })
	clients.Go(func() { l.killAround(ctx) })
	clients.Go(func() { l.updateAround(ctx) })
	clients.Wait()
	if l.t.Failed() {
		l.t.FailNow()
	}
	for _, c := range l.callers {
		eventually(l.t, patience, func() error {
			if end, err := l.ask(c); end != whole {
				return fmt.Errorf("%s: %s: %w", c.subject.name, end, err)
			}
			return nil
		})
	}
}

func (l *load) intN(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.random.IntN(n)
}

// killAround kills processes below the server, one after the other: runtimes,
// extensions, and the inits of their sandboxes.
func (l *load) killAround(ctx context.Context) {
	for ctx.Err() == nil && !l.t.Failed() {
		if below := descendants(l.t, l.p.pid); len(below) > 0 && below[l.intN(len(below))].kill() {
			l.kills.Add(1)
		}
		time.Sleep(time.Duration(l.intN(500)) * time.Millisecond)
	}
}

// updateAround updates one subject after the other.
func (l *load) updateAround(ctx context.Context) {
	for ctx.Err() == nil && !l.t.Failed() {
		time.Sleep(time.Duration(100+l.intN(800)) * time.Millisecond)
		s := l.callers[l.intN(len(l.callers))].subject
		if err := l.update(s); err != nil {
			l.t.Errorf("update %s: %v", s.name, err)
			return
		}
	}
}
