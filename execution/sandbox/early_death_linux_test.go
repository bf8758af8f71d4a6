//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestDeathAtEveryStep has the launcher's processes die before each of their
// system calls, as somebody may kill them there: whoever comes to it, and also
// the stub once it has made init and not told of it. Every start returns, and
// every sandbox that has started ends. Of none is anything left.
func TestDeathAtEveryStep(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	d := f.Driver.(*namespaces)
	dir := lateCode(t, f, "one")
	for name, change := range map[string]func(*Spec){
		"ordinary": func(*Spec) {},
		"private":  func(spec *Spec) { spec.Network, spec.Sockets = PrivateNetwork, 2 },
		"late":     func(spec *Spec) { spec.Task, spec.Late, spec.LateFrom = "", true, dir },
		"extensions": func(spec *Spec) {
			spec.Extensions = []Extension{{"one", "/var/task/program", []string{"SANDBOX_TEST_PROGRAM=hang"}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			spec := f.spec
			spec.Command = []string{"/bin/sh", "-c", "while :; do :; done"}
			change(&spec)
			var steps []string
			started := 0
			start := func(deaths ...int) {
				d.change = func(p *program) {
					steps = steps[:0]
					for _, s := range p.steps {
						steps = append(steps, s.what)
					}
					for _, i := range deaths {
						p.steps[i].number = unix.SYS_EXIT_GROUP
					}
				}
				if f.startAndEnd(t, spec) == nil {
					started++
				}
			}
			defer func() { d.change = nil }()
			start()
			before := d.leavings(t)
			told := slices.Index(steps, "start init") + 1
			for i := range steps {
				start(i)
				if i > told {
					start(told, i)
				}
			}
			if after := d.leavings(t); after.files > before.files || after.mounts != before.mounts || after.groups != before.groups || after.children != before.children {
				t.Errorf("before %+v, after %+v", before, after)
			}
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
				t.Errorf("process %d has not been waited for (%v)", pid, err)
			}
			t.Logf("%d steps, %d starts succeeded", len(steps), started)
		})
	}
}

// A launcher that goes no further, whatever holds it up, is given up.
func TestLauncherThatHangs(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	d := f.Driver.(*namespaces)
	d.launchTime = 10 * time.Millisecond
	for _, at := range []string{"make namespaces", "name the host", "begin a session"} {
		d.change = func(p *program) {
			i := slices.IndexFunc(p.steps, func(s *step) bool { return s.what == at })
			p.steps[i].number, p.steps[i].args = unix.SYS_PPOLL, [6]uint64{}
		}
		spec := f.spec
		spec.Command = []string{"/bin/sleep", "1000"}
		if err := f.startAndEnd(t, spec); err == nil || !strings.Contains(err.Error(), "has not finished within 10ms") {
			t.Errorf("held up where it is to %s, a start gives %v", at, err)
		}
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
			t.Errorf("process %d has not been waited for (%v)", pid, err)
		}
	}
}

// startAndEnd starts a sandbox and kills it, if it has started.
func (f *fixture) startAndEnd(t *testing.T, spec Spec) error {
	t.Helper()
	var s Sandbox
	var err error
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		s, err = f.Start(t.Context(), spec)
	}()
	select {
	case <-returned:
	case <-time.After(testTime):
		t.Fatal("a start does not return")
	}
	if err != nil {
		return err
	}
	s.Kill()
	waitFor(t, s)
	if spec.Network != HostNetwork {
		s.RuntimeAPI().Close()
		s.Endpoint().Close()
	}
	return nil
}

// A sandbox whose init is killed ends, though its processes be frozen at the same
// moment: they cannot die before they are thawed.
func TestFreezingTheDying(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	for range 50 {
		spec := f.spec
		spec.Command = []string{"/bin/sh", "-c", "for i in 1 2 3 4 5; do sleep 1000 & done; wait"}
		s, err := f.Start(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		frozen := make(chan error)
		go func() {
			for err := s.Freeze(); ; err = s.Freeze() {
				if err != nil {
					frozen <- err
					return
				}
			}
		}()
		if err := syscall.Kill(s.(*namespace).initial, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		waitFor(t, s)
		if err := <-frozen; !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
	}
}
