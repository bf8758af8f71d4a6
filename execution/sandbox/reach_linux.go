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
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Release implements Sandbox.
func (s *namespace) Release() error {
	s.mu.Lock()
	if s.running == nil || s.released {
		s.mu.Unlock()
		return errNothingWaits
	}
	s.released = true
	err := os.ErrProcessDone
	if !s.gone {
		err = s.send(commandProcess, releaseSignal)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	// The launcher's copy closes when the command is run, or when it is ended
	// before that. What it writes is why it cannot be run.
	var record [messageSize]byte
	n, err := io.ReadFull(s.running, record[:])
	switch {
	case n == 0:
		return nil
	case err != nil:
		return fmt.Errorf("hear from the command: %w", err)
	}
	errno := -int64(binary.LittleEndian.Uint64(record[16:]))
	return &stepError{"run " + s.spec.Command[0], syscall.Errno(errno)}
}

// Dial implements Sandbox. A socket belongs to the network that it was made in,
// whoever connects it.
func (s *namespace) Dial(ctx context.Context, port int) (net.Conn, error) {
	if port <= 0 || port > 1<<16-1 {
		return nil, fmt.Errorf("%d is not a port", port)
	}
	if s.spec.Network == HostNetwork {
		return dialHost(ctx, port)
	}
	s.mu.Lock()
	if s.gone {
		s.mu.Unlock()
		return nil, os.ErrProcessDone
	}
	last := len(s.sockets) - 1
	if last < 0 {
		s.mu.Unlock()
		return nil, ErrNoSocket
	}
	fd := s.sockets[last]
	s.sockets = s.sockets[:last]
	s.mu.Unlock()

	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	f := os.NewFile(uintptr(fd), "socket") // non-blocking already
	defer f.Close()
	if err := connect(ctx, f, port); err != nil {
		s.putBack(f, err)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: address, Err: err}
	}
	return net.FileConn(f)
}

// connect connects a non-blocking socket.
func connect(ctx context.Context, f *os.File, port int) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	var failed error
	tries := 0
	err = conn.Write(func(fd uintptr) bool {
		if tries == 0 {
			// A socket that was refused before says once that it was.
			for failed = unix.ECONNABORTED; failed == unix.ECONNABORTED && tries < 2; tries++ {
				failed = unix.Connect(int(fd), &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
			}
			return failed != unix.EINPROGRESS
		}
		number, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if failed = err; err == nil && number != 0 {
			failed = syscall.Errno(number)
		}
		return true
	})
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return context.Cause(ctx)
	case err != nil:
		return err
	}
	return failed
}

// putBack keeps a socket that nobody answered: it is as good as new.
func (s *namespace) putBack(f *os.File, err error) {
	if !errors.Is(err, unix.ECONNREFUSED) {
		return
	}
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return
	}
	_ = unix.SetNonblock(fd, true)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		unix.Close(fd)
		return
	}
	s.sockets = append(s.sockets, fd)
}

// PrivateMemory implements Sandbox. Clean pages are not counted: they are
// files', and the kernel takes them back when it needs them.
func (s *namespace) PrivateMemory() int64 {
	return s.sum(func(dir string) int64 { return privateMemory(dir + "/smaps_rollup") })
}
