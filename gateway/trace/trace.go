package trace

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/jsontext"
)

// Header is the name of the header, in the form in which net/http keeps it too.
const Header = "X-Amzn-Trace-Id"

// A Trace is what a request says of its trace, and what was added. The zero
// Trace has not begun.
type Trace struct {
	Root string // empty until it has begun

	incoming string // the client's header; empty if it sent none that names a root
	parent   string // 16 hexadecimal digits
	sampled  string
	text     string // see String
}

// Begin continues the trace that the client's headers name, or starts one.
// sampled, "0" or "1", is decided here if the client has not.
func (t *Trace) Begin(sent []string, now time.Time, sampled string) {
	if len(sent) > 0 {
		for part := range strings.SplitSeq(sent[len(sent)-1], ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			switch {
			case strings.EqualFold(name, "Root"):
				t.Root, t.incoming = value, sent[len(sent)-1]
			case strings.EqualFold(name, "Parent") && isSegmentID(value):
				t.parent = value
			case strings.EqualFold(name, "Sampled"):
				t.sampled = value
			}
		}
	}
	if t.Root == "" {
		t.Root = aws.NewTraceID(now)
	}
	if t.sampled != "0" && t.sampled != "1" {
		t.sampled = sampled
	}
	// AWS: the client's segment stays the parent of the function's, and the
	// caller reads it back (recorded: test_invocation_trace_id).
	if t.parent != "" {
		return
	}
	var b [8]byte
	for i, random := 0, rand.Uint64(); i < len(b); i++ {
		b[i] = byte(random >> (8 * i))
	}
	t.parent = hex.EncodeToString(b[:])
}

// isSegmentID says whether s is what X-Ray names a segment by.
func isSegmentID(s string) bool {
	if len(s) != 16 {
		return false
	}
	_, err := hex.DecodeString(s)
	return err == nil
}

// String is the trace as the function and the caller receive it.
func (t *Trace) String() string {
	if t.text == "" {
		t.text = "Root=" + t.Root + ";Parent=" + t.parent + ";Sampled=" + t.sampled + ";Lineage=1:" + t.parent[:8] + ":0"
	}
	return t.text
}

// Incoming is the trace as an integration that is called receives it: the
// client's own, or the root alone.
func (t *Trace) Incoming() string {
	if t.incoming != "" {
		return t.incoming
	}
	return "Root=" + t.Root
}

// AppendIncoming appends the trace as it stands in an event's headers: the
// client's own, or the root alone.
func (t *Trace) AppendIncoming(b []byte) []byte {
	if t.incoming != "" {
		return jsontext.AppendEscaped(b, t.incoming)
	}
	return append(append(b, "Root="...), t.Root...)
}
