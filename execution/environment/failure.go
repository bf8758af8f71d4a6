package environment

import (
	"bytes"
	"strings"
	"time"

	"github.com/lamgate/lamgate/execution"
)

// A Failure is what ended an environment, for those who explain.
type Failure struct {
	State     State  // of the environment until then
	RequestID string // that it was invoked with last; empty if never
	Cause     Cause
	ErrorType string
	Payload   []byte // what the runtime said of it, or its beginning; nil if it said nothing
	Message   string // else what lamgate says
	Took      time.Duration
	// Culprit is who ended, or who had not asked for its next event when the time
	// was up: "the runtime", "the extension NAME". Empty for the function itself.
	Culprit string
}

// Init reports whether the environment was not ready yet.
func (f *Failure) Init() bool { return f.State <= Initialising }

// A Witness is told what fails once a request is answered. It must not wait.
type Witness interface {
	FailedLater(function execution.FunctionRef, requestID string, f *Failure)
}

func (v *verdict) failure(state State, took time.Duration) *Failure {
	payload := v.payload
	if len(payload) > maxTold { // a reset environment may remember it for long
		payload = bytes.Clone(payload[:maxTold])
	}
	return &Failure{State: state, Cause: v.cause, ErrorType: v.errorType, Payload: payload, Message: v.message, Took: took, Culprit: v.culprit}
}

// maxTold is how much is kept of what a runtime says of a failure.
const maxTold = 16 << 10

// awaited names those who have not asked for their next event, with mu held.
func (e *Environment) awaited() string {
	if e.api == nil {
		return ""
	}
	var who []string
	if !e.asked && e.missing == 0 { // else it has not been started
		who = append(who, "the runtime")
	}
	for _, x := range e.api.Extensions() {
		if !x.Settled() {
			who = append(who, extension(x.Name))
		}
	}
	return strings.Join(who, " and ")
}

// extension names one for people.
func extension(name string) string { return "the extension " + name }

// told tells who wants to know it that a request failed after its answer.
func (e *Environment) told(w Witness, requestID string, f *Failure) {
	if w != nil {
		w.FailedLater(e.pool.function, requestID, f)
	}
}
