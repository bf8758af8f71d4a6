package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/lamgate/lamgate/server"
)

type whyCommand struct {
	clientFlags `embed:""`
	RequestID   string `arg:"" name:"request-id" help:"The x-amzn-RequestId or x-amz-apigw-id of a response, or a function's request ID."`
	JSON        bool   `help:"Print the journey as JSON."`
}

// Run explains a request.
func (c *whyCommand) Run(ctx context.Context, console *console) error {
	var j server.Journey
	if err := c.client().own(ctx, "/journeys/"+url.PathEscape(c.RequestID), &j); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(console.out, j)
	}
	printJourney(console.out, &j)
	return nil
}

func printJourney(w io.Writer, j *server.Journey) {
	what := "invocation of " + j.Function
	switch {
	case j.API != "":
		what = fmt.Sprintf("%s %s  (API %s, stage %s)", j.Method, j.Path, j.API, j.Stage)
	case j.Method != "" && j.Function != "":
		what = fmt.Sprintf("%s %s  (URL of %s)", j.Method, j.Path, j.Function)
	case j.Method != "":
		what = fmt.Sprintf("%s %s", j.Method, j.Path)
	}
	fmt.Fprintf(w, "%s\n%s → %d in %s\n\n", j.RequestID, what, j.Status, milliseconds(j.TookNanos))
	for _, s := range j.Steps {
		mark := map[string]string{"passed": "✓", "denied": "✗", "failed": "✗", "skipped": "·"}[s.Verdict]
		fmt.Fprintf(w, "%10s  %s %s", milliseconds(s.AtNanos), mark, s.Name)
		if s.Verdict == "denied" {
			fmt.Fprint(w, " (denied)")
		}
		fmt.Fprintln(w)
		if s.Why != "" {
			fmt.Fprintln(w, indent(s.Why))
		}
		if s.Mend != "" {
			fmt.Fprintln(w, indent("→ "+s.Mend))
		}
	}
	if j.LostSteps > 0 {
		fmt.Fprintf(w, "and %d further steps that were not kept\n", j.LostSteps)
	}
}

func indent(text string) string {
	const margin = "              "
	return margin + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+margin)
}

func milliseconds(nanos int64) string {
	return fmt.Sprintf("%.2f ms", float64(nanos)/float64(time.Millisecond))
}
