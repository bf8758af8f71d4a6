package rest

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/jsontext"
)

// traceHeader is the header that carries a trace through AWS's services.
const traceHeader = "X-Amzn-Trace-Id"

// A trace is the X-Ray trace that a request belongs to.
type trace struct {
	incoming string // the client's header; empty if it sent none that names a root
	root     string
	parent   string // 16 hexadecimal digits
	sampled  string
	text     string // see String
}

// beginTrace continues the trace that the client's header names, or starts one.
func (c *call) beginTrace() {
	t := &c.trace
	if sent := c.request.Header[traceHeader]; len(sent) > 0 {
		for part := range strings.SplitSeq(sent[len(sent)-1], ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			switch {
			case strings.EqualFold(name, "Root"):
				t.root, t.incoming = value, sent[len(sent)-1]
			case strings.EqualFold(name, "Parent") && isSegmentID(value):
				t.parent = value
			case strings.EqualFold(name, "Sampled"):
				t.sampled = value
			}
		}
	}
	if t.root == "" {
		t.root = aws.NewTraceID(c.now)
	}
	if t.sampled != "0" && t.sampled != "1" {
		t.sampled = c.stage.sampled
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

// ensureTrace begins the trace unless a step has done so.
func (c *call) ensureTrace() {
	if c.trace.root == "" {
		c.beginTrace()
	}
}

// String is the trace as the function and the caller receive it.
func (t *trace) String() string {
	if t.text == "" {
		t.text = "Root=" + t.root + ";Parent=" + t.parent + ";Sampled=" + t.sampled + ";Lineage=1:" + t.parent[:8] + ":0"
	}
	return t.text
}

// header is the trace as an integration that is called receives it: the
// client's own, or the root alone.
func (t *trace) header() string {
	if t.incoming != "" {
		return t.incoming
	}
	return "Root=" + t.root
}

// appendIncoming appends the trace as it stands in an event's headers: the
// client's own, or the root alone.
func (t *trace) appendIncoming(b []byte) []byte {
	if t.incoming != "" {
		return jsontext.AppendEscaped(b, t.incoming)
	}
	return append(append(b, "Root="...), t.root...)
}
