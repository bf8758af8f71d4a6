//go:build amd64 || arm64

package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const hybridMounts = `24 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 24 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu\040set rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuset
32 30 0:28 /docker/abc /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
truncated
`

func TestCgroupMounts(t *testing.T) {
	mounts := parseCgroupMounts([]byte(hybridMounts))
	if len(mounts) != 3 {
		t.Fatalf("found %+v", mounts)
	}
	if m := mounts[0]; m.dir != "/sys/fs/cgroup/cpu set" || m.version != 1 || !slices.Contains(m.controllers, "cpuset") {
		t.Errorf("the first is %+v", m)
	}
	own := []byte("4:memory:/docker/abc/server\n1:cpu,cpuset:/\n0::/user.slice/session\n")
	for i, want := range []string{"/sys/fs/cgroup/cpu set", "/sys/fs/cgroup/memory/server", "/sys/fs/cgroup/unified/user.slice/session"} {
		controller := []string{"cpu", "memory", ""}[i]
		if got := ownCgroup(own, mounts[i], controller); got != want {
			t.Errorf("%s: its own group is %s, want %s", controller, got, want)
		}
	}
}

// TestStaleGroupsAreRemoved makes groups as servers leave them: of the dead,
// they go; of the living and of others, they stay.
func TestStaleGroupsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	living := cgroupPrefix + identifyProcess(os.Getpid()) + "-00000001"
	for name, stays := range map[string]bool{
		living:                           true,
		"lamgate-1-99999999999-00000001": false,
		"lamgate-elsewhere":              true,
		"docker":                         true,
	} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		removeStale(dir)
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != stays {
			t.Errorf("%s stays is %t", name, err == nil)
		}
	}
}

// TestGroupsWithProcesses has the server in a group of version 2, alone and beside
// others, as a tree of plain files tells it. Controllers that are enabled beside
// processes would leave no group that a sandbox can be in.
func TestGroupsWithProcesses(t *testing.T) {
	own := fmt.Sprint(os.Getpid())
	for name, test := range map[string]struct {
		kind, procs string
		leaves      bool
		problem     string
	}{
		"the root of all":   {"", "1\n" + own + "\n", false, ""},
		"empty":             {"domain\n", "", false, ""},
		"alone":             {"domain\n", own + "\n", true, ""},
		"beside others":     {"domain\n", own + "\n1\n", false, "has other processes"},
		"others alone":      {"domain\n", "1\n", false, "has other processes"},
		"of another's view": {"domain\n", "0\n", false, "has other processes"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			inner := filepath.Join(dir, serverGroup, "cgroup.procs")
			files := map[string]string{filepath.Join(dir, "cgroup.procs"): test.procs, filepath.Join(dir, "cgroup.subtree_control"): "cpu memory", inner: ""}
			if test.kind != "" {
				files[filepath.Join(dir, "cgroup.type")] = test.kind
			}
			if err := os.Mkdir(filepath.Dir(inner), 0o755); err != nil {
				t.Fatal(err)
			}
			for file, content := range files {
				if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			c := &cgroups{}
			problem := c.vacate(dir)
			if !strings.Contains(problem, test.problem) || (problem == "") != (test.problem == "") {
				t.Errorf("it gives %q", problem)
			}
			moved, _ := os.ReadFile(inner)
			if (string(moved) == own) != test.leaves || (c.left == dir) != test.leaves {
				t.Errorf("%q has been moved, and it has left %q", moved, c.left)
			}
			c.comeBack()
			if back, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs")); test.leaves && string(back) != own+"\n" {
				t.Errorf("%q is where the server was", back)
			}
		})
	}
}

func TestGroupsThatNobodyCanBeIn(t *testing.T) {
	dir := t.TempDir()
	for kind, valid := range map[string]bool{"": true, "domain\n": true, "domain invalid\n": false, "threaded\n": false} {
		if kind != "" {
			if err := os.WriteFile(filepath.Join(dir, "cgroup.type"), []byte(kind), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if problem := invalid(dir); (problem == "") != valid {
			t.Errorf("of type %q it gives %q", kind, problem)
		}
		_ = os.Remove(filepath.Join(dir, "cgroup.type"))
	}
}

// TestVersion2 freezes, kills and dies with version 2 of control groups, which
// hybrid machines have for freezing only.
func TestVersion2(t *testing.T) {
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, NamespaceLevel)
	d := f.Driver.(*namespaces)
	groups := &cgroups{name: d.cgroups.name + "-2"}
	for _, m := range parseCgroupMounts(mountinfo) {
		if m.version == 2 {
			groups.useVersion2(m, m.dir)
		}
	}
	if groups.freezer.dir == "" {
		t.Skip("version 2 cannot be written: ", groups.problem)
	}
	t.Cleanup(func() {
		if err := groups.close(); err != nil {
			t.Error(err)
		}
	})
	// The fixture's own groups are closed by the fixture.
	driver := &namespaces{
		log: d.log, layout: d.layout, users: d.users, null: d.null, buffers: d.buffers, watch: d.watch,
		filter: d.filter, landlock: d.landlock, capabilities: d.capabilities, cgroups: groups, egress: d.egress, launchTime: d.launchTime,
	}
	controls, err := driver.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range controls {
		if !c.Enforced && slices.Contains([]string{ControlMemory, ControlProcessLimit, ControlFreeze}, c.Name) {
			t.Errorf("%s: %s", c.Name, c.Problem)
		}
		t.Logf("%s: by %s", c.Name, c.By)
	}
	f.Driver = driver
	s, out := f.run(t, "hang", nil)
	out.await(t, "hanging")
	if err := s.Freeze(); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	waitFor(t, s)

	s, out = f.run(t, "exit 7", func(spec *Spec) { spec.Extensions = f.extensions(map[string]string{"one": "hang"}) })
	out.await(t, "hanging")
	if err := s.Release(); err != nil {
		t.Fatal(err)
	}
	if e := nextEnded(t, s); e.Exit.Code != 7 {
		t.Errorf("beside an extension there ended %+v", e)
	}
}
