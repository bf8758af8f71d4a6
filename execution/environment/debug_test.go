package environment

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// debugged makes the pool's function one that is debugged.
func debugged(p *Pool, port int) {
	p.debugPort = port
	p.fleet.Debug = func(execution.FunctionRef) int { return port }
}

func TestDebuggedFunctionHasOneEnvironmentAndAllTheTime(t *testing.T) {
	p, s := newStage(t)
	p.config.Runtime, p.config.Timeout = "nodejs20.x", time.Second
	if _, _, err := p.fleet.Runtimes.Find(t.Context(), p.config.Runtime, ""); err != nil {
		t.Skip(err)
	}
	debugged(p, 9229)
	first, second := outcomeOf(t, p, "one"), outcomeOf(t, p, "two")
	b := <-s.boxes
	found := false
	for _, a := range b.spec.Command {
		found = found || a == "--inspect=127.0.0.1:9229"
	}
	if !found {
		t.Errorf("it is started as %q", b.spec.Command)
	}
	runtime := b.voice()
	s.clock.Advance(time.Minute) // in the init phase
	for range 2 {
		runtime.ask()
		r, _ := runtime.hear()
		s.clock.Advance(time.Hour) // at a breakpoint
		runtime.answer(r.Header.Get("Lambda-Runtime-Aws-Request-Id"))
	}
	for _, c := range []<-chan *Outcome{first, second} {
		if o := <-c; o.FunctionError != "" {
			t.Errorf("%s", o.Payload)
		}
	}
	if len(s.boxes) != 0 {
		t.Error("there is a second environment")
	}
	// New code takes the port when the old has let it go, busy or not.
	runtime.ask()
	until(t, isState(p, "idle"))
	stopped := make(chan error, 1)
	go func() {
		_, err := p.Invoke(context.Background(), Request{ID: "three", Payload: []byte("{}")}, func() {})
		stopped <- err
	}()
	runtime.hear()
	next := p.fleet.Pool(p.function, p.config)
	third := outcomeOf(t, next, "four")
	<-b.done
	if err := <-stopped; err != ErrUpdated {
		t.Errorf("who stood at a breakpoint is told %v", err)
	}
	play(<-s.boxes, "four")
	<-third
}

// A debugger can be attached before anybody invokes the function.
func TestDebuggedFunctionAwaitsItsDebugger(t *testing.T) {
	p, s := newStage(t)
	p.config.Runtime = "nodejs20.x"
	if _, _, err := p.fleet.Runtimes.Find(t.Context(), p.config.Runtime, ""); err != nil {
		t.Skip(err)
	}
	if err := p.Debug(t.Context()); err == nil {
		t.Error("a function is debugged that was not to be")
	}
	debugged(p, 9229)
	for range 2 { // it is one environment
		if err := p.Debug(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b := <-s.boxes
	if b.spec.MemoryMB != p.config.MemoryMB+debuggerMB {
		t.Errorf("with %d MB there is no room for a debugger", b.spec.MemoryMB)
	}
	runtime := b.voice()
	runtime.ask()
	until(t, isState(p, "idle"))
	o := outcomeOf(t, p, "one")
	r, _ := runtime.hear()
	runtime.answer(r.Header.Get("Lambda-Runtime-Aws-Request-Id"))
	if o := <-o; o.FunctionError != "" || len(s.boxes) != 0 {
		t.Errorf("%s, and %d more environments", o.Payload, len(s.boxes))
	}
}

// What is missing is told, and nothing started.
func TestDebuggerIsMissing(t *testing.T) {
	p, s := newStage(t)
	p.config.Runtime = "dotnet8"
	debugged(p, 9229)
	if err := p.Debug(t.Context()); err == nil {
		t.Error("there is a debugger for .NET")
	}
	p.config.PackageType = "Image"
	if err := p.Debug(t.Context()); err == nil || !strings.Contains(err.Error(), "container images") {
		t.Errorf("of an image: %v", err)
	}
	if len(s.boxes) != 0 {
		t.Error("it is started")
	}
}

// freePort returns a port that nobody listens on, below those that the system
// gives to connections meanwhile.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(10000)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// With a network of its own, the port leads into the sandbox.
func TestDebuggerIsReached(t *testing.T) {
	p, s := newStage(t)
	p.config.Runtime = "nodejs20.x"
	if _, _, err := p.fleet.Runtimes.Find(t.Context(), p.config.Runtime, ""); err != nil {
		t.Skip(err)
	}
	port := freePort(t)
	debugged(p, port)
	p.fleet.Network = sandbox.PrivateNetwork
	o := outcomeOf(t, p, "one")
	b := <-s.boxes
	inner, debugger := net.Pipe()
	b.leads(func(_ context.Context, to int) (net.Conn, error) {
		if to != port {
			t.Errorf("dialled %d", to)
		}
		return inner, nil
	})
	play(b, "one")
	<-o
	var client net.Conn
	until(t, func() (ok bool) { // a quick function answers before there is a way to it
		var err error
		client, err = net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		return err == nil
	})
	defer client.Close()
	go client.Write([]byte("attach"))
	said := make([]byte, 6)
	if _, err := io.ReadFull(debugger, said); err != nil || string(said) != "attach" {
		t.Errorf("the debugger hears %q, %v", said, err)
	}
	debugger.Close()
	if n, err := client.Read(said); n != 0 || err == nil {
		t.Error("the client is not told of the debugger's end")
	}
}

// An init that fails is run again, in the one environment that there is, also
// while others wait for it.
func TestDebuggedFunctionWhoseInitFails(t *testing.T) {
	p, s := newStage(t)
	p.config.Runtime = "nodejs20.x"
	if _, _, err := p.fleet.Runtimes.Find(t.Context(), p.config.Runtime, ""); err != nil {
		t.Skip(err)
	}
	debugged(p, 9229)
	first := outcomeOf(t, p, "one")
	b := <-s.boxes
	second := outcomeOf(t, p, "two")
	until(t, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.line) == 2 })
	b.voice().failInit("Runtime.UserCodeSyntaxError")
	b = <-s.boxes
	runtime := b.voice()
	runtime.ask()
	runtime.hear()
	runtime.answer("one")
	runtime.ask()
	runtime.hear()
	runtime.answer("two")
	for _, c := range []<-chan *Outcome{first, second} {
		if o := <-c; o == nil || o.FunctionError != "" {
			t.Errorf("%+v", o)
		}
	}
	if len(s.boxes) != 0 {
		t.Error("there was a second environment")
	}
}
