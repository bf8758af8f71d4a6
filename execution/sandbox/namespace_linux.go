//go:build amd64 || arm64

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamgate/lamgate/execution/network"
)

const defaultLevel = NamespaceLevel

// namespaces is the driver that isolates with the kernel's namespaces.
type namespaces struct {
	log     *slog.Logger
	layout  hostLayout
	users   users
	null    *os.File
	buffers *outputBuffers
	cgroups *cgroups
	watch   *watch
	filter  []unix.SockFilter
	egress  *network.Egress
	network Network // what Probe is to try

	peers        peers
	peersOnce    sync.Once
	peersProblem error // why it cannot be told whose a connection is

	egressOnce    sync.Once
	egressProblem error // why no sandbox can have a way out

	landlock     bool   // the kernel can keep abstract sockets apart
	capabilities uint64 // how many the kernel has

	launchTime time.Duration  // that a launch may take
	change     func(*program) // a test's; nil

	mu             sync.Mutex
	controls       []Control
	lateProblem    string // why no sandbox can be Late
	foreignProblem string // why it cannot be told whose a connection is, though the kernel tells
}

func openNamespace(o Options) (Driver, error) {
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open the namespace driver: %w", err)
	}
	users, err := readUsers()
	if err != nil {
		return nil, fmt.Errorf("open the namespace driver: %w", err)
	}
	last, err := strconv.ParseUint(setting("kernel/cap_last_cap"), 10, 8)
	if err != nil {
		return nil, fmt.Errorf("open the namespace driver: read kernel.cap_last_cap: %w", err)
	}
	groups := openCgroups()
	abi, _, _ := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	return &namespaces{
		log:      o.Log,
		layout:   readHostLayout(),
		users:    users,
		null:     null,
		buffers:  newOutputBuffers(),
		cgroups:  groups,
		watch:    newWatch(),
		filter:   newFilter(groups.memory.dir != "", false),
		network:  o.Network,
		egress:   network.New(network.Config{Log: o.Log}),
		landlock: int(abi) >= 6, // the first to know scopes

		capabilities: last + 1,
		launchTime:   time.Minute,
	}, nil
}

func (d *namespaces) Name() string { return NamespaceLevel }

func (d *namespaces) Controls() []Control {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.controls
}

// Close implements Driver. The sandboxes must have ended.
func (d *namespaces) Close() error {
	return errors.Join(d.cgroups.close(), d.null.Close(), d.peers.close())
}

// Start implements Driver.
func (d *namespaces) Start(ctx context.Context, spec Spec) (Sandbox, error) {
	spec, err := complete(spec)
	if err != nil {
		return nil, err
	}
	if spec.Root != "" {
		if spec.Root, err = filepath.EvalSymlinks(spec.Root); err != nil {
			return nil, fmt.Errorf("start sandbox %s: find its root: %w", spec.Name, err)
		}
	}
	if spec.Network == EgressNetwork {
		if c := d.probeEgress(ctx); !c.Enforced {
			return nil, fmt.Errorf("start sandbox %s with an egress network: %w: %s", spec.Name, ErrNotBuilt, c.Problem)
		}
	}
	if spec.Late {
		if err := d.checkLate(&spec); err != nil {
			return nil, fmt.Errorf("start sandbox %s: %w", spec.Name, err)
		}
	}
	s, err := d.startInside(ctx, spec, nil)
	if err != nil {
		return nil, fmt.Errorf("start sandbox %s: %w", spec.Name, err)
	}
	return s, nil
}

// startInside starts a sandbox whose command, if inside is not nil, is what that
// writes.
func (d *namespaces) startInside(ctx context.Context, spec Spec, inside func(*program)) (*namespace, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s, err := d.launch(spec, inside)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, d.launchTime, fmt.Errorf("the launcher has not finished within %v", d.launchTime))
	defer cancel()
	if err := s.await(limited); err != nil {
		s.giveUp()
		return nil, err
	}
	s.spec.Env = nil // no longer needed, and large
	if !spec.Late {
		s.program = nil
	}
	d.watch.add(s)
	go s.attend()
	return s, nil
}

// launch writes a launcher and starts its stub. What the sandbox is made of
// belongs to it from then on.
func (d *namespaces) launch(spec Spec, inside func(*program)) (s *namespace, err error) {
	s = &namespace{driver: d, spec: spec, started: time.Now(), done: make(chan struct{}), assigned: make(chan error, 1), ended: make(chan Ended, len(spec.Extensions)+1)}
	if inside != nil {
		s.reports = make(chan []int64, 1)
	}
	var files opened
	defer files.close()
	groups, err := d.cgroups.group(spec)
	if err != nil {
		return nil, err
	}
	s.group = groups
	defer func() {
		if err != nil {
			_ = groups.remove()
		}
	}()
	joins, birth, err := s.group.joins()
	files.add(joins...)
	files.add(birth)
	if err != nil {
		return nil, err
	}
	thaw, err := s.group.thawFile()
	files.add(thaw)
	if err != nil {
		return nil, fmt.Errorf("open the freezer: %w", err)
	}
	held := len(spec.Extensions) > 0
	var runs *os.File
	if held {
		s.running, runs, err = os.Pipe()
		files.add(runs)
		if err != nil {
			return nil, fmt.Errorf("make the pipe of a command that waits: %w", err)
		}
		defer func() {
			if err != nil {
				s.running.Close()
			}
		}()
	}
	filter := d.filter
	if spec.Traced {
		filter = newFilter(d.cgroups.memory.dir != "", true)
	}
	id := d.users.choose()
	s.id = id
	s.listeners[0] = d.guard(spec.Listener, s)
	s.program, err = launch{
		spec:     spec,
		layout:   d.layout,
		id:       id,
		joins:    len(joins),
		birth:    birth != nil,
		thaw:     thaw != nil,
		held:     held,
		landlock: d.landlock,
		filter:   filter,
		limits:   d.limits(spec, id),
		inside:   inside,

		capabilities: d.capabilities,
	}.program()
	if err != nil {
		return nil, err
	}
	if d.change != nil {
		d.change(s.program)
	}
	launcher, err := s.program.file()
	files.add(launcher)
	if err != nil {
		return nil, err
	}
	var childControl, childOutput *os.File
	if s.control, childControl, err = newControl(); err != nil {
		return nil, err
	}
	files.add(childControl)
	output, childOutput, err := openOutput(spec.Output)
	files.add(childOutput)
	if err != nil {
		s.control.Close()
		return nil, fmt.Errorf("make the output's pipe: %w", err)
	}

	if thaw == nil {
		thaw = d.null
	}
	out := childOutput.Fd()
	inherited := []uintptr{d.null.Fd(), out, out, childControl.Fd(), thaw.Fd()}
	for _, f := range joins {
		inherited = append(inherited, f.Fd())
	}
	if birth != nil {
		inherited = append(inherited, birth.Fd())
	}
	if held {
		inherited = append(inherited, runs.Fd())
		if spec.ExtensionOutput != nil {
			inherited = append(inherited, spec.ExtensionOutput.Fd())
		}
	}
	if spec.Log != nil {
		inherited = append(inherited, spec.Log.Fd())
	}
	// By the server's table of files: in its own, the child may already have put
	// one of the inherited where the launcher was.
	s.stub, err = syscall.ForkExec(fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), launcher.Fd()), []string{"lamgate: " + spec.Name},
		&syscall.ProcAttr{Env: []string{}, Files: inherited, Sys: &syscall.SysProcAttr{Setpgid: true}})
	if err != nil {
		s.control.Close()
		output.Close()
		return nil, fmt.Errorf("run the launcher: %w", err)
	}
	if output != nil {
		s.copying.Go(func() { d.buffers.copy(spec.Output, output) })
	}
	return s, nil
}

// opened are files that a launch needs no longer than it takes.
type opened []*os.File

func (o *opened) add(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			*o = append(*o, f)
		}
	}
}

func (o *opened) close() {
	for _, f := range *o {
		f.Close()
	}
}
