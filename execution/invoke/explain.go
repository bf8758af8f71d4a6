package invoke

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/telemetry"
)

// explain leaves in the journey how the function was run and what came of it.
func (s *Service) explain(j *telemetry.Journey, ref execution.FunctionRef, c *execution.Configuration, o *environment.Outcome) {
	if j == nil {
		return
	}
	now := s.Clock.Now()
	ran := now.Add(-o.Duration)
	if ran.Before(j.Started) {
		ran = j.Started
	}
	verdict := telemetry.Passed
	if o.Before != nil && o.Before.RequestID == "" {
		verdict = telemetry.Failed
	}
	j.Add(ran, "environment", verdict, placedOf(ref, c, o))
	verdict = telemetry.Passed
	if o.Cause != environment.None {
		verdict = telemetry.Failed
	}
	j.Add(now, "function", verdict, endedOf(ref, c, o))
}

// placed is how an invocation came to its environment.
type placed struct {
	name, runtime string
	cold          bool
	waited, init  time.Duration
	environment   string
	warning       string
	before        *failure // how the environment failed before it was started again; nil if it did not
	again         time.Duration
}

func placedOf(ref execution.FunctionRef, c *execution.Configuration, o *environment.Outcome) *placed {
	return &placed{ref.Name, c.Runtime, o.ColdStart, o.Waited, o.InitDuration, o.Environment, c.RuntimeWarning, failureOf(o.Before), o.Again}
}

// Explain implements telemetry.Detail.
func (p *placed) Explain() (what, mend string) {
	switch {
	case p.before != nil && p.before.request != "":
		what = "the environment was reset when " + p.before.request + " failed (" + p.before.report + p.before.whose() + "), and started again within the invocation, as on AWS" + p.took()
	case p.before != nil:
		why, hint := missingSDK(p.runtime, p.before.report)
		what = "a new environment's init " + p.before.how() + why + "; it was begun again within the invocation, as on AWS" + p.took()
		mend = cmp.Or(hint, p.before.mend(), "lamgate logs "+p.name)
	case p.cold:
		what = fmt.Sprintf("a new environment was started (cold start: %s from the request, of which the function's own init took %s)", short(p.waited), short(p.init))
	case p.waited > 0:
		what = fmt.Sprintf("waited %s for an environment to be free; it was warm", short(p.waited))
	default:
		what = "a warm environment was free"
	}
	if p.warning != "" {
		what += "; " + p.warning
	}
	return what + "; log stream " + p.environment, mend
}

// took tells how long an init took within the invocation.
func (p *placed) took() string {
	if p.again == 0 {
		return "" // what it came to is the next step
	}
	return ", of which the init took " + short(p.again)
}

// ended is how the function's run ended. Thousands of journeys are kept, so it
// keeps nothing of the answer, and of an error what it tells.
type ended struct {
	ref      execution.FunctionRef
	runtime  string
	memoryMB int
	timeout  time.Duration
	handler  string
	cause    environment.Cause
	took     time.Duration
	answered int64    // bytes
	report   string   // of the error
	failure  *failure // of its environment; nil if that lives
}

func endedOf(ref execution.FunctionRef, c *execution.Configuration, o *environment.Outcome) *ended {
	e := &ended{ref, c.Runtime, c.MemoryMB, c.Timeout, c.Handler, o.Cause, o.Duration, int64(len(o.Payload)) + o.Streamed, "", failureOf(o.Failure)}
	if o.Cause != environment.None {
		e.report = clip(describe(o.Payload))
	}
	return e
}

// Explain implements telemetry.Detail.
func (e *ended) Explain() (what, mend string) {
	took := fmt.Sprintf("%s after %s", e.ref.Name, short(e.took))
	configure := "aws lambda update-function-configuration --function-name " + e.ref.Name
	switch e.cause {
	case environment.None:
		return fmt.Sprintf("%s answered %d bytes", took, e.answered), ""
	case environment.FunctionError:
		return e.failed(took + " raised ")
	case environment.InitError:
		handler := ""
		if e.handler != "" {
			handler = " (handler " + e.handler + ")"
		}
		return e.failed(e.ref.Name + " could not be loaded" + handler + ": ")
	case environment.Timeout:
		longer := configure + fmt.Sprintf(" --timeout %d", int(2*e.timeout.Seconds()))
		if e.failure != nil && e.failure.init {
			what = fmt.Sprintf("the init of %s, within the invocation, did not end within the function's timeout of %s, and was ended", e.ref.Name, e.timeout)
			return what + e.failure.waited(), cmp.Or(e.failure.mend(), longer)
		}
		return fmt.Sprintf("%s did not answer within its timeout of %s, and was ended", e.ref.Name, e.timeout),
			longer
	case environment.OutOfMemory:
		return fmt.Sprintf("%s used up its memory of %d MB, and was ended", took, e.memoryMB),
			configure + fmt.Sprintf(" --memory-size %d", 2*e.memoryMB)
	case environment.ResponseTooLarge:
		return took + " answered more than 6 MB", "store the answer in S3 and return its URL"
	}
	if e.failure != nil && e.failure.init {
		took += " of its init"
	}
	return took + " ended without an answer: " + e.report + e.failure.whose(), "lamgate logs " + e.ref.Name
}

// failed explains an error that the function, or its client, has reported.
func (e *ended) failed(so string) (what, mend string) {
	why, mend := missingSDK(e.runtime, e.report)
	return so + e.report + why, cmp.Or(mend, "lamgate logs "+e.ref.Name)
}

// describe tells an error object in a line: its type, message, and the line of
// the function's code where it arose.
func describe(payload []byte) string {
	var e struct {
		Type    string   `json:"errorType"`
		Message string   `json:"errorMessage"`
		Python  []string `json:"stackTrace"`
		Node    []string `json:"trace"`
	}
	if json.Unmarshal(payload, &e) != nil || e.Type == "" && e.Message == "" {
		return string(payload[:min(len(payload), 200)])
	}
	text := e.Type + ": " + e.Message
	switch {
	case len(e.Python) > 0: // the innermost call is the last
		text += ", " + strings.Join(strings.Fields(e.Python[len(e.Python)-1]), " ")
	case len(e.Node) > 1:
		text += ", " + strings.TrimSpace(e.Node[1])
	}
	return text
}

// refused is why an invocation did not reach its function.
type refused struct{ err error }

// Explain implements telemetry.Detail.
func (r refused) Explain() (what, mend string) {
	f := aws.AsFault(r.err)
	if f == nil {
		return r.err.Error(), ""
	}
	what = f.Code + ": " + f.Message
	if errors.Is(r.err, environment.ErrNoMemory) {
		return what + " This host's memory is in use: an environment more would make it swap.", "run less at once, reserve concurrency for what must not wait, or give lamgate a larger host"
	}
	if f.Code == "RecursiveInvocationException" {
		return what + " The trace header's Lineage has the function a seventeenth time.", "aws lambda put-function-recursion-config --recursive-loop Allow, if the loop is meant and has an end"
	}
	switch f.Members["Reason"] {
	case "ReservedFunctionConcurrentInvocationLimitExceeded":
		return what + " All of the function's reserved concurrency is in use.", "aws lambda put-function-concurrency, or delete-function-concurrency"
	case "ReservedFunctionInvocationRateLimitExceeded":
		return what + " The function was invoked more often in a second than ten times its reserved concurrency.", "aws lambda put-function-concurrency, or delete-function-concurrency"
	case "ConcurrentInvocationLimitExceeded":
		return what + " The account's concurrency is in use.", ""
	}
	return what, ""
}

func short(d time.Duration) string {
	if d < time.Millisecond {
		return d.Round(time.Microsecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}
