package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	api "github.com/lamgate/lamgate/api/cloudformation"
)

// On a terminal, lines of what is done stay, and those below are drawn anew.
func TestProgressOnATerminal(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&console{out: &out, terminal: true, columns: 60})
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	event := func(id, status, reason string) {
		at = at.Add(7 * time.Millisecond)
		p.add(api.StackEvent{LogicalResourceId: &id, ResourceType: new("AWS::Lambda::Function"), ResourceStatus: &status, ResourceStatusReason: &reason, Timestamp: new(at)})
	}
	drawn := func(want string) {
		t.Helper()
		out.Reset()
		p.draw()
		want = strings.NewReplacer("<up 1>", "\x1b[1A\x1b[J", "<up 2>", "\x1b[2A\x1b[J", "✓", "\x1b[32m✓\x1b[0m", "✗", "\x1b[31m✗\x1b[0m").Replace(want)
		if got := out.String(); got != want {
			t.Errorf("it draws\n%q, not\n%q", got, want)
		}
	}
	event("One", "CREATE_IN_PROGRESS", "")
	event("Two", "CREATE_IN_PROGRESS", "")
	drawn("  One                                create in progress  A…\n  Two                                create in progress  A…\n")
	event("Two", "CREATE_FAILED", "it broke")
	drawn("<up 2>✗ Two                                AWS::Lambda::Function            create failed in 7 ms  it broke\n  One                                create in progress  A…\n")
	event("One", "CREATE_COMPLETE", "")
	drawn("<up 1>✓ One                                AWS::Lambda::Function            create complete in 21 ms\n")
	event("One", "DELETE_IN_PROGRESS", "")
	drawn("  One                                delete in progress  A…\n")
	if p.reason() != "Two: it broke" {
		t.Errorf("the cause is %s", p.reason())
	}
}
