package front

import (
	"net/http"
	"strings"
)

// What journeys tell of a request outlives it by thousands of others. So it is
// short, whatever a caller has sent or a function answered, and shares no memory
// with what was long.
const (
	maxTarget  = 1024
	maxExcerpt = 512
	maxFailure = 2048
)

// Told returns a part of a request's target for its journey.
func Told(r *http.Request, part string) string {
	if len(r.RequestURI) <= maxTarget {
		return part
	}
	return strings.Clone(part[:min(len(part), maxTarget)])
}

// Excerpt is the beginning of what was sent or answered, for an explanation.
func Excerpt[T string | []byte](s T) string {
	if len(s) <= maxExcerpt {
		return strings.Clone(string(s)) // which may be a part of what is long
	}
	return string(s[:maxExcerpt]) + "…"
}

// Argument returns an argument of a command that an explanation proposes, so that
// a shell takes it for nothing else, whoever has sent it.
func Argument(s string) string {
	for _, ch := range s {
		if ch > '~' || ch <= ' ' || strings.ContainsRune("\"#$&'()*;<>?[\\]^`{|}~!", ch) {
			return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
		}
	}
	return s
}

// A Failure explains a function's error.
type Failure struct{ arn, name, said string }

// FailureOf words the error of the function with a name.
func FailureOf(arn, name string, payload []byte) Failure {
	return Failure{arn, name, string(payload[:min(len(payload), maxFailure)])}
}

// Explain makes a Failure the detail of a journey's step.
func (f Failure) Explain() (what, mend string) {
	return f.arn + " failed: " + f.said, "look into the function's log: lamgate logs " + f.name
}
