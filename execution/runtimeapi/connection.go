package runtimeapi

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"sync"

	"github.com/lamgate/lamgate/execution"
)

// A connection is one of the runtime's. Its goroutine reads requests; what it
// answers collects in out until there is nothing more to read, so that a
// runtime which sends its answer together with its next question gets both
// replies in one write.
type connection struct {
	server *Server
	conn   net.Conn
	in     *bufio.Reader
	req    request
	id     []byte // the request ID in the path

	urgent bool // out has a fault in it; the goroutine's own

	writing sync.Mutex // out, and the order of writes
	out     []byte
}

func newConnection(s *Server, conn net.Conn) *connection {
	return &connection{server: s, conn: conn, in: bufio.NewReaderSize(conn, 16<<10), out: make([]byte, 0, 2048)}
}

func (c *connection) run() {
	defer c.conn.Close()
	defer c.server.leave(c)
	for {
		if c.in.Buffered() == 0 || c.unsent() > maxUnsent {
			if c.flush() != nil {
				return
			}
			c.urgent = false
		}
		err := c.req.read(c.in)
		if err == nil {
			err = c.serve()
		}
		if err != nil {
			if errors.Is(err, errMalformed) || errors.Is(err, io.ErrUnexpectedEOF) {
				c.fault(truncated)
			}
			c.flush()
			return
		}
		if c.req.close {
			c.flush()
			return
		}
	}
}

// maxUnsent is how much collects in out while there is more to read: a runtime
// that asks without end gets its replies, or is no longer listened to.
const maxUnsent = 64 << 10

const (
	apiPrefix        = "/2018-06-01/"
	invocationPrefix = "runtime/invocation/"
)

// serve answers the request that has been read. An error ends the connection.
func (c *connection) serve() error {
	q := &c.req
	if q.expect && q.length != 0 {
		c.append(continueReply)
		if err := c.flush(); err != nil {
			return err
		}
	}
	if own := c.server.options.Assignment; own != "" {
		if string(q.path) == own {
			return c.assigned()
		}
		if !c.server.assignment.given.Load() {
			return c.refuse(notAssigned)
		}
	}
	path, ok := bytes.CutPrefix(q.path, []byte(apiPrefix))
	if !ok {
		return c.otherAPI()
	}
	if action, ok := bytes.CutPrefix(path, []byte(invocationPrefix)); ok {
		if string(action) == "next" {
			if q.method != methodGet {
				return c.refuse(methodNotAllowed)
			}
			return c.next()
		}
		id, verb, ok := bytes.Cut(action, []byte("/"))
		if ok && (string(verb) == "response" || string(verb) == "error") {
			if q.method != methodPost {
				return c.refuse(methodNotAllowed)
			}
			c.id = append(c.id[:0], id...)
			return c.answer(string(verb) == "error")
		}
		return c.refuse(notFound)
	}
	switch string(path) {
	case "runtime/init/error":
		if q.method != methodPost {
			return c.refuse(methodNotAllowed)
		}
		return c.failInit(starting, failed)
	case "runtime/restore/next", "runtime/restore/error":
		return c.restore(string(path) == "runtime/restore/error")
	case "ping":
		if err := c.discard(); err != nil {
			return err
		}
		c.append(pong)
		return nil
	}
	return c.refuse(notFound)
}

// otherAPI answers what is not for the Runtime API.
func (c *connection) otherAPI() error {
	if path, ok := bytes.CutPrefix(c.req.path, []byte(extensionsPrefix)); ok {
		return c.extensionRequest(string(path))
	}
	switch string(bytes.TrimSuffix(c.req.path, []byte("/"))) {
	case logsPath:
		return c.subscribe(true)
	case telemetryPath:
		return c.subscribe(false)
	}
	return c.refuse(notFound)
}

// next waits for an event, without holding up the reading of this connection:
// that is how its end is noticed.
func (c *connection) next() error {
	if err := c.discard(); err != nil {
		return err
	}
	talk := &c.server.talk
	from, again, ok := talk.ask()
	if !ok {
		c.fault(invalidTransition(from, ready))
		return nil
	}
	if from == answering {
		c.server.owner.Answered(brokenOff(talk.brokenAfter()))
	}
	if !again {
		if e := c.server.owner.Ready(); e != nil {
			talk.given(e)
			c.appendEvent(e)
			c.server.inform(e)
			return c.flush()
		}
	}
	// A runtime that has asked before it was told that its answer is accepted
	// can be told together with the next event, which saves both sides a turn.
	// What it has done wrong it is told at once.
	if c.urgent {
		if err := c.flush(); err != nil {
			return err
		}
		c.urgent = false
	}
	if e := talk.park(c); e != nil {
		c.appendEvent(e)
		return c.flush()
	}
	// Until there is an event, nothing may come from the runtime on this
	// connection: HTTP answers in order.
	if _, err := c.in.Peek(1); err != nil {
		return err
	}
	if talk.waits(c) {
		return errMalformed
	}
	return nil
}

// await notices c's end while it is parked: until it is sent something, nothing
// may come on this connection, for HTTP answers in order.
func (c *connection) await(parked func() bool) error {
	if err := c.flush(); err != nil {
		return err
	}
	if _, err := c.in.Peek(1); err != nil {
		return err
	}
	if parked() {
		return errMalformed
	}
	return nil
}

// send writes a reply to a connection that is parked.
func (c *connection) send(reply string) {
	c.append(reply)
	if c.flush() != nil {
		c.conn.Close()
	}
}

// deliver writes an event to the connection that waits for it. If that fails,
// the connection is broken and the runtime with it: its end, or the event's
// deadline, tells the owner.
func (c *connection) deliver(e *Event) {
	c.appendEvent(e)
	if c.flush() != nil {
		c.conn.Close()
	}
}

func (c *connection) answer(asError bool) error {
	q := &c.req
	stream, ok := c.server.talk.expects(c.id)
	if !ok {
		return c.refuse(invalidRequestID)
	}
	streaming := string(q.mode) == "streaming"
	if len(q.mode) > 0 && !streaming && string(q.mode) != "buffered" {
		return c.refuse(invalidMode)
	}
	if !asError {
		q.errorType = q.errorType[:0] // a trailer may bring one, of a stream that fails half-way
		if stream != nil {
			return c.stream(stream, streaming)
		}
	}
	body, size, err := c.body()
	a := Answer{Failed: asError, Body: body}
	if errors.Is(err, errTooLarge) {
		a.TooLarge = size
	} else if err != nil {
		return err
	}
	if len(q.errorType) > 0 {
		a.ErrorType = string(q.errorType)
		if !asError { // a stream that is collected
			a.Failed, a.Body = true, q.errorBody
		}
	}
	if !c.server.talk.answer(c.id) {
		c.fault(invalidRequestID)
		return nil
	}
	// The answer goes on first: the reply may have to wait for the event's write to
	// return, which a quick function outruns.
	c.server.owner.Answered(a)
	if a.TooLarge > 0 {
		c.fault(tooLarge)
	} else {
		c.append(accepted)
	}
	return nil
}

// body reads a body that is kept. Only one connection at a time does so, lest a
// runtime make the server hold as many bodies as it has connections.
func (c *connection) body() ([]byte, int, error) {
	c.server.reading.Lock()
	defer c.server.reading.Unlock()
	return c.req.body(c.in, execution.MaxResponse)
}

// refuse answers with a fault and reads past the request's body.
func (c *connection) refuse(f fault) error {
	c.fault(f)
	return c.discard()
}

func (c *connection) discard() error {
	if c.req.length == 0 {
		return nil
	}
	_, _, err := c.req.body(c.in, 0)
	if errors.Is(err, errTooLarge) {
		return nil
	}
	return err
}

func (c *connection) append(reply string) {
	c.writing.Lock()
	c.out = append(c.out, reply...)
	c.writing.Unlock()
}

// unsent is how much has collected. What is being written at this moment is not
// waited for: it has gone.
func (c *connection) unsent() int {
	if !c.writing.TryLock() {
		return 0
	}
	defer c.writing.Unlock()
	return len(c.out)
}

// flush writes what has been collected.
func (c *connection) flush() error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.conn.Write(c.out)
	if c.out = c.out[:0]; cap(c.out) > 256<<10 {
		c.out = nil // do not keep a large event's buffer for ever
	}
	return err
}
