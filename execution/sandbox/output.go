//go:build unix

package sandbox

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// outputBuffers are shared by all sandboxes, since most of them are silent most
// of the time.
type outputBuffers struct{ pool sync.Pool }

func newOutputBuffers() *outputBuffers {
	return &outputBuffers{pool: sync.Pool{New: func() any { return new(make([]byte, 32<<10)) }}}
}

// openOutput returns the file that processes write their output to, and the end
// to copy it to w from; that is nil if w is a file, which they get themselves.
func openOutput(w io.Writer) (from, to *os.File, err error) {
	f, ok := w.(*os.File)
	if !ok {
		return os.Pipe()
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	var dup int
	var dupErr error
	err = raw.Control(func(fd uintptr) { dup, dupErr = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, dupErr); err != nil {
		return nil, nil, err
	}
	return nil, os.NewFile(uintptr(dup), f.Name()), nil
}

// copy writes to w what it reads from the non-blocking pipe r until all its
// writers are gone, and closes it. It holds a buffer only while there is
// something to read. What w does not take is thrown away, so that the
// processes go on.
func (b *outputBuffers) copy(w io.Writer, r *os.File) {
	defer r.Close()
	conn, err := r.SyscallConn()
	if err != nil {
		return
	}
	for open := true; open; {
		err := conn.Read(func(fd uintptr) bool {
			buffer := b.pool.Get().(*[]byte)
			defer b.pool.Put(buffer)
			n, err := syscall.Read(int(fd), *buffer)
			switch {
			case err == syscall.EAGAIN:
				return false
			case err == syscall.EINTR:
			case n <= 0:
				open = false
			case w != nil:
				w.Write((*buffer)[:n])
			}
			return true
		})
		if err != nil {
			return
		}
	}
}
