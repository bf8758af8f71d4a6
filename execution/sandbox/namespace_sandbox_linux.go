//go:build amd64 || arm64

package sandbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A namespace is a sandbox of the namespace driver.
type namespace struct {
	driver  *namespaces
	spec    Spec
	program *program
	control *os.File // until it closes, someone in the sandbox lives

	stub, initial, command int // process IDs on the host
	listeners              [2]net.Listener
	started                time.Time

	copying sync.WaitGroup
	done    chan struct{}
	exit    Exit

	mu   sync.Mutex
	gone bool // init has been waited for: its process ID may be another's
}

func newNamespace(d *namespaces, spec Spec, p *program, control *os.File) *namespace {
	return &namespace{
		driver:  d,
		spec:    spec,
		program: p,
		control: control,
		started: time.Now(),
		done:    make(chan struct{}),
	}
}

func (s *namespace) RuntimeAPI() net.Listener { return s.listeners[0] }
func (s *namespace) Endpoint() net.Listener   { return s.listeners[1] }
func (s *namespace) Done() <-chan struct{}    { return s.done }
func (s *namespace) Exit() Exit               { return s.exit }
func (s *namespace) PID() int                 { return s.command }

func (s *namespace) Freeze() error { return errors.New("freeze: not built") }
func (s *namespace) Thaw() error   { return errors.New("thaw: not built") }

func (s *namespace) MaxMemory() int64 { return 0 }

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
	return syscall.Kill(s.command, number)
}

func (s *namespace) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.gone && s.initial != 0 {
		_ = syscall.Kill(s.initial, syscall.SIGKILL)
	}
}

// A message is one of the launcher's.
type message struct {
	kind, a, b uint64
	sender     int // process ID on the host
	files      []int
}

// receive reads the launcher's next message; io.EOF when there will be no more.
func (s *namespace) receive() (message, error) {
	var m message
	conn, err := s.control.SyscallConn()
	if err != nil {
		return m, err
	}
	var data [messageSize]byte
	var oob [128]byte
	var n, oobn int
	var failed error
	err = conn.Read(func(fd uintptr) bool {
		n, oobn, _, _, failed = unix.Recvmsg(int(fd), data[:], oob[:], unix.MSG_CMSG_CLOEXEC)
		return failed != unix.EAGAIN
	})
	switch {
	case err != nil:
		return m, err
	case failed == unix.ECONNRESET || failed == nil && n == 0:
		return m, io.EOF
	case failed != nil:
		return m, failed
	}
	parts, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return m, err
	}
	for i := range parts {
		if c, err := unix.ParseUnixCredentials(&parts[i]); err == nil {
			m.sender = int(c.Pid)
		} else if files, err := unix.ParseUnixRights(&parts[i]); err == nil {
			m.files = append(m.files, files...)
		}
	}
	m.kind = binary.LittleEndian.Uint64(data[0:])
	m.a = binary.LittleEndian.Uint64(data[8:])
	m.b = binary.LittleEndian.Uint64(data[16:])
	return m, nil
}

// await follows the launcher until the command runs.
func (s *namespace) await(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.control.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for started := false; !started || s.initial == 0; {
		m, err := s.receive()
		switch {
		case err == io.EOF:
			return errors.New("the launcher ended without a word")
		case errors.Is(err, os.ErrDeadlineExceeded):
			return context.Cause(ctx)
		case err != nil:
			return fmt.Errorf("hear from the launcher: %w", err)
		}
		switch m.kind {
		case messageFailure:
			return s.failure(m)
		case messageInit:
			s.initial = int(m.a)
		case messageCommand:
			s.command = m.sender
		case messageListeners:
			if err := s.listen(m.files); err != nil {
				return err
			}
		case messageStarted:
			_, err := syscall.Wait4(s.stub, nil, 0, nil)
			s.stub = 0
			if err != nil {
				return fmt.Errorf("wait for the launcher: %w", err)
			}
			started = true
		}
	}
	return nil
}

// failure makes an error of a message.
func (s *namespace) failure(m message) error {
	return fmt.Errorf("%s: %w", s.program.explain(m.a), syscall.Errno(-int64(m.b)))
}

func (s *namespace) listen(files []int) error {
	if len(files) != len(s.listeners) {
		return fmt.Errorf("the launcher sent %d listeners", len(files))
	}
	var failed error
	for i, fd := range files {
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
	close(s.done)
}

// finish waits until nothing of the sandbox is left.
func (s *namespace) finish() {
	status, reported := s.lastWords()
	s.control.Close()
	if s.stub != 0 {
		_, _ = syscall.Wait4(s.stub, nil, 0, nil)
	}
	if s.initial != 0 {
		_, _ = syscall.Wait4(s.initial, nil, 0, nil)
	}
	s.mu.Lock()
	s.gone = true
	s.mu.Unlock()
	s.copying.Wait()

	s.exit.Ran = time.Since(s.started)
	if !reported { // init was killed, and the command with it
		status = syscall.WaitStatus(syscall.SIGKILL)
	}
	if status.Signaled() {
		s.exit.Code, s.exit.Signal = -1, status.Signal().String()
	} else {
		s.exit.Code = status.ExitStatus()
	}
}

// lastWords reads messages until there are no more.
func (s *namespace) lastWords() (status syscall.WaitStatus, reported bool) {
	_ = s.control.SetReadDeadline(time.Time{})
	for {
		m, err := s.receive()
		if err != nil {
			return status, reported
		}
		switch m.kind {
		case messageInit: // in a launch that was given up
			s.initial = int(m.a)
			s.Kill()
		case messageExited:
			status, reported = syscall.WaitStatus(m.a), true
		}
	}
}
