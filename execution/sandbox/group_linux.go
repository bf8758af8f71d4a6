//go:build amd64 || arm64

package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// A group is the control groups of one sandbox: one directory in each hierarchy
// that the server uses. Only the command and its descendants are in it; init
// stays outside, so that it can end them also while they are frozen.
type group struct {
	of     *cgroups
	name   string
	places []hierarchy
	dirs   []string // in each of them

	memory, pids, freezer, cpu string // directories; empty if not limited by a group
}

// group makes the control groups of a sandbox.
func (c *cgroups) group(spec Spec) (*group, error) {
	g := &group{of: c, name: strconv.FormatInt(c.count.Add(1), 10)}
	divided := spec.CPU > 0 || spec.Late
	g.places = c.hierarchies(divided)
	for _, h := range g.places {
		dir, err := h.make(c.name, g.name)
		if err != nil {
			g.remove()
			return nil, fmt.Errorf("make a control group: %w", err)
		}
		g.dirs = append(g.dirs, dir)
	}
	in := func(h hierarchy) string {
		if h.dir == "" {
			return ""
		}
		return filepath.Join(h.dir, c.name, g.name)
	}
	g.memory, g.pids, g.freezer = in(c.memory), in(c.pids), in(c.freezer)
	if divided {
		g.cpu = in(c.cpu)
	}
	if err := g.limit(spec); err != nil {
		g.remove()
		return nil, fmt.Errorf("limit the control group: %w", err)
	}
	return g, nil
}

// make makes a sandbox's group, and the server's around it if it is gone.
func (h hierarchy) make(server, name string) (string, error) {
	dir := filepath.Join(h.dir, server, name)
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(dir, 0o755)
	}
	return dir, err
}

// A groupSetting is what a control file is to hold.
type groupSetting struct {
	file, value string
	optional    bool
}

// limit sets the limits. The kernel's limit on memory leaves room for a full
// /tmp, which on Lambda is no memory; the watch keeps the function's own part
// below its limit.
func (g *group) limit(spec Spec) error {
	var settings []groupSetting
	if g.memory != "" {
		most := strconv.FormatInt(int64(spec.MemoryMB+spec.TmpMB)<<20, 10)
		if g.of.memory.version == 1 {
			settings = append(settings,
				groupSetting{g.memory + "/memory.limit_in_bytes", most, false},
				groupSetting{g.memory + "/memory.memsw.limit_in_bytes", most, true}) // absent without swap accounting
		} else {
			settings = append(settings,
				groupSetting{g.memory + "/memory.max", most, false},
				groupSetting{g.memory + "/memory.swap.max", "0", true},
				groupSetting{g.memory + "/memory.oom.group", "1", true})
		}
	}
	if g.pids != "" {
		settings = append(settings, groupSetting{g.pids + "/pids.max", strconv.Itoa(spec.Processes), false})
	}
	settings = append(settings, g.processors(spec)...)
	for _, s := range settings {
		if err := write(s.file, s.value); err != nil && !s.optional {
			return err
		}
	}
	return nil
}

// limitAgain changes the limits from one Spec's to another's.
func (g *group) limitAgain(from, to Spec) error {
	if g.memory != "" && g.of.memory.version == 1 && to.MemoryMB+to.TmpMB > from.MemoryMB+from.TmpMB {
		// Memory alone can never be allowed more than memory and swap together.
		_ = write(g.memory+"/memory.memsw.limit_in_bytes", strconv.FormatInt(int64(to.MemoryMB+to.TmpMB)<<20, 10))
	}
	return g.limit(to)
}

// write writes a control file, with none of what os.WriteFile does around it.
func write(file, value string) error {
	fd, err := unix.Open(file, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		// The memory controller of version 1 gives up before any signal, such
		// as those by which Go's scheduler preempts.
		for err = unix.EINTR; err == unix.EINTR; {
			_, err = unix.Write(fd, []byte(value))
		}
		unix.Close(fd)
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: file, Err: err}
	}
	return nil
}

// joins opens what the command joins its groups by: files to write to and, for
// version 2, a directory to be born in, or nil.
func (g *group) joins() (tasks []*os.File, birth *os.File, err error) {
	for i, h := range g.places {
		// In version 1 a process of one thread joins through tasks without
		// the lock that cgroup.procs takes, which costs many milliseconds. In
		// version 2 only birth in a group is free of it.
		var f *os.File
		if h.version == 1 {
			if f, err = os.OpenFile(g.dirs[i]+"/tasks", os.O_WRONLY, 0); err == nil {
				tasks = append(tasks, f)
			}
		} else if f, err = os.Open(g.dirs[i]); err == nil {
			birth = f
		}
		if err != nil {
			return tasks, birth, fmt.Errorf("open a control group: %w", err)
		}
	}
	return tasks, birth, nil
}

// thawFile opens what init thaws a group by when the server is gone; nil if it
// need not.
func (g *group) thawFile() (*os.File, error) {
	if g.freezer == "" || g.of.freezer.version != 1 {
		return nil, nil // version 2 kills the frozen
	}
	return os.OpenFile(g.freezer+"/freezer.state", os.O_WRONLY, 0)
}

// freeze stops or continues all processes. It reports false if there is no
// freezer.
func (g *group) freeze(stop bool) (bool, error) {
	switch {
	case g.freezer == "":
		return false, nil
	case g.of.freezer.version == 1 && stop:
		return true, write(g.freezer+"/freezer.state", "FROZEN")
	case g.of.freezer.version == 1:
		return true, write(g.freezer+"/freezer.state", "THAWED")
	case stop:
		return true, write(g.freezer+"/cgroup.freeze", "1")
	default:
		return true, write(g.freezer+"/cgroup.freeze", "0")
	}
}

// frozen reports whether all processes have come to a stop.
func (g *group) frozen() bool {
	if g.of.freezer.version == 1 {
		b, err := os.ReadFile(g.freezer + "/freezer.state")
		return err == nil && bytes.HasPrefix(b, []byte("FROZEN"))
	}
	b, err := os.ReadFile(g.freezer + "/cgroup.events")
	return err == nil && bytes.Contains(b, []byte("frozen 1"))
}

// usage is the memory charged to the group, with what the kernel could take
// back; -1 if it is not known.
func (g *group) usage() int64 {
	file := "/memory.usage_in_bytes"
	if g.of.memory.version == 2 {
		file = "/memory.current"
	}
	b, err := os.ReadFile(g.memory + file)
	if err != nil {
		return -1
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// held is the memory of the group that cannot be taken back: its processes' own
// and shared memory, files in /tmp among it.
func (g *group) held() int64 {
	b, err := os.ReadFile(g.memory + "/memory.stat")
	if err != nil {
		return 0
	}
	if g.of.memory.version == 1 {
		return statistic(b, "total_rss") + statistic(b, "total_shmem")
	}
	return statistic(b, "anon") + statistic(b, "shmem")
}

// outOfMemory reports whether the kernel ended a process for the group's limit.
func (g *group) outOfMemory() bool {
	if g.memory == "" {
		return false
	}
	file := "/memory.oom_control"
	if g.of.memory.version == 2 {
		file = "/memory.events"
	}
	b, err := os.ReadFile(g.memory + file)
	return err == nil && statistic(b, "oom_kill") > 0
}

// statistic finds a line "name value" in a control file.
func statistic(b []byte, name string) int64 {
	for line := range bytes.Lines(b) {
		key, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		if string(key) == name {
			n, _ := strconv.ParseInt(string(value), 10, 64)
			return n
		}
	}
	return 0
}

// remove removes the groups, once their processes have ended.
func (g *group) remove() error {
	var failed error
	for _, dir := range g.dirs {
		if err := removeGroup(dir); err != nil && err != unix.ENOENT {
			failed = errors.Join(failed, &fs.PathError{Op: "remove", Path: dir, Err: err})
		}
	}
	return failed
}
