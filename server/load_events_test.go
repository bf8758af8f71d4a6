package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
)

// An eventLedger is which events were accepted. Those for recorder are processed
// when they are in the bucket "events"; those for relay when collector, which is
// told of their success, has put them there. The failures of all three are told
// to the bucket "records".
type eventLedger struct {
	*load
	accepted []string
}

func (l *load) newEvents(retries int32) *eventLedger {
	t, p := l.t, l.p
	t.Helper()
	collector := "arn:aws:lambda:" + testRegion + ":" + testAccount + ":function:collector"
	for _, bucket := range []string{"events", "records"} {
		if _, err := call[s3.CreateBucketOutput](t.Context(), p, &s3.Service, "CreateBucket", &s3.CreateBucketRequest{Bucket: &bucket}); err != nil && !aws.HasCode(err, "BucketAlreadyOwnedByYou") {
			t.Fatal(err)
		}
	}
	mustCall[struct{}](t, p, &iam.Service, "PutRolePolicy", &iam.PutRolePolicyRequest{
		RoleName: new("test"), PolicyName: new("records"),
		PolicyDocument: new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::records/*"},` +
			`{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"` + collector + `"}]}`),
	})
	for _, f := range []struct {
		functionSpec
		retries int32
		success *lambda.OnSuccess
	}{
		{functionSpec: functionSpec{name: "recorder", code: python(t, recorderSource)}, retries: retries},
		{functionSpec: functionSpec{name: "collector", code: python(t, recorderSource), handler: "app.told"}},
		{functionSpec: functionSpec{name: "relay", runtime: "nodejs20.x", code: zipped(t, entry{name: "app.js", content: "exports.handler = async (event) => event.id"})}, success: &lambda.OnSuccess{Destination: &collector}},
	} {
		f.timeout = loadTimeout
		must(createFunction(t.Context(), p, f.functionSpec))(t)
		mustCall[lambda.FunctionEventInvokeConfig](t, p, &lambda.Service, "PutFunctionEventInvokeConfig", &lambda.PutFunctionEventInvokeConfigRequest{
			FunctionName: &f.name, MaximumRetryAttempts: &f.retries,
			DestinationConfig: &lambda.DestinationConfig{OnSuccess: f.success, OnFailure: &lambda.OnFailure{Destination: new("arn:aws:s3:::records")}},
		})
	}
	return &eventLedger{load: l}
}

// send sends events to recorder and relay in turn.
func (l *eventLedger) send(ctx context.Context) {
	for n := 0; ctx.Err() == nil && !l.t.Failed(); n++ {
		id, function := fmt.Sprintf("event-%d", n), [...]string{"recorder", "relay"}[n%2]
		out := new(lambda.InvocationResponse)
		err := l.client.Call(l.t.Context(), &lambda.Service, "Invoke", &lambda.InvocationRequest{
			FunctionName: &function, InvocationType: new("Event"), Payload: fmt.Appendf(nil, `{"id":%q}`, id),
		}, out)
		if err != nil || *out.StatusCode != http.StatusAccepted {
			l.t.Errorf("send %s: %v %v", id, out, err)
			return
		}
		l.accepted = append(l.accepted, id)
		time.Sleep(40 * time.Millisecond)
	}
}

// account waits until each accepted event has been processed or told of.
func (l *load) account() {
	l.t.Helper()
	told := map[string]string{} // what is told of an event, by its ID
	read := map[string]bool{}
	processed := map[string]bool{}
	eventually(l.t, 5*time.Minute, func() error {
		processed = objects(l.t, l.p, "events")
		for key := range objects(l.t, l.p, "records") {
			if !read[key] {
				read[key] = true
				l.readRecord(key, told)
			}
		}
		lost := 0
		for _, id := range l.events.accepted {
			if !processed[id] && told[id] == "" {
				lost++
			}
		}
		if lost > 0 {
			time.Sleep(time.Second) // the next look is not cheap
			return fmt.Errorf("%d of %d accepted events are neither processed nor told of", lost, len(l.events.accepted))
		}
		return nil
	})
	l.t.Logf("%d events, %d processed, %d told of as failed", len(l.events.accepted), len(processed), len(told))
	maps.DeleteFunc(told, func(_, end string) bool { return end == late })
	if kills := int(l.kills.Load()); len(told) > kills {
		l.t.Errorf("%d events failed, and only %d processes were killed", len(told), kills)
	}
}

// late is what is told of a function that has taken longer than it may.
const late = "late"

// readRecord reads what a function's failure destination was told: of its own
// event, or of a record that was its event.
func (l *load) readRecord(key string, told map[string]string) {
	l.t.Helper()
	var record struct {
		RequestContext struct{ Condition string }
		RequestPayload struct {
			ID             string
			RequestPayload struct{ ID string }
		}
		ResponsePayload json.RawMessage
	}
	content, err := getObject(l.t.Context(), l.p, "records", key)
	if err == nil {
		err = json.Unmarshal([]byte(content), &record)
	}
	id := record.RequestPayload.ID + record.RequestPayload.RequestPayload.ID
	if err != nil || id == "" || record.RequestContext.Condition != "RetriesExhausted" {
		l.t.Fatalf("%s: %v: %s", key, err, content)
	}
	switch told[id], err = ofDeath(record.ResponsePayload); {
	case err == nil:
	case strings.Contains(string(record.ResponsePayload), "Sandbox.Timedout"): // it asks the server, and both may wait for processors
		told[id] = late
		l.t.Logf("%s: %v", id, err)
	default:
		l.t.Errorf("%s: %v", id, err)
	}
}
