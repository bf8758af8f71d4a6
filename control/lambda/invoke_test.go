package lambda

import (
	"encoding/base64"
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

func TestInvoke(t *testing.T) {
	f := newFixture(t)
	f.create("hello")
	ctx := aws.WithRequestID(f.ctx, "5f6e0f3c-0000-4000-8000-000000000000")
	in := &lambda.InvocationRequest{FunctionName: new("hello"), Payload: []byte(`{"a":1}`), LogType: new("Tail"), ClientContext: new("e30=")}
	out := must(f.Invoke(ctx, in))
	if *out.StatusCode != 200 || string(out.Payload) != `{"a":1}` || *out.LogResult != base64.StdEncoding.EncodeToString([]byte("START\n")) || *out.ExecutedVersion != "$LATEST" || out.FunctionError != nil {
		t.Errorf("%+v", out)
	}
	got := f.invoker.invocations[0]
	if got.RequestID != "5f6e0f3c-0000-4000-8000-000000000000" || got.ClientContext != "e30=" || !got.LogTail {
		t.Errorf("%+v", got)
	}
	in.InvocationType = new("Event")
	if out := must(f.Invoke(ctx, in)); *out.StatusCode != 202 || out.Payload != nil {
		t.Errorf("%+v", out)
	}
	in.InvocationType = new("DryRun")
	if out := must(f.Invoke(ctx, in)); *out.StatusCode != 204 {
		t.Errorf("%+v", out)
	}
	if len(f.invoker.invocations) != 2 {
		t.Error("a dry run invoked the function")
	}
	if j, ok := f.Journeys.Find("5f6e0f3c-0000-4000-8000-000000000000"); !ok || j.Status != 204 {
		t.Error("the call left no journey")
	}
}
