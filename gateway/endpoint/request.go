package endpoint

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Field is a line of a head. Its name is as it was written.
type Field struct{ Name, Value string }

// A Request is what an endpoint is asked. It must not change until Do returns,
// or, if the answer is a stream, until that is closed.
type Request struct {
	Method  string
	Scheme  string // "http" or "https"
	Address string // host, or host:port, to connect to; an IPv6 host in brackets
	Target  string // path and query, as they go out; "" is "/"
	Host    string // of the Host header; "" is Address
	// Header goes out in this order. Fields that concern the connection alone
	// (Connection, Transfer-Encoding and their like), Expect, Host and
	// Content-Length are left out: they are the client's.
	Header []Field
	Body   []byte

	// Timeout is for the whole exchange, to the last byte of the answer; 0 is
	// DefaultTimeout.
	Timeout time.Duration
	// Idle is how long a stream may say nothing; 0 for as long as Timeout.
	Idle time.Duration
	// Stream returns the answer once its head has come; see Response.Stream.
	Stream bool

	// InsecureSkipVerification takes certificates of any authority, so long as
	// the server shows that authority's own certificate.
	InsecureSkipVerification bool
	// Certificate is shown to servers that ask for one. Requests that show the
	// same one point to the same tls.Certificate.
	Certificate *tls.Certificate
}

// DefaultTimeout is that of a request which states none.
//
// AWS: an integration has 29 seconds unless it says otherwise.
const DefaultTimeout = 29 * time.Second

func (q *Request) timeout() time.Duration {
	if q.Timeout <= 0 {
		return DefaultTimeout
	}
	return q.Timeout
}

// appendHead appends the request's line and head. What could be read as another
// request is refused here, whoever let it come this far.
func (q *Request) appendHead(b []byte) ([]byte, error) {
	if !isToken(q.Method) {
		return b, invalid("the method %q is not one of HTTP", q.Method)
	}
	b = append(b, q.Method...)
	b = append(b, ' ')
	switch {
	case q.Target == "" || q.Target[0] == '?':
		b = append(b, '/')
	case q.Target[0] != '/' && q.Target != "*":
		return b, invalid("the path %q does not begin with a slash", q.Target)
	}
	if i := strings.IndexFunc(q.Target, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return b, invalid("the path and query hold the character %q, which must be encoded", q.Target[i])
	}
	b = append(b, q.Target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	host := q.Host
	if host == "" {
		host = q.Address
	}
	if strings.ContainsAny(host, " \t,/?#@\\") || !isValue(host) {
		return b, invalid("%q is not a host", host)
	}
	b = append(b, host...)
	b = append(b, "\r\n"...)
	for i := range q.Header {
		f := &q.Header[i]
		if ofTheConnection(f.Name) {
			continue
		}
		if !isToken(f.Name) {
			return b, invalid("%q is not the name of a header", f.Name)
		}
		if !isValue(f.Value) {
			return b, invalid("the value of the header %s holds a control character", f.Name)
		}
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, f.Value...)
		b = append(b, "\r\n"...)
	}
	if len(q.Body) > 0 || q.Method == http.MethodPost || q.Method == http.MethodPut || q.Method == http.MethodPatch {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(q.Body)), 10)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...), nil
}

// idempotent tells whether a request may be sent again when nobody knows what
// became of it.
func (q *Request) idempotent() bool {
	switch q.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

func invalid(format string, args ...any) *Error {
	return &Error{Kind: Invalid, Detail: fmt.Sprintf(format, args...)}
}

// ofTheConnection tells whether a header is the client's own to send or to
// leave: it frames the message or speaks to the next hop.
func ofTheConnection(name string) bool {
	switch len(name) {
	case 2:
		return equalFold(name, "te")
	case 4:
		return equalFold(name, "host")
	case 6:
		return equalFold(name, "expect")
	case 7:
		return equalFold(name, "upgrade") || equalFold(name, "trailer")
	case 10:
		return equalFold(name, "connection") || equalFold(name, "keep-alive")
	case 14:
		return equalFold(name, "content-length")
	case 16:
		return equalFold(name, "proxy-connection")
	case 17:
		return equalFold(name, "transfer-encoding")
	}
	return false
}

// equalFold compares a name with one of equal length in lower case.
func equalFold(name, lower string) bool {
	for i := range len(lower) {
		ch := name[i]
		if 'A' <= ch && ch <= 'Z' {
			ch |= 0x20
		}
		if ch != lower[i] {
			return false
		}
	}
	return true
}

// A byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) has(ch byte) bool { return s[ch>>6]&(1<<(ch&63)) != 0 }

// tokenBytes are those of methods and of headers' names: letters, digits and
// !#$%&'*+-.^_`|~.
var tokenBytes = byteSet{0x03ff6cfa00000000, 0x57ffffffc7fffffe}

func isToken(s string) bool {
	for i := range len(s) {
		if !tokenBytes.has(s[i]) {
			return false
		}
	}
	return s != ""
}

// isValue tells whether a header can have this value: it holds no control
// character but tabs.
func isValue(s string) bool {
	for i := range len(s) {
		if ch := s[i]; ch < ' ' && ch != '\t' || ch == 0x7f {
			return false
		}
	}
	return true
}
