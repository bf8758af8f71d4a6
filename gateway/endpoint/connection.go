package endpoint

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// What a server can make a connection hold.
const (
	firstBuffer = 4 << 10
	maxHead     = 64 << 10
)

// A connection carries one exchange at a time.
type connection struct {
	pool   *pool
	conn   net.Conn        // TCP or TLS
	tls    *tls.Conn       // nil for http
	socket syscall.RawConn // of TCP
	since  time.Time       // when it began to wait
	reused bool

	in       []byte // in[from:to] has been read and is not used yet
	from, to int
	answered bool // something of the answer to the current request has come

	// What ends an exchange early. The functions are made once for all exchanges.
	why                atomic.Uint32 // an ending
	late, gone, silent func()

	// For quiet.
	peekByte [1]byte
	peeked   bool // the socket is open and has nothing to read
	peekFunc func(uintptr) bool
}

// ending is why an exchange was ended from outside.
type ending = uint32

const (
	notEnded ending = iota
	endedByTime
	endedByCaller
	endedBySilence
)

var errLate = errors.New("the request's time is over")

// dial opens a connection for a request that began some time ago.
func (p *pool) dial(ctx context.Context, q *Request, began time.Time) (*connection, error) {
	inTime, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := p.client.clock.AfterFunc(p.client.remaining(q, began), func() { cancel(errLate) })
	defer stop()
	failed := func(err error, explain func(error) error) error {
		switch {
		case ctx.Err() != nil:
			return contextError(ctx)
		case context.Cause(inTime) == errLate:
			return &Error{Kind: Timeout, Detail: p.address + " let no connection be opened within " + q.timeout().String(), Err: err}
		}
		return explain(err)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(inTime, "tcp", p.address)
	if err != nil {
		return nil, failed(err, p.dialError)
	}
	c := &connection{pool: p, conn: conn}
	if s, ok := conn.(syscall.Conn); ok {
		if c.socket, err = s.SyscallConn(); err != nil {
			conn.Close()
			return nil, p.dialError(err)
		}
	}
	if p.tls != nil {
		c.tls = tls.Client(conn, p.tls)
		c.conn = c.tls
		if err := c.tls.HandshakeContext(inTime); err != nil {
			conn.Close()
			return nil, failed(err, p.handshakeError)
		}
	}
	c.late = func() { c.end(endedByTime) }
	c.gone = func() { c.end(endedByCaller) }
	c.silent = func() { c.end(endedBySilence) }
	c.peekFunc = c.peek
	return c, nil
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// end ends the current exchange: whoever reads or writes returns at once.
func (c *connection) end(why ending) {
	if c.why.CompareAndSwap(notEnded, why) {
		// It fails only if the connection is closed, and then nobody waits.
		_ = c.conn.SetDeadline(longAgo)
	}
}

func (c *connection) close() {
	// What a failing close could mean concerns no one.
	_ = c.conn.Close()
}

// buffered is what has been read and is not used yet.
func (c *connection) buffered() []byte { return c.in[c.from:c.to] }

// fill reads more behind what is buffered. There must not be more than limit.
func (c *connection) fill(limit int) error {
	if c.from == c.to {
		c.from, c.to = 0, 0
	}
	if c.to == len(c.in) {
		switch {
		case c.from > 0:
			c.to = copy(c.in, c.buffered())
			c.from = 0
		case len(c.in) >= limit:
			return errFull
		default:
			grown := make([]byte, min(max(firstBuffer, 2*len(c.in)), max(firstBuffer, limit)))
			copy(grown, c.in)
			c.in = grown
		}
	}
	n, err := c.conn.Read(c.in[c.to:])
	if n > 0 {
		c.to += n
		c.answered = true
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}

var errFull = errors.New("the buffer is full")

// line reads a line of the body's framing, without its end.
func (c *connection) line() ([]byte, error) {
	const most = firstBuffer
	for {
		b := c.buffered()
		if end := bytes.IndexByte(b, '\n'); end >= 0 {
			c.from += end + 1
			return bytes.TrimSuffix(b[:end], []byte("\r")), nil
		}
		if len(b) >= most {
			return nil, malformed("a line between the chunks of the answer exceeds %d bytes", most)
		}
		if err := c.fill(most); err != nil {
			return nil, err
		}
	}
}

// head reads the head of an answer, with the empty line that ends it.
func (c *connection) head() (string, error) {
	line := 0 // where the last line begins that has been seen
	for {
		b := c.buffered()
		if !bytes.HasPrefix(b, []byte("HTTP/1.")) && (len(b) >= 7 || !bytes.HasPrefix([]byte("HTTP/1."), b)) {
			return "", c.notHTTP(b)
		}
		for {
			end := bytes.IndexByte(b[line:], '\n')
			if end < 0 {
				break
			}
			next := line + end + 1
			if rest := b[next:]; len(rest) > 0 && rest[0] == '\n' {
				return c.takeHead(next + 1), nil
			} else if len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n' {
				return c.takeHead(next + 2), nil
			} else if len(rest) < 2 {
				break // what follows this line has not come yet
			}
			line = next
		}
		if err := c.fill(maxHead); errors.Is(err, errFull) {
			return "", malformed("the head of the answer exceeds %d bytes", maxHead)
		} else if err != nil {
			return "", err
		}
	}
}

func (c *connection) takeHead(n int) string {
	head := string(c.in[c.from : c.from+n])
	c.from += n
	return head
}

// notHTTP says what a server seems to speak instead.
func (c *connection) notHTTP(b []byte) error {
	if len(b) > 1 && b[0] == 0x15 && b[1] == 3 {
		return malformed("%s answers in TLS: call it by https", c.pool.address)
	}
	return malformed("%s does not answer in HTTP/1.1, but with %q", c.pool.address, shorten(string(b)))
}
