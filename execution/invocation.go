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
}

// A Result is what became of an invocation that reached the function. That the
// function failed is a Result; that it could not be invoked is an error.
type Result struct {
	RequestID       string
	ExecutedVersion string
	Payload         []byte // the function's answer, or the error object
	FunctionError   string // empty, "Handled" or "Unhandled"
	LogTail         []byte // plain text

	ColdStart    bool
	InitDuration time.Duration
	Duration     time.Duration
	Billed       time.Duration
	MaxMemoryMB  int
	Environment  string // the log stream
}

// An Invoker runs functions. invoke.Service is the one.
type Invoker interface {
	// Invoke runs a function and waits for its answer, until ctx ends. Errors
	// are faults in the words of Lambda's Invoke operation.
	Invoke(ctx context.Context, i Invocation) (*Result, error)
	// Enqueue accepts an asynchronous invocation: it will be run, whatever
	// happens to the server, and returns its request ID.
	Enqueue(ctx context.Context, i Invocation) (requestID string, err error)
}
