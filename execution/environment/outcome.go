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
	// Failure is what ended the environment with the request; nil if nothing did.
	Failure *Failure
	// Before is how the environment failed before, if it was started again within
	// the invocation, and Again how long its init then took.
	Before *Failure
	Again  time.Duration
}

// A verdict is how an invocation, or an init, ended.
type verdict struct {
	cause     Cause
	errorType string
	payload   []byte // the answer, if the runtime gave one
	message   string // else what follows "Error: ", or the words of a timeout
	timeout   time.Duration
	culprit   string   // see Failure
	failed    *Failure // of the environment, as all but the invoker see it
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
		// AWS: reports of 2021 have this type, one of 2026 has Runtime.OutOfMemory.
		v.cause = OutOfMemory
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

// finish completes a ticket that comes to its end together with its answer, which
// is v: the invoker has it first, then the log is written, unless the invoker
// wants to see it.
func (e *Environment) finish(t *ticket, now time.Time, v verdict) {
	memory := e.maxMemory(now)
	e.mu.Lock()
	o := e.outcome(t, now, memory, &v)
	e.mu.Unlock()
	if !t.LogTail {
		t.complete(completion{outcome: o})
	}
	e.report(&report{ticket: t, outcome: o, verdict: v}, now)
}

// outcome is what became of a ticket, with mu held.
func (e *Environment) outcome(t *ticket, now time.Time, memory int, v *verdict) *Outcome {
	p := e.pool
	o := &Outcome{Waited: t.assigned.Sub(t.arrived), Cause: v.cause, Provisioned: t.provisioned}
	o.RequestID, o.ExecutedVersion, o.Environment = t.ID, p.config.Version, e.log.stream
	o.ColdStart = e.cold && !t.provisioned
	switch {
	case e.cold && e.invoked:
		o.Before, o.Again = e.before, e.init
	case e.cold:
		o.InitDuration = e.init
	case v.failed != nil && v.failed.Init():
		o.Before = e.before
	}
	o.Failure = v.failed
	e.cold = false
	o.last(t, now, v)
	o.MaxMemoryMB = memory
	o.Payload = v.object(t.ID)
	if t.relay != nil {
		o.Streamed = t.relay.passed.Load()
	}
	if v.cause != None {
		o.FunctionError, o.ErrorType = "Unhandled", v.errorType
	}
	return o
}

// last sets how long it took until now.
func (o *Outcome) last(t *ticket, now time.Time, v *verdict) {
	o.Duration = now.Sub(t.assigned)
	if v.cause == Timeout {
		o.Duration = v.timeout
	}
	// AWS: since August 2025 the init phase is billed.
	o.Billed = (o.Duration + o.InitDuration + time.Millisecond - 1).Truncate(time.Millisecond)
}

// A report is the end of an invocation, which is written when the runtime and
// the extensions ask for the next event.
//
// AWS: then the invoke phase is over, says "Lambda execution environment" of the
// developer guide. Until then counts what the REPORT says, and the function's
// timeout; the answer does not wait for it.
type report struct {
	ticket    *ticket
	outcome   *Outcome // the answer, and how long it took
	verdict   verdict
	responded bool      // the runtime gave an answer that is not an error
	done      time.Time // when the runtime had done with it, of which is told; zero before
}

// Answered implements runtimeapi.Owner. It completes a ticket as soon as it is
// answered, and keeps its report for later. Only who wants to see the log waits
// for that.
func (e *Environment) Answered(a runtimeapi.Answer) {
	now := e.pool.fleet.Clock.Now()
	memory := e.maxMemory(now)
	e.mu.Lock()
	t := e.ticket
	if t == nil {
		e.mu.Unlock()
		return
	}
	e.ticket = nil
	if !e.returning {
		e.returning = true
		e.pool.returning.Add(1)
	}
	v := answered(a)
	o := e.outcome(t, now, memory, &v)
	e.pending = report{ticket: t, outcome: o, verdict: v, responded: v.cause == None}
	e.mu.Unlock()
	if !t.LogTail {
		t.complete(completion{outcome: o})
	}
}

// whole is the outcome with what came after the answer.
func (r *report) whole(now time.Time) Outcome {
	o := *r.outcome
	o.last(r.ticket, now, &r.verdict)
	return o
}

// report writes the end of an invocation that is over.
func (e *Environment) report(r *report, now time.Time) {
	o := r.whole(now)
	o.MaxMemoryMB = max(o.MaxMemoryMB, e.maxMemory(now))
	if r.verdict.cause == OutOfMemory {
		o.MaxMemoryMB = e.pool.config.MemoryMB
	}
	tail := e.log.finish(r, &o, e.pool.config.MemoryMB, now)
	if r.ticket.LogTail {
		r.outcome.LogTail = tail
		r.ticket.complete(completion{outcome: r.outcome})
	}
}
