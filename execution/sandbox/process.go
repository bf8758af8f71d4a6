//go:build unix

package sandbox

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// processes is the driver that does not isolate: every command is a process
// group of the server's own user, on the host's file system.
type processes struct {
	log     *slog.Logger
	buffers *outputBuffers
}

func openProcess(o Options) (Driver, error) {
	return &processes{log: o.Log, buffers: newOutputBuffers()}, nil
}

func (d *processes) Name() string { return ProcessLevel }
func (d *processes) Close() error { return nil }

// Probe implements Driver. There is nothing to find out.
func (d *processes) Probe(context.Context) ([]Control, error) { return d.Controls(), nil }

// Controls implements Driver: it says of each that it is not enforced.
func (d *processes) Controls() []Control {
	var list []Control
	for _, name := range []string{
		controlFileSystem, controlProcesses, controlUser, controlCapabilities, controlSystemCalls, controlPrivileges,
		controlNetwork, controlMemory, controlProcessLimit, controlTmp, controlDeath,
	} {
		list = append(list, Control{
			Name:    name,
			Problem: "functions run as ordinary processes of this user",
			Mend:    "on Linux, choose --isolation " + NamespaceLevel,
		})
	}
	return append(list, Control{Name: controlFreeze, Enforced: true, By: "SIGSTOP to the process group"})
}

// Start implements Driver.
func (d *processes) Start(ctx context.Context, spec Spec) (Sandbox, error) {
	spec, err := complete(spec)
	if err != nil {
		return nil, err
	}
	s, err := d.start(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("start process %s: %w", spec.Name, err)
	}
	return s, nil
}

func (d *processes) start(ctx context.Context, spec Spec) (*process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if spec.Network != HostNetwork {
		return nil, fmt.Errorf("--isolation %s cannot give a network of its own; choose --network %s", ProcessLevel, HostNetwork)
	}
	tmp, err := os.MkdirTemp("", "lamgate-")
	if err != nil {
		return nil, fmt.Errorf("make its temporary directory: %w", err)
	}
	output, writer, err := openOutput(spec.Output)
	if err != nil {
		os.RemoveAll(tmp)
		return nil, fmt.Errorf("make the output's pipe: %w", err)
	}
	defer writer.Close()

	translate := translator(spec)
	env := slices.DeleteFunc(slices.Clone(spec.Env), func(v string) bool { return strings.HasPrefix(v, "TMPDIR=") })
	for i, v := range env {
		name, value, _ := strings.Cut(v, "=")
		env[i] = name + "=" + translate(value)
	}
	args := make([]string, len(spec.Command))
	for i, a := range spec.Command {
		args[i] = translate(a)
	}
	cmd := &exec.Cmd{
		Path:        args[0],
		Args:        args,
		Dir:         spec.Task,
		Env:         append(env, "TMPDIR="+tmp),
		Stdout:      writer,
		Stderr:      writer,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	if err := cmd.Start(); err != nil {
		output.Close()
		os.RemoveAll(tmp)
		return nil, err
	}
	s := &process{cmd: cmd, tmp: tmp, started: time.Now(), done: make(chan struct{})}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		if output != nil {
			d.buffers.copy(spec.Output, output)
		}
	}()
	go s.attend(output, copied)
	return s, nil
}

// translator returns what makes host paths of those that a sandbox would have
// at /var/task and /opt, alone or in a list such as PATH.
func translator(spec Spec) func(string) string {
	own := func(element string) bool {
		return slices.ContainsFunc(spec.Runtime, func(dir string) bool {
			return element == dir || strings.HasPrefix(element, dir+"/")
		})
	}
	replace := func(element, from, to string) string {
		rest, ok := strings.CutPrefix(element, from)
		if !ok || to == "" || rest != "" && rest[0] != '/' || own(element) {
			return element
		}
		return filepath.Join(to, rest)
	}
	return func(value string) string {
		elements := strings.Split(value, ":")
		for i, e := range elements {
			elements[i] = replace(replace(e, "/var/task", spec.Task), "/opt", spec.Opt)
		}
		return strings.Join(elements, ":")
	}
}

// A process is a sandbox of the process driver: a process group.
type process struct {
	unbuilt
	cmd     *exec.Cmd
	tmp     string
	started time.Time
	done    chan struct{}
	exit    Exit
	max     int64

	mu   sync.Mutex
	gone bool // the leader has been waited for
}

func (s *process) RuntimeAPI() net.Listener { return nil }
func (s *process) Endpoint() net.Listener   { return nil }
func (s *process) Done() <-chan struct{}    { return s.done }
func (s *process) Exit() Exit               { return s.exit }
func (s *process) PID() int                 { return s.cmd.Process.Pid }
func (s *process) Freeze() error            { return s.group(syscall.SIGSTOP) }
func (s *process) Thaw() error              { return s.group(syscall.SIGCONT) }
func (s *process) Kill()                    { _ = s.group(syscall.SIGKILL) }

func (s *process) Signal(sig os.Signal) error { return s.cmd.Process.Signal(sig) }

// group sends a signal to all processes that stayed in the group.
func (s *process) group(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return os.ErrProcessDone
	}
	return syscall.Kill(-s.cmd.Process.Pid, sig)
}

func (s *process) MaxMemory() int64 {
	select {
	case <-s.done:
		return s.max
	default:
		return residentPeak(s.cmd.Process.Pid)
	}
}

// attend waits for the command's end, ends the others of its group, and tidies
// up.
func (s *process) attend(output *os.File, copied <-chan struct{}) {
	_ = s.cmd.Wait()
	ran := time.Since(s.started)
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) // group IDs outlive their leader
	s.mu.Lock()
	s.gone = true
	s.mu.Unlock()

	// One that left the group may hold the pipe for ever.
	select {
	case <-copied:
	case <-time.After(time.Second):
		_ = output.SetReadDeadline(time.Unix(1, 0))
		<-copied
	}
	_ = os.RemoveAll(s.tmp)

	state := s.cmd.ProcessState
	s.exit = Exit{Code: state.ExitCode(), Ran: ran}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		s.exit.Code, s.exit.Signal = -1, status.Signal().String()
	}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		s.max = maxResident(usage)
	}
	close(s.done)
}
