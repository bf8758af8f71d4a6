package lambda

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

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

// Across accounts it takes a permission, and AWS says which.
func TestInvokeAcrossAccounts(t *testing.T) {
	f := newFixture(t)
	c := f.create("hello")
	const user = "arn:aws:iam::111122223333:root"
	theirs := aws.WithCaller(f.ctx, aws.Caller{Account: "111122223333", Region: aws.DefaultRegion, ARN: user})
	invoke := func(arn string) error {
		_, err := f.Invoke(theirs, &lambda.InvocationRequest{FunctionName: &arn})
		return err
	}
	refused := func(arn string) string {
		return "User: " + user + " is not authorized to perform: lambda:InvokeFunction on resource: " + arn +
			" because no resource-based policy allows the lambda:InvokeFunction action"
	}
	arn := *c.FunctionArn
	expectFault(t, invoke(arn), "AccessDeniedException", refused(arn))
	nobody := strings.Replace(arn, "hello", "nobody", 1)
	expectFault(t, invoke(nobody), "AccessDeniedException", refused(nobody))
	must(f.AddPermission(f.ctx, &lambda.AddPermissionRequest{
		FunctionName: new("hello"), StatementId: new("s"), Action: new(invokeAction), Principal: new("111122223333"),
	}))
	if err := invoke(arn); err != nil {
		t.Error(err)
	}
	expectFault(t, invoke(arn+":$LATEST"), "AccessDeniedException", refused(arn+":$LATEST"))
	_, err := f.GetFunction(theirs, &lambda.GetFunctionRequest{FunctionName: &arn})
	expectFault(t, err, "AccessDeniedException", "")

	// A policy may speak of the time.
	statement := func(effect, condition string) string {
		return `{"Effect": "` + effect + `", "Principal": {"AWS": "` + user + `"}, "Action": "lambda:InvokeFunction", "Resource": "` + arn + `"` + condition + `}`
	}
	until := `, "Condition": {"DateGreaterThan": {"aws:CurrentTime": "` + f.clock.Now().Add(time.Minute).Format(time.RFC3339) + `"}}`
	must(f.PutResourcePolicy(f.ctx, &lambda.PutResourcePolicyRequest{
		ResourceArn: &arn, Policy: new(`{"Version": "2012-10-17", "Statement": [` + statement("Allow", "") + `, ` + statement("Deny", until) + `]}`),
	}))
	if err := invoke(arn); err != nil {
		t.Error(err)
	}
	f.clock.Advance(2 * time.Minute)
	if err := invoke(arn); !aws.HasCode(err, "AccessDeniedException") {
		t.Errorf("a denial from now on: %v", err)
	}
}

// What a function's policy denies holds for its own account too.
func TestADenialHoldsWithinTheAccount(t *testing.T) {
	f := newFixture(t)
	arn := *f.create("hello").FunctionArn
	const user = "arn:aws:iam::000000000000:root"
	mine := aws.WithCaller(f.ctx, aws.Caller{Account: aws.DefaultAccount, Region: aws.DefaultRegion, ARN: user})
	invoke := func(name string) error {
		_, err := f.Invoke(mine, &lambda.InvocationRequest{FunctionName: &name})
		return err
	}
	put := func(effect, principal string) {
		t.Helper()
		must(f.PutResourcePolicy(mine, &lambda.PutResourcePolicyRequest{ResourceArn: &arn, Policy: new(`{"Version": "2012-10-17", "Statement": [` +
			`{"Effect": "` + effect + `", "Principal": {"AWS": "` + principal + `"}, "Action": "lambda:InvokeFunction", "Resource": "` + arn + `"}]}`)}))
	}
	for _, allowed := range [][2]string{{"Allow", "111122223333"}, {"Deny", "111122223333"}} {
		put(allowed[0], allowed[1])
		if err := invoke("hello"); err != nil {
			t.Errorf("%v: %v", allowed, err)
		}
	}
	put("Deny", "000000000000")
	for _, name := range []string{"hello", "hello:$LATEST"} {
		expectFault(t, invoke(name), "AccessDeniedException", "User: "+user+" is not authorized to perform: lambda:InvokeFunction on resource: "+
			strings.Replace(name, "hello", arn, 1)+" with an explicit deny in a resource-based policy")
	}
	must(f.DeleteResourcePolicy(mine, &lambda.DeleteResourcePolicyRequest{ResourceArn: &arn}))
	if err := invoke("hello"); err != nil {
		t.Error(err)
	}
}

func TestPayloadIsJSON(t *testing.T) {
	f := newFixture(t)
	f.create("hello")
	for payload, want := range map[string]string{
		"\"\xff\"":          "Could not parse payload into json: Invalid UTF-8 start byte 0xff",
		"{\"ü\": \"\x80\"}": "Could not parse payload into json: Invalid UTF-8 start byte 0x80",
		"\"\xc3(\"":         "Could not parse payload into json: Invalid UTF-8 middle byte 0x28",
		"\"\xe2\x82(\"":     "Could not parse payload into json: Invalid UTF-8 middle byte 0x28",
		"\"\xc3":            "Could not parse payload into json: Invalid UTF-8 middle byte 0xc3",
		"{":                 "the payload is no JSON",
	} {
		for _, kind := range []string{"RequestResponse", "Event", "DryRun"} {
			_, err := f.Invoke(f.ctx, &lambda.InvocationRequest{FunctionName: new("hello"), InvocationType: &kind, Payload: []byte(payload)})
			expectFault(t, err, "InvalidRequestContentException", "Could not parse request body into json: "+want)
		}
	}
	must(f.Invoke(f.ctx, &lambda.InvocationRequest{FunctionName: new("hello"), Payload: []byte("\"\U0001f511 \ufffd\"")}))
}
