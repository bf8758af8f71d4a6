//go:build amd64 || arm64

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// lateCode makes a directory of code, a directory per function.
func lateCode(t *testing.T, f *fixture, functions ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range functions {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "code"), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// late starts a shell that runs a script when a signal comes.
func (f *fixture) late(t *testing.T, dir, script string) (Sandbox, *recorder) {
	t.Helper()
	s, out := f.run(t, "", func(spec *Spec) {
		spec.Task, spec.Late, spec.LateFrom = "", true, dir
		spec.Network = PrivateNetwork
		spec.Command = []string{"/bin/sh", "-c", "trap 'cd /var/task; " + script + "; exit 0' USR1; echo $(ls -A /var/task; ls -A /.code /proc/1/root/.code/one 2>/dev/null | grep -v :)waiting; while :; do sleep 0.01; done"}
		spec.Env = []string{"PATH=/usr/bin:/bin"}
	})
	out.await(t, "waiting\n")
	return s, out
}

func TestLateCode(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	dir := lateCode(t, f, "one", "two", "layers")
	s, out := f.late(t, dir, "cat code /opt/code; ls -A /.code; stat -f -c %b.%s /tmp; touch x /opt/x; cat ../../.code/two/code /proc/1/root/.code/two/code")
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	err := s.Assign(ctx, Assignment{Name: "one", Task: filepath.Join(dir, "one"), Opt: filepath.Join(dir, "layers"), MemoryMB: 300, TmpMB: 64})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if x := waitFor(t, s); x.Code != 0 {
		t.Errorf("exit is %+v", x)
	}
	got := strings.TrimPrefix(out.String(), "waiting\n")
	shown, refusals, _ := strings.Cut(got, "\n")
	if shown != fmt.Sprintf("onelayers%d.4096", 64<<20/4096) || strings.Count(refusals, "Read-only file system") != 2 ||
		strings.Count(refusals, "\n") != 4 || strings.Contains(refusals, "two\n") {
		t.Errorf("it printed %s", got)
	}
	if err := s.Assign(ctx, Assignment{Task: filepath.Join(dir, "two"), MemoryMB: 1, TmpMB: 1}); !errors.Is(err, errNotLate) {
		t.Errorf("a second assignment gives %v", err)
	}
}

func TestLateCodeWithoutLayers(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	dir := lateCode(t, f, "one")
	s, out := f.late(t, dir, "cat code; ls -A /opt")
	if err := s.Assign(t.Context(), Assignment{Name: "one", Task: filepath.Join(dir, "one"), MemoryMB: 128, TmpMB: 16}); err != nil {
		t.Fatal(err)
	}
	if err := s.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	waitFor(t, s)
	if got := out.String(); got != "waiting\none" {
		t.Errorf("it printed %q", got)
	}
}

// A Late sandbox that is never assigned can do all that another can.
func TestLateSandboxLives(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	dir := lateCode(t, f, "one")
	s, _ := f.late(t, dir, "true")
	if err := s.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := s.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := s.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if x := waitFor(t, s); x.Code != 0 {
		t.Errorf("exit is %+v", x)
	}
	if err := s.Assign(t.Context(), Assignment{Task: filepath.Join(dir, "one"), MemoryMB: 1, TmpMB: 1}); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("an assignment after the end gives %v", err)
	}
}

func TestAssignmentsThatAreRefused(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	dir := lateCode(t, f, "one")
	if err := os.Symlink("/etc", filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Assignment){
		"no code":            func(a *Assignment) { a.Task = "" },
		"elsewhere":          func(a *Assignment) { a.Task = "/etc" },
		"above":              func(a *Assignment) { a.Task = filepath.Join(dir, "..") },
		"a link that leaves": func(a *Assignment) { a.Task = filepath.Join(dir, "out") },
		"a file":             func(a *Assignment) { a.Task = filepath.Join(dir, "one", "code") },
		"nothing":            func(a *Assignment) { a.Opt = filepath.Join(dir, "nothing") },
		"no memory":          func(a *Assignment) { a.MemoryMB = 0 },
		"no room in /tmp":    func(a *Assignment) { a.TmpMB = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := f.late(t, dir, "true")
			a := Assignment{Name: "one", Task: filepath.Join(dir, "one"), MemoryMB: 128, TmpMB: 16}
			change(&a)
			if err := s.Assign(t.Context(), a); err == nil {
				t.Error("it was assigned")
			}
		})
	}
	t.Run("not late", func(t *testing.T) {
		s, _ := f.run(t, "hang", nil)
		if err := s.Assign(t.Context(), Assignment{Name: "one", Task: dir, MemoryMB: 128, TmpMB: 16}); !errors.Is(err, errNotLate) {
			t.Errorf("it gives %v", err)
		}
	})
}

func TestLateSpecsThatAreRefused(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	dir := lateCode(t, f, "one")
	for name, test := range map[string]struct {
		built  bool
		change func(*Spec)
	}{
		"code at once":          {true, func(s *Spec) { s.Task = dir }},
		"nowhere":               {true, func(s *Spec) { s.LateFrom = filepath.Join(dir, "nothing") }},
		"extensions":            {false, func(s *Spec) { s.Extensions = []Extension{{"one", "/bin/true", nil}} }},
		"a runtime below /opt":  {false, func(s *Spec) { s.Runtime = []string{"/opt/runtime"} }},
		"no way that it can be": {false, func(*Spec) { f.Driver.(*namespaces).lateProblem = "it did not work" }},
	} {
		spec := f.spec
		spec.Command = []string{"/bin/true"}
		spec.Task, spec.Late, spec.LateFrom = "", true, dir
		test.change(&spec)
		_, err := f.Start(t.Context(), spec)
		f.Driver.(*namespaces).lateProblem = ""
		if err == nil || errors.Is(err, ErrNotBuilt) == test.built {
			t.Errorf("%s: it gives %v", name, err)
		}
	}
	if _, err := newFixture(t, ProcessLevel).Start(t.Context(), Spec{
		Command: []string{"/bin/true"}, MemoryMB: 1, TmpMB: 1, Late: true, LateFrom: dir, Network: HostNetwork,
	}); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("without isolation: it gives %v", err)
	}
}

// BenchmarkAssign is what a sandbox costs that had been started before.
func BenchmarkAssign(b *testing.B) {
	driver, err := Open(NamespaceLevel, Options{})
	if err != nil {
		b.Skip(err)
	}
	defer driver.Close()
	dir := b.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "one"), 0o755); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		s, err := driver.Start(b.Context(), Spec{
			Name: "bench", Command: []string{"/bin/sleep", "1000"}, MemoryMB: 1024, TmpMB: 512, Network: PrivateNetwork, Late: true, LateFrom: dir,
		})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := s.Assign(b.Context(), Assignment{Name: "bench", Task: filepath.Join(dir, "one"), MemoryMB: 128, TmpMB: 512}); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		s.Kill()
		<-s.Done()
		s.RuntimeAPI().Close()
		s.Endpoint().Close()
		b.StartTimer()
	}
}
