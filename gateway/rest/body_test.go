package rest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Bodies that stall or break off end their request, and nothing else.
func TestBodiesThatDoNotComeWhole(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("POST", "/a"))
	h.gateway.patience = 10 * time.Millisecond
	s := httptest.NewServer(h.gateway)
	defer s.Close()
	for name, c := range map[string]struct {
		head, part string
		hangUp     bool
		words      string
	}{
		"stalls":           {"Content-Length: 10", "half", false, "only 4 bytes came, and nothing more for 10ms"},
		"never begins":     {"Content-Length: 10000000", "", false, "only 0 bytes came"},
		"stalls in chunks": {"Transfer-Encoding: chunked", "4\r\nhalf\r\n", false, "only 4 bytes came"},
		"breaks off":       {"Content-Length: 10", "half", true, "cannot be read"},
		"no chunk":         {"Transfer-Encoding: chunked", "zz\r\n", false, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, "POST /v0/a HTTP/1.1\r\nHost: api.execute-api.localhost\r\n"+c.head+"\r\n\r\n"+c.part)
			if c.hangUp {
				conn.(*net.TCPConn).CloseWrite()
			}
			r, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(r.Body)
			if r.StatusCode != 400 || string(body) != `{"message":"Bad Request"}` || !r.Close {
				t.Errorf("answered %d %s, close %v", r.StatusCode, body, r.Close)
			}
			j, ok := h.journeys.Find(r.Header.Get("x-amzn-RequestId"))
			if !ok {
				t.Fatal("no journey")
			}
			steps, _ := j.Steps()
			if what, _ := steps[len(steps)-1].Detail.Explain(); !strings.Contains(what, c.words) {
				t.Errorf("the journey does not say %q: %s", c.words, what)
			}
		})
	}
	if h.invoker.count() > 0 {
		t.Error("a function was invoked")
	}
	// One that comes in time leaves its connection to the next.
	for range 2 {
		r, err := s.Client().Post(s.URL+"/_aws/execute-api/api/v0/a", "text/plain", strings.NewReader("whole"))
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(r.Body); string(body) != "Hello, World!" {
			t.Errorf("%d %s", r.StatusCode, body)
		}
		r.Body.Close()
	}
}
