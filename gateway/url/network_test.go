package url

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
)

// dial opens a connection to a server before the gateway.
func dial(t *testing.T, h *house) net.Conn {
	t.Helper()
	s := httptest.NewServer(h.gateway)
	t.Cleanup(s.Close)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// ask sends a request, or the part of one.
func ask(conn net.Conn, method, target, headers, body string) {
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n%s", method, target, host, headers, body)
}

func answerOf(t *testing.T, conn net.Conn) *http.Response {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func equalJSON(t *testing.T, got any, want string) {
	t.Helper()
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, wanted) {
		g, _ := json.MarshalIndent(got, "", "  ")
		w, _ := json.MarshalIndent(wanted, "", "  ")
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

// Over a real connection, the length of the body is among the headers.
func TestTheHeadersOfARealRequest(t *testing.T) {
	h := newHouse(t)
	h.open()
	conn := dial(t, h)
	defer conn.Close()
	ask(conn, "POST", "/path/1?q=query", "accept: */*\r\ncontent-length: 3\r\nContent-TYPE: text/plain\r\n", "abc")
	r := answerOf(t, conn)
	if body, _ := io.ReadAll(r.Body); r.StatusCode != 200 || string(body) != "Hello, World!" || r.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("got %d %s", r.StatusCode, body)
	}
	headers := h.invoker.last(t)["headers"].(map[string]any)
	if headers["content-length"] != "3" || headers["accept"] != "*/*" || headers["content-type"] != "text/plain" || headers["host"] != host || headers["x-forwarded-for"] != "127.0.0.1" {
		t.Errorf("the headers are %v", headers)
	}
	// The connection serves another one.
	ask(conn, "HEAD", "/", "", "")
	if r := answerOf(t, conn); r.StatusCode != 200 || r.ContentLength != 13 {
		t.Errorf("HEAD: %d, %d", r.StatusCode, r.ContentLength)
	}
}
