//go:build amd64 || arm64

package sandbox

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// leavings are what sandboxes could leave behind.
type leavings struct{ files, mounts, groups, goroutines, children, namespaces int }

func (d *namespaces) leavings(t *testing.T) leavings {
	t.Helper()
	var l leavings
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	l.files = len(files)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	l.mounts = bytes.Count(mounts, []byte("\n"))
	for _, h := range d.cgroups.hierarchies(true) {
		groups, _ := filepath.Glob(filepath.Join(h.dir, d.cgroups.name, "*", "cgroup.procs"))
		l.groups += len(groups)
	}
	l.goroutines = runtime.NumGoroutine()
	children, _ := filepath.Glob("/proc/self/task/*/children")
	for _, name := range children {
		b, _ := os.ReadFile(name)
		l.children += len(strings.Fields(string(b)))
	}
	// Of the server's own threads: one that joined another stays in it.
	spaces, _ := filepath.Glob("/proc/self/task/*/ns/*")
	seen := map[string]bool{}
	for _, name := range spaces {
		if to, err := os.Readlink(name); err == nil {
			seen[to] = true
		}
	}
	l.namespaces = len(seen)
	return l
}

// TestNothingIsLeft starts sandboxes of every kind, some of which fail, and
// looks for what they leave.
func TestNothingIsLeft(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	d := f.Driver.(*namespaces)
	code, image := lateCode(t, f, "one"), newImage(t)
	kinds := map[string]struct {
		change func(*Spec)
		after  func(Sandbox) error
	}{
		"host":    {func(s *Spec) {}, nil},
		"private": {func(s *Spec) { s.Network, s.Sockets = PrivateNetwork, 8 }, nil},
		"egress":  {func(s *Spec) { s.Network, s.CPU = EgressNetwork, 500 }, nil},
		"image":   {func(s *Spec) { s.Root, s.Task = image, "" }, nil},
		"nothing": {func(s *Spec) { s.Command = []string{"/nothing"} }, nil},
		"extensions": {func(s *Spec) {
			s.Network, s.Extensions = PrivateNetwork, []Extension{{"one", "/bin/sleep", nil}, {"two", "/bin/sh", nil}}
		}, Sandbox.Release},
		"unreleased":    {func(s *Spec) { s.Extensions = []Extension{{"one", "/bin/sh", nil}} }, nil},
		"bad extension": {func(s *Spec) { s.Extensions = []Extension{{"one", "/bin/sh", nil}, {"two", "/nothing", nil}} }, nil},
		"late": {func(s *Spec) { s.Task, s.Late, s.LateFrom, s.Network = "", true, code, PrivateNetwork }, func(s Sandbox) error {
			return s.Assign(t.Context(), Assignment{Name: "one", Task: filepath.Join(code, "one"), MemoryMB: 512, TmpMB: 16})
		}},
		"unassigned": {func(s *Spec) { s.Task, s.Late, s.LateFrom, s.Network = "", true, code, EgressNetwork }, nil},
	}
	round := func() {
		for name, kind := range kinds {
			spec := f.spec
			spec.Command = []string{"/bin/sh", "-c", "while :; do :; done"}
			kind.change(&spec)
			s, err := f.Start(t.Context(), spec)
			if (err != nil) != (name == "nothing" || name == "bad extension") {
				t.Fatalf("%s: %v", name, err)
			}
			if err != nil {
				continue
			}
			if kind.after != nil {
				if err := kind.after(s); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			s.Kill()
			waitFor(t, s)
			if spec.Network != HostNetwork {
				s.RuntimeAPI().Close()
				s.Endpoint().Close()
			}
		}
	}
	round() // what is made once
	before := d.leavings(t)
	rounds := 20
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		round()
	}
	// The watch and the poller let go a moment later.
	after := d.leavings(t)
	for deadline := time.Now().Add(testTime); after != before && time.Now().Before(deadline); after = d.leavings(t) {
		if after.files <= before.files && after.goroutines <= before.goroutines && after.mounts == before.mounts && after.groups == before.groups &&
			after.children == before.children && after.namespaces == before.namespaces {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	if after != before {
		t.Errorf("before %+v, after %+v", before, after)
	}
}
