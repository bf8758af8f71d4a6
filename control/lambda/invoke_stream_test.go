package lambda

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// A streaming invoker answers as a function does.
type streaming struct {
	recordingInvoker
	chunks []string
	result execution.Result
	err    error
	broken error // what Write answered
	ended  chan struct{}
}

func (s *streaming) Invoke(_ context.Context, i execution.Invocation) (*execution.Result, error) {
	s.invocations = append(s.invocations, i)
	if s.ended != nil {
		defer close(s.ended)
	}
	if s.err != nil {
		return nil, s.err
	}
	if len(s.chunks) > 0 {
		if err := i.Stream.Begin("text/plain", true); err != nil {
			return nil, err
		}
	}
	for _, c := range s.chunks {
		n, err := i.Stream.Write([]byte(c))
		s.result.Streamed += int64(n)
		if err != nil {
			s.broken = err
			break
		}
	}
	return &s.result, nil
}

// events decodes a stream: each event's type and payload.
func events(t *testing.T, b []byte) (list []string) {
	t.Helper()
	d, r := eventstream.NewDecoder(), bytes.NewReader(b)
	for r.Len() > 0 {
		m, err := d.Decode(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m.Headers.Get(":event-type").String()+" "+string(m.Payload))
	}
	return list
}

func TestInvokeWithResponseStream(t *testing.T) {
	for _, test := range []struct {
		name    string
		invoker streaming
		tail    bool
		want    string
	}{
		{"a stream", streaming{chunks: []string{"one", "two"}}, false, "PayloadChunk one|PayloadChunk two|InvokeComplete {}"},
		{"an answer in one", streaming{result: execution.Result{Payload: []byte(`"all"`)}}, false, `PayloadChunk "all"|InvokeComplete {}`},
		{"no answer", streaming{}, false, "InvokeComplete {}"},
		{"a log", streaming{chunks: []string{"x"}, result: execution.Result{LogTail: []byte("START")}}, true, `PayloadChunk x|InvokeComplete {"LogResult":"U1RBUlQ="}`},
		{"an error before", streaming{result: execution.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorType":"E"}`)}}, false,
			`InvokeComplete {"ErrorCode":"Unhandled","ErrorDetails":"{\"errorType\":\"E\"}"}`},
		{"an error midway", streaming{chunks: []string{"x"}, result: execution.Result{FunctionError: "Unhandled", Payload: []byte(`{}`)}}, false,
			`PayloadChunk x|InvokeComplete {"ErrorCode":"Unhandled","ErrorDetails":"{}"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.Invoker = &test.invoker
			f.create("fn")
			in := &lambda.InvokeWithResponseStreamRequest{FunctionName: new("fn"), Payload: []byte(`{}`)}
			if test.tail {
				in.LogType = new("Tail")
			}
			out := must(f.InvokeWithResponseStream(f.ctx, in))
			if *out.StatusCode != 200 || *out.ExecutedVersion != "$LATEST" || *out.ResponseStreamContentType != "application/vnd.amazon.eventstream" {
				t.Errorf("answer: %+v", out)
			}
			b := must(io.ReadAll(out.EventStream))
			if got := strings.Join(events(t, b), "|"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestAStreamThatCannotBeginIsAFault(t *testing.T) {
	f := newFixture(t)
	f.Invoker = &streaming{err: aws.Faultf(429, "TooManyRequestsException", "Rate Exceeded.")}
	f.create("fn")
	_, err := f.InvokeWithResponseStream(f.ctx, &lambda.InvokeWithResponseStreamRequest{FunctionName: new("fn")})
	expectFault(t, err, "TooManyRequestsException", "Rate Exceeded.")
	_, err = f.InvokeWithResponseStream(f.ctx, &lambda.InvokeWithResponseStreamRequest{FunctionName: new("fn"), Payload: []byte("{")})
	expectFault(t, err, "InvalidRequestContentException", "Could not parse request body into json: the payload is no JSON")
	out := must(f.InvokeWithResponseStream(f.ctx, &lambda.InvokeWithResponseStreamRequest{FunctionName: new("fn"), InvocationType: new("DryRun")}))
	if *out.StatusCode != 204 || out.EventStream != nil {
		t.Errorf("a dry run: %+v", out)
	}
}

func TestAReaderWhoGoesIsToldToTheFunction(t *testing.T) {
	f := newFixture(t)
	invoker := &streaming{chunks: []string{"one", "two"}, ended: make(chan struct{})}
	f.Invoker = invoker
	f.create("fn")
	out := must(f.InvokeWithResponseStream(f.ctx, &lambda.InvokeWithResponseStreamRequest{FunctionName: new("fn")}))
	if err := out.EventStream.Close(); err != nil {
		t.Fatal(err)
	}
	<-invoker.ended
	if !errors.Is(invoker.broken, io.ErrClosedPipe) {
		t.Errorf("the function was told %v", invoker.broken)
	}
}

func TestInvokeAsync(t *testing.T) {
	f := newFixture(t)
	f.create("fn")
	out := must(f.InvokeAsync(f.ctx, &lambda.InvokeAsyncRequest{FunctionName: new("fn"), InvokeArgs: io.NopCloser(strings.NewReader(`{"a":1}`))}))
	if *out.Status != 202 || string(f.invoker.invocations[0].Payload) != `{"a":1}` {
		t.Errorf("status %d, invocations %+v", *out.Status, f.invoker.invocations)
	}
}
