//go:build !unix

package endpoint

// peek believes that a connection is open and quiet.
func (c *connection) peek(uintptr) bool {
	c.peeked = true
	return true
}
