package logs

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state/statetest"
	"github.com/lamgate/lamgate/telemetry"
)

var start = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// caller is who makes the tests' requests.
var caller = aws.Caller{Account: "111122223333", Region: "eu-west-1"}

func open(t *testing.T) (context.Context, *Service, *aws.ManualClock) {
	t.Helper()
	clock, store := aws.NewManualClock(start), statetest.Open(t)
	l := telemetry.NewLogs(store.Documents(), store.Logs(), clock, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { l.Close(context.Background()) })
	return aws.WithCaller(t.Context(), caller), New(l, clock), clock
}

func wantFault(t *testing.T, err error, code, message string) {
	t.Helper()
	f := aws.AsFault(err)
	if f == nil || f.Code != code || !strings.Contains(f.Message, message) || f.Status != 400 {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func create(t *testing.T, ctx context.Context, s *Service, group string, streams ...string) {
	t.Helper()
	must[*logs.CreateLogGroupOutput](t)(s.CreateLogGroup(ctx, &logs.CreateLogGroupRequest{LogGroupName: &group}))
	for i := range streams {
		must[*logs.CreateLogStreamOutput](t)(s.CreateLogStream(ctx, &logs.CreateLogStreamRequest{LogGroupName: &group, LogStreamName: &streams[i]}))
	}
}

func event(at time.Time, message string) logs.InputLogEvent {
	return logs.InputLogEvent{Timestamp: new(at.UnixMilli()), Message: &message}
}

func TestGroups(t *testing.T) {
	ctx, s, clock := open(t)
	create(t, ctx, s, "/b")
	create(t, ctx, s, "/aws/lambda/f")
	_, err := s.CreateLogGroup(ctx, &logs.CreateLogGroupRequest{LogGroupName: new("/b")})
	wantFault(t, err, "ResourceAlreadyExistsException", "The specified log group already exists")

	_, err = s.CreateLogGroup(ctx, &logs.CreateLogGroupRequest{LogGroupName: new("/secret"), KmsKeyId: new("arn:aws:kms:eu-west-1:111122223333:key/k")})
	wantFault(t, err, "InvalidParameterException", "lamgate does not support kmsKeyId yet")
	must[*logs.PutRetentionPolicyOutput](t)(s.PutRetentionPolicy(ctx, &logs.PutRetentionPolicyRequest{LogGroupName: new("/b"), RetentionInDays: new(int32(14))}))
	_, err = s.PutRetentionPolicy(ctx, &logs.PutRetentionPolicyRequest{LogGroupName: new("/b"), RetentionInDays: new(int32(15))})
	wantFault(t, err, "InvalidParameterException", "'15' at 'retentionInDays'")
	_, err = s.PutRetentionPolicy(ctx, &logs.PutRetentionPolicyRequest{LogGroupName: new("/c"), RetentionInDays: new(int32(14))})
	wantFault(t, err, "ResourceNotFoundException", "The specified log group does not exist.")

	first := must[*logs.DescribeLogGroupsResponse](t)(s.DescribeLogGroups(ctx, &logs.DescribeLogGroupsRequest{Limit: new(int32(1))}))
	if len(first.LogGroups) != 1 || *first.LogGroups[0].LogGroupName != "/aws/lambda/f" || first.NextToken == nil {
		t.Fatalf("the first page is %v", first)
	}
	second := must[*logs.DescribeLogGroupsResponse](t)(s.DescribeLogGroups(ctx, &logs.DescribeLogGroupsRequest{Limit: new(int32(1)), NextToken: first.NextToken}))
	g := second.LogGroups[0]
	if *g.Arn != "arn:aws:logs:eu-west-1:111122223333:log-group:/b:*" || *g.LogGroupArn != "arn:aws:logs:eu-west-1:111122223333:log-group:/b" ||
		*g.RetentionInDays != 14 || *g.CreationTime != clock.Now().UnixMilli() || *g.LogGroupClass != "STANDARD" || second.NextToken != nil {
		t.Errorf("the second page is %+v", second)
	}
	for _, in := range []*logs.DescribeLogGroupsRequest{
		{LogGroupNamePrefix: new("/aws/")}, {LogGroupNamePattern: new("lambda")},
		{LogGroupIdentifiers: []string{"arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f:*"}},
	} {
		out := must[*logs.DescribeLogGroupsResponse](t)(s.DescribeLogGroups(ctx, in))
		if len(out.LogGroups) != 1 || *out.LogGroups[0].LogGroupName != "/aws/lambda/f" {
			t.Errorf("%+v found %d groups", in, len(out.LogGroups))
		}
	}
	elsewhere := aws.WithCaller(ctx, aws.Caller{Account: caller.Account, Region: "us-east-1"})
	if out := must[*logs.DescribeLogGroupsResponse](t)(s.DescribeLogGroups(elsewhere, &logs.DescribeLogGroupsRequest{})); len(out.LogGroups) != 0 {
		t.Error("another region has the groups too")
	}

	must[*logs.DeleteLogGroupOutput](t)(s.DeleteLogGroup(ctx, &logs.DeleteLogGroupRequest{LogGroupName: new("/b")}))
	_, err = s.DeleteLogGroup(ctx, &logs.DeleteLogGroupRequest{LogGroupName: new("/b")})
	wantFault(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
}

func TestDeletionProtection(t *testing.T) {
	ctx, s, _ := open(t)
	must[*logs.CreateLogGroupOutput](t)(s.CreateLogGroup(ctx, &logs.CreateLogGroupRequest{LogGroupName: new("/b"), DeletionProtectionEnabled: new(true)}))
	_, err := s.DeleteLogGroup(ctx, &logs.DeleteLogGroupRequest{LogGroupName: new("/b")})
	wantFault(t, err, "ValidationException", "PutLogGroupDeletionProtection")
	must[*logs.PutLogGroupDeletionProtectionOutput](t)(s.PutLogGroupDeletionProtection(ctx, &logs.PutLogGroupDeletionProtectionRequest{LogGroupIdentifier: new("/b"), DeletionProtectionEnabled: new(false)}))
	must[*logs.DeleteLogGroupOutput](t)(s.DeleteLogGroup(ctx, &logs.DeleteLogGroupRequest{LogGroupName: new("/b")}))
}

func TestStreams(t *testing.T) {
	ctx, s, _ := open(t)
	create(t, ctx, s, "/g", "b", "a", "c")
	_, err := s.CreateLogStream(ctx, &logs.CreateLogStreamRequest{LogGroupName: new("/g"), LogStreamName: new("a")})
	wantFault(t, err, "ResourceAlreadyExistsException", "The specified log stream already exists")
	_, err = s.CreateLogStream(ctx, &logs.CreateLogStreamRequest{LogGroupName: new("/h"), LogStreamName: new("a")})
	wantFault(t, err, "ResourceNotFoundException", "The specified log group does not exist.")

	for i, name := range []string{"a", "c"} {
		must[*logs.PutLogEventsResponse](t)(s.PutLogEvents(ctx, &logs.PutLogEventsRequest{LogGroupName: new("/g"), LogStreamName: &name, LogEvents: []logs.InputLogEvent{event(start.Add(-time.Duration(i)*time.Minute), "x")}}))
	}
	names := func(in logs.DescribeLogStreamsRequest) string {
		t.Helper()
		in.LogGroupName = new("/g")
		out := must[*logs.DescribeLogStreamsResponse](t)(s.DescribeLogStreams(ctx, &in))
		var b strings.Builder
		for _, stream := range out.LogStreams {
			b.WriteString(*stream.LogStreamName)
		}
		return b.String()
	}
	for want, in := range map[string]logs.DescribeLogStreamsRequest{
		"abc": {}, "cba": {Descending: new(true)}, "bca": {OrderBy: new("LastEventTime")},
		"acb": {OrderBy: new("LastEventTime"), Descending: new(true)}, "b": {LogStreamNamePrefix: new("b")},
	} {
		if got := names(in); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	must[*logs.DeleteLogStreamOutput](t)(s.DeleteLogStream(ctx, &logs.DeleteLogStreamRequest{LogGroupName: new("/g"), LogStreamName: new("a")}))
	_, err = s.DeleteLogStream(ctx, &logs.DeleteLogStreamRequest{LogGroupName: new("/g"), LogStreamName: new("a")})
	wantFault(t, err, "ResourceNotFoundException", "The specified log stream does not exist.")
	_, err = s.GetLogEvents(ctx, &logs.GetLogEventsRequest{LogGroupName: new("/g"), LogStreamName: new("a")})
	wantFault(t, err, "ResourceNotFoundException", "The specified log stream does not exist.")
}

func TestPutLogEventsRefuses(t *testing.T) {
	ctx, s, _ := open(t)
	create(t, ctx, s, "/g", "s")
	put := func(events ...logs.InputLogEvent) (*logs.PutLogEventsResponse, error) {
		return s.PutLogEvents(ctx, &logs.PutLogEventsRequest{LogGroupName: new("/g"), LogStreamName: new("s"), LogEvents: events})
	}
	_, err := put(event(start, "b"), event(start.Add(-1*time.Second), "a"))
	wantFault(t, err, "InvalidParameterException", "must be in chronological order")
	_, err = put(event(start.Add(-25*time.Hour), "a"), event(start, "b"))
	wantFault(t, err, "InvalidParameterException", "cannot span more than 24 hours")
	_, err = put(event(start, strings.Repeat("x", 1<<20)))
	wantFault(t, err, "InvalidParameterException", "Log event too large: 1048602 bytes exceeds limit of 1048576")
	half := event(start, strings.Repeat("x", 1<<19))
	_, err = put(half, half)
	wantFault(t, err, "InvalidParameterException", "Upload too large: 1048628 bytes exceeds limit of 1048576")

	out := must[*logs.PutLogEventsResponse](t)(put(event(start.Add(-15*24*time.Hour), "old"), event(start.Add(-15*24*time.Hour), "old too")))
	if r := out.RejectedLogEventsInfo; r == nil || *r.TooOldLogEventEndIndex != 2 || r.TooNewLogEventStartIndex != nil {
		t.Errorf("rejected %+v", r)
	}
	out = must[*logs.PutLogEventsResponse](t)(put(event(start, "now"), event(start.Add(3*time.Hour), "new"), event(start.Add(4*time.Hour), "newer")))
	if r := out.RejectedLogEventsInfo; r == nil || *r.TooNewLogEventStartIndex != 1 {
		t.Errorf("rejected %+v", r)
	}
	events := must[*logs.GetLogEventsResponse](t)(s.GetLogEvents(ctx, &logs.GetLogEventsRequest{LogGroupName: new("/g"), LogStreamName: new("s")}))
	if len(events.Events) != 1 || *events.Events[0].Message != "now" || *events.Events[0].IngestionTime != start.UnixMilli() {
		t.Errorf("kept %v", events.Events)
	}
}

func TestGetLogEventsTurnsItsPages(t *testing.T) {
	ctx, s, _ := open(t)
	create(t, ctx, s, "/g", "s")
	var events []logs.InputLogEvent
	for _, m := range "abcdefg" {
		events = append(events, event(start, string(m))) // all of one millisecond
	}
	must[*logs.PutLogEventsResponse](t)(s.PutLogEvents(ctx, &logs.PutLogEventsRequest{LogGroupName: new("/g"), LogStreamName: new("s"), LogEvents: events}))
	get := func(token *string, fromHead bool) (text string, out *logs.GetLogEventsResponse) {
		t.Helper()
		out = must[*logs.GetLogEventsResponse](t)(s.GetLogEvents(ctx, &logs.GetLogEventsRequest{
			LogGroupIdentifier: new("arn:aws:logs:eu-west-1:111122223333:log-group:/g"), LogStreamName: new("s"),
			Limit: new(int32(3)), NextToken: token, StartFromHead: &fromHead,
		}))
		for _, e := range out.Events {
			text += *e.Message
		}
		return text, out
	}
	text, out := get(nil, false)
	if text != "efg" {
		t.Errorf("without a token: %s", text)
	}
	if text, out = get(out.NextBackwardToken, false); text != "bcd" {
		t.Errorf("back: %s", text)
	}
	if text, _ := get(out.NextForwardToken, false); text != "efg" {
		t.Errorf("and on again: %s", text)
	}
	_, out = get(nil, true)
	for _, want := range []string{"def", "g", ""} {
		token := out.NextForwardToken
		if text, out = get(token, true); text != want {
			t.Errorf("on: got %s, want %s", text, want)
		}
		if want == "" && *out.NextForwardToken != *token {
			t.Error("at the end the token changes")
		}
	}
	_, err := s.GetLogEvents(ctx, &logs.GetLogEventsRequest{LogGroupName: new("/g"), LogStreamName: new("s"), NextToken: new("f/1")})
	wantFault(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
	_, err = s.GetLogEvents(ctx, &logs.GetLogEventsRequest{LogStreamName: new("s")})
	wantFault(t, err, "InvalidParameterException", "At least one of logGroupName")
}

func TestFilterLogEvents(t *testing.T) {
	ctx, s, _ := open(t)
	create(t, ctx, s, "/g", "x/1", "x/2", "y")
	for i, name := range []string{"x/1", "x/2", "y"} {
		must[*logs.PutLogEventsResponse](t)(s.PutLogEvents(ctx, &logs.PutLogEventsRequest{LogGroupName: new("/g"), LogStreamName: &name, LogEvents: []logs.InputLogEvent{
			event(start.Add(time.Duration(i)*time.Millisecond), "ERROR one"), event(start.Add(time.Duration(10-i)*time.Millisecond), `{"level":"info"}`),
		}}))
	}
	filter := func(in logs.FilterLogEventsRequest) (names string, out *logs.FilterLogEventsResponse) {
		t.Helper()
		in.LogGroupName = new("/g")
		out = must[*logs.FilterLogEventsResponse](t)(s.FilterLogEvents(ctx, &in))
		for _, e := range out.Events {
			names += *e.LogStreamName + " "
		}
		return names, out
	}
	for want, in := range map[string]logs.FilterLogEventsRequest{
		"x/1 x/2 y y x/2 x/1 ": {},
		"x/1 x/2 y ":           {FilterPattern: new("ERROR")},
		"y x/2 x/1 ":           {FilterPattern: new(`{ $.level = "info" }`)},
		"x/1 x/2 x/2 x/1 ":     {LogStreamNamePrefix: new("x/")},
		"y y ":                 {LogStreamNames: []string{"y"}},
		"":                     {LogStreamNamePrefix: new("z")},
		"x/2 y y ":             {StartTime: new(start.UnixMilli() + 1), EndTime: new(start.UnixMilli() + 8)},
	} {
		if got, _ := filter(in); got != want {
			t.Errorf("%+v: got %s, want %s", in, got, want)
		}
	}
	first, out := filter(logs.FilterLogEventsRequest{Limit: new(int32(4))})
	rest, last := filter(logs.FilterLogEventsRequest{Limit: new(int32(4)), NextToken: out.NextToken})
	if first+rest != "x/1 x/2 y y x/2 x/1 " || last.NextToken != nil {
		t.Errorf("pages: %s and %s", first, rest)
	}
	_, err := s.FilterLogEvents(ctx, &logs.FilterLogEventsRequest{LogGroupName: new("/g"), FilterPattern: new("[a, b]")})
	wantFault(t, err, "InvalidParameterException", "space-delimited")
	_, err = s.FilterLogEvents(ctx, &logs.FilterLogEventsRequest{LogGroupName: new("/g"), LogStreamNames: []string{"none"}})
	wantFault(t, err, "ResourceNotFoundException", "The specified log stream does not exist.")
}

func TestTags(t *testing.T) {
	ctx, s, _ := open(t)
	must[*logs.CreateLogGroupOutput](t)(s.CreateLogGroup(ctx, &logs.CreateLogGroupRequest{LogGroupName: new("/g"), Tags: map[string]string{"a": "1"}}))
	arn := "arn:aws:logs:eu-west-1:111122223333:log-group:/g"
	must[*logs.TagResourceOutput](t)(s.TagResource(ctx, &logs.TagResourceRequest{ResourceArn: &arn, Tags: map[string]string{"b": "2"}}))
	must[*logs.UntagLogGroupOutput](t)(s.UntagLogGroup(ctx, &logs.UntagLogGroupRequest{LogGroupName: new("/g"), Tags: []string{"a"}}))
	out := must[*logs.ListTagsForResourceResponse](t)(s.ListTagsForResource(ctx, &logs.ListTagsForResourceRequest{ResourceArn: &arn}))
	if len(out.Tags) != 1 || out.Tags["b"] != "2" {
		t.Errorf("tags are %v", out.Tags)
	}
	_, err := s.ListTagsForResource(ctx, &logs.ListTagsForResourceRequest{ResourceArn: new("arn:aws:logs:eu-west-1:999999999999:log-group:/g")})
	wantFault(t, err, "ResourceNotFoundException", "")
}
