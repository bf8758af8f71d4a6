package main

import (
	"fmt"
	"strings"
	"time"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
)

// A progress shows what becomes of a stack's resources: as a table that is
// drawn anew on a terminal, as a line per event elsewhere.
type progress struct {
	console *console
	rows    []progressRow
	index   map[string]int
	drawn   int // lines of the table on the screen
	failed  string
}

type progressRow struct {
	logical, kind, status, reason string
	began, ended                  time.Time
}

func newProgress(c *console) *progress { return &progress{console: c, index: map[string]int{}} }

// add takes one event.
func (p *progress) add(e api.StackEvent) {
	id := aws.Value(e.LogicalResourceId)
	status, reason := aws.Value(e.ResourceStatus), aws.Value(e.ResourceStatusReason)
	i, ok := p.index[id]
	if !ok {
		i = len(p.rows)
		p.index[id] = i
		p.rows = append(p.rows, progressRow{logical: id, kind: aws.Value(e.ResourceType), began: aws.Value(e.Timestamp)})
	}
	row := &p.rows[i]
	row.status = status
	if reason != "" {
		row.reason = reason
	}
	if strings.HasSuffix(status, "_COMPLETE") || strings.HasSuffix(status, "_FAILED") {
		row.ended = aws.Value(e.Timestamp)
	}
	// The first failure is the cause; those that follow are cancelled for it.
	if strings.HasSuffix(status, "_FAILED") && p.failed == "" {
		p.failed = fmt.Sprintf("%s: %s", id, reason)
	}
	if !p.console.terminal {
		line := fmt.Sprintf("%-28s %-32s %s", status, aws.Value(e.ResourceType), id)
		if reason != "" {
			line += "  " + reason
		}
		fmt.Fprintln(p.console.out, line)
	}
}

// reason is the first failure among the events.
func (p *progress) reason() string {
	if p.failed == "" {
		return "no event says why"
	}
	return p.failed
}

// draw brings the table on the screen up to date.
func (p *progress) draw() {
	if !p.console.terminal {
		return
	}
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", p.drawn)
	}
	for _, r := range p.rows {
		mark := " "
		switch {
		case strings.HasSuffix(r.status, "_FAILED") || strings.Contains(r.status, "ROLLBACK"):
			mark = "\x1b[31m✗\x1b[0m"
		case strings.HasSuffix(r.status, "_COMPLETE"):
			mark = "\x1b[32m✓\x1b[0m"
		}
		took := ""
		if !r.ended.IsZero() {
			took = fmt.Sprintf("%d ms", r.ended.Sub(r.began).Milliseconds())
		}
		fmt.Fprintf(&b, "\x1b[2K%s %-34s %-32s %-24s %8s\n", mark, cut(r.logical, 34), cut(r.kind, 32), strings.ToLower(strings.ReplaceAll(r.status, "_", " ")), took)
	}
	p.drawn = len(p.rows)
	fmt.Fprint(p.console.out, b.String())
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n-1] + "…"
}
