package main

import (
	"fmt"
	"strings"
	"time"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
)

// A progress shows what becomes of a stack's resources: a line for each that is
// done, and below those that are under way, drawn anew, on a terminal; a line per
// event elsewhere.
type progress struct {
	console *console
	rows    []progressRow
	index   map[string]int
	drawn   int // lines on the screen that are drawn anew
	failed  string
}

type progressRow struct {
	logical, kind, status, reason string
	began, ended                  time.Time
	told                          bool // it has ended, and its line stands
}

// mostUnderWay is how many lines are drawn anew. What a screen has no room for
// could not be.
const mostUnderWay = 10

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
	if !row.ended.IsZero() { // it is updated, or deleted, after all
		*row = progressRow{logical: id, kind: row.kind, began: aws.Value(e.Timestamp)}
	}
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

// draw brings the screen up to date.
func (p *progress) draw() {
	if !p.console.terminal {
		return
	}
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", p.drawn)
	}
	p.drawn = 0
	var underWay strings.Builder
	for i := range p.rows {
		r := &p.rows[i]
		switch {
		case r.told:
		case !r.ended.IsZero():
			r.told = true
			b.WriteString(r.line())
		case p.drawn < mostUnderWay:
			p.drawn++
			// A line that wraps would be two.
			underWay.WriteString(cut(fmt.Sprintf("  %-34s %s  %s", r.logical, r.words(), r.kind), p.console.columns-1) + "\n")
		}
	}
	b.WriteString(underWay.String())
	fmt.Fprint(p.console.out, b.String())
}

// line is that of a row that has ended.
func (r *progressRow) line() string {
	mark, why := "\x1b[32m✓\x1b[0m", ""
	failed := strings.HasSuffix(r.status, "_FAILED")
	if failed || strings.Contains(r.status, "ROLLBACK") {
		mark = "\x1b[31m✗\x1b[0m"
	}
	if failed && r.reason != "" {
		why = "  " + r.reason
	}
	return fmt.Sprintf("%s %-34s %-32s %s in %d ms%s\n", mark, r.logical, r.kind, r.words(), r.ended.Sub(r.began).Milliseconds(), why)
}

// words is the status as one says it.
func (r *progressRow) words() string { return strings.ToLower(strings.ReplaceAll(r.status, "_", " ")) }

// cut shortens a line to n characters, if n is known.
func cut(s string, n int) string {
	if r := []rune(s); n > 0 && len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
