package endpoint

import (
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"time"
)

// How many connections wait for their next request, and for how long. A server
// that closes them sooner is noticed.
const (
	maxIdle       = 1024 // of all endpoints
	maxIdleOfOne  = 256
	maxIdleTime   = time.Minute
	maxIdleBuffer = 16 << 10 // that one which waits may keep
)

// poolKey is what connections must have in common to be used for one another's
// requests.
type poolKey struct {
	address     string // as requests state it
	tls         bool
	insecure    bool
	certificate *tls.Certificate
}

// A pool keeps the connections to one endpoint.
type pool struct {
	client  *Client
	address string // host:port
	host    string
	tls     *tls.Config // nil for http

	mu     sync.Mutex
	idle   []*connection // the one that has waited longest comes first
	used   bool          // since tidy looked last
	closed bool
}

func newPool(c *Client, key poolKey) (*pool, error) {
	host, port, err := net.SplitHostPort(key.address)
	if err != nil {
		host, port = strings.Trim(key.address, "[]"), "80"
		if key.tls {
			port = "443"
		}
	}
	if host == "" || port == "" {
		return nil, invalid("%q names no host to connect to", key.address)
	}
	p := &pool{client: c, host: host, address: net.JoinHostPort(host, port), used: true}
	if key.tls {
		p.tls = p.tlsConfig(key.insecure, key.certificate)
	}
	return p, nil
}

// take returns a connection that waits; nil if there is none. The one that was
// used last comes first: the others may grow old and be closed.
func (p *pool) take(now time.Time) *connection {
	for {
		p.mu.Lock()
		p.used = true
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			return nil
		}
		c := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		p.client.idle.Add(-1)
		if now.Sub(c.since) < maxIdleTime && c.quiet() {
			return c
		}
		c.close()
	}
}

// give takes a connection back whose exchange has ended well.
func (p *pool) give(c *connection) {
	c.since = p.client.clock.Now()
	c.reused = true
	if len(c.in) > maxIdleBuffer {
		c.in, c.from, c.to = nil, 0, 0
	}
	p.mu.Lock()
	if p.closed || len(p.idle) >= maxIdleOfOne || p.client.idle.Load() >= maxIdle {
		p.mu.Unlock()
		c.close()
		return
	}
	p.client.idle.Add(1)
	p.idle = append(p.idle, c)
	p.mu.Unlock()
}

// tidy closes the connections that have waited too long, and the pool itself if
// it has not been used since the last time.
func (p *pool) tidy(now time.Time) (unused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := 0
	for old < len(p.idle) && now.Sub(p.idle[old].since) >= maxIdleTime {
		old++
	}
	p.drop(old)
	if p.used || len(p.idle) > 0 {
		p.used = false
		return false
	}
	p.closed = true
	return true
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.drop(len(p.idle))
}

// drop closes the n connections that have waited longest. p.mu is held.
func (p *pool) drop(n int) {
	for _, c := range p.idle[:n] {
		c.close()
	}
	p.idle = append(p.idle[:0], p.idle[n:]...)
	clear(p.idle[len(p.idle):cap(p.idle)])
	p.client.idle.Add(int32(-n))
}
