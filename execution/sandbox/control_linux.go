//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// The messages a launcher sends: three words, of which this is the first.
const (
	messageFailure   = 1 + iota // instruction, negative errno
	messageInit                 // process ID on the host
	messageListeners            // with two files, and sockets
	messageCommand              // with credentials: the sender's process ID
	messageStarted
	messageExited    // wait status, then struct rusage
	messageProbe     // results of calls
	messageExtension // index, process ID as init knows it
	messageCable     // answers of netlink
	messageAssigned  // a Late sandbox is complete
	messageReaped    // process ID as init knows it, wait status, struct rusage
)

const (
	messageSize = 24
	usageSize   = 144
	exitedSize  = 16 + usageSize
	reapedSize  = 24 + usageSize
	peakAt      = 32 // of ru_maxrss in struct rusage
	probeSize   = 512
)

// The message that the server sends to init is a system call and its first two
// arguments: that of kill, with a process ID as init knows it; or, once, one
// that succeeds, and an assignment.
const (
	requestSize    = 24
	commandProcess = 2            // the first that init forks
	everyProcess   = ^uint64(0)   // -1: all but init
	releaseSignal  = unix.SIGUSR1 // what a command waits for beside extensions
)

// newControl makes the socket between server and launcher.
func newControl() (server, launcher *os.File, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make the control socket: %w", err)
	}
	err = errors.Join(unix.SetsockoptInt(pair[0], unix.SOL_SOCKET, unix.SO_PASSCRED, 1), unix.SetNonblock(pair[0], true))
	if err != nil {
		unix.Close(pair[0])
		unix.Close(pair[1])
		return nil, nil, fmt.Errorf("make the control socket: %w", err)
	}
	return os.NewFile(uintptr(pair[0]), "control"), os.NewFile(uintptr(pair[1]), "launcher's control"), nil
}

func (p *program) send(message address, onError label) {
	p.sendBytes(message, messageSize, onError)
}

func (p *program) sendBytes(message address, size uint64, onError label) {
	p.do("speak to the server", unix.SYS_SENDTO, controlFD, message, size, unix.MSG_NOSIGNAL, 0, 0).negative = onError
}

// A message is one of the launcher's.
type message struct {
	kind, a, b uint64
	peak       int64 // messageExited, messageReaped: the process's most memory, in bytes
	sender     int   // process ID on the host
	files      []int
	results    []int64 // messageProbe
	answers    []byte  // messageCable
}

// receive reads the launcher's next message; io.EOF when there will be no more.
func (s *namespace) receive() (message, error) {
	var m message
	conn, err := s.control.SyscallConn()
	if err != nil {
		return m, err
	}
	var data [probeSize]byte
	var oob [512]byte // room for every socket
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
	switch m.kind {
	case messageExited:
		m.peak = int64(binary.LittleEndian.Uint64(data[16+peakAt:])) << 10
	case messageReaped:
		m.peak = int64(binary.LittleEndian.Uint64(data[24+peakAt:])) << 10
	case messageCable:
		m.answers = append(m.answers, data[8:max(n, 8)]...)
	case messageProbe:
		for at := 8; at < n; at += 8 {
			m.results = append(m.results, int64(binary.LittleEndian.Uint64(data[at:])))
		}
	}
	return m, nil
}

// send asks init to send a signal.
func (s *namespace) send(process uint64, sig syscall.Signal) error {
	b := binary.LittleEndian.AppendUint64(nil, unix.SYS_KILL)
	b = binary.LittleEndian.AppendUint64(b, process)
	return s.ask(binary.LittleEndian.AppendUint64(b, uint64(sig)))
}

// ask sends init a request.
func (s *namespace) ask(request []byte) error {
	_, err := s.control.Write(request)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, os.ErrClosed) {
		return os.ErrProcessDone
	}
	return err
}
