package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

func TestAConnectionIsUsedAgain(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		again        bool
	}{
		{"a length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", true},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", true},
		{"no body", "HTTP/1.1 204 No Content\r\n\r\n", true},
		{"HTTP/1.0 that says so", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", true},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
		{"the server closes it", "HTTP/1.1 200 OK\r\nConnection: a, Close\r\nContent-Length: 0\r\n\r\n", false},
		{"more than the length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", false},
		{"a body where none belongs", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi", false},
		{"a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := answers(t, c.answer, false)
			client := newClient(t, Config{})
			var first, a Response
			for range 3 {
				if err := client.Do(t.Context(), get(s), &a); err != nil {
					t.Fatal(err)
				}
				if first.Body == nil {
					first.Body = bytes.Clone(a.Body)
				}
				if !bytes.Equal(a.Body, first.Body) {
					t.Errorf("the body is %q, was %q", a.Body, first.Body)
				}
			}
			if n := s.accepted(); n == 1 != c.again {
				t.Errorf("%d connections for 3 requests", n)
			}
		})
	}
}

// untilNotQuiet waits until a client's only connection that waits is no longer quiet.
func untilNotQuiet(t *testing.T, client *Client) {
	t.Helper()
	for {
		client.mu.Lock()
		quiet := false
		for _, p := range client.pools {
			for _, c := range p.idle {
				quiet = quiet || c.reused && func() bool {
					var one [1]byte
					n := 0
					var err error
					_ = c.socket.Read(func(fd uintptr) bool {
						n, _, err = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
						return true
					})
					return n <= 0 && errors.Is(err, syscall.EAGAIN)
				}()
			}
		}
		client.mu.Unlock()
		if !quiet {
			return
		}
		time.Sleep(time.Millisecond) // the kernel carries a packet over
	}
}

func TestAConnectionThatTheServerClosedMeanwhileIsNotUsed(t *testing.T) {
	for name, last := range map[string]string{"closed": "", "with something unasked": "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(n int, c net.Conn, r *bufio.Reader) {
				for readRequest(r) != nil {
					_, _ = io.WriteString(c, empty)
					if n == 0 {
						_, _ = io.WriteString(c, last)
						return
					}
				}
			})
			client := newClient(t, Config{})
			q := get(s)
			q.Method = "POST" // which is not sent twice
			var a Response
			if err := client.Do(t.Context(), q, &a); err != nil {
				t.Fatal(err)
			}
			untilNotQuiet(t, client)
			if err := client.Do(t.Context(), q, &a); err != nil || a.Status != 200 {
				t.Errorf("%d, %v", a.Status, err)
			}
		})
	}
}

// A server that closes a connection while a request is on its way to it.
func TestARequestIsSentAgainWhereThatIsSafe(t *testing.T) {
	for _, c := range []struct {
		method string
		saying string // before it closes
		again  bool
	}{
		{"GET", "", true}, {"PUT", "", true}, {"DELETE", "", true}, {"HEAD", "", true},
		{"POST", "", false}, {"PATCH", "", false}, {"UNKNOWN", "", false},
		{"GET", "HTTP/1.1 2", false},
	} {
		t.Run(c.method+" "+c.saying, func(t *testing.T) {
			var seen atomic.Int32
			s := serve(t, func(n int, conn net.Conn, r *bufio.Reader) {
				for i := 0; readRequest(r) != nil; i++ {
					seen.Add(1)
					if n == 0 && i == 1 {
						_, _ = io.WriteString(conn, c.saying)
						return
					}
					_, _ = io.WriteString(conn, empty)
				}
			})
			client := newClient(t, Config{})
			q := get(s)
			q.Method, q.Body = c.method, []byte("body")
			var a Response
			if err := client.Do(t.Context(), q, &a); err != nil {
				t.Fatal(err)
			}
			err := client.Do(t.Context(), q, &a)
			if c.again {
				if err != nil || seen.Load() != 3 {
					t.Errorf("the server saw %d requests, %v", seen.Load(), err)
				}
				return
			}
			wantKind(t, err, PeerClosed, "closed")
			if seen.Load() != 2 {
				t.Errorf("the server saw %d requests", seen.Load())
			}
		})
	}
}

func TestARequestIsNotSentAgainOnANewConnection(t *testing.T) {
	s := serve(t, func(_ int, _ net.Conn, r *bufio.Reader) { readRequest(r) })
	var a Response
	wantKind(t, newClient(t, Config{}).Do(t.Context(), get(s), &a), PeerClosed, "closed")
	if s.accepted() != 1 {
		t.Errorf("%d connections", s.accepted())
	}
}

func TestAnAnswerThatDoesNotComeInTimeIsATimeout(t *testing.T) {
	for name, c := range map[string]struct{ sends, says string }{
		"nothing":      {"", "did not answer within 50ms"},
		"half a head":  {"HTTP/1.1 200 OK\r\nA:", "did not end its answer within 50ms"},
		"half a body":  {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "did not end its answer"},
		"half a chunk": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "did not end its answer"},
		"no end":       {"HTTP/1.1 200 OK\r\n\r\nabc", "did not end its answer"},
	} {
		t.Run(name, func(t *testing.T) {
			clock := manualClock()
			s := serve(t, func(_ int, conn net.Conn, r *bufio.Reader) {
				if readRequest(r) == nil {
					return
				}
				for i := range len(c.sends) { // as slowly as it likes
					_, _ = io.WriteString(conn, c.sends[i:i+1])
					clock.Advance(time.Millisecond / 10)
				}
				if c.sends != "" {
					// The client has seen something before time runs out.
					time.Sleep(20 * time.Millisecond)
				}
				clock.Advance(50 * time.Millisecond)
				untilClosed(r)
			})
			q := get(s)
			q.Timeout = 50 * time.Millisecond
			var a Response
			wantKind(t, newClient(t, Config{Clock: clock}).Do(t.Context(), q, &a), Timeout, c.says)
		})
	}
}

func TestACallerThatGoesEndsTheExchange(t *testing.T) {
	for _, sends := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"} {
		ctx, cancel := context.WithCancel(t.Context())
		closed := make(chan struct{})
		s := serve(t, func(_ int, c net.Conn, r *bufio.Reader) {
			readRequest(r)
			_, _ = io.WriteString(c, sends)
			cancel()
			untilClosed(r)
			close(closed)
		})
		var a Response
		wantKind(t, newClient(t, Config{}).Do(ctx, get(s), &a), Canceled, "caller")
		<-closed
		wantKind(t, newClient(t, Config{}).Do(ctx, get(s), &a), Canceled, "caller")
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var a Response
	wantKind(t, newClient(t, Config{}).Do(t.Context(), &Request{Method: "GET", Scheme: "http", Address: address}, &a), Refused, "nothing listens on "+address)
}

func TestErrorsOfConnectingAreToldApart(t *testing.T) {
	p := &pool{address: "no.example:80", host: "no.example"}
	wantKind(t, p.dialError(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}), NameNotFound, "no.example")
	wantKind(t, p.dialError(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "server misbehaving"}}), Unreachable, "server misbehaving")
	wantKind(t, p.dialError(&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}), Unreachable, "no route to host")
	wantKind(t, p.dialError(&net.OpError{Op: "dial", Err: syscall.EMFILE}), Unreachable, "open files")
}

// The answer to a body that nobody reads arrives all the same.
func TestAServerMayAnswerBeforeItHasReadTheBody(t *testing.T) {
	s := serve(t, func(_ int, c net.Conn, r *bufio.Reader) {
		if _, err := r.ReadString('\n'); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!")
		}
		var one [1]byte
		for _, err := c.Read(one[:]); err == nil; _, err = c.Read(one[:]) {
			if c.(*net.TCPConn).SetReadBuffer(1) != nil {
				return
			}
			time.Sleep(time.Millisecond) // it hardly reads
		}
	})
	client := newClient(t, Config{})
	q := get(s)
	q.Method, q.Body = "POST", make([]byte, 10<<20)
	var a Response
	if err := client.Do(t.Context(), q, &a); err != nil || a.Status != 413 || string(a.Body) != "no!" {
		t.Errorf("%d %q, %v", a.Status, a.Body, err)
	}
	if client.idle.Load() != 0 {
		t.Error("the connection is kept")
	}
}

func TestManyRequestsAtOnceDoNotMix(t *testing.T) {
	s := serve(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for q := readRequest(r); q != nil; q = readRequest(r) {
			b, _ := io.ReadAll(q.Body)
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nX: %s\r\nContent-Length: %d\r\n\r\n%s", q.URL.Path, len(b), b)
		}
	})
	client := newClient(t, Config{})
	var running sync.WaitGroup
	for i := range 16 {
		running.Go(func() {
			var a Response
			for j := range 50 {
				q := get(s)
				q.Method, q.Target = "POST", fmt.Sprintf("/%d/%d", i, j)
				q.Body = bytes.Repeat([]byte(q.Target), 1+(i*j)%20*700)
				ctx := t.Context()
				if j%7 == 6 {
					gone, cancel := context.WithCancel(ctx)
					ctx = gone
					go cancel()
				}
				err := client.Do(ctx, q, &a)
				if e, ok := errors.AsType[*Error](err); ok && e.Kind == Canceled && j%7 == 6 {
					continue
				}
				if err != nil || a.Header[0].Value != q.Target || !bytes.Equal(a.Body, q.Body) {
					t.Errorf("%s: %v, %v", q.Target, a.Header, err)
					return
				}
			}
		})
	}
	running.Wait()
}

func TestConnectionsDoNotWaitForEver(t *testing.T) {
	clock := manualClock()
	closed := make(chan struct{})
	s := serve(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for readRequest(r) != nil {
			_, _ = io.WriteString(c, empty)
		}
		closed <- struct{}{}
	})
	client := newClient(t, Config{Clock: clock})
	var a Response
	for range 2 {
		if err := client.Do(t.Context(), get(s), &a); err != nil {
			t.Fatal(err)
		}
		clock.Advance(tidyInterval)
		clock.Advance(tidyInterval)
		clock.Advance(tidyInterval)
		<-closed
	}
	clock.Advance(tidyInterval)
	for {
		client.mu.Lock()
		n := len(client.pools)
		client.mu.Unlock()
		if n == 0 {
			break
		}
		clock.Advance(tidyInterval)
		time.Sleep(time.Millisecond)
	}
}

func TestNoMoreConnectionsWaitThanAllowed(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for readRequest(r) != nil {
			<-release
			_, _ = io.WriteString(c, empty)
		}
	})
	client := newClient(t, Config{})
	var running sync.WaitGroup
	for range maxIdleOfOne + 20 {
		running.Go(func() {
			var a Response
			if err := client.Do(t.Context(), get(s), &a); err != nil {
				t.Error(err)
			}
		})
	}
	for s.accepted() < maxIdleOfOne+20 {
		time.Sleep(time.Millisecond)
	}
	close(release)
	running.Wait()
	if n := client.idle.Load(); n != maxIdleOfOne {
		t.Errorf("%d connections wait", n)
	}
}

func TestAClosedClientCallsNobody(t *testing.T) {
	s := answers(t, empty, false)
	client := New(Config{})
	var a Response
	if err := client.Do(t.Context(), get(s), &a); err != nil {
		t.Fatal(err)
	}
	client.Close()
	wantKind(t, client.Do(t.Context(), get(s), &a), Canceled, "ending")
	if client.idle.Load() != 0 {
		t.Error("a connection waits")
	}
}

func TestTheMemoryOfALargeAnswerIsNotKept(t *testing.T) {
	var a Response
	a.Body = make([]byte, 2*keptBody)
	a.Header = make([]Field, 2*keptFields)
	s := answers(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"+strings.Repeat("x", 2), false)
	if err := newClient(t, Config{}).Do(t.Context(), get(s), &a); err != nil {
		t.Fatal(err)
	}
	if cap(a.Body) > keptBody || cap(a.Header) > keptFields {
		t.Errorf("%d bytes and %d fields are kept", cap(a.Body), cap(a.Header))
	}
}
