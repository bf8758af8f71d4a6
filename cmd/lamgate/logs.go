package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	api "github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

type logsCommand struct {
	clientFlags `embed:""`
	Name        string        `arg:"" help:"Function: a name, NAME:QUALIFIER or an ARN; or a log group, which begins with a slash."`
	Follow      bool          `short:"f" help:"Go on with what is logged from now on."`
	Since       time.Duration `help:"How far to go back." default:"1h"`
	JSON        bool          `help:"Print one event as JSON per line."`
}

// Run prints a log group.
func (c *logsCommand) Run(ctx context.Context, console *console) error {
	client := c.client()
	group, err := logGroup(ctx, client, c.Name)
	if err != nil {
		return err
	}
	f := &logFollower{client: client, group: group, from: time.Now().Add(-c.Since)}
	write := func(e api.FilteredLogEvent) error {
		if c.JSON {
			return printJSONLine(console.out, logLine{e.LogStreamName, e.Timestamp, e.Message, e.IngestionTime, e.EventId})
		}
		return printEvent(console.out, "", e)
	}
	err = f.read(ctx, write)
	if aws.HasCode(err, "ResourceNotFoundException") {
		err = fmt.Errorf("there is no log group %s: a function has one once it has run (lamgate status lists functions)", group)
		if c.Follow {
			fmt.Fprintf(console.err, "lamgate: %v; waiting for it\n", err)
			err = nil
		}
	}
	if err != nil || !c.Follow {
		return err
	}
	return f.follow(ctx, write)
}

// logGroup returns the log group that a name means: its own, that of the function,
// or the one which a function of that name had that is gone.
func logGroup(ctx context.Context, c *client, name string) (string, error) {
	if strings.HasPrefix(name, "/") {
		return name, nil
	}
	f, err := call[lambda.FunctionConfiguration](ctx, c, &lambda.Service, "GetFunctionConfiguration", &lambda.GetFunctionConfigurationRequest{FunctionName: &name})
	switch {
	case err == nil && f.LoggingConfig != nil && f.LoggingConfig.LogGroup != nil:
		return *f.LoggingConfig.LogGroup, nil
	case err != nil && !aws.HasCode(err, "ResourceNotFoundException"):
		return "", err
	}
	if ref, err := execution.ParseFunctionARN(name); err == nil {
		name = ref.Name
	}
	name, _, _ = strings.Cut(name, ":")
	return "/aws/lambda/" + name, nil
}

// followEvery is how often a followed log group is looked at.
const followEvery = 250 * time.Millisecond

// overlap is how far each look goes back, so that events are seen whose lines
// were stamped before those of another environment but written after them.
const overlap = 5 * time.Second

// A logFollower reads a log group bit by bit.
type logFollower struct {
	client *client
	group  string
	from   time.Time
	seen   map[string]int64 // event IDs of the overlap, with their times
}

// read passes on all events that have come since the last read.
func (f *logFollower) read(ctx context.Context, write func(api.FilteredLogEvent) error) error {
	if f.seen == nil {
		f.seen = map[string]int64{}
	}
	start := f.from.UnixMilli()
	in := &api.FilterLogEventsRequest{LogGroupName: &f.group, StartTime: &start}
	for {
		out, err := call[api.FilterLogEventsResponse](ctx, f.client, &api.Service, "FilterLogEvents", in)
		if err != nil {
			return err
		}
		for _, e := range out.Events {
			if _, ok := f.seen[aws.Value(e.EventId)]; ok {
				continue
			}
			f.seen[aws.Value(e.EventId)] = aws.Value(e.Timestamp)
			if at := time.UnixMilli(aws.Value(e.Timestamp)).Add(-overlap); at.After(f.from) {
				f.from = at
			}
			if err := write(e); err != nil {
				return err
			}
		}
		if out.NextToken == nil {
			break
		}
		in.NextToken = out.NextToken
	}
	for id, at := range f.seen {
		if at < f.from.UnixMilli() {
			delete(f.seen, id)
		}
	}
	return nil
}

// follow reads until ctx ends. A group that does not exist yet is waited for.
func (f *logFollower) follow(ctx context.Context, write func(api.FilteredLogEvent) error) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := f.read(ctx, write)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !aws.HasCode(err, "ResourceNotFoundException") {
			return err
		}
	}
}

func printEvent(w io.Writer, prefix string, e api.FilteredLogEvent) error {
	at := time.UnixMilli(aws.Value(e.Timestamp)).Format("15:04:05.000")
	_, err := fmt.Fprintf(w, "%s%s %s\n", prefix, at, strings.TrimRight(aws.Value(e.Message), "\r\n"))
	return err
}

// A logLine is an event under the names that AWS gives its members.
type logLine struct {
	LogStreamName *string `json:"logStreamName"`
	Timestamp     *int64  `json:"timestamp"` // milliseconds since 1970
	Message       *string `json:"message"`
	IngestionTime *int64  `json:"ingestionTime"`
	EventID       *string `json:"eventId"`
}
