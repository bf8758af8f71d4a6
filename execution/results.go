package execution

import (
	"context"
	"time"
)

// The conditions under which an asynchronous invocation comes to its end.
//
// AWS: the first three stand in the developer guide; ZeroReservedConcurrency is
// that of functions for which no concurrency is reserved, which since August
// 2021 are not tried at all. What is stopped as recursive goes to the same
// places; the guide has no name for the condition.
const (
	Succeeded               = "Success"
	RetriesExhausted        = "RetriesExhausted"
	EventAgeExceeded        = "EventAgeExceeded"
	ZeroReservedConcurrency = "ZeroReservedConcurrency"
	RecursiveInvocation     = "RecursiveInvocation"
)

// Ended is an asynchronous invocation that has come to its end.
type Ended struct {
	Function    FunctionRef // as it was invoked
	RequestID   string
	Payload     []byte
	TraceHeader string // that the function was given
	Accepted    time.Time
	At          time.Time

	Condition string
	Attempts  int     // of the function's own; throttled ones do not count
	Result    *Result // of the last attempt; nil if it did not reach the function
	Err       error   // why it did not

	// What the function says of its invocations' ends: OnSuccess, OnFailure, the
	// ARN of a dead-letter queue or topic, and the role that may reach them.
	Config     EventInvoke
	DeadLetter string
	Role       string
}

// Results is told of every asynchronous invocation that has come to its end.
// destination.Service is the one.
type Results interface {
	// Ended returns once what is to be told of the end is stored and will be
	// told. After an error it is called again; if the server ends first, the
	// invocation is not over.
	Ended(ctx context.Context, e Ended) error
}
