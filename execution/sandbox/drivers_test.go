//go:build unix

package sandbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// testTime bounds what must happen soon.
const testTime = 20 * time.Second

// A recorder keeps output, and tells whoever waits for some.
type recorder struct {
	mu      sync.Mutex
	b       bytes.Buffer
	changed chan struct{}
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{}, 1)} }

func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
	return r.b.Write(b)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

// await waits until the output contains something.
func (r *recorder) await(t *testing.T, want string) {
	t.Helper()
	timeout := time.After(testTime)
	for !strings.Contains(r.String(), want) {
		select {
		case <-r.changed:
		case <-timeout:
			t.Fatalf("the output never contained %q: %q", want, r.String())
		}
	}
}

// A fixture is a driver and what its sandboxes are made of.
type fixture struct {
	Driver
	spec    Spec
	program string // path of the test binary inside
}

// newFixture opens a driver for a test, with a Spec whose command is to be a
// program of the test binary.
func newFixture(t *testing.T, level string) *fixture {
	t.Helper()
	driver, err := Open(level, Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := driver.Probe(t.Context()); err != nil {
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENOSPC) {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	task := t.TempDir()
	copyProgram(t, filepath.Join(task, "program"))
	return &fixture{Driver: driver, program: "/var/task/program", spec: Spec{
		Name: strings.ReplaceAll(t.Name(), "/", "-"), Task: task,
		MemoryMB: 256, TmpMB: 32, Network: HostNetwork,
	}}
}

func copyProgram(t *testing.T, to string) {
	t.Helper()
	from, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if os.Link(from, to) == nil {
		return
	}
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
}

// run starts a program of the test binary.
func (f *fixture) run(t *testing.T, program string, change func(*Spec)) (Sandbox, *recorder) {
	t.Helper()
	out := newRecorder()
	spec := f.spec
	spec.Command = []string{f.program}
	spec.Env = []string{"SANDBOX_TEST_PROGRAM=" + program}
	spec.Output = out
	if change != nil {
		change(&spec)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	s, err := f.Start(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Kill()
		waitFor(t, s)
		for _, l := range []io.Closer{s.RuntimeAPI(), s.Endpoint()} {
			if l != nil {
				l.Close()
			}
		}
	})
	return s, out
}

func waitFor(t *testing.T, s Sandbox) Exit {
	t.Helper()
	select {
	case <-s.Done():
		return s.Exit()
	case <-time.After(testTime):
		t.Fatal("the sandbox does not end")
		return Exit{}
	}
}

// both runs a test with either driver.
func both(t *testing.T, test func(*testing.T, *fixture)) {
	for _, level := range []string{NamespaceLevel, ProcessLevel} {
		t.Run(level, func(t *testing.T) { test(t, newFixture(t, level)) })
	}
}

func TestCommandEnds(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		s, out := f.run(t, "exit 7", nil)
		if x := waitFor(t, s); x.Code != 7 || x.Signal != "" || x.OutOfMemory || x.Ran <= 0 {
			t.Errorf("exit is %+v", x)
		}
		if got := out.String(); got != "ran\n" {
			t.Errorf("output is %q", got)
		}
		if s.MaxMemory() < 1<<20 {
			t.Errorf("the most memory it had was %d bytes", s.MaxMemory())
		}
	})
}

func TestKill(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		s, out := f.run(t, "hang", nil)
		out.await(t, "hanging")
		s.Kill()
		if x := waitFor(t, s); x.Code != -1 || x.Signal != "killed" || x.OutOfMemory {
			t.Errorf("exit is %+v", x)
		}
		s.Kill()
		if err := s.Signal(syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("a signal after the end gives %v", err)
		}
		if err := s.Freeze(); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("freezing after the end gives %v", err)
		}
	})
}

func TestKillWhileFrozen(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		s, out := f.run(t, "hang", nil)
		out.await(t, "hanging")
		if err := s.Freeze(); err != nil {
			t.Fatal(err)
		}
		s.Kill()
		waitFor(t, s)
	})
}

func TestSignalReachesTheCommand(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		s, out := f.run(t, "catch", nil)
		out.await(t, "ready")
		if err := s.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if x := waitFor(t, s); x.Code != 42 {
			t.Errorf("exit is %+v", x)
		}
	})
}

func TestFreezeAndThaw(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		s, out := f.run(t, "count", nil)
		for range 3 {
			out.await(t, "\n")
			if err := s.Freeze(); err != nil {
				t.Fatal(err)
			}
			// It may write until it has stopped; then nothing more comes.
			for still := 0; still < 3; {
				before := out.String()
				time.Sleep(10 * time.Millisecond)
				if out.String() == before {
					still++
				}
			}
			before := out.String()
			if err := s.Thaw(); err != nil {
				t.Fatal(err)
			}
			for out.String() == before {
				<-out.changed
			}
		}
	})
}

func TestCommandThatDoesNotExist(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		spec := f.spec
		spec.Command = []string{"/var/task/nothing"}
		_, err := f.Start(t.Context(), spec)
		if !errors.Is(err, syscall.ENOENT) || !strings.Contains(err.Error(), "nothing") {
			t.Errorf("error is %v", err)
		}
	})
}

func TestStartIsCancelled(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("enough"))
		spec := f.spec
		spec.Command = []string{f.program}
		if _, err := f.Start(ctx, spec); err == nil {
			t.Error("it started")
		}
	})
}

func TestSpecsThatAreRefused(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		for name, change := range map[string]func(*Spec){
			"no command":       func(s *Spec) { s.Command = nil },
			"relative command": func(s *Spec) { s.Command = []string{"program"} },
			"no memory":        func(s *Spec) { s.MemoryMB = 0 },
			"no room in /tmp":  func(s *Spec) { s.TmpMB = 0 },
			"unknown network":  func(s *Spec) { s.Network = "wide" },
		} {
			spec := f.spec
			spec.Command = []string{f.program}
			change(&spec)
			if _, err := f.Start(t.Context(), spec); err == nil {
				t.Errorf("%s: it started", name)
			}
		}
	})
}

func TestProcessLevelSaysWhatItIs(t *testing.T) {
	f := newFixture(t, ProcessLevel)
	for _, c := range f.Controls() {
		if c.Enforced && c.Name != ControlFreeze {
			t.Errorf("%s is said to be enforced", c.Name)
		}
	}
	spec := f.spec
	spec.Command, spec.Network = []string{f.program}, PrivateNetwork
	if _, err := f.Start(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "--network host") {
		t.Errorf("a private network gives %v", err)
	}
}

func TestProcessLevelTranslatesPaths(t *testing.T) {
	translate := translator(Spec{Task: "/data/code", Opt: "/data/layers", Runtime: []string{"/opt/python"}})
	for in, want := range map[string]string{
		"/var/task":                       "/data/code",
		"/var/task/bootstrap":             "/data/code/bootstrap",
		"/opt/bin:/usr/bin:/opt/python/x": "/data/layers/bin:/usr/bin:/opt/python/x",
		"/var/tasks:/optional:var/task":   "/var/tasks:/optional:var/task",
		"index.handler":                   "index.handler",
	} {
		if got := translate(in); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
}

func TestUnknownLevel(t *testing.T) {
	if _, err := Open("jail", Options{}); err == nil || !strings.Contains(err.Error(), NamespaceLevel) {
		t.Errorf("error is %v", err)
	}
}
