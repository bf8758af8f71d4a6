//go:build unix

package endpoint

import (
	"errors"
	"syscall"
)

// peek reads from a socket without waiting. What it reads is lost: a connection
// that has anything to read is not used again. It always returns true, which is
// to say that it shall not be called again when there is something.
func (c *connection) peek(socket uintptr) bool {
	_, err := syscall.Read(int(socket), c.peekByte[:])
	c.peeked = errors.Is(err, syscall.EAGAIN)
	return true
}
