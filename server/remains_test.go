package server_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A task is a process of the machine as /proc shows it.
type task struct {
	pid, parent int
	name        string
	state       string
	started     string
}

// tasks lists the processes of the machine.
func tasks(t testing.TB) map[int]task {
	t.Helper()
	list := map[int]task{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, stat := range stats {
		pid, _ := strconv.Atoi(strings.Split(stat, "/")[2])
		if p, ok := readTask(pid); ok {
			list[pid] = p
		}
	}
	return list
}

// readTask looks at one process; false if it has ended.
func readTask(pid int) (task, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return task{}, false
	}
	// The command's name, in parentheses, may hold anything.
	from, to := strings.IndexByte(string(b), '('), strings.LastIndexByte(string(b), ')')
	fields := strings.Fields(string(b[to+1:]))
	parent, _ := strconv.Atoi(fields[1])
	return task{pid, parent, string(b[from+1 : to]), fields[0], fields[19]}, true
}

// kill ends a process, and no other that has its number by now. It reports
// whether that was still to do.
func (p task) kill() bool {
	process, err := os.FindProcess(p.pid) // holds on to whichever has the number
	if err != nil {
		return false
	}
	defer process.Release()
	if now, ok := readTask(p.pid); !ok || now.started != p.started || now.state == "Z" {
		return false
	}
	return process.Kill() == nil
}

// descendants lists the processes below a process.
func descendants(t testing.TB, pid int) []task {
	t.Helper()
	all := tasks(t)
	var list []task
	for _, p := range all {
		for up := p.parent; up > 1; up = all[up].parent {
			if up == pid {
				list = append(list, p)
				break
			}
		}
	}
	return list
}

// lives reports whether a process still runs: one that waits for its parent to
// look at its status does not.
func (p task) lives(all map[int]task) bool {
	now, ok := all[p.pid]
	return ok && now.started == p.started && now.state != "Z" && now.state != "X"
}

// cgroupsOf lists the control groups that a server has made: at the top of a
// hierarchy or where it, a child of this process, is itself.
func cgroupsOf(pid int) []string {
	const top = "/sys/fs/cgroup"
	dirs := []string{top, top + "/*", top + "/*/*"}
	own, _ := os.ReadFile("/proc/self/cgroup")
	for line := range strings.Lines(string(own)) {
		if parts := strings.SplitN(strings.TrimSpace(line), ":", 3); len(parts) == 3 {
			dirs = append(dirs, top+parts[2], top+"/*"+parts[2])
		}
	}
	var found []string
	for _, dir := range dirs {
		list, _ := filepath.Glob(filepath.Join(dir, fmt.Sprintf("lamgate-%d-*", pid)))
		found = append(found, list...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// mountsBelow lists what is mounted below a directory.
func mountsBelow(t testing.TB, dir string) []string {
	t.Helper()
	list, err := mountsOf("self")
	if err != nil {
		t.Skipf("mounts cannot be listed: %v", err)
	}
	return slices.DeleteFunc(list, func(at string) bool { return !strings.HasPrefix(at, dir+"/") })
}

// mountsOf lists where something is mounted as a process of /proc sees it.
func mountsOf(process string) (list []string, err error) {
	b, err := os.ReadFile("/proc/" + process + "/mounts")
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 {
			list = append(list, f[1])
		}
	}
	return list, err
}

// worlds counts the namespaces that processes have and their server has not, and
// what is mounted in them.
func worlds(server int, list []task) (namespaces, mounts int) {
	seen := map[string]bool{}
	note := func(pid int) (fresh []string) {
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/ns/*", pid))
		for _, link := range links {
			// A namespace is known by its kind and number: "mnt:[4026531841]".
			if of, err := os.Readlink(link); err == nil && !seen[of] {
				seen[of] = true
				fresh = append(fresh, of)
			}
		}
		return fresh
	}
	note(server)
	for _, p := range list {
		for _, of := range note(p.pid) {
			namespaces++
			if strings.HasPrefix(of, "mnt:") {
				at, _ := mountsOf(strconv.Itoa(p.pid))
				mounts += len(at)
			}
		}
	}
	return namespaces, mounts
}

// links counts the network interfaces that a process sees.
func links(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/net/dev", pid))
	return strings.Count(string(b), ":")
}

// files lists what is below a directory, but for the store, whose files come
// and go as its engine likes.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // it has gone
		}
		rel, _ := filepath.Rel(dir, path)
		if rel == filepath.Join("state", "engine") {
			return filepath.SkipDir
		}
		list = append(list, rel)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// A trail is what a server may leave behind, taken while it lives.
type trail struct {
	pid     int
	tasks   []task
	cgroups []string
}

func (p *process) trail(t testing.TB) trail {
	return trail{p.pid, descendants(t, p.pid), cgroupsOf(p.pid)}
}

// ended returns an error if a process of a server that has ended lives. Should it
// have been killed, each ends without anybody's help as soon as it gets a processor:
// a sandbox's when its init sees that the server has gone, and an interpreter that
// the server runs for itself when it has done so.
func (r trail) ended(t testing.TB) error {
	t.Helper()
	all := tasks(t)
	for _, p := range r.tasks {
		if p.lives(all) {
			return fmt.Errorf("process %d (%s, %s) of the killed server %d remains", p.pid, all[p.pid].state, all[p.pid].name, r.pid)
		}
	}
	return nil
}

// gone returns an error unless nothing remains of a server. If it was killed,
// another has been started at its site since its processes ended.
func (r trail) gone(t testing.TB, s *site) error {
	t.Helper()
	if err := r.ended(t); err != nil {
		return err
	}
	if left := cgroupsOf(r.pid); len(left) > 0 {
		return fmt.Errorf("control groups of the killed server %d remain: %q", r.pid, left)
	}
	if left := mountsBelow(t, s.dir); len(left) > 0 {
		return fmt.Errorf("mounts remain: %q", left)
	}
	for _, name := range files(t, s.data) {
		if base := filepath.Base(name); len(base) > 1 && base[0] == '.' && strings.HasPrefix(name, "code"+string(filepath.Separator)) {
			return fmt.Errorf("what was being unpacked remains: %s", name)
		}
	}
	if left := slices.DeleteFunc(files(t, s.temp), func(name string) bool { return name == "." }); len(left) > 0 {
		return fmt.Errorf("temporary files remain: %q", left)
	}
	return nil
}

// cgroupsBelow lists the control groups of a server's functions.
func cgroupsBelow(pid int) []string {
	var found []string
	for _, group := range cgroupsOf(pid) {
		list, _ := filepath.Glob(filepath.Join(group, "*", "cgroup.procs"))
		found = append(found, list...)
	}
	return found
}
