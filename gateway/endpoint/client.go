package endpoint

import (
	"context"
	"crypto/x509"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// MaxBody is the largest body of an answer that is not a stream.
//
// AWS: the payload of a REST API is at most 10 MB.
const MaxBody = 10 << 20

// Config is what a Client is made with.
type Config struct {
	Log   *slog.Logger   // nil for none
	Clock aws.Clock      // nil for the machine's
	Roots *x509.CertPool // authorities to trust; nil for the system's
}

// A Client calls endpoints and keeps connections to them. It may be used by many
// goroutines.
type Client struct {
	log   *slog.Logger
	clock aws.Clock
	roots *x509.CertPool
	heads sync.Pool    // memory that requests are written in
	idle  atomic.Int32 // connections that wait, in all pools

	mu       sync.RWMutex
	pools    map[poolKey]*pool
	closed   bool
	stopTidy func() bool // not nil while there is a pool
}

// New returns a client.
func New(c Config) *Client {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = aws.SystemClock{}
	}
	return &Client{
		log: c.Log, clock: c.Clock, roots: c.Roots, pools: map[poolKey]*pool{},
		heads: sync.Pool{New: func() any { return new(make([]byte, 0, 2<<10)) }},
	}
}

// Do sends a request and fills in the response. Its errors are *Error; what is
// in the response then means nothing.
//
// A connection that waited may have been closed by the server just when the
// request went out. If that could have done nothing at the server, or may be
// done twice, the request is sent once more, on a new connection.
func (c *Client) Do(ctx context.Context, q *Request, a *Response) error {
	a.reset()
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	began := c.clock.Now()
	p, err := c.pool(q)
	if err != nil {
		return err
	}
	head := c.heads.Get().(*[]byte)
	defer c.heads.Put(head)
	if *head, err = q.appendHead((*head)[:0]); err != nil {
		return err
	}
	if conn := p.take(began); conn != nil {
		again, err := conn.exchange(ctx, q, head, a, q.timeout())
		if !again {
			return err
		}
		c.log.Debug("endpoint: a connection that waited had been closed, and the request is sent again", "endpoint", p.address, "method", q.Method)
		a.reset()
	}
	conn, err := p.dial(ctx, q, began)
	if err != nil {
		return err
	}
	_, err = conn.exchange(ctx, q, head, a, c.remaining(q, began))
	return err
}

// remaining is what is left of a request's time.
func (c *Client) remaining(q *Request, began time.Time) time.Duration {
	return q.timeout() - c.clock.Now().Sub(began)
}

// pool returns the connections that a request can use.
func (c *Client) pool(q *Request) (*pool, error) {
	key := poolKey{address: q.Address}
	switch q.Scheme {
	case "http":
	case "https":
		key.tls, key.insecure, key.certificate = true, q.InsecureSkipVerification, q.Certificate
	default:
		return nil, invalid("endpoints are called by http or https, not by %q", q.Scheme)
	}
	c.mu.RLock()
	p := c.pools[key]
	c.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	p, err := newPool(c, key)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, &Error{Kind: Canceled, Detail: "lamgate is ending"}
	}
	if other := c.pools[key]; other != nil {
		return other, nil
	}
	c.pools[key] = p
	if c.stopTidy == nil {
		c.stopTidy = c.clock.AfterFunc(tidyInterval, c.tidy)
	}
	return p, nil
}

// tidyInterval is how often connections are closed that have waited too long.
const tidyInterval = maxIdleTime / 2

// tidy closes connections that have waited too long and forgets endpoints that
// nobody calls any more.
func (c *Client) tidy() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	now := c.clock.Now()
	for key, p := range c.pools {
		if p.tidy(now) {
			delete(c.pools, key)
		}
	}
	c.stopTidy = nil
	if len(c.pools) > 0 {
		c.stopTidy = c.clock.AfterFunc(tidyInterval, c.tidy)
	}
}

// Close closes all connections that wait for requests. Those in use are closed
// at the end of their exchange.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.stopTidy != nil {
		c.stopTidy()
	}
	for key, p := range c.pools {
		p.close()
		delete(c.pools, key)
	}
}
