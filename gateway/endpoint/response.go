package endpoint

import "io"

// A Response is what an endpoint answered. Do fills it, using the memory of what
// was in it before: nothing of an answer may be kept when it is given to Do
// again, but for the strings.
type Response struct {
	Status int
	Reason string  // as the endpoint put it: "OK"
	Header []Field // all of them, in their order
	Body   []byte  // nil if it is a stream
	// Stream is the body of an answer that was asked for as a stream. The caller
	// closes it. Its errors are *Error or io.EOF.
	Stream io.ReadCloser
}
