package telemetry

import "time"

// A Verdict is what a step decided.
type Verdict uint8

// The verdicts.
const (
	Passed  Verdict = iota // the request goes on
	Denied                 // by a rule that guards access
	Failed                 // something is wrong with the request or with what serves it
	Skipped                // the step had nothing to do
)

// MaxSteps is the number of steps that a journey can hold; further ones are
// counted but not kept.
const MaxSteps = 24

// A Journey is the record of one request. Its methods may be called on nil,
// and then do nothing. It is written by one goroutine at a time.
type Journey struct {
	RequestID  string
	ExtendedID string // of the x-amz-apigw-id header; empty for direct invocations
	Invocation string // the function's request ID, if one was invoked
	API        string // REST API ID; empty for direct invocations
	Stage      string
	Method     string
	Path       string
	Function   string // ARN of the function invoked, if any
	Account    string
	Region     string
	Started    time.Time
	Status     int // of the response
	Took       time.Duration

	steps [MaxSteps]Step
	n     int
}

// A Step is one entry of a journey.
type Step struct {
	Name    string // "match resource", "permission", …
	Verdict Verdict
	At      time.Duration // since the journey began
	Detail  Detail        // why; nil if there is nothing to say
}

// A Detail explains a step's verdict. It is formatted only when somebody asks,
// so it must not refer to what changes later; and it is kept while thousands of
// requests come and go, so it must not hold on to what may be large: an event, an
// answer, the text of an error.
type Detail interface {
	// Explain returns what the step looked at and decided, in one sentence,
	// and what would mend it: a command or a change to make, empty if nothing.
	Explain() (what, mend string)
}

// A Note is a Detail that says no more than its text.
type Note string

// Explain implements Detail.
func (n Note) Explain() (what, mend string) { return string(n), "" }

// Add appends a step that happened at now.
func (j *Journey) Add(now time.Time, name string, v Verdict, d Detail) {
	if j == nil {
		return
	}
	if j.n < MaxSteps {
		j.steps[j.n] = Step{name, v, now.Sub(j.Started), d}
	}
	j.n++
}

// Merge adds the steps of another journey that began at the same time, in the
// order in which all of them happened.
func (j *Journey) Merge(other *Journey) {
	if j == nil {
		return
	}
	for _, s := range other.steps[:min(other.n, MaxSteps)] {
		at := min(j.n, MaxSteps)
		for at > 0 && j.steps[at-1].At > s.At {
			at--
		}
		if at < MaxSteps {
			copy(j.steps[at+1:], j.steps[at:])
			j.steps[at] = s
		}
		j.n++
	}
	j.n += max(0, other.n-MaxSteps)
}

// Steps returns the journey's steps in order, and how many more there were
// than it could hold.
func (j *Journey) Steps() (steps []Step, lost int) {
	if j == nil {
		return nil, 0
	}
	return j.steps[:min(j.n, MaxSteps)], max(0, j.n-MaxSteps)
}

// String returns the verdict in lower case.
func (v Verdict) String() string {
	return [...]string{"passed", "denied", "failed", "skipped"}[v]
}
