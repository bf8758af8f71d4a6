package endpoint

import (
	"crypto/tls"
	"time"
)


// A Field is a line of a head. Its name is as it was written.
type Field struct{ Name, Value string }

// A Request is what an endpoint is asked. It is read only until Do returns.
type Request struct {
	Method  string
	Scheme  string // "http" or "https"
	Address string // host, or host:port, to connect to; an IPv6 host in brackets
	Target  string // path and query, as they go out; "" is "/"
	Host    string // of the Host header; "" is Address
	// Header goes out in this order. Fields that concern the connection alone
	// (Connection, Transfer-Encoding and their like), Host and Content-Length
	// are left out: they are the client's.
	Header []Field
	Body   []byte

	// Timeout is for the whole exchange, to the last byte of the answer.
	Timeout time.Duration
	// Idle is how long a stream may say nothing; 0 for as long as Timeout.
	Idle time.Duration
	// Stream returns the answer once its head has come; see Response.Stream.
	Stream bool

	// InsecureSkipVerification takes certificates of any authority.
	InsecureSkipVerification bool
	// Certificate is shown to servers that ask for one. Requests that show the
	// same one point to the same tls.Certificate.
	Certificate *tls.Certificate
}
