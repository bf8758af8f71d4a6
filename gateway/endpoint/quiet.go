package endpoint

import (
	"errors"
	"os"
	"time"
)

// quiet tells whether a connection that waited can be used again: the server
// has not closed it and has not said anything unasked, which would be taken for
// the answer to the next request.
func (c *connection) quiet() bool {
	if c.tls != nil && !c.nothingDecrypted() {
		return false
	}
	if c.socket == nil {
		return true
	}
	c.peeked = false
	return c.socket.Read(c.peekFunc) == nil && c.peeked
}

// nothingDecrypted tells whether TLS holds nothing that it has read ahead.
func (c *connection) nothingDecrypted() bool {
	if c.conn.SetReadDeadline(longAgo) != nil {
		return false
	}
	n, err := c.tls.Read(c.peekByte[:])
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && c.conn.SetReadDeadline(time.Time{}) == nil
}
