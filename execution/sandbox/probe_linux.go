//go:build amd64 || arm64

package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamgate/lamgate/execution/network"
)

// A probe is a sandbox whose command is not a program on disk but the launcher
// going on: after it has given up everything, it makes the calls that a hostile
// function would make, and sends the results. Nothing has to be started, so the
// whole takes a few milliseconds.

// probeTime bounds a probe on a machine that is busy with other things.
const probeTime = 10 * time.Second

// A probe's sandbox is small, so that its limits are met at once.
func probeSpec(network Network) Spec {
	return Spec{Name: "probe", Command: []string{"/"}, Directory: taskDirectory, MemoryMB: 4, TmpMB: 1, CPU: 500, CPUQuota: true, Processes: 8, Files: 64, Network: network}
}

// Probe implements Driver.
func (d *namespaces) Probe(ctx context.Context) ([]Control, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var hidden, shared []Control
	var failed [2]error
	var all sync.WaitGroup
	all.Go(func() { hidden, failed[0] = d.probePrivate(ctx) })
	all.Go(func() { shared, failed[1] = d.probeHost(ctx) })
	if d.network == EgressNetwork {
		all.Go(func() { d.probeEgress(ctx) })
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, d.refuse(err)
		}
	}
	controls := d.ofNetwork(hidden, shared)
	if d.network == EgressNetwork {
		controls = append(controls, d.probeEgress(ctx))
	}
	for _, c := range controls {
		switch c.Name {
		case ControlMemory, ControlProcessLimit, ControlProcessor, ControlFreeze, ControlSockets, ControlLateCode, ControlForeign:
			continue // worth knowing, and no part of what the level promises
		}
		switch {
		case c.Enforced, c.Name == ControlNetwork && d.network == HostNetwork:
		case c.Name == ControlEgress:
			return controls, fmt.Errorf("--network %s does not hold on this host: %s; %s", EgressNetwork, c.Problem, c.Mend)
		default:
			return controls, d.refuse(fmt.Errorf("%s: %s", c.Name, c.Problem))
		}
	}
	d.mu.Lock()
	d.controls = controls
	d.mu.Unlock()
	return controls, nil
}

// ofNetwork chooses from what was found in a sandbox with a network of its own and
// in one with the host's: where both tell of a control, what the sandboxes will
// have counts, or else the worse.
func (d *namespaces) ofNetwork(hidden, shared []Control) []Control {
	controls := hidden
	for _, c := range shared {
		i := slices.IndexFunc(controls, func(h Control) bool { return h.Name == c.Name })
		switch {
		case i < 0:
			controls = append(controls, c)
		case d.network != PrivateNetwork && d.network != EgressNetwork:
			controls[i] = c
		}
	}
	if d.network == HostNetwork {
		i := slices.IndexFunc(controls, func(c Control) bool { return c.Name == ControlNetwork })
		controls[i] = Control{Name: ControlNetwork, Problem: "functions reach what the host reaches, and the host itself", Mend: choosePrivate}
	}
	return controls
}

// choosePrivate is what to do about what the host's network gives away.
const choosePrivate = "choose --network " + string(PrivateNetwork)

// probePrivate exercises what a sandbox with a private network is held by, and
// ends it by its memory limit.
func (d *namespaces) probePrivate(ctx context.Context) ([]Control, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the probe: %w", err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	sockets, abstract, err := listenAbstract()
	if err != nil {
		return nil, err
	}
	defer sockets.Close()

	var t *trials
	s, err := d.startInside(ctx, probeSpec(PrivateNetwork), func(p *program) {
		t = newTrials(p)
		t.calls(port)
		t.reach(abstract, unix.ECONNREFUSED)
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
	if !d.users.privileged && realRoot() {
		problems[ControlUser] = "the server is root, but without the capabilities to become another user, so functions would be root"
	}
	controls := []Control{
		{Name: ControlFileSystem, By: "mount namespace, pivot_root, read-only binds"},
		{Name: ControlProcesses, By: "pid namespace"},
		{Name: ControlUser, By: d.users.how()},
		{Name: ControlCapabilities, By: "empty bounding set"},
		{Name: ControlSystemCalls, By: "seccomp, a list of what is allowed"},
		{Name: ControlPrivileges, By: "no_new_privs"},
		{Name: ControlNetwork, By: "network namespace (for --network private)"},
		{Name: ControlSockets, By: "network namespace", Mend: choosePrivate},
		{Name: ControlForeign, By: "network namespace", Mend: choosePrivate},
		{Name: ControlTmp, By: "tmpfs"},
		{Name: ControlProcessLimit, By: d.processLimiter(), Mend: delegate},
	}
	problems[ControlForeign] = problems[ControlNetwork]
	for i := range controls {
		c := &controls[i]
		if c.Problem = problems[c.Name]; c.Problem == "" {
			c.Enforced, c.Mend = true, ""
		} else {
			c.By = ""
		}
	}
	return append(controls, d.probeProcessors(s), d.probeFreeze(ctx, s), d.probeMemory(ctx, s)), nil
}

// probeFreeze freezes and thaws the waiting probe.
func (d *namespaces) probeFreeze(ctx context.Context, s *namespace) Control {
	c := Control{Name: ControlFreeze, By: "SIGSTOP, sent by init"}
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
		return Control{Name: ControlFreeze, Problem: err.Error(), Mend: "none is needed: an idle environment keeps running"}
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
	c := Control{Name: ControlMemory}
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
		return Control{Name: ControlMemory, Problem: err.Error(), Mend: delegate}
	}
	c.Enforced = true
	return c
}

// probeHost exercises what a private network hides, in a sandbox with the
// host's that is completed late, and ends it by leaving it alone, as a server
// does that is killed.
func (d *namespaces) probeHost(ctx context.Context) ([]Control, error) {
	late := Control{Name: ControlLateCode, Enforced: true, By: "mounts that init passes on"}
	controls, problem, err := d.tryHost(ctx, true)
	if err != nil { // perhaps only for being late
		problem = err.Error()
		controls, _, err = d.tryHost(ctx, false)
	}
	if problem != "" {
		late = Control{Name: ControlLateCode, Problem: problem, Mend: "none is needed: every environment starts when it is asked for"}
	}
	d.mu.Lock()
	d.lateProblem = problem
	d.mu.Unlock()
	return append(controls, late), err
}

// tryHost tells also what is wrong with late code.
func (d *namespaces) tryHost(ctx context.Context, late bool) ([]Control, string, error) {
	listener, abstract, err := listenAbstract()
	if err != nil {
		return nil, "", err
	}
	defer listener.Close()
	api, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, "", fmt.Errorf("listen for the probe: %w", err)
	}
	defer api.Close()
	spec, task, file := probeSpec(HostNetwork), "", ""
	if late {
		spec.Late = true
		if spec.LateFrom, task, file, err = findLate(); err != nil {
			return nil, "", err
		}
	}
	var t *trials
	s, err := d.startInside(ctx, spec, func(p *program) {
		t = newTrials(p)
		if late {
			again := p.here()
			p.try(unix.SYS_RT_SIGTIMEDWAIT, p.words(1<<(unix.SIGUSR1-1)), 0, 0, 8).negative = again
			t.late(task, file)
		}
		t.reach(abstract, unix.EPERM)
		t.open(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0)
		p.try(unix.SYS_CONNECT, probeFD, p.bytes(loopbackAddress(api.Addr().(*net.TCPAddr).Port)), 16)
		t.send()
		t.park()
	})
	if err != nil {
		return nil, "", err
	}
	defer s.discard()
	if late {
		a := Assignment{Name: spec.Name, Task: task, MemoryMB: 2 * spec.MemoryMB, TmpMB: 4 * spec.TmpMB}
		if err := errors.Join(s.Assign(ctx, a), s.Signal(unix.SIGUSR1)); err != nil {
			return nil, "", err
		}
	}
	problems, err := t.judge(ctx, s)
	if err != nil {
		return nil, "", err
	}
	sockets := Control{Name: ControlSockets, By: "Landlock, with --network host; its own network namespace, with --network private", Enforced: true}
	if problem := problems[ControlSockets]; problem != "" {
		sockets = Control{
			Name:    ControlSockets,
			Problem: problem + " with --network host: this kernel's Landlock does not keep them apart",
			Mend:    choosePrivate + ", or run Linux 6.12 or later with Landlock among its security modules",
		}
	}
	foreign := d.probePeers(s, api)
	d.mu.Lock()
	d.foreignProblem = foreign.Problem
	d.mu.Unlock()
	death := Control{Name: ControlDeath, By: "init, which ends with the server's socket", Enforced: true}
	if err := s.control.Close(); err != nil {
		return nil, "", err
	}
	select {
	case <-s.Done():
	case <-ctx.Done():
		death = Control{Name: ControlDeath, Problem: "a sandbox outlives its server"}
	}
	return []Control{sockets, foreign, death}, problems[ControlLateCode], nil
}

// probeEgress looks once at what the way out refuses: this host, by each of its
// addresses, and its link.
func (d *namespaces) probeEgress(ctx context.Context) Control {
	d.egressOnce.Do(func() {
		// Whoever asks first may lose patience, which tells nothing.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
		defer cancel()
		d.egressProblem = d.tryEgress(ctx)
	})
	if err := d.egressProblem; err != nil {
		problem := err.Error()
		if cause := d.cause(err); cause != "" {
			problem += " (" + cause + ")"
		}
		return Control{Name: ControlEgress, Problem: problem, Mend: choosePrivate}
	}
	return Control{Name: ControlEgress, Enforced: true, By: "network namespace, a TCP/IP stack of the server's own (for --network egress)"}
}

func (d *namespaces) tryEgress(ctx context.Context) error {
	listener, err := net.Listen("tcp4", ":0")
	if err != nil {
		return err
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	targets := [][4]byte{{127, 0, 0, 1}, {169, 254, 169, 254}, network.Gateway.As4()}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() && len(targets) < 8 {
			targets = append(targets, p.Addr().As4())
		}
	}
	var t *trials
	s, err := d.startInside(ctx, probeSpec(EgressNetwork), func(p *program) {
		t = newTrials(p)
		for _, target := range targets {
			address := loopbackAddress(port)
			copy(address[4:], target[:])
			t.open(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0)
			t.expect(ControlEgress, fmt.Sprintf("reach %v", netip.AddrFrom4(target)), fails(unix.ECONNREFUSED), unix.SYS_CONNECT, probeFD, p.bytes(address), 16)
		}
		t.send()
		t.park()
	})
	if err != nil {
		return err
	}
	defer s.discard()
	problems, err := t.judge(ctx, s)
	if problem := problems[ControlEgress]; err == nil && problem != "" {
		err = errors.New(problem)
	}
	return err
}

// listenAbstract listens on an abstract socket of the host, for a probe.
func listenAbstract() (net.Listener, string, error) {
	name := fmt.Sprintf("lamgate-probe-%s-%08x", identifyProcess(os.Getpid()), rand.Uint32())
	l, err := net.Listen("unix", "@"+name)
	if err != nil {
		return nil, "", fmt.Errorf("listen for the probe: %w", err)
	}
	return l, name, nil
}

// findLate finds a directory of the host with a directory with a file.
func findLate() (from, dir, file string, err error) {
	dirs := []string{"/usr/bin", "/usr/lib", "/usr/share"}
	if own, err := os.Executable(); err == nil { // NixOS has nothing in /usr
		dirs = append(dirs, filepath.Dir(own))
	}
	for _, dir := range dirs {
		dir, err := filepath.EvalSymlinks(dir)
		if err != nil || filepath.Dir(dir) == dir {
			continue
		}
		entries, _ := os.ReadDir(dir)
		if i := slices.IndexFunc(entries, func(e os.DirEntry) bool { return e.Type().IsRegular() }); i >= 0 {
			return filepath.Dir(dir), dir, entries[i].Name(), nil
		}
	}
	return "", "", "", errors.New("the host has nothing to show late")
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
