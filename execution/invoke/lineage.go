package invoke

import (
	"crypto/sha256"
	"encoding/hex"
	"math/bits"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// A lineage says how an invocation came about through other functions. It stands
// in the Lineage field of the trace header, which AWS's clients in a function
// copy from its environment into their requests.
//
// AWS: the form is STEPS:HASH:LOOPS, as in headers that functions have logged
// (1:fe460cdd:0). What is counted is not published. Here STEPS are the functions
// passed, HASH is one of them and LOOPS is how often it has been passed again:
// Brent's way to find a cycle in the space of two numbers. HASH becomes another
// function at the powers of two, unless it comes around at least every eighth
// step: then it is in the cycle, and the count is exact.
type lineage struct {
	steps int
	hash  string
	loops int
}

// maxLoops is how often a function may be passed again.
//
// AWS: the seventeenth invocation is stopped ("Use Lambda recursive loop
// detection to prevent infinite loops").
const maxLoops = 15

const (
	maxSteps       = 32767 // of the form's first number
	maxTraceHeader = 1024
	lineageField   = "Lineage="
)

func parseLineage(s string) (l lineage, ok bool) {
	steps, rest, _ := strings.Cut(s, ":")
	hash, loops, _ := strings.Cut(rest, ":")
	var err1, err2 error
	l.steps, err1 = strconv.Atoi(steps)
	l.loops, err2 = strconv.Atoi(loops)
	l.hash = hash
	ok = err1 == nil && err2 == nil && l.steps >= 0 && l.steps <= maxSteps && l.loops >= 0 && l.loops <= 255 && len(hash) == 8
	return l, ok
}

// pass adds a function.
func (l lineage) pass(hash string) lineage {
	l.steps = min(l.steps+1, maxSteps)
	power := bits.OnesCount(uint(l.steps)) == 1
	switch {
	case l.hash == hash:
		l.loops = min(l.loops+1, 255)
	case l.hash == "" || power && 8*l.loops < l.steps/2:
		l.hash, l.loops = hash, 0
	}
	return l
}

func (l lineage) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, lineageField...), int64(l.steps), 10)
	b = append(append(append(b, ':'), l.hash...), ':')
	return strconv.AppendInt(b, int64(l.loops), 10)
}

// lineageHash is how a function stands in lineages.
func lineageHash(ref execution.FunctionRef) string {
	ref.Qualifier = ""
	sum := sha256.Sum256([]byte(ref.ARN()))
	return hex.EncodeToString(sum[:4])
}

// trace makes the trace header that a function is given of the one that its
// invocation came with, and reports whether the function has been passed too
// often. What else stands in the header stays; a header that names no trace is
// replaced.
func (s *Service) trace(header, hash string, c *execution.Configuration) (string, bool) {
	b := make([]byte, 0, 128)
	if len(header) > maxTraceHeader || !strings.Contains(header, "Root=") {
		b = append(append(b, "Root="...), aws.NewTraceID(s.Clock.Now())...)
		var parent [8]byte
		for i, random := 0, rand.Uint64(); i < len(parent); i++ {
			parent[i] = byte(random >> (8 * i))
		}
		b = hex.AppendEncode(append(b, ";Parent="...), parent[:])
		sampled := ";Sampled=0;"
		if c.TracingMode == "Active" {
			sampled = ";Sampled=1;"
		}
		b = append(b, sampled...)
		return string(lineage{}.pass(hash).append(b)), false
	}
	before, value, after := header, "", ""
	if i := strings.Index(header, lineageField); i >= 0 {
		before = header[:i]
		value, after, _ = strings.Cut(header[i+len(lineageField):], ";")
	}
	l, ok := parseLineage(value)
	if !ok {
		l = lineage{}
	}
	l = l.pass(hash)
	b = append(b, strings.TrimRight(before, "; ")...)
	b = l.append(append(b, ';'))
	if after != "" {
		b = append(append(b, ';'), after...)
	}
	return string(b), l.hash == hash && l.loops > maxLoops
}

// AWS: the text of the exception in the API reference.
func recursive() *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "RecursiveInvocationException",
		"Lambda has detected your function being invoked in a recursive loop with other AWS resources and stopped your function's invocation.").With("Type", "User")
}
