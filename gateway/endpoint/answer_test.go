package endpoint

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnAnswerIsReadAsItWasWritten(t *testing.T) {
	for _, c := range []struct {
		name, method, answer string
		thenClose            bool
		status               int
		reason, body         string
		header               []Field
	}{
		{name: "order, case and repetition of headers", answer: "HTTP/1.1 200 OK\r\nx-b: 2\r\nX-A:1\r\nSET-cookie: a=1; Path=/\r\nset-Cookie:  b=2 \r\nContent-Length: 2\r\n\r\nhi",
			status: 200, reason: "OK", body: "hi", header: []Field{{"x-b", "2"}, {"X-A", "1"}, {"SET-cookie", "a=1; Path=/"}, {"set-Cookie", "b=2"}, {"Content-Length", "2"}}},
		{name: "no reason", answer: "HTTP/1.1 404\r\ncontent-length:0\r\n\r\n", status: 404, header: []Field{{"content-length", "0"}}},
		{name: "an empty reason", answer: "HTTP/1.1 404 \r\ncontent-length:0\r\n\r\n", status: 404, header: []Field{{"content-length", "0"}}},
		{name: "bare line feeds", answer: "HTTP/1.1 200 OK\nA: b\nContent-Length: 1\n\nx", status: 200, reason: "OK", body: "x", header: []Field{{"A", "b"}, {"Content-Length", "1"}}},
		{name: "chunks, their extensions and trailers", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n00A \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
			status: 200, reason: "OK", body: "abc0123456789", header: []Field{{"Transfer-Encoding", "chunked"}}},
		{name: "delimited by close", answer: "HTTP/1.1 200 OK\r\n\r\nuntil the end", thenClose: true, status: 200, reason: "OK", body: "until the end"},
		{name: "HTTP/1.0", answer: "HTTP/1.0 200 OK\r\n\r\nold", thenClose: true, status: 200, reason: "OK", body: "old"},
		{name: "an answer to HEAD", method: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", status: 200, reason: "OK", header: []Field{{"Content-Length", "99"}}},
		{name: "204", answer: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, reason: "No Content"},
		{name: "304 with a length", answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", status: 304, reason: "Not Modified", header: []Field{{"Content-Length", "5"}}},
		{name: "1xx before it", answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\n!",
			status: 201, reason: "Created", body: "!", header: []Field{{"Content-Length", "1"}}},
		{name: "a redirect is an answer", answer: "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n", status: 302, reason: "Found", header: []Field{{"Location", "/there"}, {"Content-Length", "0"}}},
		{name: "compression is left alone", answer: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08", status: 200, reason: "OK", body: "\x1f\x8b\x08", header: []Field{{"Content-Encoding", "gzip"}, {"Content-Length", "3"}}},
		{name: "one length told twice", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nhi", status: 200, reason: "OK", body: "hi", header: []Field{{"Content-Length", "2, 2"}, {"Content-Length", "2"}}},
		{name: "a status nobody knows", answer: "HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n", status: 799, reason: "Odd", header: []Field{{"Content-Length", "0"}}},
		{name: "a space before the colon", answer: "HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 0\r\n\r\n", status: 200, reason: "OK", header: []Field{{"A", "b"}, {"Content-Length", "0"}}},
		{name: "a body larger than the buffer", answer: "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300000), status: 200, reason: "OK", body: strings.Repeat("x", 300000), header: []Field{{"Content-Length", "300000"}}},
		{name: "a head larger than the buffer", answer: "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("y", 20000) + "\r\nContent-Length: 0\r\n\r\n", status: 200, reason: "OK", header: []Field{{"A", strings.Repeat("y", 20000)}, {"Content-Length", "0"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := newClient(t, Config{})
			s := answers(t, c.answer, c.thenClose)
			for _, stream := range []bool{false, true} {
				q := get(s)
				if c.method != "" {
					q.Method = c.method
				}
				q.Stream = stream
				var a Response
				if err := client.Do(t.Context(), q, &a); err != nil {
					t.Fatal(err)
				}
				body := string(a.Body)
				if stream {
					b, err := io.ReadAll(a.Stream)
					if err != nil {
						t.Fatal(err)
					}
					body = string(b)
					a.Stream.Close()
				}
				if a.Status != c.status || a.Reason != c.reason || body != c.body {
					t.Errorf("got %d %q and a body of %d bytes; want %d %q and %d", a.Status, a.Reason, len(body), c.status, c.reason, len(c.body))
				}
				if diff := cmp.Diff(c.header, append([]Field(nil), a.Header...)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestAHostileAnswerIsRefused(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct {
		name, answer string
		kind         Kind
		says         string
	}{
		{"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", Malformed, "SSH-2.0"},
		{"TLS to a plain request", "\x15\x03\x01\x00\x02\x02\x16", Malformed, "https"},
		{"HTTP/2", "HTTP/2 200\r\n\r\n", Malformed, "HTTP/2 200"},
		{"no status", "HTTP/1.1 OK\r\n\r\n", Malformed, "status line"},
		{"an impossible status", "HTTP/1.1 099 No\r\n\r\n", Malformed, "099"},
		{"a header without a colon", ok + "nonsense\r\n\r\n", Malformed, "nonsense"},
		{"a header that goes on", ok + "A: b\r\n c\r\n\r\n", Malformed, "goes on"},
		{"a header without a name", ok + ": b\r\n\r\n", Malformed, "name of a header"},
		{"a control character", ok + "A: b\x00c\r\n\r\n", Malformed, "header A"},
		{"a carriage return inside", ok + "A: b\rc\r\n\r\n", Malformed, "header A"},
		{"two lengths", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", Malformed, "Content-Length"},
		{"a negative length", ok + "Content-Length: -1\r\n\r\n", Malformed, "Content-Length"},
		{"a signed length", ok + "Content-Length: +1\r\n\r\na", Malformed, "Content-Length"},
		{"an endless length", ok + "Content-Length: 99999999999999999999\r\n\r\n", Malformed, "Content-Length"},
		{"another coding", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", Malformed, "Transfer-Encoding"},
		{"chunked twice", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Malformed, "Transfer-Encoding"},
		{"a length above the limit", ok + "Content-Length: 10485761\r\n\r\n", TooLarge, "10 MB"},
		{"more than the limit without a length", ok + "\r\n" + strings.Repeat("x", MaxBody+1), TooLarge, "10 MB"},
		{"a giant chunk", ok + "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n" + strings.Repeat("x", MaxBody+1), TooLarge, "10 MB"},
		{"a chunk that cannot be", ok + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n", Malformed, "chunk"},
		{"a chunk without a size", ok + "Transfer-Encoding: chunked\r\n\r\n\r\n", Malformed, "chunk"},
		{"a negative chunk", ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", Malformed, "chunk"},
		{"a chunk longer than it says", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", Malformed, "chunk"},
		{"an endless chunk extension", ok + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", 1<<20), Malformed, "chunks"},
		{"endless trailers", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("a: b\r\n", 1<<16), Malformed, "trailers"},
		{"a header of 1 MB", ok + "A: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", Malformed, "head of the answer exceeds"},
		{"endless headers", ok + strings.Repeat("A: b\r\n", 1<<18), Malformed, "head of the answer exceeds"},
		{"endless 1xx", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000), Malformed, "1xx"},
		{"another protocol to go on in", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", Malformed, "another protocol"},
		{"nothing", "", PeerClosed, "closed"},
		{"half a head", ok + "A: b", PeerClosed, "closed"},
		{"half a body", ok + "Content-Length: 10\r\n\r\nhalf", PeerClosed, "closed"},
		{"half a chunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", PeerClosed, "closed"},
		{"no last chunk", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", PeerClosed, "closed"},
		{"no end of the trailers", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", PeerClosed, "closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, func(_ int, conn net.Conn, r *bufio.Reader) {
				if readRequest(r) == nil {
					return
				}
				_, _ = io.WriteString(conn, c.answer) // the client hangs up on most
				// A close with unread data would be a reset.
				if tcp, ok := conn.(*net.TCPConn); ok {
					_ = tcp.CloseWrite()
				}
				untilClosed(r)
			})
			client := newClient(t, Config{})
			var a Response
			wantKind(t, client.Do(t.Context(), get(s), &a), c.kind, c.says)
			if n := client.idle.Load(); n != 0 {
				t.Errorf("%d connections are kept", n)
			}
		})
	}
}

func TestAnAnswerAtTheLimitPasses(t *testing.T) {
	s := answers(t, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", MaxBody, strings.Repeat("x", MaxBody)), false)
	var a Response
	if err := newClient(t, Config{}).Do(t.Context(), get(s), &a); err != nil || len(a.Body) != MaxBody {
		t.Errorf("%d bytes, %v", len(a.Body), err)
	}
}
