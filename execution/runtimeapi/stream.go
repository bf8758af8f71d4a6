package runtimeapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/lamgate/lamgate/execution"
)

// streamBuffer is how much of a streamed answer is gathered at most before it
// goes on to the caller. It goes on sooner when the runtime has sent no more.
const streamBuffer = 32 << 10

// stream passes an answer on as it comes. The runtime writes no faster than the
// caller takes; if the caller has gone, what remains is read and dropped, and
// the runtime finishes its work.
//
// AWS: as its runtime interface emulator has it, the caller decides whether an
// answer is streamed: also one without the header
// Lambda-Runtime-Function-Response-Mode goes on as it comes. aws-lambda-go sends
// none.
func (c *connection) stream(to execution.ResponseStream, streaming bool) error {
	q := &c.req
	if !c.server.talk.claim(c.id) {
		return c.refuse(invalidRequestID)
	}
	f := &flow{to: to, contentType: string(q.contentType), streaming: streaming}
	err := q.pass(c.in, f)
	if err != nil && !errors.Is(err, errTooLarge) {
		// The runtime has broken off. Its end tells why, or its next question.
		c.server.talk.breakOff(f.sent)
		return err
	}
	a := Answer{Streamed: f.sent}
	switch {
	case err != nil:
		a.Failed, a.ErrorType = true, "Function.ResponseSizeTooLarge"
		a.Body, _ = json.Marshal(struct {
			M string `json:"errorMessage"`
			T string `json:"errorType"`
		}{fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", execution.MaxStream), a.ErrorType})
		q.close = true
		c.fault(streamTooLarge)
	case len(q.errorType) > 0:
		a.Failed, a.ErrorType, a.Body = true, string(q.errorType), q.errorBody
		c.append(accepted)
	default:
		f.begin() // it is empty
		c.append(accepted)
	}
	c.server.talk.streamed()
	c.server.owner.Answered(a)
	return nil
}

// brokenOff is the answer of a runtime that ended a stream in its midst and
// asks for the next event.
//
// AWS: the type is its runtime interface emulator's.
func brokenOff(sent int64) Answer {
	return Answer{Failed: true, ErrorType: "Runtime.TruncatedResponse", Streamed: sent}
}

// A flow is an answer on its way to the caller.
type flow struct {
	to          execution.ResponseStream
	contentType string
	streaming   bool

	begun  bool
	gone   bool // the caller takes no more
	buffer []byte
	size   int   // of the answer so far
	sent   int64 // of it, to the caller
}

func (f *flow) begin() {
	if !f.begun {
		f.begun = true
		f.gone = f.to.Begin(f.contentType, f.streaming) != nil
	}
}

// flush sends what has been gathered.
func (f *flow) flush() {
	if len(f.buffer) == 0 {
		return
	}
	f.begin()
	if !f.gone {
		n, err := f.to.Write(f.buffer)
		f.sent += int64(n)
		f.gone = err != nil
	}
	f.buffer = f.buffer[:0]
}

// take reads n bytes of the answer. It keeps none back while it waits for more.
func (f *flow) take(r *bufio.Reader, n int) error {
	excess := f.size + n - execution.MaxStream
	if excess > 0 {
		n -= excess
	}
	f.size += n
	if f.buffer == nil {
		f.buffer = make([]byte, 0, min(max(n, bufferAtLeast), streamBuffer))
	}
	for n > 0 {
		if r.Buffered() == 0 || len(f.buffer) == cap(f.buffer) {
			f.flush()
		}
		at := len(f.buffer)
		m, err := r.Read(f.buffer[at:min(at+n, cap(f.buffer))])
		f.buffer = f.buffer[:at+m]
		n -= m
		if err != nil {
			f.flush()
			return io.ErrUnexpectedEOF
		}
	}
	if excess > 0 {
		f.flush()
		return errTooLarge
	}
	return nil
}

// bufferAtLeast is the buffer's size for a stream whose first chunk is small.
const bufferAtLeast = 4 << 10

// pass reads the request's body into f.
func (q *request) pass(r *bufio.Reader, f *flow) error {
	if q.length >= 0 {
		err := f.take(r, q.length)
		f.flush()
		return err
	}
	for {
		if buffered, _ := r.Peek(r.Buffered()); bytes.IndexByte(buffered, '\n') < 0 {
			f.flush() // the chunk's size has not come yet
		}
		n, err := readChunkSize(r)
		if err != nil {
			f.flush()
			return err
		}
		if n == 0 {
			f.flush()
			return q.trailers(r)
		}
		if err := f.take(r, n); err != nil {
			return err
		}
		if r.Buffered() < len("\r\n") {
			f.flush()
		}
		if line, err := readLine(r); err != nil || len(line) != 0 {
			return errMalformed
		}
	}
}
