package endpoint

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// atOnce is the size up to which a body goes out together with its head.
const atOnce = 32 << 10

// maxInformation is how many 1xx statuses may come before an answer.
const maxInformation = 16

// An exchange is one request and its answer on a connection.
type exchange struct {
	*connection
	limit    time.Duration // the request's
	idle     time.Duration
	stopLate func() bool
	stopGone func() bool
	sent     chan struct{} // closed when the body is out; nil if it is already
	last     bool          // the connection is of no use afterwards
}

// exchange sends a request and reads its answer, or the head of a stream.
// Afterwards the connection waits in its pool, is closed, or belongs to the
// stream. again says that the server had closed the connection before it could
// see the request, or that the request may be sent twice.
func (c *connection) exchange(ctx context.Context, q *Request, head *[]byte, a *Response, limit time.Duration) (again bool, err error) {
	x := exchange{connection: c, limit: q.timeout(), idle: q.Idle}
	c.answered = false
	x.stopLate = c.pool.client.clock.AfterFunc(limit, c.late)
	if ctx.Done() != nil {
		x.stopGone = context.AfterFunc(ctx, c.gone)
	}
	untouched, err := x.send(q, head)
	switch {
	case err == nil:
		err = x.receive(q, a)
	case !untouched:
		// A server that stopped reading may have said why.
		x.last = true
		if x.receive(q, a) == nil {
			err = nil
		}
	}
	if err != nil {
		x.last = true
	}
	if a.Stream == nil {
		x.release()
	}
	if err == nil {
		return false, nil
	}
	err = x.explain(err)
	e, _ := errors.AsType[*Error](err)
	return c.reused && !c.answered && e.Kind == PeerClosed && (untouched || q.idempotent()), err
}

// send writes the request. untouched says that nothing of it left.
func (x *exchange) send(q *Request, head *[]byte) (untouched bool, err error) {
	out := *head
	if len(q.Body) <= atOnce {
		out = append(out, q.Body...)
		*head = out[:len(*head)] // with the room that it has now
	}
	n, err := x.conn.Write(out)
	if err == nil && len(q.Body) > atOnce {
		// The answer may come while the body is still on its way.
		x.sent = make(chan struct{})
		go sendBody(x.conn, q.Body, x.sent)
	}
	return n == 0 && x.tls == nil, err
}

func sendBody(conn net.Conn, b []byte, sent chan<- struct{}) {
	defer close(sent)
	// Whoever reads the answer learns of it if it fails.
	_, _ = conn.Write(b)
}

// receive reads the answer, or the head of a stream.
func (x *exchange) receive(q *Request, a *Response) error {
	var f framing
	for n := 0; ; n++ {
		head, err := x.head()
		if err != nil {
			return err
		}
		if f, err = a.parse(head); err != nil {
			return err
		}
		if a.Status >= http.StatusOK {
			break
		}
		// 100 Continue, 103 Early Hints: the answer is still to come.
		if a.Status == http.StatusSwitchingProtocols {
			return malformed("the endpoint wants to go on in another protocol, which nobody asked for")
		}
		if n == maxInformation {
			return malformed("the endpoint sends one 1xx status after another, and no answer")
		}
	}
	b := bodyOf(q.Method, a.Status, f)
	x.last = x.last || f.close || b.how == byClose
	if q.Stream {
		a.Stream = &stream{x: *x, body: b}
		return nil
	}
	var err error
	a.Body, err = x.readWhole(&b, a.Body)
	return err
}

// release gives the connection back or closes it. Nothing of the request is
// being used any more when it returns.
func (x *exchange) release() {
	keep := x.stopLate() && (x.stopGone == nil || x.stopGone()) && !x.last && x.from == x.to && x.why.Load() == notEnded
	if x.sent != nil {
		select {
		case <-x.sent:
		default:
			keep = false
		}
	}
	if keep {
		x.pool.give(x.connection)
		return
	}
	x.close()
	if x.sent != nil {
		<-x.sent
	}
}

// explain tells why an exchange failed: what ended it comes before what that
// did to the connection.
func (x *exchange) explain(err error) error {
	switch x.why.Load() {
	case endedByTime:
		what := "did not answer"
		if x.answered {
			what = "did not end its answer"
		}
		return &Error{Kind: Timeout, Detail: x.pool.address + " " + what + " within " + x.limit.String(), Err: err}
	case endedBySilence:
		return &Error{Kind: Timeout, Detail: x.pool.address + " sent nothing more for " + x.idle.String(), Err: err}
	case endedByCaller:
		return &Error{Kind: Canceled, Detail: "the caller has gone", Err: err}
	}
	return x.pool.transferError(err)
}
