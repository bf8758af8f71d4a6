package invoke

import (
	"fmt"
	"strings"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/telemetry"
)

// A failure is what ended an environment, as journeys keep it.
type failure struct {
	init    bool   // it was not ready yet
	request string // that the environment was invoked with last
	idle    bool   // it had nothing to do
	timeout bool
	took    time.Duration
	report  string
	culprit string
}

func failureOf(f *environment.Failure) *failure {
	if f == nil {
		return nil
	}
	report := f.ErrorType + ": " + f.Message
	if f.Payload != nil {
		report = describe(f.Payload)
	}
	idle := f.State == environment.Idle || f.State == environment.Frozen
	return &failure{f.Init(), f.RequestID, idle, f.Cause == environment.Timeout, f.Took, clip(report), f.Culprit}
}

// how tells how an init failed, or what failed once it was answered.
func (f *failure) how() string {
	if f.timeout {
		return "did not end within " + f.took.Round(100*time.Millisecond).String() + f.waited()
	}
	return fmt.Sprintf("failed after %s: %s%s", short(f.took), f.report, f.whose())
}

// whose names the process that failed, if it is not the function itself.
func (f *failure) whose() string {
	if f == nil || f.culprit == "" {
		return ""
	}
	return " (" + f.culprit + ")"
}

// waited names who was waited for in vain.
func (f *failure) waited() string {
	if f.culprit == "" {
		return ""
	}
	return ": " + f.culprit + " had not asked for the next event"
}

// mend is what helps an init that did not end; nothing of another failure.
func (f *failure) mend() string {
	if !f.timeout || f.culprit == "" {
		return ""
	}
	const limits = "; an init has 10 s, and begun again within an invocation the function's timeout"
	path := "/2020-01-01/extension/event/next, for each name that it registers"
	if strings.HasPrefix(f.culprit, "the runtime") {
		path = "/2018-06-01/runtime/invocation/next; a handler's module should not wait while it is loaded"
	}
	return f.culprit + " must get as far as GET " + path + limits
}

// A witness adds to journeys what failed after the answer.
type witness struct{ *Service }

// FailedLater implements environment.Witness.
func (w witness) FailedLater(function execution.FunctionRef, requestID string, f *environment.Failure) {
	w.Journeys.Late(requestID, w.Clock.Now(), "after the answer", telemetry.Failed, &later{function.Name, *failureOf(f)})
}

// later is what failed when the caller had its answer.
type later struct {
	name string
	failure
}

// Explain implements telemetry.Detail.
func (l *later) Explain() (what, mend string) {
	const ended = "; the caller has the answer, the environment was ended"
	mend = "lamgate logs " + l.name
	switch {
	case l.timeout:
		return fmt.Sprintf("the invocation was not over within the timeout of %s%s%s", l.took.Round(100*time.Millisecond), l.waited(), ended), mend
	case l.idle:
		return fmt.Sprintf("the environment failed between two events, %s after it was given this one: %s%s; the caller has the answer", short(l.took), l.report, l.whose()), mend
	}
	return l.how() + ended, mend
}

// maxReport is how much is told of an error.
const maxReport = 2048

func clip(report string) string {
	if len(report) <= maxReport {
		return report
	}
	return strings.Clone(report[:maxReport]) + "…"
}
