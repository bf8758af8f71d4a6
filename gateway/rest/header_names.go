package rest

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"sync/atomic"
)

// AWS: functions see the names of headers as clients wrote them: a recorded
// event has "tEsT-HEADeR". net/http writes them all in one form, so the heads
// of requests are watched as they come in. Over TLS they cannot be seen; names
// then appear in net/http's form, and over HTTP/2, where they have no case, in
// lower case.

// KeepHeaderNames has a server keep the names of headers as clients write
// them, for the requests that come through the listener it returns. The server
// must not serve yet.
func KeepHeaderNames(s *http.Server, l net.Listener) net.Listener {
	withContext, stateChanged := s.ConnContext, s.ConnState
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if withContext != nil {
			ctx = withContext(ctx, c)
		}
		if w, ok := c.(*watchedConn); ok {
			ctx = context.WithValue(ctx, watchedConnKey{}, w)
		}
		return ctx
	}
	s.ConnState = func(c net.Conn, state http.ConnState) {
		if w, ok := c.(*watchedConn); ok && state == http.StateIdle {
			w.again()
		}
		if stateChanged != nil {
			stateChanged(c, state)
		}
	}
	return watchedListener{l}
}

type watchedListener struct{ net.Listener }

func (l watchedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watchedConn{Conn: c}, nil
}

type watchedConnKey struct{}

// A watchedConn remembers the head of the request that is being read from it.
type watchedConn struct {
	net.Conn
	head     []byte
	complete atomic.Bool // the head is all there, or too long: nothing is added
}

// maxWatched is where a head is no longer remembered. matchResource refuses
// what is not much longer.
const maxWatched = 16 << 10

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.complete.Load() {
		c.watch(p[:n])
	}
	return n, err
}

func (c *watchedConn) watch(p []byte) {
	from := max(0, len(c.head)-3) // the end may stand across two reads
	c.head = append(c.head, p[:min(len(p), maxWatched-len(c.head))]...)
	end := bytes.Index(c.head[from:], []byte("\r\n\r\n"))
	if end >= 0 {
		c.head = c.head[:from+end+2]
	}
	if end >= 0 || len(c.head) >= maxWatched {
		c.complete.Store(true)
	}
}

// again forgets the head of a request that has been answered. Nothing reads
// from the connection meanwhile. If the client has already sent more, the
// names of that request are lost, and appear in net/http's form.
func (c *watchedConn) again() {
	c.head = c.head[:0]
	c.complete.Store(false)
}

// names are the lines of a request's head.
type names struct {
	head  []byte
	lower bool
}

// sentNames returns the names of a request's headers as they were sent.
func sentNames(r *http.Request) names {
	if r.ProtoMajor >= 2 {
		return names{lower: true}
	}
	c, ok := r.Context().Value(watchedConnKey{}).(*watchedConn)
	if !ok || !c.complete.Load() {
		return names{}
	}
	_, head, _ := bytes.Cut(c.head, []byte("\r\n")) // without the request line
	return names{head: head}
}

// find returns the first name that is equal to a canonical one but for its
// case; nil if that cannot be known.
func (n names) find(canonical string) []byte {
	if n.lower {
		return bytes.ToLower([]byte(canonical))
	}
	for rest := n.head; len(rest) > len(canonical); {
		if rest[len(canonical)] == ':' && equalFold(rest[:len(canonical)], canonical) {
			return rest[:len(canonical)]
		}
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			break
		}
		rest = rest[end+1:]
	}
	return nil
}

// equalFold compares the names of headers, which are ASCII.
func equalFold(sent []byte, canonical string) bool {
	for i, ch := range sent {
		if ch != canonical[i] && (ch|0x20 != canonical[i]|0x20 || ch|0x20 < 'a' || ch|0x20 > 'z') {
			return false
		}
	}
	return true
}
