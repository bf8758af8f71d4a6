package rest

import (
	"io"
	"time"
)

// An outgoing is a request as the integration receives it. It stays whole until
// the call ends, for the execution log.
type outgoing struct {
	method  string
	uri     string  // what is called: a URL, or the ARN of a function or an action
	headers []field // in order, names as they are sent
	body    []byte
}

// A received is what the integration answered, before its integration response
// is made of it.
type received struct {
	status  int
	headers []field
	body    []byte
	stream  io.ReadCloser // instead of body, where the response is streamed
	latency time.Duration
}
