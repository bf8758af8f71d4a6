package server_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/logs"
)

// A holding is what a server holds of its machine.
type holding struct {
	files      int // that it has open, sockets too
	tasks      int // processes below it
	namespaces int // that these have for themselves
	cgroups    int
	mounts     int // in its directories, and in those namespaces
	links      int // network interfaces of the machine
	data       int // files and directories
}

func (p *process) holds(t testing.TB) holding {
	t.Helper()
	below := descendants(t, p.pid)
	namespaces, mounts := worlds(p.pid, below)
	return holding{
		files: p.openFiles(t), tasks: len(below), namespaces: namespaces, cgroups: len(cgroupsBelow(p.pid)),
		mounts: mounts + len(mountsBelow(t, p.dir)), links: links(p.pid), data: len(files(t, p.data)) + len(files(t, p.temp)),
	}
}

func (h holding) beyond(before holding) bool {
	const slack = 3 // connections that their clients keep
	return h.files > before.files+slack || h.tasks > before.tasks || h.namespaces > before.namespaces || h.cgroups > before.cgroups ||
		h.mounts > before.mounts || h.links > before.links || h.data > before.data
}

// stocked waits until a server holds so many processes, those of its stem cells,
// and returns what it holds then.
func (p *process) stocked(t testing.TB, stock int) (h holding) {
	t.Helper()
	eventually(t, patience, func() error {
		if h = p.holds(t); h.tasks != stock {
			return fmt.Errorf("%d processes remain, not the %d in stock", h.tasks, stock)
		}
		return nil
	})
	return h
}

// settled waits until a server holds no more than it did before.
func settled(t testing.TB, p *process, before holding) {
	t.Helper()
	eventually(t, patience, func() error {
		if now := p.holds(t); now.beyond(before) {
			return fmt.Errorf("the server holds %+v; before it was %+v", now, before)
		}
		return nil
	})
}

// goroutines ends the server as a debugger would and counts what it was doing.
func (p *process) goroutines(t testing.TB) int {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	<-p.exited
	return strings.Count(p.stderr.String(), "\ngoroutine ")
}

// A coldKind is a way for an environment to begin and to end.
type coldKind struct {
	name     string
	function functionSpec
	says     string // of the answer
	fails    bool
	share    int // of a hundred
}

// coldKinds are all ways that there are. The first two begin as stem cells where
// there are some.
func coldKinds(t testing.TB, p *process) []coldKind {
	body := func(lines string) []byte {
		return python(t, "import os, time\ndef handler(event, context):\n    "+strings.ReplaceAll(lines, "\n", "\n    ")+"\n")
	}
	hello := entry{name: "app.py", content: helloSource}
	return []coldKind{
		{name: "Python", function: functionSpec{code: python(t, helloSource)}, says: `"hello"`, share: 30},
		{name: "Node", function: functionSpec{code: zipped(t, entry{name: "app.js", content: "exports.handler = async () => 'hello'"}), runtime: "nodejs20.x"}, says: `"hello"`, share: 20},
		{name: "with a wrapper", function: functionSpec{
			code: zipped(t, hello, entry{"wrapper", "#!/bin/sh\nexec \"$@\"\n", 0o755}), variables: map[string]string{"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"},
		}, says: `"hello"`, share: 10},
		{name: "with an extension", function: functionSpec{code: python(t, helloSource), layers: []string{p.extensionLayer(t)}}, says: `"hello"`, share: 9},
		{name: "of a container image", function: functionSpec{image: imageLayout(t)}, says: `"Text":"hello"`, share: 10},
		{name: "leaves processes and files", function: functionSpec{
			code: body("if os.fork() == 0:\n    os.setsid()\n    time.sleep(100)\nopen('/tmp/left', 'w').write('x' * 100000)\nreturn 'left'"),
		}, says: `"left"`, share: 5},
		{name: "does not load", function: functionSpec{code: python(t, "raise ValueError('at load')")}, says: "at load", fails: true, share: 5},
		{name: "exits", function: functionSpec{code: body("os._exit(1)")}, says: "Runtime.ExitError", fails: true, share: 5},
		{name: "takes all memory", function: functionSpec{code: body("a = []\nwhile True: a.append(bytearray(1 << 20))")}, says: "signal: killed", fails: true, share: 5},
		{name: "times out", function: functionSpec{code: body("time.sleep(100)"), timeout: 1}, says: "Task timed out after 1.00 seconds", fails: true, share: 1},
	}
}

// turns are the kinds in the order in which they have their turns: each of them
// first, then as often as its share says.
func turns(kinds []coldKind) []coldKind {
	list := slices.Clone(kinds)
	for n := 1; len(list) < 100; n++ {
		for _, k := range kinds {
			if k.share > n {
				list = append(list, k)
			}
		}
	}
	return list
}

// coldStarts creates, runs and deletes n functions, some at a time.
func coldStarts(t testing.TB, p *process, kinds []coldKind, n int) {
	t.Helper()
	list := turns(kinds)
	var next atomic.Int64
	var clients sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		clients.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && !t.Failed(); i = int(next.Add(1)) - 1 {
				k := list[i%len(list)]
				k.function.name = fmt.Sprintf("cold-%d", i)
				if err := coldStart(t, p, k); err != nil {
					t.Errorf("%s, which %s: %v", k.function.name, k.name, err)
				}
			}
		})
	}
	clients.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func coldStart(t testing.TB, p *process, k coldKind) error {
	ctx, name := t.Context(), k.function.name
	if _, err := createFunction(ctx, p, k.function); err != nil {
		return err
	}
	if k.function.image != "" { // which is there in a moment
		err := retried(patience, func() error {
			c, err := call[lambda.FunctionConfiguration](ctx, p, &lambda.Service, "GetFunctionConfiguration", &lambda.GetFunctionConfigurationRequest{FunctionName: &name})
			if err == nil && *c.State != "Active" {
				err = fmt.Errorf("it is %s", *c.State)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	r, err := invoke(ctx, p, name, "RequestResponse", "{}")
	if err != nil {
		return err
	}
	if (r.FunctionError != nil) != k.fails || !strings.Contains(string(r.Payload), k.says) {
		return fmt.Errorf("it answers %.300s, without %q", r.Payload, k.says)
	}
	if err := deleteFunction(ctx, p, name); err != nil {
		return err
	}
	// As on AWS, a function's log outlives it.
	return retried(patience, func() error {
		_, err := call[struct{}](ctx, p, &logs.Service, "DeleteLogGroup", &logs.DeleteLogGroupRequest{LogGroupName: new("/aws/lambda/" + name)})
		return err
	})
}

// TestFunctionsLeaveNothing runs functions of all kinds and looks for what is
// left of them in the server, on the machine and in the data directory.
func TestFunctionsLeaveNothing(t *testing.T) {
	n := 50
	if testing.Short() {
		n = 10
	}
	t.Run("without stem cells", func(t *testing.T) { leavesNothing(t, n, "--warm", "0") })
	t.Run("beside stem cells", func(t *testing.T) { leavesNothing(t, n) })
	t.Run("with a way out", func(t *testing.T) { leavesNothing(t, n, "--network", "egress") })
}

// leavesNothing looks for what n functions leave.
func leavesNothing(t *testing.T, n int, flags ...string) {
	if runtime.GOOS != "linux" {
		t.Skip("without isolation they would harm this machine")
	}
	stock := 2 * 2 * 2 // of each of two runtimes two stem cells, an interpreter and its init
	if slices.Contains(flags, "--warm") {
		stock = 0
	}
	home := newSite(t, flags...)
	home.env = []string{tellCollections}
	p := home.start(t)
	p.createTestRole(t)
	kinds := coldKinds(t, p)
	coldStarts(t, p, kinds, len(kinds)) // the code is unpacked and stays for a while
	before := p.stocked(t, stock)
	few := p.goroutines(t)

	p = home.start(t)
	half := 0
	for done := 0; done < n; {
		round := min(n-done, max(n/10, 1000))
		coldStarts(t, p, kinds, round)
		settled(t, p, before)
		done += round
		t.Logf("after %d: %+v, %d MB of the heap and %d MB in all", done, p.holds(t), p.liveHeap(), p.anonymousMemory(t)>>20)
		if half == 0 && done >= n/2 {
			half = p.liveHeap()
		}
	}
	// By then journeys are as many as are kept. The store remembers what has been
	// deleted.
	if whole, allowed := p.liveHeap(), half+8+n*2/1000; n >= 10_000 && whole > allowed {
		t.Errorf("%d MB of the heap are in use after %d functions, and were %d after half as many", whole, n, half)
	}
	many := p.goroutines(t)
	t.Logf("%d goroutines after one function of each kind, %d after %d", few, many, n)
	// A few more serve connections that are kept open.
	if many > few+10 {
		t.Errorf("%d goroutines after %d functions, and %d after a few:\n%s", many, n, few, tail(p.stderr.String(), 8000))
	}

	p = home.start(t)
	trail := p.trail(t)
	p.stop(t)
	if err := trail.gone(t, home); err != nil {
		t.Error(err)
	}
}
