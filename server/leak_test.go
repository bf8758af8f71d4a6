package server_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api/logs"
)

// A holding is what a server holds of its machine.
type holding struct{ files, tasks, cgroups, mounts, data int }

func (p *process) holds(t testing.TB) holding {
	t.Helper()
	return holding{p.openFiles(t), len(descendants(t, p.pid)), len(cgroupsBelow(p.pid)), len(mountsBelow(t, p.dir)), len(files(t, p.data)) + len(files(t, p.temp))}
}

func (h holding) beyond(before holding) bool {
	const slack = 3 // connections that their clients keep
	return h.files > before.files+slack || h.tasks > before.tasks || h.cgroups > before.cgroups || h.mounts > before.mounts || h.data > before.data
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

// coldStarts creates, runs and deletes functions one after the other.
func coldStarts(t *testing.T, p *process, n int) {
	t.Helper()
	code := python(t, helloSource)
	for i := range n {
		name := fmt.Sprintf("cold-%d", i)
		must(createFunction(t.Context(), p, functionSpec{name: name, code: code}))(t)
		if r, err := invoke(t.Context(), p, name, "RequestResponse", "{}"); err != nil || string(r.Payload) != `"hello"` {
			t.Fatalf("%s answers %v (%v)", name, r, err)
		}
		if err := deleteFunction(t.Context(), p, name); err != nil {
			t.Fatal(err)
		}
		// As on AWS, a function's log outlives it.
		eventually(t, 20*time.Second, func() error {
			_, err := call[struct{}](t.Context(), p, &logs.Service, "DeleteLogGroup", &logs.DeleteLogGroupRequest{LogGroupName: new("/aws/lambda/" + name)})
			return err
		})
	}
}

// TestFunctionsLeaveNothing runs functions and looks for what is left of them in
// the server, on the machine and in the data directory.
func TestFunctionsLeaveNothing(t *testing.T) {
	t.Run("without stem cells", func(t *testing.T) { leavesNothing(t, 0, "--warm", "0") })
	// Two, each of an interpreter and its init.
	t.Run("beside stem cells", func(t *testing.T) { leavesNothing(t, 4) })
}

// leavesNothing looks for what is left beside so many processes in stock.
func leavesNothing(t *testing.T, stock int, flags ...string) {
	n := 50
	if testing.Short() {
		n = 10
	}
	home := newSite(t, flags...)
	p := home.start(t)
	p.createTestRole(t)
	coldStarts(t, p, 1) // the code is unpacked and stays for a while
	var before holding
	eventually(t, 20*time.Second, func() error {
		if before = p.holds(t); before.tasks != stock {
			return fmt.Errorf("%d processes after a function was deleted, not %d", before.tasks, stock)
		}
		return nil
	})
	few := p.goroutines(t)

	p = home.start(t)
	coldStarts(t, p, n)
	settled(t, p, before)
	many := p.goroutines(t)
	t.Logf("%d goroutines after one function, %d after %d", few, many, n)
	// A few more serve connections that are kept open.
	if many > few+10 {
		t.Errorf("%d goroutines after %d functions, and %d after one:\n%s", many, n, few, tail(p.stderr.String(), 8000))
	}

	p = home.start(t)
	trail := p.trail(t)
	p.stop(t)
	if err := trail.gone(t, home); err != nil {
		t.Error(err)
	}
}

// settled waits until a server holds no more than it did before.
func settled(t *testing.T, p *process, before holding) {
	t.Helper()
	eventually(t, 30*time.Second, func() error {
		if now := p.holds(t); now.beyond(before) {
			return fmt.Errorf("the server holds %+v; before it was %+v", now, before)
		}
		return nil
	})
}
