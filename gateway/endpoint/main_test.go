package endpoint

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamgate/lamgate/aws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server is an endpoint whose every byte the test decides.
type server struct {
	address string
	mu      sync.Mutex
	conns   []net.Conn
}

// serve accepts connections, numbered from 0, until the test ends.
func serve(t *testing.T, f func(n int, c net.Conn, r *bufio.Reader)) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{address: l.Addr().String()}
	var running sync.WaitGroup
	running.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, c)
			s.mu.Unlock()
			running.Go(func() {
				defer c.Close()
				f(n, c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		running.Wait()
	})
	return s
}

func (s *server) accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// answers sends the same bytes for every request, and then says end of file if
// they must.
func answers(t *testing.T, answer string, thenClose bool) *server {
	return serve(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for readRequest(r) != nil {
			if _, err := io.WriteString(c, answer); err != nil || thenClose {
				return
			}
		}
	})
}

// readRequest returns nil at the end of the connection.
func readRequest(r *bufio.Reader) *http.Request {
	q, err := http.ReadRequest(r)
	if err != nil {
		return nil
	}
	b, err := io.ReadAll(q.Body)
	if err != nil {
		return nil
	}
	q.Body = io.NopCloser(bytes.NewReader(b))
	return q
}

// untilClosed reads until the client has closed the connection.
func untilClosed(r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) }

func newClient(t *testing.T, c Config) *Client {
	client := New(c)
	t.Cleanup(client.Close)
	return client
}

func get(s *server) *Request {
	return &Request{Method: "GET", Scheme: "http", Address: s.address, Target: "/"}
}

// wantKind fails unless an error is of a kind, and its detail says something.
func wantKind(t *testing.T, err error, kind Kind, says string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v, want one of kind %q", err, kind)
	}
	if e.Kind != kind || !strings.Contains(e.Detail, says) {
		t.Errorf("the error is %q: %s; want %q: …%s…", e.Kind, e.Detail, kind, says)
	}
}

func manualClock() *aws.ManualClock {
	return aws.NewManualClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
}
