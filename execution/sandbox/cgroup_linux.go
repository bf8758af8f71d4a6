//go:build amd64 || arm64

package sandbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// cgroups is what of the kernel's control groups the server may use. Each of
// the four resources lies in version 1 or version 2, on hybrid machines some
// in one and some in the other, or nowhere.
type cgroups struct {
	memory, pids, freezer, cpu hierarchy

	name       string // of the server's own group in each hierarchy
	left       string // the group of version 2 that the server has left
	problem    string // why memory lies nowhere
	cpuProblem string // why processors lie nowhere
	count      atomic.Int64
}

// A hierarchy is a place in which groups may be made; dir is empty for none.
type hierarchy struct {
	dir     string // the server's own group is made in it
	version int
}

// cgroupPrefix begins the names of groups that servers make for themselves.
const cgroupPrefix = "lamgate-"

// A mount of control groups.
type cgroupMount struct {
	dir, root   string
	version     int
	controllers []string // version 1 only
}

// openCgroups finds out what may be used, and removes what servers that were
// killed have left.
func openCgroups() *cgroups {
	// The last part tells apart the drivers of one process.
	c := &cgroups{name: fmt.Sprintf("%s%s-%08x", cgroupPrefix, identifyProcess(os.Getpid()), rand.Uint32())}
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		c.problem = err.Error()
		return c
	}
	own, _ := os.ReadFile("/proc/self/cgroup")
	mounts := parseCgroupMounts(mountinfo)
	for _, m := range mounts {
		if m.version == 1 {
			for _, r := range []struct {
				controller string
				h          *hierarchy
			}{{"memory", &c.memory}, {"pids", &c.pids}, {"freezer", &c.freezer}} {
				if slices.Contains(m.controllers, r.controller) {
					*r.h = c.try(m, ownCgroup(own, m, r.controller))
				}
			}
		}
	}
	c.useProcessors1(mounts, own)
	for _, m := range mounts {
		if m.version == 2 {
			c.useVersion2(m, ownCgroup(own, m, ""))
		}
	}
	if c.memory.dir == "" && c.problem == "" {
		c.problem = "no control group with a memory controller is mounted"
	}
	if c.cpu.dir == "" && c.cpuProblem == "" {
		c.cpuProblem = "no control group with a cpu controller is mounted"
	}
	c.share()
	return c
}

// try looks for a place in a hierarchy: its root as the server sees it, as other
// managers of containers use, or the server's own group.
func (c *cgroups) try(m cgroupMount, own string) hierarchy {
	for _, dir := range []string{m.dir, own} {
		removeStale(dir)
		err := os.Mkdir(filepath.Join(dir, c.name), 0o755)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return hierarchy{dir, m.version}
		}
		c.problem = err.Error()
	}
	return hierarchy{}
}

// useVersion2 takes from version 2 what version 1 does not have.
func (c *cgroups) useVersion2(m cgroupMount, own string) {
	if c.memory.dir != "" && c.pids.dir != "" && c.freezer.dir != "" && c.cpu.dir != "" {
		return
	}
	h := c.try(m, own)
	if h.dir != "" {
		if problem := invalid(filepath.Join(h.dir, c.name)); problem != "" {
			_ = unix.Rmdir(filepath.Join(h.dir, c.name))
			h.dir, c.problem = "", problem
		}
	}
	if h.dir == "" {
		if c.cpu.dir == "" && c.cpuProblem == "" {
			c.cpuProblem = c.problem
		}
		return
	}
	if c.cpu.dir == "" {
		c.cpu, c.cpuProblem = c.enable(h, "cpu")
	}
	if c.freezer.dir == "" {
		c.freezer = h // every group can be frozen
	}
	for _, r := range []struct {
		controller string
		h          *hierarchy
	}{{"memory", &c.memory}, {"pids", &c.pids}} {
		if r.h.dir != "" {
			continue
		}
		if enabled, problem := c.enable(h, r.controller); problem == "" {
			*r.h = enabled
		} else {
			c.problem = problem
		}
	}
}

// invalid tells why no process can be in a group of version 2; empty if it can.
func invalid(group string) string {
	kind, err := os.ReadFile(filepath.Join(group, "cgroup.type"))
	if word := strings.TrimSpace(string(kind)); err == nil && word != "domain" {
		return fmt.Sprintf("%s is of type %q: in the group around it there are processes and controllers", group, word)
	}
	return ""
}

// enable has a controller of version 2 act on the groups of sandboxes.
func (c *cgroups) enable(h hierarchy, controller string) (hierarchy, string) {
	group := filepath.Join(h.dir, c.name)
	enable := []byte("+" + controller)
	if !hasWord(filepath.Join(group, "cgroup.controllers"), controller) {
		if !hasWord(filepath.Join(h.dir, "cgroup.controllers"), controller) {
			return hierarchy{}, fmt.Sprintf("the %s controller is not delegated to %s", controller, h.dir)
		}
		if problem := c.vacate(h.dir); problem != "" {
			return hierarchy{}, problem
		}
		if err := os.WriteFile(filepath.Join(h.dir, "cgroup.subtree_control"), enable, 0); err != nil {
			return hierarchy{}, fmt.Sprintf("the %s controller is not delegated to %s: %v", controller, h.dir, err)
		}
	}
	if err := os.WriteFile(filepath.Join(group, "cgroup.subtree_control"), enable, 0); err != nil {
		return hierarchy{}, err.Error()
	}
	return h, ""
}

// serverGroup is where the server goes that stands in the way of its sandboxes.
const serverGroup = "lamgate-server"

// vacate has a group of version 2 without processes, as one must be whose inner
// groups controllers act on. The server leaves it if it is alone there, as in what
// systemd delegates. Others are not moved; and controllers must not be tried beside
// them, since some can be had, and leave no group that a process may be in.
func (c *cgroups) vacate(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, "cgroup.type")); err != nil {
		return "" // the root of all, where anyone may be
	}
	procs, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return err.Error()
	}
	own := strconv.Itoa(os.Getpid())
	switch there := strings.Fields(string(procs)); {
	case len(there) == 0:
		return ""
	case len(there) > 1 || there[0] != own:
		return "the control group " + dir + " has other processes than the server"
	}
	inner := filepath.Join(dir, serverGroup)
	if err := os.Mkdir(inner, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err.Error()
	}
	if err := write(inner+"/cgroup.procs", own); err != nil {
		return err.Error()
	}
	c.left = dir
	return ""
}

// comeBack undoes vacate, once there are no groups of sandboxes. If others use the
// group by now, all stays as it is.
func (c *cgroups) comeBack() {
	if c.left == "" {
		return
	}
	enabled, _ := os.ReadFile(c.left + "/cgroup.subtree_control")
	for _, controller := range strings.Fields(string(enabled)) {
		_ = write(c.left+"/cgroup.subtree_control", "-"+controller)
	}
	if write(c.left+"/cgroup.procs", strconv.Itoa(os.Getpid())) == nil {
		_ = unix.Rmdir(filepath.Join(c.left, serverGroup))
	}
}

func hasWord(file, word string) bool {
	b, err := os.ReadFile(file)
	return err == nil && slices.Contains(strings.Fields(string(b)), word)
}

// parseCgroupMounts reads the mounts of control groups in /proc/self/mountinfo.
func parseCgroupMounts(mountinfo []byte) []cgroupMount {
	var list []cgroupMount
	for lines := bufio.NewScanner(bytes.NewReader(mountinfo)); lines.Scan(); {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 5 || len(right) < 3 {
			continue
		}
		m := cgroupMount{root: unescapeMount(left[3]), dir: unescapeMount(left[4])}
		switch right[0] {
		case "cgroup":
			m.version, m.controllers = 1, strings.Split(right[2], ",")
		case "cgroup2":
			m.version = 2
		default:
			continue
		}
		list = append(list, m)
	}
	return list
}

// unescapeMount undoes the kernel's octal escapes of white space.
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// ownCgroup finds the server's own group in /proc/self/cgroup.
func ownCgroup(cgroup []byte, m cgroupMount, controller string) string {
	for line := range strings.Lines(string(cgroup)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) == 3 && slices.Contains(strings.Split(parts[1], ","), controller) {
			if rest, ok := strings.CutPrefix(parts[2], strings.TrimSuffix(m.root, "/")); ok {
				return filepath.Join(m.dir, rest)
			}
		}
	}
	return m.dir
}

// identifyProcess names a process so that no later one has the same name: by
// its ID and the time of its start.
func identifyProcess(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The command's name may hold anything; what follows its parenthesis not.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return ""
	}
	return strconv.Itoa(pid) + "-" + fields[19]
}

// removeStale removes the groups of servers that no longer live. One that only
// seems dead, because it lives in another container, loses nothing: a group
// with processes cannot be removed, and an empty one is made again.
func removeStale(dir string) {
	groups, _ := filepath.Glob(filepath.Join(dir, cgroupPrefix+"*"))
	for _, group := range groups {
		parts := strings.Split(strings.TrimPrefix(filepath.Base(group), cgroupPrefix), "-")
		pid, err := strconv.Atoi(parts[0])
		if err != nil || len(parts) != 3 || identifyProcess(pid) == parts[0]+"-"+parts[1] {
			continue
		}
		inner, _ := filepath.Glob(filepath.Join(group, "*", "cgroup.procs"))
		for _, procs := range inner {
			thaw(filepath.Dir(procs))
			removeGroup(filepath.Dir(procs))
		}
		removeGroup(group)
	}
}

// thaw lets a group run whose version is not known.
func thaw(group string) {
	_ = os.WriteFile(filepath.Join(group, "freezer.state"), []byte("THAWED"), 0)
	_ = os.WriteFile(filepath.Join(group, "cgroup.freeze"), []byte("0"), 0)
}

// removeGroup removes a group whose processes have ended or are ending.
func removeGroup(group string) error {
	for wait := time.Millisecond; ; wait *= 2 {
		err := unix.Rmdir(group)
		if err != unix.EBUSY || wait > 100*time.Millisecond {
			return err
		}
		time.Sleep(wait)
	}
}

// close removes the server's own groups.
func (c *cgroups) close() error {
	var failed error
	for _, h := range c.hierarchies(true) {
		if err := removeGroup(filepath.Join(h.dir, c.name)); err != nil && err != unix.ENOENT {
			failed = errors.Join(failed, fmt.Errorf("remove the control group %s: %w", filepath.Join(h.dir, c.name), err))
		}
	}
	c.comeBack()
	return failed
}

// hierarchies lists those in use, each once, with or without that which only
// divides processors.
func (c *cgroups) hierarchies(cpu bool) []hierarchy {
	var list []hierarchy
	for i, h := range []hierarchy{c.memory, c.pids, c.freezer, c.cpu} {
		if h.dir != "" && !slices.Contains(list, h) && (cpu || i < 3) {
			list = append(list, h)
		}
	}
	return list
}
