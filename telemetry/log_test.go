package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/state/statetest"
	"github.com/lamgate/lamgate/telemetry"
)

const (
	account = "111122223333"
	region  = "us-east-1"
	group   = "/aws/lambda/hello"
	stream  = "2026/07/01/[$LATEST]0123456789abcdef0123456789abcdef"
)

var start = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func openLogs(t *testing.T, s *state.Store, clock aws.Clock) *telemetry.Logs {
	t.Helper()
	l := telemetry.NewLogs(s.Documents(), s.Logs(), clock, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { l.Close(context.Background()) })
	return l
}

func line(at time.Time, message string) state.LogEvent {
	return state.LogEvent{Timestamp: at, Message: message}
}

func appendTo(t *testing.T, l *telemetry.Logs, stream string, events ...state.LogEvent) {
	t.Helper()
	if err := l.Append(account, region, group, stream, events); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, l *telemetry.Logs, q telemetry.LogQuery) (messages []string, page []telemetry.LogLine, more bool) {
	t.Helper()
	q.Account, q.Region, q.Group = account, region, group
	page, more, err := l.Read(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range page {
		messages = append(messages, line.Message)
	}
	return messages, page, more
}

func TestTheFirstLineMakesGroupAndStream(t *testing.T) {
	store, clock := statetest.Open(t), aws.NewManualClock(start)
	l := openLogs(t, store, clock)
	appendTo(t, l, stream, line(start, "one"), line(start.Add(time.Second), "two"))

	groups := l.Groups(account, region)
	if len(groups) != 1 || groups[0].Name != group || groups[0].ARN() != "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/hello" {
		t.Errorf("groups are %v", groups)
	}
	streams, _ := l.Streams(account, region, group)
	if len(streams) != 1 || streams[0].Name != stream || !streams[0].LastEvent.Equal(start.Add(time.Second)) || !streams[0].FirstEvent.Equal(start) {
		t.Errorf("streams are %v", streams)
	}
	if len(store.Documents().List(telemetry.LogStreamsPrefix)) != 0 {
		t.Error("the stream's document was written while its first line waited")
	}
	// Another server on the same store sees what the keeper has written.
	l.Close(t.Context())
	again := openLogs(t, store, clock)
	streams, _ = again.Streams(account, region, group)
	if len(streams) != 1 || !streams[0].LastEvent.Equal(start.Add(time.Second)) || streams[0].Bytes != 2*(3+26) {
		t.Errorf("after a restart streams are %v", streams)
	}
	if got, page, _ := read(t, again, telemetry.LogQuery{Forward: true}); !slices.Equal(got, []string{"one", "two"}) || page[0].Stream != stream {
		t.Errorf("after a restart lines are %v", page)
	}
}

func TestTheKeeperWritesSoon(t *testing.T) {
	store, clock := statetest.Open(t), aws.NewManualClock(start)
	l := openLogs(t, store, clock)
	written := make(chan struct{}, 10)
	defer store.Documents().Watch(telemetry.LogStreamsPrefix, func(state.Change) { written <- struct{}{} })()
	appendTo(t, l, stream, line(start, "one"))
	clock.Advance(100 * time.Millisecond)
	<-written
	appendTo(t, l, stream, line(start.Add(time.Second), "two"))
	clock.Advance(time.Minute)
	<-written
	doc, err := state.Load[telemetry.LogStream](store.Documents(), telemetry.LogStreamKey(account, region, group, stream))
	if err != nil || !doc.LastEvent.Equal(start.Add(time.Second)) {
		t.Errorf("the document says %v, %v", doc, err)
	}
}

func TestReadingPages(t *testing.T) {
	l := openLogs(t, statetest.Open(t), aws.NewManualClock(start))
	// They do not arrive in the order of their time.
	var want []string
	for i := range 100 {
		k := i ^ 3
		appendTo(t, l, []string{"a", "b"}[k%2], line(start.Add(time.Duration(k)*time.Millisecond), fmt.Sprint(k)))
		want = append(want, fmt.Sprint(i))
	}
	var got []string
	q := telemetry.LogQuery{Forward: true, Limit: 7}
	for {
		messages, page, more := read(t, l, q)
		got = append(got, messages...)
		if !more {
			break
		}
		q.After = page[len(page)-1].Position
	}
	if !slices.Equal(got, want) {
		t.Errorf("forward: %v", got)
	}
	got = nil
	q = telemetry.LogQuery{Limit: 7}
	for {
		messages, page, more := read(t, l, q)
		got = append(messages, got...)
		if !more {
			break
		}
		q.Before = page[0].Position
	}
	if !slices.Equal(got, want) {
		t.Errorf("backward: %v", got)
	}
	if got, _, _ := read(t, l, telemetry.LogQuery{Forward: true, Streams: []string{"b"}, From: start.Add(90 * time.Millisecond), Until: start.Add(95 * time.Millisecond)}); !slices.Equal(got, []string{"91", "93"}) {
		t.Errorf("of one stream and a time: %v", got)
	}
}

func TestRetention(t *testing.T) {
	clock := aws.NewManualClock(start)
	l := openLogs(t, statetest.Open(t), clock)
	appendTo(t, l, "s", line(start.Add(-23*time.Hour), "old"), line(start, "new"))
	err := l.UpdateGroup(t.Context(), account, region, group, func(g *telemetry.LogGroup) error { g.RetentionDays = 1; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _ := read(t, l, telemetry.LogQuery{Forward: true}); len(got) != 2 {
		t.Errorf("within its retention: %v", got)
	}
	clock.Advance(2 * time.Hour)
	if got, _, _ := read(t, l, telemetry.LogQuery{Forward: true}); !slices.Equal(got, []string{"new"}) {
		t.Errorf("beyond it: %v", got)
	}
}

func TestDeleting(t *testing.T) {
	store, clock := statetest.Open(t), aws.NewManualClock(start)
	l := openLogs(t, store, clock)
	appendTo(t, l, "a", line(start, "1"))
	appendTo(t, l, "b", line(start, "2"))
	// Before its document is there, and the keeper must not bring it back.
	if err := l.DeleteStream(t.Context(), account, region, group, "a"); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := read(t, l, telemetry.LogQuery{Forward: true}); !slices.Equal(got, []string{"2"}) {
		t.Errorf("after its stream is deleted: %v", got)
	}
	if err := l.DeleteGroup(t.Context(), account, region, group, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.DeleteGroup(t.Context(), account, region, group, nil); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("deleting again: %v", err)
	}
	l.Close(t.Context())
	if n := len(store.Documents().List("logs/")); n != 0 {
		t.Errorf("%d documents remain", n)
	}
	again := openLogs(t, store, clock)
	if got, _, _ := read(t, again, telemetry.LogQuery{Forward: true}); got != nil {
		t.Errorf("lines remain: %v", got)
	}
}

func TestFollow(t *testing.T) {
	l := openLogs(t, statetest.Open(t), aws.NewManualClock(start))
	appendTo(t, l, "a", line(start, "early"))
	lines := make(chan string)
	done := make(chan error)
	go func() {
		done <- l.Follow(t.Context(), telemetry.LogQuery{Account: account, Region: region, Group: group}, func(line telemetry.LogLine) bool {
			lines <- line.Stream + " " + line.Message
			return line.Message != "last"
		})
	}()
	for _, want := range []string{"early", "late", "last"} {
		if want != "early" {
			appendTo(t, l, "a", line(start, want))
		}
		if got := <-lines; got != "a "+want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Follow(ctx, telemetry.LogQuery{Account: account, Region: region, Group: "none"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a follower that gave up got %v", err)
	}
}

func TestPositionsKeepTheirOrderAsText(t *testing.T) {
	list := []telemetry.LogPosition{{1, 9}, {2, 1}, {2, 10}, {1782907200000, 1 << 40}}
	for i, p := range list {
		back, ok := telemetry.ParseLogPosition(p.String())
		if !ok || back != p || len(p.String()) != 56 {
			t.Errorf("%v became %q and %v", p, p.String(), back)
		}
		if i > 0 && p.String() <= list[i-1].String() {
			t.Errorf("%v sorts before %v", p, list[i-1])
		}
	}
	for _, bad := range []string{"", "x", fmt.Sprintf("%056s", "-1"), fmt.Sprintf("%055dx", 0)} {
		if _, ok := telemetry.ParseLogPosition(bad); ok {
			t.Errorf("%q was taken for a position", bad)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	s := statetest.Open(b)
	l := telemetry.NewLogs(s.Documents(), s.Logs(), aws.SystemClock{}, slog.New(slog.DiscardHandler))
	defer l.Close(context.Background())
	b.ReportAllocs()
	events := make([]state.LogEvent, 1)
	for b.Loop() {
		events[0] = line(start, "START RequestId: 0f7b6f4a-8f0e-4f4e-9f6f-6f6f6f6f6f6f Version: $LATEST")
		if err := l.Append(account, region, group, stream, events); err != nil {
			b.Fatal(err)
		}
	}
}
