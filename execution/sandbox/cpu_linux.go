//go:build amd64 || arm64

package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// quotaPeriod is how often a quota is given out, in microseconds: short, so that
// a small one comes in many small pieces and not in one with a long wait.
const quotaPeriod = 20_000

// useProcessors1 finds where version 1 divides processors.
func (c *cgroups) useProcessors1(mounts []cgroupMount, own []byte) {
	problem := c.problem
	defer func() { c.problem = problem }()
	for _, m := range mounts {
		// Where processors are also pinned, a new group has none to run on.
		if m.version != 1 || !slices.Contains(m.controllers, "cpu") || slices.Contains(m.controllers, "cpuset") {
			continue
		}
		if c.cpu = c.try(m, ownCgroup(own, m, "cpu")); c.cpu.dir == "" {
			c.cpuProblem = c.problem
		}
	}
}

// share gives all sandboxes together the weight of as many processes as there
// are processors: they can use the whole machine, and beside them the server,
// which is not in the group, never gets less than each of them.
func (c *cgroups) share() {
	group := filepath.Join(c.cpu.dir, c.name)
	var err error
	switch c.cpu.version {
	case 1:
		err = write(group+"/cpu.shares", strconv.Itoa(1024*runtime.NumCPU()))
	case 2:
		err = write(group+"/cpu.weight", strconv.Itoa(min(100*runtime.NumCPU(), 10_000)))
	}
	if err != nil {
		c.cpu, c.cpuProblem = hierarchy{}, err.Error()
	}
}

// processors lists what divides processors as a Spec says.
func (g *group) processors(spec Spec) []groupSetting {
	if g.cpu == "" {
		return nil
	}
	cpu := spec.CPU
	if cpu == 0 {
		cpu = 1000 // as everyone without a share
	}
	if g.of.cpu.version == 1 {
		quota := "-1"
		if spec.CPUQuota {
			quota = quotaOf(cpu)
		}
		return []groupSetting{
			{g.cpu + "/cpu.shares", strconv.Itoa(max(cpu*1024/1000, 2)), false},
			{g.cpu + "/cpu.cfs_period_us", strconv.Itoa(quotaPeriod), !spec.CPUQuota}, // absent without bandwidth control
			{g.cpu + "/cpu.cfs_quota_us", quota, !spec.CPUQuota},
		}
	}
	quota := "max"
	if spec.CPUQuota {
		quota = quotaOf(cpu)
	}
	return []groupSetting{
		{g.cpu + "/cpu.weight", strconv.Itoa(min(max(cpu/10, 1), 10_000)), false},
		{g.cpu + "/cpu.max", fmt.Sprintf("%s %d", quota, quotaPeriod), !spec.CPUQuota},
	}
}

// quotaOf is a share of each period, in microseconds; the kernel wants at least
// a thousand.
func quotaOf(cpu int) string { return strconv.Itoa(max(cpu*quotaPeriod/1000, 1000)) }

// probeProcessors tells whether the probe got the share that its Spec says.
func (d *namespaces) probeProcessors(s *namespace) Control {
	c := Control{Name: ControlProcessor, Enforced: true}
	file, want := "/cpu.cfs_quota_us", quotaOf(s.spec.CPU)
	switch d.cgroups.cpu.version {
	case 1:
		c.By = "cgroup v1 cpu.shares and cpu.cfs_quota_us"
	case 2:
		c.By, file, want = "cgroup v2 cpu.weight and cpu.max", "/cpu.max", fmt.Sprintf("%s %d", want, quotaPeriod)
	default:
		return Control{Name: ControlProcessor, Problem: d.cgroups.cpuProblem, Mend: delegate}
	}
	got, err := os.ReadFile(s.group.cpu + file)
	members, membersErr := os.ReadFile(s.group.cpu + "/cgroup.procs")
	switch {
	case err != nil:
		c.Problem = err.Error()
	case membersErr != nil:
		c.Problem = membersErr.Error()
	case strings.TrimSpace(string(got)) != want:
		c.Problem = fmt.Sprintf("%s is %q and not %s", file, got, want)
	case len(members) == 0:
		c.Problem = "the sandbox is not in its control group"
	default:
		return c
	}
	return Control{Name: ControlProcessor, Problem: c.Problem, Mend: delegate}
}
