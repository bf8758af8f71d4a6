//go:build amd64 || arm64

package sandbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestProcessorSettings(t *testing.T) {
	for _, test := range []struct {
		version  int
		cpu      int
		quota    bool
		settings string
	}{
		{1, 72, false, "cpu.shares=73 cpu.cfs_period_us=20000 cpu.cfs_quota_us=-1"},
		{1, 1000, true, "cpu.shares=1024 cpu.cfs_period_us=20000 cpu.cfs_quota_us=20000"},
		{1, 20, true, "cpu.shares=20 cpu.cfs_period_us=20000 cpu.cfs_quota_us=1000"},
		{1, 1, false, "cpu.shares=2 cpu.cfs_period_us=20000 cpu.cfs_quota_us=-1"},
		{2, 72, true, "cpu.weight=7 cpu.max=1440 20000"},
		{2, 5790, true, "cpu.weight=579 cpu.max=115800 20000"},
		{2, 1, false, "cpu.weight=1 cpu.max=max 20000"},
		{2, 0, false, "cpu.weight=100 cpu.max=max 20000"},
	} {
		dir := t.TempDir()
		g := &group{of: &cgroups{cpu: hierarchy{dir, test.version}}, cpu: dir}
		var got []string
		for _, s := range g.processors(Spec{CPU: test.cpu, CPUQuota: test.quota}) {
			got = append(got, filepath.Base(s.file)+"="+s.value)
		}
		if strings.Join(got, " ") != test.settings {
			t.Errorf("version %d, %d: %s, want %s", test.version, test.cpu, got, test.settings)
		}
	}
	if got := (&group{of: &cgroups{}}).processors(Spec{CPU: 100}); got != nil {
		t.Errorf("without a control group there is %v", got)
	}
}

// TestEnableVersion2 has the controllers of version 2 delegated, as a tree of
// plain files tells it.
func TestEnableVersion2(t *testing.T) {
	dir := t.TempDir()
	c := &cgroups{name: "server"}
	if err := os.Mkdir(filepath.Join(dir, c.name), 0o755); err != nil {
		t.Fatal(err)
	}
	control := filepath.Join(dir, c.name, "cgroup.subtree_control")
	for name, content := range map[string]string{filepath.Join(dir, c.name, "cgroup.controllers"): "cpu memory\n", control: ""} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if h, problem := c.enable(hierarchy{dir, 2}, "cpu"); h.dir != dir || problem != "" {
		t.Errorf("it gives %+v, %s", h, problem)
	}
	if b, _ := os.ReadFile(control); string(b) != "+cpu" {
		t.Errorf("it wrote %q", b)
	}
	c.name = "nothing"
	if h, problem := c.enable(hierarchy{dir, 2}, "cpu"); h.dir != "" || problem == "" {
		t.Errorf("without the group it gives %+v", h)
	}
}

// TestProcessorQuota lets a sandbox run that would use all of a processor.
func TestProcessorQuota(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	if f.Driver.(*namespaces).cgroups.cpu.dir == "" {
		t.Skip(f.Driver.(*namespaces).cgroups.cpuProblem)
	}
	s, out := f.run(t, "spin", func(spec *Spec) { spec.CPU, spec.CPUQuota = 100, true })
	waitFor(t, s)
	used, err := time.ParseDuration(strings.TrimSpace(out.String()))
	if err != nil || used > 300*time.Millisecond {
		t.Errorf("in a second it used %v of a processor, with a tenth of one (%v)", used, err)
	}
}

// A share given late is as one given at once.
func TestLateProcessorShare(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	if f.Driver.(*namespaces).cgroups.cpu.version != 1 {
		t.Skip("this host does not divide processors by version 1 of control groups")
	}
	dir := lateCode(t, f, "one")
	s, _ := f.late(t, dir, "true")
	a := Assignment{Name: "one", Task: filepath.Join(dir, "one"), MemoryMB: 512, TmpMB: 64, CPU: 500, CPUQuota: true}
	if err := s.Assign(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	g := s.(*namespace).group
	for file, want := range map[string]string{g.cpu + "/cpu.shares": "512", g.cpu + "/cpu.cfs_quota_us": "10000"} {
		if b, err := os.ReadFile(file); strings.TrimSpace(string(b)) != want {
			t.Errorf("%s is %q, %v", file, b, err)
		}
	}
	if g.of.memory.version == 1 {
		if b, err := os.ReadFile(g.memory + "/memory.limit_in_bytes"); strings.TrimSpace(string(b)) != "603979776" {
			t.Errorf("its memory is %q, %v", b, err)
		}
	}
}
