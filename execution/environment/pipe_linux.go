package environment

import (
	"fmt"
	"os"
	"syscall"
)

func pipe(p []int) error { return syscall.Pipe2(p, syscall.O_CLOEXEC) }

// openAgain opens a pipe's end once more. Writes to it wait for room whatever
// becomes of f, as of the stdout of Node.js, whose writes do not.
func openAgain(f *os.File) (*os.File, error) {
	name := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	fd, err := syscall.Open(name, syscall.O_WRONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), "log"), nil
}
