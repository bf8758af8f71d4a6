package endpoint

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

func TestARequestGoesOutAsGiven(t *testing.T) {
	for _, c := range []struct {
		name string
		q    Request
		want string
	}{
		{"the least", Request{Method: "GET"}, "GET / HTTP/1.1\r\nHost: ADDRESS\r\n\r\n"},
		{"the path and query as they are", Request{Method: "GET", Target: "/a%2fb//../c%20d;e=é?x=1&x=%31&&y=a+b#f"}, "GET /a%2fb//../c%20d;e=é?x=1&x=%31&&y=a+b#f HTTP/1.1\r\nHost: ADDRESS\r\n\r\n"},
		{"a query alone", Request{Method: "GET", Target: "?x=1"}, "GET /?x=1 HTTP/1.1\r\nHost: ADDRESS\r\n\r\n"},
		{"headers in order, as written", Request{Method: "DELETE", Target: "/", Host: "other:81", Header: []Field{{"x-b", "2"}, {"X-A", "1"}, {"x-B", "ü\t3"}, {"empty", ""}}},
			"DELETE / HTTP/1.1\r\nHost: other:81\r\nx-b: 2\r\nX-A: 1\r\nx-B: ü\t3\r\nempty: \r\n\r\n"},
		{"what is the client's own", Request{Method: "GET", Header: []Field{{"HOST", "evil"}, {"content-length", "9"}, {"Transfer-Encoding", "chunked"}, {"connection", "x"}, {"Keep-Alive", "1"}, {"Proxy-Connection", "x"}, {"Upgrade", "h2c"}, {"te", "trailers"}, {"Trailer", "x"}, {"Expect", "100-continue"}, {"kept", "1"}}},
			"GET / HTTP/1.1\r\nHost: ADDRESS\r\nkept: 1\r\n\r\n"},
		{"a body", Request{Method: "POST", Body: []byte("hello")}, "POST / HTTP/1.1\r\nHost: ADDRESS\r\nContent-Length: 5\r\n\r\nhello"},
		{"no body where there could be one", Request{Method: "PUT"}, "PUT / HTTP/1.1\r\nHost: ADDRESS\r\nContent-Length: 0\r\n\r\n"},
		{"a body where none is usual", Request{Method: "GET", Body: []byte("x")}, "GET / HTTP/1.1\r\nHost: ADDRESS\r\nContent-Length: 1\r\n\r\nx"},
		{"a large body", Request{Method: "POST", Body: []byte(strings.Repeat("x", 1<<20))}, "POST / HTTP/1.1\r\nHost: ADDRESS\r\nContent-Length: 1048576\r\n\r\n" + strings.Repeat("x", 1<<20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, wanted := make(chan string, 1), make(chan int, 1)
			s := serve(t, func(_ int, conn net.Conn, r *bufio.Reader) {
				b := make([]byte, <-wanted)
				n, _ := io.ReadFull(r, b)
				got <- string(b[:n])
				_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
				untilClosed(r)
			})
			want := strings.ReplaceAll(c.want, "ADDRESS", s.address)
			wanted <- len(want)
			q := c.q
			q.Scheme, q.Address = "http", s.address
			var a Response
			if err := newClient(t, Config{}).Do(t.Context(), &q, &a); err != nil {
				t.Fatal(err)
			}
			if g := <-got; g != want {
				t.Errorf("it sent %.200q\nwant    %.200q", g, want)
			}
		})
	}
}

func TestARequestThatCouldBeReadAsTwoIsRefused(t *testing.T) {
	ok := Request{Method: "GET", Scheme: "http", Address: "127.0.0.1:1", Target: "/"}
	for name, spoil := range map[string]func(*Request){
		"method":           func(q *Request) { q.Method = "GET /x HTTP/1.1\r\nA:" },
		"no method":        func(q *Request) { q.Method = "" },
		"space in path":    func(q *Request) { q.Target = "/a b" },
		"line in path":     func(q *Request) { q.Target = "/a\r\nX: y" },
		"relative path":    func(q *Request) { q.Target = "a" },
		"line in host":     func(q *Request) { q.Host = "a\r\nX: y" },
		"path in host":     func(q *Request) { q.Host = "a/b" },
		"line in name":     func(q *Request) { q.Header = []Field{{"A\r\nB", "c"}} },
		"no name":          func(q *Request) { q.Header = []Field{{"", "c"}} },
		"colon in name":    func(q *Request) { q.Header = []Field{{"A:", "c"}} },
		"line in value":    func(q *Request) { q.Header = []Field{{"A", "b\nC: d"}} },
		"return in value":  func(q *Request) { q.Header = []Field{{"A", "b\rC: d"}} },
		"nothing in value": func(q *Request) { q.Header = []Field{{"A", "\x00"}} },
		"scheme":           func(q *Request) { q.Scheme = "ftp" },
		"no host":          func(q *Request) { q.Address = "" },
		"no port":          func(q *Request) { q.Address = "host:" },
	} {
		t.Run(name, func(t *testing.T) {
			q := ok
			spoil(&q)
			var a Response
			wantKind(t, newClient(t, Config{}).Do(t.Context(), &q, &a), Invalid, "")
		})
	}
}

func TestNamesOfHeadersAreTokens(t *testing.T) {
	for ch := range 256 {
		want := ch < 0x80 && (strings.ContainsRune("!#$%&'*+-.^_`|~", rune(ch)) || '0' <= ch && ch <= '9' || 'a' <= ch && ch <= 'z' || 'A' <= ch && ch <= 'Z')
		if got := isToken(string([]byte{byte(ch)})); got != want {
			t.Errorf("isToken(%q) is %v", byte(ch), got)
		}
	}
}
