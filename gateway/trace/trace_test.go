package trace_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/lamgate/lamgate/gateway/trace"
)

func TestTraces(t *testing.T) {
	now := time.Unix(0x5e6b67ad, 0)
	for _, c := range []struct {
		name     string
		sent     []string
		sampled  string // by whoever begins it
		text     string // a regular expression
		incoming string // another
	}{
		{"a new one", nil, "0", `^Root=1-5e6b67ad-[0-9a-f]{24};Parent=([0-9a-f]{8})[0-9a-f]{8};Sampled=0;Lineage=1:[0-9a-f]{8}:0$`, `^Root=1-5e6b67ad-[0-9a-f]{24}$`},
		{"a new one that is sampled", nil, "1", `;Sampled=1;`, `^Root=`},
		{"a root that goes on", []string{"Root=1-a-b"}, "1", `^Root=1-a-b;Parent=[0-9a-f]{16};Sampled=1;`, `^Root=1-a-b$`},
		{"all of it", []string{"Root=1-a-b;Parent=53995c3f42cd8ad8;Sampled=0"}, "1", `^Root=1-a-b;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:53995c3f:0$`, `^Root=1-a-b;Parent=53995c3f42cd8ad8;Sampled=0$`},
		{"in another order and case", []string{" sampled=1; parent=53995c3f42cd8ad8 ;ROOT=1-a-b"}, "0", `^Root=1-a-b;Parent=53995c3f42cd8ad8;Sampled=1;`, `sampled=1`},
		{"what is no parent and no decision", []string{"Root=1-a-b;Parent=zz995c3f42cd8ad8;Sampled=?"}, "0", `^Root=1-a-b;Parent=[0-9a-f]{16};Sampled=0;`, `Sampled=\?$`},
		{"the last of several", []string{"Root=1-a-b", "Root=1-c-d"}, "0", `^Root=1-c-d;`, `^Root=1-c-d$`},
		{"what names no root", []string{"Parent=53995c3f42cd8ad8"}, "0", `^Root=1-5e6b67ad-[0-9a-f]{24};Parent=53995c3f42cd8ad8;`, `^Root=1-5e6b67ad-[0-9a-f]{24}$`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var tr trace.Trace
			tr.Begin(c.sent, now, c.sampled)
			if got := tr.String(); !regexp.MustCompile(c.text).MatchString(got) || got != tr.String() {
				t.Errorf("the function receives %q", got)
			}
			if got := tr.Incoming(); !regexp.MustCompile(c.incoming).MatchString(got) || string(tr.AppendIncoming(nil)) != got {
				t.Errorf("an integration receives %q, an event %q", got, tr.AppendIncoming(nil))
			}
		})
	}
}
