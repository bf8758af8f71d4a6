//go:build amd64 || arm64

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamgate/lamgate/execution/network"
)

// A namespace is a sandbox of the namespace driver.
type namespace struct {
	driver  *namespaces
	spec    Spec
	id      identity
	program *program
	group   *group
	control *os.File // until it closes, someone in the sandbox lives

	// Process IDs on the host. The stub's, 0 once it has been waited for, is also
	// that of the process group which it and init are.
	stub, initial, command int
	listeners              [2]net.Listener
	started                time.Time

	reports  chan []int64 // of a probe
	assigned chan error   // of a Late sandbox: what came of its assignment
	running  *os.File     // of a command that waits: its end tells that it runs
	copying  sync.WaitGroup
	done     chan struct{}
	ended    chan Ended
	exit     Exit

	ending   atomic.Bool // by Kill
	looking  atomic.Bool // the watch is at it
	mu       sync.Mutex
	gone     bool  // init has been waited for: its process ID may be another's
	leaving  bool  // nothing runs any more: what is frozen now would stay
	max      int64 // the most memory seen
	tooMuch  bool  // ended by the watch
	released bool
	looks    int   // of the watch
	sockets  []int // for Dial
	wayOut   io.Closer

	members map[int]string // extensions by their process ID inside

	status   syscall.WaitStatus // of the command
	reported bool
}

func (s *namespace) RuntimeAPI() net.Listener { return s.listeners[0] }
func (s *namespace) Endpoint() net.Listener   { return s.listeners[1] }
func (s *namespace) Done() <-chan struct{}    { return s.done }
func (s *namespace) Exit() Exit               { return s.exit }
func (s *namespace) PID() int                 { return s.command }
func (s *namespace) Ended() <-chan Ended      { return s.ended }

// Freeze implements Sandbox. A frozen sandbox is not watched: it takes no more
// memory.
func (s *namespace) Freeze() error {
	err := s.run(false)
	if err == nil {
		s.driver.watch.remove(s)
	}
	return err
}

// Thaw implements Sandbox.
func (s *namespace) Thaw() error {
	err := s.run(true)
	if err == nil {
		s.driver.watch.add(s)
	}
	return err
}

// run lets the processes run or stops them: by the freezer, or by signals.
func (s *namespace) run(on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone || s.leaving {
		return os.ErrProcessDone
	}
	if done, err := s.group.freeze(!on); done {
		return err
	}
	if on {
		return s.send(everyProcess, syscall.SIGCONT)
	}
	return s.send(everyProcess, syscall.SIGSTOP)
}

// Signal implements Sandbox. Init passes the signal on, so that it never
// reaches another process that has got the ID.
func (s *namespace) Signal(sig os.Signal) error {
	number, ok := sig.(syscall.Signal)
	if !ok {
		return fmt.Errorf("signal %v is not one of Linux", sig)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return os.ErrProcessDone
	}
	return s.send(commandProcess, number)
}

// Kill implements Sandbox.
func (s *namespace) Kill() {
	s.ending.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill()
}

// giveUp ends a launch. Init may be there without having been told of: whoever
// would have told has been killed, or is not waited for.
func (s *namespace) giveUp() {
	s.Kill()
	if s.stub != 0 {
		_ = syscall.Kill(-s.stub, syscall.SIGKILL)
	}
	s.finish()
	s.closeListeners()
}

// kill ends init, and the kernel with it everyone: also the frozen, once they
// are thawed.
func (s *namespace) kill() {
	if s.gone || s.initial == 0 {
		return
	}
	_ = syscall.Kill(s.initial, syscall.SIGKILL)
	_, _ = s.group.freeze(false)
}

// MaxMemory implements Sandbox.
func (s *namespace) MaxMemory() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.gone {
		s.max = max(s.max, residentPeak(s.command))
	}
	return s.max
}

// await follows the launcher until the command runs.
func (s *namespace) await(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.control.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for started := false; !started || s.initial == 0 || s.command == 0; {
		m, err := s.receive()
		switch {
		case err == io.EOF:
			return ErrEnded
		case errors.Is(err, os.ErrDeadlineExceeded):
			return context.Cause(ctx)
		case err != nil:
			return fmt.Errorf("hear from the launcher: %w", err)
		}
		if m.kind == messageStarted {
			_, err := syscall.Wait4(s.stub, nil, 0, nil)
			s.stub = 0
			if err != nil {
				return fmt.Errorf("wait for the launcher: %w", err)
			}
			started = true
			if s.initial == 0 { // the stub has not told yet, or was killed before it could
				s.mu.Lock()
				s.initial = m.sender
				s.mu.Unlock()
			}
		} else if err := s.take(m); err != nil {
			return err
		}
		if m.kind == messageReaped && m.a == commandProcess && s.command == 0 {
			return ErrEnded // extensions may live on
		}
	}
	return nil
}

// name is what people know the sandbox by; nothing, of a probe, which tries what
// nobody needs to know of.
func (s *namespace) name() string {
	if s.reports != nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spec.Name
}

// closeListeners closes what nobody will serve.
func (s *namespace) closeListeners() {
	if s.spec.Network == HostNetwork {
		return // what the Spec gave is not ours
	}
	for _, l := range s.listeners {
		if l != nil {
			l.Close()
		}
	}
}

// take acts on a message.
func (s *namespace) take(m message) error {
	switch m.kind {
	case messageFailure:
		if s.program == nil { // of the command, which has told Release
			return nil
		}
		return s.program.explain(m.a, syscall.Errno(-int64(m.b)))
	case messageInit:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.initial == 0 { // else init has been faster than the stub
			s.initial = int(m.a)
		}
	case messageCommand:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.command = m.sender
	case messageListeners:
		return s.listen(m.files)
	case messageCable:
		return cableError(m.answers)
	case messageProbe:
		select {
		case s.reports <- m.results:
		default: // not a probe: nil
		}
	case messageExited:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.max = max(s.max, m.peak)
		s.status, s.reported = syscall.WaitStatus(m.a), true
	case messageExtension:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.members == nil {
			s.members = map[int]string{commandProcess: ""}
		}
		s.members[int(m.b)] = s.spec.Extensions[m.a].Name
	case messageAssigned:
		s.assigned <- nil // there is room for one
		s.program = nil
	case messageReaped:
		s.reaped(m)
	}
	return nil
}

// reaped is told of every process that has ended; most are nobody that matters.
func (s *namespace) reaped(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, known := s.members[int(m.a)]
	if !known {
		return
	}
	delete(s.members, int(m.a)) // the next with this ID is another
	status := syscall.WaitStatus(m.b)
	if m.a == commandProcess {
		s.max = max(s.max, m.peak)
		s.status, s.reported = status, true
	}
	x := exitOf(status)
	x.Ran = time.Since(s.started)
	x.OutOfMemory = status != 0 && s.group.outOfMemory()
	s.ended <- Ended{name, x} // there is room for each
}

// exitOf makes an Exit of how a process ended.
func exitOf(status syscall.WaitStatus) Exit {
	if status.Signaled() {
		return Exit{Code: -1, Signal: status.Signal().String()}
	}
	return Exit{Code: status.ExitStatus()}
}

func (s *namespace) listen(files []int) error {
	egress := s.spec.Network == EgressNetwork
	want := len(s.listeners) + s.spec.Sockets
	if egress {
		want++
	}
	if len(files) != want {
		return fmt.Errorf("the launcher sent %d listeners", len(files))
	}
	var failed error
	s.sockets = files[len(s.listeners):]
	if egress {
		socket := os.NewFile(uintptr(s.sockets[0]), "way out") // non-blocking already
		s.sockets = s.sockets[1:]
		end := network.Interface{Name: s.name, Socket: socket}
		s.wayOut, failed = s.driver.egress.Serve(end)
	}
	for i, fd := range files[:len(s.listeners)] {
		f := os.NewFile(uintptr(fd), "listener")
		l, err := net.FileListener(f)
		f.Close()
		failed = errors.Join(failed, err)
		if err == nil {
			s.listeners[i] = l
		}
	}
	return failed
}

// attend follows a started sandbox to its end.
func (s *namespace) attend() {
	s.finish()
	close(s.ended)
	close(s.done)
}

// finish waits until nothing of the sandbox is left.
func (s *namespace) finish() {
	s.lastWords()
	s.driver.watch.remove(s)
	s.mu.Lock()
	s.leaving = true
	_, _ = s.group.freeze(false) // init cannot end before the frozen
	s.mu.Unlock()
	switch {
	case s.stub != 0:
		s.reapLaunch()
	case s.initial != 0:
		awaitEnd(s.initial)
	}
	s.mu.Lock()
	if s.stub == 0 && s.initial != 0 { // its ID is free from here on
		_, _ = syscall.Wait4(s.initial, nil, 0, nil)
	}
	s.gone = true
	s.control.Close()
	if s.running != nil {
		s.running.Close()
	}
	for _, fd := range s.sockets {
		syscall.Close(fd)
	}
	s.sockets = nil
	s.mu.Unlock()
	if s.wayOut != nil {
		s.wayOut.Close()
	}
	s.copying.Wait()

	status := s.status
	if !s.reported { // init was killed, and the command with it
		status = syscall.WaitStatus(syscall.SIGKILL)
	}
	// The kernel may have ended another process of several, which the command
	// can live with.
	s.exit = exitOf(status)
	s.exit.Ran = time.Since(s.started)
	s.exit.OutOfMemory = s.tooMuch || s.group.outOfMemory() && status != 0
	if err := s.group.remove(); err != nil {
		s.driver.log.Warn("a control group remains", "sandbox", s.spec.Name, "error", err)
	}
}

// reapLaunch waits for the stub and for init, of whom it may be that nobody knows
// the ID. Nobody but who launches the sandbox has it yet.
func (s *namespace) reapLaunch() {
	for {
		if _, err := syscall.Wait4(-s.stub, nil, 0, nil); err != nil && err != syscall.EINTR {
			return
		}
	}
}

// awaitEnd waits for a child's end and leaves it as it is, so that its ID stays
// its own.
func awaitEnd(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// lastWords reads messages until there are no more.
func (s *namespace) lastWords() {
	_ = s.control.SetReadDeadline(time.Time{})
	for {
		m, err := s.receive()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			// The context of the start ended when the start did, and says so only now.
			_ = s.control.SetReadDeadline(time.Time{})
			continue
		}
		if err != nil {
			return
		}
		err = s.take(m)
		if m.kind == messageFailure && s.program != nil { // of an assignment
			select {
			case s.assigned <- err:
			default:
			}
		}
	}
}
