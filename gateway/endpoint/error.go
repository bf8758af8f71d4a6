package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// A Kind tells why there is no answer.
type Kind uint8

// The kinds of errors.
const (
	// Invalid is a request that cannot be sent, whoever it is for.
	Invalid Kind = iota + 1
	// Timeout is an answer that did not come, or did not end, in time.
	Timeout
	// Canceled is a caller that no longer waits.
	Canceled
	// NameNotFound is a host that no name server knows.
	NameNotFound
	// Refused is a port that nobody listens on.
	Refused
	// Unreachable is any other failure to connect.
	Unreachable
	// UnknownAuthority is a certificate that no trusted authority issued.
	UnknownAuthority
	// Expired is a certificate that is not valid now: no more, or not yet.
	Expired
	// WrongHost is a certificate for other hosts.
	WrongHost
	// TLS is any other failure of TLS, such as a server that wants a client's
	// certificate.
	TLS
	// PeerClosed is a connection that ended before the answer did.
	PeerClosed
	// Malformed is an answer that is not HTTP/1.1.
	Malformed
	// TooLarge is a body of more than MaxBody.
	TooLarge
)

var kindNames = [...]string{
	Invalid: "invalid request", Timeout: "timeout", Canceled: "canceled", NameNotFound: "name not found", Refused: "connection refused",
	Unreachable: "unreachable", UnknownAuthority: "certificate of an unknown authority", Expired: "certificate not valid now",
	WrongHost: "certificate for another host", TLS: "TLS failed", PeerClosed: "connection closed", Malformed: "malformed answer", TooLarge: "answer too large",
}

// String names a kind in a few words.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", k)
}

// An Error tells why an endpoint gave no answer. All errors of Do are Errors.
type Error struct {
	Kind   Kind
	Detail string // a sentence for who runs the endpoint, without a full stop
	Err    error  // what caused it; may be nil
}

func (e *Error) Error() string { return e.Detail }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// dialError explains why no connection could be opened.
func (p *pool) dialError(err error) error {
	e := &Error{Kind: Unreachable, Detail: "cannot connect to " + p.address + ": " + err.Error(), Err: err}
	var name *net.DNSError
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		e.Kind, e.Detail = NameNotFound, "no name server knows the host "+p.host
	case errors.As(err, &name):
		e.Detail = "the name servers do not tell the address of " + p.host + ": " + name.Err
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Kind, e.Detail = Refused, "nothing listens on "+p.address
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		e.Detail = "no file is left for a connection to " + p.address + ": raise the limit of open files"
	}
	return e
}

// transferError explains why a connection ended in the middle of an exchange.
func (p *pool) transferError(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e := p.tlsError(err); e != nil {
		return e
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Kind: PeerClosed, Detail: p.address + " closed the connection before its answer was complete", Err: err}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &Error{Kind: PeerClosed, Detail: p.address + " broke the connection off before its answer was complete", Err: err}
	}
	return &Error{Kind: PeerClosed, Detail: "the connection to " + p.address + " failed: " + err.Error(), Err: err}
}

// contextError is that of a caller that does not wait.
func contextError(ctx context.Context) error {
	if err := ctx.Err(); errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return &Error{Kind: Timeout, Detail: "the caller's own time was over", Err: err}
	}
	return &Error{Kind: Canceled, Detail: "the caller has gone", Err: ctx.Err()}
}
