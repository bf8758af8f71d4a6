package conformance

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// log returns what the function has logged so far.
func (f *function) log() string {
	f.t.Helper()
	out, err := logs().FilterLogEvents(f.t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/" + f.name)})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return ""
	}
	var b strings.Builder
	for _, e := range must(f.t, out, err).Events {
		b.WriteString(aws.ToString(e.Message))
		if !strings.HasSuffix(aws.ToString(e.Message), "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func TestAnInvocationIsLoggedBetweenSTARTAndREPORT(t *testing.T) {
	f := newFunction(t, `
import sys

def handler(event, context):
    print("to standard output")
    print("to standard error", file=sys.stderr)
    return "fine"
`)
	f.invoke(`{}`)
	id := `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`
	want := regexp.MustCompile(`(?s)START RequestId: ` + id + ` Version: \$LATEST\n.*to standard output\n.*to standard error\n.*END RequestId: ` + id + `\nREPORT RequestId: ` + id +
		`\tDuration: [0-9.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [0-9.]+ ms`)
	eventually(t, "the report is in the log", func() bool { return strings.Contains(f.log(), "REPORT") })
	if got := f.log(); !want.MatchString(got) {
		t.Errorf("the log is\n%s", got)
	}
	f.invoke(`{}`)
	eventually(t, "the second report is in the log", func() bool { return strings.Count(f.log(), "REPORT") == 2 })
	if n := strings.Count(f.log(), "Init Duration"); n != 1 {
		t.Errorf("%d invocations had an Init", n)
	}
}

func TestALogStreamIsAnEnvironment(t *testing.T) {
	f := newFunction(t, greeter)
	f.invoke(`{}`)
	group := "/aws/lambda/" + f.name
	eventually(t, "there is a log", func() bool { return strings.Contains(f.log(), "REPORT") })
	streams, err := logs().DescribeLogStreams(t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: &group})
	if err != nil || len(streams.LogStreams) != 1 {
		t.Fatalf("%+v %v", streams, err)
	}
	name := aws.ToString(streams.LogStreams[0].LogStreamName)
	if !regexp.MustCompile(`^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$`).MatchString(name) {
		t.Errorf("the stream is %q", name)
	}
	events, err := logs().GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &name, StartFromHead: aws.Bool(true)})
	if err != nil || len(events.Events) < 3 {
		t.Errorf("%+v %v", events, err)
	}
}

func TestAnErrorIsLoggedWithItsTrace(t *testing.T) {
	f := newFunction(t, "def handler(event, context):\n    raise ValueError('no good')\n")
	f.invoke(`{}`)
	eventually(t, "the error is in the log", func() bool {
		got := f.log()
		return strings.Contains(got, "[ERROR] ValueError: no good") && strings.Contains(got, "Traceback (most recent call last):")
	})
}

func TestLogEventsPutByAClientAreFoundByTheirWords(t *testing.T) {
	group, stream := uniqueName("/conformance/group"), "stream"
	ctx := t.Context()
	if _, err := logs().CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { logs().DeleteLogGroup(cleanup(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &group}) })
	if _, err := logs().CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream}); err != nil {
		t.Fatal(err)
	}
	now := aMomentAgo()
	_, err := logs().PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream, LogEvents: []types.InputLogEvent{
		{Timestamp: &now, Message: aws.String("apples and pears")}, {Timestamp: &now, Message: aws.String("plums")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := logs().FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, FilterPattern: aws.String("pears")})
	if err != nil || len(out.Events) != 1 || aws.ToString(out.Events[0].Message) != "apples and pears" {
		t.Errorf("%+v %v", out, err)
	}
	if _, err := logs().PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: aws.Int32(7)}); err != nil {
		t.Error(err)
	}
	groups, err := logs().DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &group})
	if err != nil || len(groups.LogGroups) != 1 || aws.ToInt32(groups.LogGroups[0].RetentionInDays) != 7 {
		t.Errorf("%+v %v", groups, err)
	}
	_, err = logs().FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/nowhere")})
	wantFault(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
}
