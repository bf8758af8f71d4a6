package environment

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/runtimeapi"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// A Cause is why a function's invocation failed, for those who explain.
type Cause string

// The causes.
const (
	None             Cause = ""
	FunctionError    Cause = "function error" // the function's own exception
	InitError        Cause = "init error"     // it could not be loaded
	Timeout          Cause = "timeout"
	Crash            Cause = "crash"
	OutOfMemory      Cause = "out of memory"
	ResponseTooLarge Cause = "response too large"
)

// An Outcome is what became of a request that reached the function.
type Outcome struct {
	execution.Result
	Waited time.Duration // in line, a cold start included
	Cause  Cause
	// Provisioned says that provisioned concurrency ran it.
	Provisioned bool
}

// A verdict is how an invocation, or an init, ended.
type verdict struct {
	cause     Cause
	errorType string
	payload   []byte // the answer, if the runtime gave one
	message   string // else what follows "Error: ", or the words of a timeout
	timeout   time.Duration
}

// object returns the payload of a verdict for a request.
//
// AWS: the shapes and texts that Invoke answers with, the type first.
func (v *verdict) object(requestID string) []byte {
	if v.payload != nil {
		return v.payload
	}
	message := v.message
	switch v.cause {
	case Timeout:
		message = fmt.Sprintf("RequestId: %s Error: %s", requestID, v.message)
	case ResponseTooLarge:
		b, _ := json.Marshal(struct {
			M string `json:"errorMessage"`
			T string `json:"errorType"`
		}{v.message, v.errorType})
		return b
	case FunctionError:
	default:
		message = fmt.Sprintf("RequestId: %s Error: %s", requestID, v.message)
	}
	b, _ := json.Marshal(struct {
		T string `json:"errorType"`
		M string `json:"errorMessage"`
	}{v.errorType, message})
	return b
}

func answered(a runtimeapi.Answer) verdict {
	switch {
	case a.TooLarge > 0:
		return verdict{cause: ResponseTooLarge, errorType: "Function.ResponseSizeTooLarge",
			message: fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", execution.MaxResponse)}
	case a.Failed || a.ErrorType != "":
		v := verdict{cause: FunctionError, errorType: a.ErrorType, payload: a.Body}
		if v.errorType == "" {
			v.errorType = "Runtime.Unknown"
		}
		if len(a.Body) == 0 {
			// AWS: without a payload, the error is made of the header.
			v.payload = nil
		}
		return v
	}
	if a.Body == nil {
		a.Body = []byte{}
	}
	return verdict{payload: a.Body}
}

func initFailed(a runtimeapi.Answer) verdict {
	v := answered(a)
	v.cause = InitError
	return v
}

// AWS: the message has two decimals whatever the timeout.
func timedOut(timeout time.Duration) verdict {
	return verdict{cause: Timeout, errorType: "Sandbox.Timedout", timeout: timeout,
		message: fmt.Sprintf("Task timed out after %.2f seconds", timeout.Seconds())}
}

func exited(x sandbox.Exit) verdict {
	v := verdict{cause: Crash, errorType: "Runtime.ExitError"}
	switch {
	case x.OutOfMemory:
		v.cause, v.errorType = OutOfMemory, "Runtime.OutOfMemory"
		v.message = "Runtime exited with error: signal: killed"
	case x.Signal != "":
		v.message = "Runtime exited with error: signal: " + x.Signal
	case x.Code != 0:
		v.message = fmt.Sprintf("Runtime exited with error: exit status %d", x.Code)
	default:
		v.message = "Runtime exited without providing a reason"
	}
	return v
}

// invalidEntrypoint is a runtime that cannot be started at all.
func invalidEntrypoint(format string, args ...any) verdict {
	return verdict{cause: InitError, errorType: "Runtime.InvalidEntrypoint", message: fmt.Sprintf(format, args...)}
}

// finish completes a ticket: the invoker has its answer first, then the log is
// written, unless the invoker wants to see it.
func (e *Environment) finish(t *ticket, now time.Time, v verdict) {
	p := e.pool
	e.mu.Lock()
	cold, init := e.cold, e.init
	e.cold = false
	e.mu.Unlock()
	o := &Outcome{Waited: t.assigned.Sub(t.arrived), Cause: v.cause}
	o.RequestID, o.ExecutedVersion, o.Environment = t.ID, p.config.Version, e.log.stream
	o.Duration = now.Sub(t.assigned)
	if v.cause == Timeout {
		o.Duration = v.timeout
	}
	o.ColdStart = cold
	billed := o.Duration
	if cold && !e.invoked {
		// AWS: since August 2025 the init phase is billed.
		o.InitDuration = init
		billed += init
	}
	o.Billed = (billed + time.Millisecond - 1).Truncate(time.Millisecond)
	o.MaxMemoryMB = e.maxMemory(now)
	if v.cause == OutOfMemory {
		o.MaxMemoryMB = p.config.MemoryMB
	}
	o.Payload = v.object(t.ID)
	if v.cause != None {
		o.FunctionError, o.ErrorType = "Unhandled", v.errorType
	}
	if t.LogTail {
		o.LogTail = e.log.finish(o, &v, p.config.MemoryMB, now)
		t.complete(completion{outcome: o})
		return
	}
	t.complete(completion{outcome: o})
	e.log.finish(o, &v, p.config.MemoryMB, now)
}
