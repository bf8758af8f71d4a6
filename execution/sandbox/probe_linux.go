//go:build amd64 || arm64

package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A probe is a sandbox whose command is not a program on disk but the launcher
// going on: after it has given up everything, it makes the calls that a hostile
// function would make, and sends the results. Nothing has to be started, so the
// whole takes a few milliseconds.

// probeTime bounds a probe on a machine that is busy with other things.
const probeTime = 10 * time.Second

// trials are the calls of a probe, and what must come of them.
type trials struct {
	p       *program
	report  address // of a message: its kind, then the results
	parking label   // where processes go that only have to exist
	list    []trial
}

type trial struct {
	control string
	what    string
	want    func(result int64) bool
}

// probeFD is a file that a probe uses.
const probeFD = 50

func newTrials(p *program) *trials {
	report := make([]byte, probeSize)
	binary.LittleEndian.PutUint64(report, messageProbe)
	return &trials{p: p, report: p.bytes(report), parking: p.label()}
}

// expect appends a call.
func (t *trials) expect(control, what string, want func(int64) bool, number uintptr, args ...uint64) *step {
	t.list = append(t.list, trial{control, what, want})
	s := t.p.try(number, args...)
	s.out = t.report + 8*uint64(len(t.list))
	return s
}

// open appends a call that opens a file, as probeFD.
func (t *trials) open(number uintptr, args ...uint64) {
	t.p.try(number, args...)
	t.p.try(unix.SYS_DUP3, t.p.spare, probeFD, 0)
	t.p.try(unix.SYS_CLOSE, t.p.spare)
}

// send sends the results.
func (t *trials) send() { t.p.sendBytes(t.report, probeSize, failure) }

// park writes where processes stay until they are ended.
func (t *trials) park() {
	t.p.mark(t.parking)
	s := t.p.try(unix.SYS_PPOLL, 0, 0, 0, 0, 8)
	s.negative, s.zero, s.positive = t.parking, t.parking, t.parking
}

func fails(with ...unix.Errno) func(int64) bool {
	return func(result int64) bool {
		for _, e := range with {
			if result == -int64(e) {
				return true
			}
		}
		return false
	}
}

func is(want int64) func(int64) bool { return func(result int64) bool { return result == want } }

func succeeds(result int64) bool { return result >= 0 }

// A probe's sandbox is small, so that its limits are met at once.
func probeSpec(network Network) Spec {
	return Spec{Name: "probe", Command: []string{"/"}, MemoryMB: 4, TmpMB: 1, Processes: 8, Files: 64, Network: network}
}

// Probe implements Driver.
func (d *namespaces) Probe(ctx context.Context) ([]Control, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var hidden, shared []Control
	var failed [2]error
	var both sync.WaitGroup
	both.Go(func() { hidden, failed[0] = d.probePrivate(ctx) })
	both.Go(func() { shared, failed[1] = d.probeHost(ctx) })
	both.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, d.refuse(err)
		}
	}
	controls := append(hidden, shared...)
	for _, c := range controls {
		switch c.Name {
		case controlMemory, controlProcessLimit, controlFreeze, controlSockets:
			continue // worth knowing, and no part of what the level promises
		}
		if !c.Enforced {
			return controls, d.refuse(fmt.Errorf("%s: %s", c.Name, c.Problem))
		}
	}
	d.mu.Lock()
	d.controls = controls
	d.mu.Unlock()
	return controls, nil
}

// probePrivate exercises all controls but two in a sandbox with a private
// network, and ends it by its memory limit.
func (d *namespaces) probePrivate(ctx context.Context) ([]Control, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the probe: %w", err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port

	var t *trials
	s, err := d.startInside(ctx, probeSpec(PrivateNetwork), func(p *program) {
		t = newTrials(p)
		t.calls(port)
		t.send()
		again := p.here() // stopping and continuing interrupts it
		p.try(unix.SYS_RT_SIGTIMEDWAIT, p.words(1<<(unix.SIGUSR1-1)), 0, 0, 8).negative = again
		p.try(unix.SYS_MMAP, 0, 16<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE, mask, 0)
		t.park()
	})
	if err != nil {
		return nil, err
	}
	defer s.discard()
	problems, err := t.judge(ctx, s)
	if err != nil {
		return nil, err
	}
	if !d.users.privileged && os.Geteuid() == 0 {
		problems[controlUser] = "the server is root, but without the capabilities to become another user, so functions would be root"
	}
	controls := []Control{
		{Name: controlFileSystem, By: "mount namespace, pivot_root, read-only binds"},
		{Name: controlProcesses, By: "pid namespace"},
		{Name: controlUser, By: d.users.how()},
		{Name: controlCapabilities, By: "empty bounding set"},
		{Name: controlSystemCalls, By: "seccomp, a list of what is allowed"},
		{Name: controlPrivileges, By: "no_new_privs"},
		{Name: controlNetwork, By: "network namespace (for --network private)"},
		{Name: controlTmp, By: "tmpfs"},
		{Name: controlProcessLimit, By: d.processLimiter(), Mend: delegate},
	}
	for i := range controls {
		c := &controls[i]
		if c.Problem = problems[c.Name]; c.Problem == "" {
			c.Enforced, c.Mend = true, ""
		} else {
			c.By = ""
		}
	}
	return append(controls, d.probeFreeze(ctx, s), d.probeMemory(ctx, s)), nil
}

// calls writes the calls of a hostile function.
func (t *trials) calls(port int) {
	p, at := t.p, uint64(unix.AT_FDCWD&mask)

	t.expect(controlFileSystem, "read the host's /etc/shadow", fails(unix.ENOENT), unix.SYS_OPENAT, at, p.str("/etc/shadow"), unix.O_RDONLY, 0)
	t.expect(controlFileSystem, "read the host's /root", fails(unix.ENOENT), unix.SYS_OPENAT, at, p.str("/root"), unix.O_RDONLY, 0)
	for _, dir := range []string{"/probe", "/usr/probe", "/var/task/probe", "/opt/probe"} {
		t.expect(controlFileSystem, "write "+dir, fails(unix.EROFS), unix.SYS_MKDIRAT, at, p.str(dir), 0o755)
	}
	t.expect(controlFileSystem, "write /proc", fails(unix.EROFS), unix.SYS_OPENAT, at, p.str("/proc/self/comm"), unix.O_WRONLY, 0)

	t.expect(controlProcesses, "see its own process ID", is(commandProcess), unix.SYS_GETPID)
	t.expect(controlProcesses, "read /proc/1", succeeds, unix.SYS_FACCESSAT, at, p.str("/proc/1/status"), unix.F_OK)
	t.expect(controlUser, "see its user", is(insideUID), unix.SYS_GETUID)
	t.expect(controlUser, "become root", fails(unix.EPERM, unix.EINVAL), unix.SYS_SETRESUID, 0, 0, 0)

	everything := p.words(1<<32-1, 1<<32-1|(1<<32-1)<<32, 1<<32-1)
	t.expect(controlCapabilities, "take capabilities", fails(unix.EPERM), unix.SYS_CAPSET, p.words(unix.LINUX_CAPABILITY_VERSION_3), everything)
	t.expect(controlCapabilities, "keep CAP_SYS_ADMIN in reserve", is(0), unix.SYS_PRCTL, unix.PR_CAPBSET_READ, unix.CAP_SYS_ADMIN)
	t.expect(controlPrivileges, "ask for no_new_privs", is(1), unix.SYS_PRCTL, unix.PR_GET_NO_NEW_PRIVS)

	for _, c := range []struct {
		what   string
		number uintptr
		args   []uint64
	}{
		{"trace a process", unix.SYS_PTRACE, []uint64{unix.PTRACE_TRACEME}},
		{"make a user namespace", unix.SYS_UNSHARE, []uint64{unix.CLONE_NEWUSER}},
		{"clone into a user namespace", unix.SYS_CLONE, []uint64{unix.CLONE_NEWUSER | uint64(unix.SIGCHLD)}},
		{"mount", unix.SYS_MOUNT, []uint64{0, p.str("/tmp"), p.str("tmpfs")}},
		{"use the keyring", unix.SYS_KEYCTL, nil},
		{"load a BPF program", unix.SYS_BPF, nil},
		{"set up io_uring", unix.SYS_IO_URING_SETUP, []uint64{1}},
		{"open by handle", unix.SYS_OPEN_BY_HANDLE_AT, nil},
		{"change its personality", unix.SYS_PERSONALITY, []uint64{0x0040000}},
	} {
		t.expect(controlSystemCalls, c.what, fails(unix.EPERM), c.number, c.args...)
	}
	t.expect(controlSystemCalls, "call clone3", fails(unix.ENOSYS), unix.SYS_CLONE3, 0, 0)
	t.expect(controlSystemCalls, "open a vsock", fails(unix.EAFNOSUPPORT), unix.SYS_SOCKET, unix.AF_VSOCK, unix.SOCK_STREAM, 0)

	t.open(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0)
	t.expect(controlNetwork, "reach the host's loopback", fails(unix.ECONNREFUSED, unix.ENETUNREACH), unix.SYS_CONNECT, probeFD, p.bytes(loopbackAddress(port)), 16)

	t.open(unix.SYS_OPENAT, at, p.str("/tmp/probe"), unix.O_CREAT|unix.O_RDWR, 0o600)
	t.expect(controlTmp, "fill /tmp", fails(unix.ENOSPC), unix.SYS_FALLOCATE, probeFD, 0, 0, 4<<20)

	for range probeSpec(PrivateNetwork).Processes - 1 {
		p.try(unix.SYS_CLONE, uint64(unix.SIGCHLD), 0, 0, 0, 0).zero = t.parking
	}
	t.expect(controlProcessLimit, "start too many processes", fails(unix.EAGAIN), unix.SYS_CLONE, uint64(unix.SIGCHLD), 0, 0, 0, 0).zero = t.parking
}

// judge waits for the results and tells what is wrong with each control.
func (t *trials) judge(ctx context.Context, s *namespace) (map[string]string, error) {
	var results []int64
	select {
	case results = <-s.reports:
	case <-s.Done():
		return nil, fmt.Errorf("the probe ended early: %+v", s.Exit())
	case <-ctx.Done():
		return nil, fmt.Errorf("the probe does not answer: %w", context.Cause(ctx))
	}
	if len(results) < len(t.list) {
		return nil, fmt.Errorf("the probe sent %d results of %d", len(results), len(t.list))
	}
	problems := map[string]string{}
	for i, trial := range t.list {
		if r := results[i]; !trial.want(r) && problems[trial.control] == "" {
			outcome := "gave " + strconv.FormatInt(r, 10)
			if r < 0 {
				outcome = "failed with: " + unix.Errno(-r).Error()
			}
			problems[trial.control] = fmt.Sprintf("an attempt to %s %s", trial.what, outcome)
		}
	}
	return problems, nil
}

// probeFreeze freezes and thaws the waiting probe.
func (d *namespaces) probeFreeze(ctx context.Context, s *namespace) Control {
	c := Control{Name: controlFreeze, By: "SIGSTOP, sent by init"}
	switch {
	case d.cgroups.freezer.version == 1:
		c.By = "cgroup v1 freezer.state"
	case d.cgroups.freezer.version == 2:
		c.By = "cgroup v2 cgroup.freeze"
	}
	err := s.Freeze()
	for err == nil && !s.stopped() {
		if err = ctx.Err(); err == nil {
			time.Sleep(100 * time.Microsecond)
		}
	}
	if err = errors.Join(err, s.Thaw()); err != nil {
		return Control{Name: controlFreeze, Problem: err.Error(), Mend: "none is needed: an idle environment keeps running"}
	}
	c.Enforced = true
	return c
}

// discard ends a probe.
func (s *namespace) discard() {
	s.Kill()
	<-s.Done()
	s.closeListeners()
}

// stopped reports whether the command has come to a stop.
func (s *namespace) stopped() bool {
	if s.group.freezer != "" {
		return s.group.frozen()
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.command))
	if err != nil {
		return false
	}
	_, state, _ := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	return bytes.HasPrefix(state, []byte("T"))
}

// probeMemory lets the waiting probe take more memory than it may.
func (d *namespaces) probeMemory(ctx context.Context, s *namespace) Control {
	c := Control{Name: controlMemory}
	switch d.cgroups.memory.version {
	case 1:
		c.By = "cgroup v1 memory.limit_in_bytes and a watch on memory.stat"
	case 2:
		c.By = "cgroup v2 memory.max and a watch on memory.stat"
	default:
		c.By = fmt.Sprintf("a watch every %v on what processes hold (%s)", watchEvery, d.cgroups.problem)
		c.Mend = delegate
	}
	err := s.Signal(unix.SIGUSR1)
	if err == nil {
		select {
		case <-s.Done():
			if x := s.Exit(); !x.OutOfMemory {
				err = fmt.Errorf("a sandbox above its limit ended with %+v", x)
			}
		case <-ctx.Done():
			err = errors.New("a sandbox above its limit lives on")
		}
	}
	if err != nil {
		return Control{Name: controlMemory, Problem: err.Error(), Mend: delegate}
	}
	c.Enforced = true
	return c
}

// probeHost exercises what a private network hides, in a sandbox with the
// host's, and ends it by leaving it alone, as a server does that is killed.
func (d *namespaces) probeHost(ctx context.Context) ([]Control, error) {
	name := "lamgate-probe-" + identifyProcess(os.Getpid())
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: "@" + name, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen for the probe: %w", err)
	}
	defer listener.Close()

	var t *trials
	s, err := d.startInside(ctx, probeSpec(HostNetwork), func(p *program) {
		t = newTrials(p)
		t.open(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0)
		addr := append([]byte{unix.AF_UNIX, 0, 0}, name...)
		t.expect(controlSockets, "reach an abstract socket of the host", fails(unix.EPERM), unix.SYS_CONNECT, probeFD, p.bytes(addr), uint64(len(addr)))
		t.send()
		t.park()
	})
	if err != nil {
		return nil, err
	}
	defer s.discard()
	problems, err := t.judge(ctx, s)
	if err != nil {
		return nil, err
	}
	sockets := Control{Name: controlSockets, By: "Landlock, with --network host; its own network namespace, with --network private", Enforced: true}
	if problem := problems[controlSockets]; problem != "" {
		sockets = Control{
			Name:    controlSockets,
			Problem: problem + " with --network host: this kernel's Landlock does not keep them apart",
			Mend:    "choose --network private, or run Linux 6.12 or later with Landlock among its security modules",
		}
	}
	death := Control{Name: controlDeath, By: "init, which ends with the server's socket", Enforced: true}
	if err := s.control.Close(); err != nil {
		return nil, err
	}
	select {
	case <-s.Done():
	case <-ctx.Done():
		death = Control{Name: controlDeath, Problem: "a sandbox outlives its server"}
	}
	return []Control{sockets, death}, nil
}

// how tells whom sandboxes are.
func (u users) how() string {
	if u.privileged {
		return "user namespace, a host user of its own for each sandbox"
	}
	return "user namespace, the server's own user"
}

// processLimiter tells what limits the number of processes.
func (d *namespaces) processLimiter() string {
	switch d.cgroups.pids.version {
	case 1, 2:
		return fmt.Sprintf("cgroup v%d pids.max", d.cgroups.pids.version)
	}
	return "RLIMIT_NPROC, counted by user namespace"
}

func loopbackAddress(port int) []byte {
	return []byte{unix.AF_INET, 0, byte(port >> 8), byte(port), 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}
}
