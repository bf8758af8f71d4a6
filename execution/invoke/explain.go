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
	j.Add(ran, "environment", telemetry.Passed, &placed{o.ColdStart, o.Waited, o.InitDuration, o.Environment, c.RuntimeWarning})
	verdict := telemetry.Passed
	if o.Cause != environment.None {
		verdict = telemetry.Failed
	}
	j.Add(now, "function", verdict, endedOf(ref, c, o))
}

// placed is how an invocation came to its environment.
type placed struct {
	cold         bool
	waited, init time.Duration
	environment  string
	warning      string
}

// Explain implements telemetry.Detail.
func (p *placed) Explain() (what, mend string) {
	switch {
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
	return what + "; log stream " + p.environment, ""
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
	answered int    // bytes
	report   string // of the error
}

// maxReport is how much is told of an error.
const maxReport = 2048

func endedOf(ref execution.FunctionRef, c *execution.Configuration, o *environment.Outcome) *ended {
	e := &ended{ref, c.Runtime, c.MemoryMB, c.Timeout, c.Handler, o.Cause, o.Duration, len(o.Payload), ""}
	if o.Cause != environment.None {
		e.report = describe(o.Payload)
		if len(e.report) > maxReport {
			e.report = strings.Clone(e.report[:maxReport]) + "…"
		}
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
		return e.failed(fmt.Sprintf("%s could not be loaded (handler %s): ", e.ref.Name, e.handler))
	case environment.Timeout:
		return fmt.Sprintf("%s did not answer within its timeout of %s, and was ended", e.ref.Name, e.timeout),
			configure + fmt.Sprintf(" --timeout %d", int(2*e.timeout.Seconds()))
	case environment.OutOfMemory:
		return fmt.Sprintf("%s used up its memory of %d MB, and was ended", took, e.memoryMB),
			configure + fmt.Sprintf(" --memory-size %d", 2*e.memoryMB)
	case environment.ResponseTooLarge:
		return took + " answered more than 6 MB", "store the answer in S3 and return its URL"
	}
	return took + " ended without an answer: " + e.report, "lamgate logs " + e.ref.Name
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
