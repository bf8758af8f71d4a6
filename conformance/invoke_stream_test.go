package conformance

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// streamed is what InvokeWithResponseStream has brought.
type streamed struct {
	chunks []string
	end    *types.InvokeWithResponseStreamCompleteEvent
}

func (f *function) stream(payload string, change ...func(*lambda.InvokeWithResponseStreamInput)) (s streamed) {
	f.t.Helper()
	in := &lambda.InvokeWithResponseStreamInput{FunctionName: &f.name, Payload: []byte(payload)}
	for _, c := range change {
		c(in)
	}
	out, err := lambdaClient().InvokeWithResponseStream(f.t.Context(), in)
	events := must(f.t, out, err).GetStream()
	defer events.Close()
	for e := range events.Events() {
		switch e := e.(type) {
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			s.chunks = append(s.chunks, string(e.Value.Payload))
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			s.end = &e.Value
		}
	}
	if err := events.Err(); err != nil {
		f.t.Fatal(err)
	}
	if s.end == nil {
		f.t.Fatal("the stream has no end")
	}
	return s
}

func TestAStreamedInvocationAnswersInEvents(t *testing.T) {
	f := newStreamer(t)
	got := f.stream(`{"queryStringParameters": {"head": "no"}}`)
	if strings.Join(got.chunks, "") != "first\nsecond\n" || got.end.ErrorCode != nil || got.end.LogResult != nil {
		t.Errorf("%q %+v", got.chunks, got.end)
	}
	got = f.stream(`{"queryStringParameters": {"head": "no"}}`, func(in *lambda.InvokeWithResponseStreamInput) { in.LogType = types.LogTypeTail })
	if aws.ToString(got.end.LogResult) == "" {
		t.Error("the log's tail is missing")
	}
}

func TestAnErrorEndsAStreamedInvocation(t *testing.T) {
	f := newStreamer(t)
	for event, chunks := range map[string]string{
		`{"queryStringParameters": {"fail": "first"}}`:               "",
		`{"queryStringParameters": {"head": "no", "fail": "later"}}`: "first\n",
	} {
		got := f.stream(event)
		if strings.Join(got.chunks, "") != chunks || got.end.ErrorCode == nil || !strings.Contains(aws.ToString(got.end.ErrorDetails), "oops") {
			t.Errorf("%s: %q, end %s: %s", event, got.chunks, aws.ToString(got.end.ErrorCode), aws.ToString(got.end.ErrorDetails))
		}
	}
}

func TestAStreamedInvocationOfAFunctionThatDoesNotStream(t *testing.T) {
	f := newFunction(t, greeter)
	if got := f.stream(`{}`); strings.Join(got.chunks, "") != `{"statusCode": 200, "body": "hello"}` || got.end.ErrorCode != nil {
		t.Errorf("%q %+v", got.chunks, got.end)
	}
	_, err := lambdaClient().InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String(uniqueName("nobody"))})
	wantFault(t, err, "ResourceNotFoundException", "Function not found")
}
