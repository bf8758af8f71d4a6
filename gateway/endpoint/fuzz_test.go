package endpoint

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// A recording is a connection on which a server has said all it will.
type recording struct {
	net.Conn
	io.Reader
}

func (r recording) Read(p []byte) (int, error) { return r.Reader.Read(p) }
func (recording) Write(p []byte) (int, error)  { return len(p), nil }
func (recording) Close() error                 { return nil }
func (recording) SetDeadline(time.Time) error  { return nil }

// replay is a request whose answer has been recorded.
func replay(r io.Reader, method string) (*Response, error) {
	client := New(Config{})
	p, err := newPool(client, poolKey{address: "fuzz"})
	if err != nil {
		return nil, err
	}
	c := &connection{pool: p, conn: recording{Reader: r}}
	c.late = func() {}
	a := &Response{}
	x := exchange{connection: c, stopLate: func() bool { return true }}
	err = x.receive(&Request{Method: method}, a)
	return a, err
}

func hasField(a *Response, lower string) bool {
	for _, h := range a.Header {
		if len(h.Name) == len(lower) && equalFold(h.Name, lower) {
			return true
		}
	}
	return false
}

// What is taken for an answer is what net/http takes for it, however the bytes
// come.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 Not Found\nA : b\n\nbody",
		"HTTP/1.1 204 \r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 200\r\nContent-Length: 1, 1\r\n\r\nx",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, head bool) {
		method := http.MethodGet
		if head {
			method = http.MethodHead
		}
		a, err := replay(bytes.NewReader(b), method)
		slow, slowErr := replay(iotest.OneByteReader(bytes.NewReader(b)), method)
		if (err == nil) != (slowErr == nil) || err == nil && (a.Status != slow.Status || !bytes.Equal(a.Body, slow.Body)) {
			t.Fatalf("at once: %+v, %v; byte by byte: %+v, %v", a, err, slow, slowErr)
		}
		if err != nil {
			return
		}
		for _, h := range a.Header {
			if !isToken(h.Name) || !isValue(h.Value) {
				t.Errorf("the header %q: %q", h.Name, h.Value)
			}
		}
		r := bufio.NewReader(bytes.NewReader(b))
		var theirs *http.Response
		for {
			if theirs, err = http.ReadResponse(r, &http.Request{Method: method}); err != nil {
				return
			}
			if theirs.StatusCode >= 200 {
				break
			}
		}
		body, err := io.ReadAll(theirs.Body)
		if err != nil {
			return
		}
		if theirs.ProtoMinor == 0 && theirs.TransferEncoding == nil && hasField(a, "transfer-encoding") {
			return // chunks in HTTP/1.0 are chunks here, as servers mean them, and text to net/http
		}
		if theirs.StatusCode != a.Status || string(body) != string(a.Body) {
			t.Errorf("%d %q; net/http: %d %q", a.Status, a.Body, theirs.StatusCode, body)
		}
		for _, h := range a.Header {
			name := http.CanonicalHeaderKey(h.Name)
			if name == "Transfer-Encoding" || name == "Trailer" || name == "Content-Length" || strings.EqualFold(name, "connection") {
				continue // it takes them out
			}
			seen := false
			for theirs := range theirs.Header { // it leaves spaces before colons
				seen = seen || strings.EqualFold(strings.TrimRight(theirs, " \t"), name)
			}
			if !seen {
				t.Errorf("net/http does not see the header %s", h.Name)
			}
		}
	})
}
