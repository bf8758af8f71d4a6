package execution

import (
	"context"
	"time"

	"github.com/lamgate/lamgate/telemetry"
)

// An Invocation is one request to run a function.
type Invocation struct {
	Function      FunctionRef
	Payload       []byte // JSON
	RequestID     string // made if empty
	ClientContext string // base64, as the X-Amz-Client-Context header brings it
	TraceHeader   string // X-Amzn-Trace-Id
	LogTail       bool   // return the last 4 KB of the invocation's log
	Journey       *telemetry.Journey

	// Stream takes the answer as it comes; without one it is collected. An error
	// before the first byte of an answer is a Result in any case.
	Stream ResponseStream
}

// A ResponseStream takes a function's answer. Its methods are called one after
// the other. They may block: the function then waits in its writing.
type ResponseStream interface {
	// Begin is called once, before the first Write. streaming says that the
	// function itself streams, and did not just answer.
	Begin(contentType string, streaming bool) error
	Write(p []byte) (int, error)
}

// A Result is what became of an invocation that reached the function. That the
// function failed is a Result; that it could not be invoked is an error.
type Result struct {
	RequestID       string
	ExecutedVersion string
	Payload         []byte // the function's answer, or the error object
	FunctionError   string // empty, "Handled" or "Unhandled"
	ErrorType       string // of a function's error, such as Runtime.ExitError
	// Streamed is how many bytes went to the invocation's Stream. Payload then
	// is empty, or the error that ended the stream.
	Streamed int64
	LogTail  []byte // plain text

	ColdStart    bool
	InitDuration time.Duration
	Duration     time.Duration
	Billed       time.Duration
	MaxMemoryMB  int
	Environment  string // the log stream
}

// Limits on what a function is given and answers, in bytes.
//
// AWS: 6 MB in both directions, of an answer 100 bytes more, beyond which it is
// Function.ResponseSizeTooLarge; 1 MB for asynchronous invocations since October
// 2025; 200 MB for an answer that is streamed.
const (
	MaxRequest  = 6 << 20
	MaxEvent    = 1 << 20
	MaxResponse = 6<<20 + 100
	MaxStream   = 200 << 20

	MaxClientContext = 3583 // as base64
)

// An Invoker runs functions. invoke.Service is the one.
type Invoker interface {
	// Invoke runs a function and waits for its answer, until ctx ends. Errors
	// are faults in the words of Lambda's Invoke operation.
	Invoke(ctx context.Context, i Invocation) (*Result, error)
	// Enqueue accepts an asynchronous invocation: it will be run, whatever
	// happens to the server, and returns its request ID.
	Enqueue(ctx context.Context, i Invocation) (requestID string, err error)
}

// An Allocation is what stands ready of provisioned concurrency.
type Allocation struct {
	Requested int
	Allocated int
	Available int
	Status    string // IN_PROGRESS, READY or FAILED
	Reason    string // of FAILED
}

// A Provisioner tells how far provisioned concurrency is. invoke.Service is one.
type Provisioner interface {
	// Provisioned returns what a version or an alias has; false if nothing was
	// asked for.
	Provisioned(ref FunctionRef) (Allocation, bool)
}
