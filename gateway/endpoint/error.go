package endpoint

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
	return "unknown"
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
