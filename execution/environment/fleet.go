package environment

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/code"
	"github.com/lamgate/lamgate/execution/image"
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// Config is what a Fleet needs.
type Config struct {
	Driver      sandbox.Driver
	Network     sandbox.Network
	Runtimes    *runtimes.Runtimes
	Packages    *code.Packages
	Images      *image.Store // nil if no function is a container image
	Credentials Credentials
	Logs        LogSink
	Clock       aws.Clock
	Log         *slog.Logger

	// Endpoint is lamgate itself, as functions on a private network reach it.
	Endpoint http.Handler
	// EndpointURL is where functions find lamgate: AWS_ENDPOINT_URL.
	EndpointURL string

	FreezeAfter time.Duration // idle for so long; a second if 0, never if negative
	RetireAfter time.Duration // idle for so long; ten minutes if 0

	Memory Memory

	// CPU is how processors are shared among functions: FairCPU, QuotaCPU, or not
	// at all if empty.
	CPU string

	// Debug returns the port at which a function is to be debugged; 0 for none. May
	// be nil.
	Debug func(execution.FunctionRef) int

	// Stems is how many stem cells stand ready for each runtime that functions
	// use; two if 0, none if negative.
	Stems int
}

// A Fleet is all environments of this server.
type Fleet struct {
	Config

	life    context.Context // ends with Close
	end     context.CancelFunc
	closed  atomic.Bool
	places  chan struct{} // of starts that may be under way at once
	running sync.WaitGroup
	keeper  keeper
	server  *http.Server // of Endpoint
	spare   func() bool  // whether the host has processors to spare
	budget  budget       // of the host's memory
	stems   stems
	ports   ports // of debuggers

	mu    sync.Mutex
	pools map[*Pool]struct{}
	alive map[*Environment]struct{}
}

// How processors are shared.
const (
	FairCPU  = "fair"  // in proportion to functions' memory, where they are short
	QuotaCPU = "quota" // and never more than a function has on AWS
)

// cpu is a function's share of processors, in thousandths of one.
//
// AWS: at 1,769 MB a function has the equivalent of one vCPU ("Configure Lambda
// function memory" in the developer guide).
func (f *Fleet) cpu(memoryMB int) (share int, quota bool) {
	switch f.CPU {
	case FairCPU, QuotaCPU:
		return max(memoryMB*1000/1769, 1), f.CPU == QuotaCPU
	}
	return 0, false
}

// NewFleet returns a fleet without environments.
func NewFleet(c Config) *Fleet {
	if c.FreezeAfter == 0 {
		c.FreezeAfter = time.Second
	}
	if c.RetireAfter == 0 {
		c.RetireAfter = 10 * time.Minute
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Network != sandbox.HostNetwork && c.EndpointURL == "" {
		c.EndpointURL = "http://" + sandbox.EndpointAddress
	}
	f := &Fleet{
		Config: c,
		// More at once than there are processors only makes each slower.
		places: make(chan struct{}, max(4, 2*runtime.GOMAXPROCS(0))),
		pools:  map[*Pool]struct{}{},
		alive:  map[*Environment]struct{}{},
	}
	f.stems = stems{fleet: f, each: cmp.Or(c.Stems, usualStems), shelves: map[string]*shelf{}}
	f.life, f.end = context.WithCancel(context.Background())
	f.keeper.fleet = f
	f.budget.Memory = c.Memory
	if f.budget.Read == nil {
		f.budget.Read = hostMemory
	}
	f.spare = new(processors).spare
	f.server = &http.Server{Handler: c.Endpoint, ReadHeaderTimeout: 30 * time.Second}
	return f
}

// Pool returns a new pool: a generation of a function's version.
func (f *Fleet) Pool(function execution.FunctionRef, c execution.Configuration) *Pool {
	function.Qualifier = ""
	p := &Pool{fleet: f, function: function, config: c, all: map[*Environment]struct{}{}}
	if f.Debug != nil {
		p.debugPort = f.Debug(function)
	}
	return p
}

// Prepare is told of a configuration that may soon be invoked. fresh says that
// its code has just come: it is unpacked in the background. So is made what the
// environment can begin as.
func (f *Fleet) Prepare(c *execution.Configuration, fresh bool) {
	if f.closed.Load() {
		return
	}
	if fresh && c.Code.SHA256 != "" {
		f.Packages.Prepare(c.Code, c.Layers...)
	}
	if f.Stems < 0 || c.IsImage() || c.Runtime == "" {
		return
	}
	f.running.Go(func() { f.stems.expect(c) })
}

// remember keeps a pool among those that the fleet looks after, as long as there
// is something in it.
func (f *Fleet) remember(p *Pool, keep bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if keep {
		f.pools[p] = struct{}{}
	} else {
		delete(f.pools, p)
	}
}

// Close ends all environments, busy ones too, and waits until nothing is left
// of them.
func (f *Fleet) Close() {
	f.closed.Store(true)
	f.end()
	f.keeper.stop()
	f.stems.clearAll(true)
	alive := f.allAlive()
	for _, e := range alive {
		e.end(spindown)
	}
	// By the machine's clock: nobody may keep the server from its end.
	defer time.AfterFunc(closeLimit, func() {
		for _, e := range alive {
			if box := e.sandbox(); box != nil {
				box.Kill()
			}
		}
	}).Stop()
	for _, p := range f.allPools() {
		p.mu.Lock()
		p.dismiss()
		p.mu.Unlock()
	}
	f.server.Close()
	f.running.Wait()
	f.Packages.Wait()
}

func (f *Fleet) allPools() []*Pool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.pools))
}

func (f *Fleet) allAlive() []*Environment {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.alive))
}

// States lists the states of all environments, for people and tests.
func (f *Fleet) States() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]string, 0, len(f.alive))
	for e := range f.alive {
		e.mu.Lock()
		list = append(list, e.state.String())
		e.mu.Unlock()
	}
	return list
}

// enter takes a place among the starts under way; false if the fleet is closed.
func (f *Fleet) enter() bool {
	select {
	case f.places <- struct{}{}:
		return true
	case <-f.life.Done():
		return false
	}
}

func (f *Fleet) leave() { <-f.places }

// admit begins to count an environment as alive, and sees to it that it does not
// keep its place for nothing.
func (f *Fleet) admit(e *Environment) {
	f.mu.Lock()
	f.alive[e] = struct{}{}
	f.mu.Unlock()
	f.review(e, f.Clock.Now().Add(placeLimit))
	f.keeper.wake()
}

// review takes an environment's place away when it has had it for long, or seems
// to wait for something while processors have nothing to do.
func (f *Fleet) review(e *Environment, limit time.Time) {
	stop := f.Clock.AfterFunc(placeLook, func() {
		if !f.Clock.Now().Before(limit) || f.spare() {
			f.unplace(e)
			return
		}
		f.review(e, limit)
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopPlace = stop; !e.placed {
		stop()
	}
}

// unplace gives an environment's place to the next start, once.
func (f *Fleet) unplace(e *Environment) {
	e.mu.Lock()
	placed, stop := e.placed, e.stopPlace
	e.placed = false
	e.mu.Unlock()
	if placed {
		if stop != nil {
			stop()
		}
		f.leave()
	}
}

// started says that an environment has what it needs, or needs nothing more.
func (f *Fleet) started(e *Environment) {
	f.unplace(e)
	e.mu.Lock()
	promised := e.promised
	e.promised = 0
	e.mu.Unlock()
	if promised > 0 {
		f.budget.keep(promised)
	}
}

// gone forgets an environment that has ended.
func (f *Fleet) gone(e *Environment) {
	f.mu.Lock()
	_, there := f.alive[e]
	delete(f.alive, e)
	f.mu.Unlock()
	f.started(e) // if it never was
	f.ports.free(e)
	if there {
		close(e.gone)
	}
}

// listen opens the Runtime API's listener of an environment that shares the
// host's network; in a network of its own the sandbox opens it.
func (f *Fleet) listen() (net.Listener, string, error) {
	if f.Network != sandbox.HostNetwork {
		return nil, sandbox.RuntimeAPIAddress, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("listen for the runtime: %w", err)
	}
	return l, l.Addr().String(), nil
}

func (f *Fleet) serveEndpoint(l net.Listener) {
	if f.Endpoint == nil {
		l.Close()
		return
	}
	f.running.Go(func() { _ = f.server.Serve(l) })
}

func (f *Fleet) issue(p *Pool) (AccessKey, error) {
	if f.Credentials == nil {
		return AccessKey{}, nil
	}
	return f.Credentials.Issue(p.function.Account, p.function.Region, p.config.Role, p.function.Name)
}

func (f *Fleet) logFailed(err error) {
	f.Log.Error("log events were lost", "error", err)
}
