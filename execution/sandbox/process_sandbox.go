//go:build unix

package sandbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A process is a sandbox of the process driver: a process group for the command
// and one for each extension.
type process struct {
	spec      Spec
	tmp       string
	translate func(string) string
	started   time.Time
	writer    *os.File // of the output, until the command has it
	output    *os.File
	copied    chan struct{}

	empty chan struct{} // closed when there is nobody left
	done  chan struct{}
	ended chan Ended
	exit  Exit

	mu       sync.Mutex
	members  []*member
	command  *member // nil until it is released
	waiting  bool    // the command has not been started
	released bool
	live     int   // members that have not ended
	stopping bool  // no more may start
	max      int64 // the most memory that the command held
}

// A member is a process that was started, and the group around it.
type member struct {
	name string // of the extension; empty for the command
	cmd  *exec.Cmd
	gone bool // it has been waited for
}

func (s *process) RuntimeAPI() net.Listener { return s.spec.Listener }
func (s *process) Endpoint() net.Listener   { return nil }
func (s *process) Done() <-chan struct{}    { return s.done }
func (s *process) Ended() <-chan Ended      { return s.ended }
func (s *process) Exit() Exit               { return s.exit }
func (s *process) Freeze() error            { return s.group(syscall.SIGSTOP) }
func (s *process) Thaw() error              { return s.group(syscall.SIGCONT) }

// Assign implements Sandbox. Without a mount namespace nothing can be shown to
// a process that runs.
func (s *process) Assign(context.Context, Assignment) error {
	return fmt.Errorf("--isolation %s: late code: %w", ProcessLevel, ErrNotBuilt)
}

// Dial implements Sandbox.
func (s *process) Dial(ctx context.Context, port int) (net.Conn, error) { return dialHost(ctx, port) }

// dialHost connects to a port of the host's loopback.
func dialHost(ctx context.Context, port int) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// startMember starts a process.
func (s *process) startMember(name, file string, args, env []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return os.ErrProcessDone
	}
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool { return strings.HasPrefix(v, "TMPDIR=") })
	for i, v := range env {
		name, value, _ := strings.Cut(v, "=")
		env[i] = name + "=" + s.translate(value)
	}
	args = slices.Clone(args)
	for i, a := range args {
		args[i] = s.translate(a)
	}
	dir := s.translate(s.spec.Directory)
	if dir == taskDirectory { // there is no code
		dir = s.tmp
	}
	m := &member{name: name, cmd: &exec.Cmd{
		Path:        s.translate(file),
		Args:        args,
		Dir:         dir,
		Env:         append(env, "TMPDIR="+s.tmp),
		Stdout:      s.writer,
		Stderr:      s.writer,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}}
	if name != "" && s.spec.ExtensionOutput != nil {
		m.cmd.Stdout, m.cmd.Stderr = s.spec.ExtensionOutput, s.spec.ExtensionOutput
	}
	if name == "" && s.spec.Log != nil {
		m.cmd.ExtraFiles = append(make([]*os.File, LogFD-3), s.spec.Log)
	}
	if err := m.cmd.Start(); err != nil {
		return err
	}
	s.members = append(s.members, m)
	if name == "" {
		s.command = m
	}
	s.live++
	go s.follow(m)
	return nil
}

// startCommand starts the last member.
func (s *process) startCommand() error {
	err := s.startMember("", s.spec.Command[0], s.spec.Command, s.spec.Env)
	s.writer.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = false
	s.settle()
	return err
}

// settle ends the sandbox if there is nobody left, and nobody to come.
func (s *process) settle() {
	if s.live == 0 && !s.waiting {
		s.stopping = true
		select {
		case <-s.empty:
		default:
			close(s.empty)
		}
	}
}

// Release implements Sandbox.
func (s *process) Release() error {
	s.mu.Lock()
	waits := len(s.spec.Extensions) > 0 && !s.released
	s.released = true
	s.mu.Unlock()
	if !waits {
		return errNothingWaits
	}
	return s.startCommand()
}

// PID implements Sandbox.
func (s *process) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.command == nil {
		return 0
	}
	return s.command.cmd.Process.Pid
}

// Signal implements Sandbox.
func (s *process) Signal(sig os.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.command == nil {
		return os.ErrProcessDone
	}
	return s.command.cmd.Process.Signal(sig)
}

// Kill implements Sandbox.
func (s *process) Kill() {
	s.mu.Lock()
	s.stopping, s.waiting = true, false
	s.settle()
	s.mu.Unlock()
	_ = s.group(syscall.SIGKILL)
}

// group sends a signal to all processes that stayed in their groups.
func (s *process) group(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := os.ErrProcessDone
	for _, m := range s.members {
		if !m.gone {
			err = syscall.Kill(-m.cmd.Process.Pid, sig)
		}
	}
	return err
}

// MaxMemory implements Sandbox.
func (s *process) MaxMemory() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.command != nil && !s.command.gone {
		s.max = max(s.max, residentPeak(s.command.cmd.Process.Pid))
	}
	return s.max
}

// PrivateMemory implements Sandbox. What the members have started is not
// counted.
func (s *process) PrivateMemory() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum int64
	for _, m := range s.members {
		if !m.gone {
			sum += privateMemory(fmt.Sprintf("/proc/%d/smaps_rollup", m.cmd.Process.Pid))
		}
	}
	return sum
}

// follow waits for a member's end and ends the others of its group. When the
// command ends and there are no extensions, that is the sandbox's end.
func (s *process) follow(m *member) {
	_ = m.cmd.Wait()
	ran := time.Since(s.started)
	_ = syscall.Kill(-m.cmd.Process.Pid, syscall.SIGKILL) // group IDs outlive their leader

	state := m.cmd.ProcessState
	x := Exit{Code: state.ExitCode(), Ran: ran}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		x.Code, x.Signal = -1, status.Signal().String()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.gone = true
	if m.name == "" {
		s.exit = x
		if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
			s.max = max(s.max, maxResident(usage))
		}
	}
	if len(s.spec.Extensions) > 0 && !s.stopping {
		s.ended <- Ended{m.name, x} // there is room for each
	}
	s.live--
	s.settle()
}

// attend waits until all members have ended, and tidies up.
func (s *process) attend() {
	<-s.empty
	s.writer.Close() // if the command was never started

	// One that left the group may hold the pipe for ever.
	select {
	case <-s.copied:
	case <-time.After(time.Second):
		_ = s.output.SetReadDeadline(time.Unix(1, 0))
		<-s.copied
	}
	_ = os.RemoveAll(s.tmp)
	close(s.ended)
	close(s.done)
}
