package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
)

// An eventLedger is which events were accepted. Those for recorder are processed
// when they are in the bucket "events"; those for relay when collector, which is
// told of their success, has put them there. The failures of all three are told
// to the bucket "records".
type eventLedger struct {
	*load
	accepted []acceptedEvent
}

// An acceptedEvent is what its sender knows of it.
type acceptedEvent struct {
	id, function, request string
	at                    time.Time
}

func (e acceptedEvent) String() string {
	return fmt.Sprintf("%s for %s, request %s, accepted at %s", e.id, e.function, e.request, e.at.UTC().Format(time.RFC3339Nano))
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
	var request string
	client := l.client.WithTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
		response, err := l.http.Transport.RoundTrip(r)
		if err == nil {
			request = response.Header.Get("X-Amzn-Requestid")
		}
		return response, err
	}))
	for n := 0; ctx.Err() == nil && !l.t.Failed(); n++ {
		id, function := fmt.Sprintf("event-%d", n), [...]string{"recorder", "relay"}[n%2]
		out := new(lambda.InvocationResponse)
		err := client.Call(l.t.Context(), &lambda.Service, "Invoke", &lambda.InvocationRequest{
			FunctionName: &function, InvocationType: new("Event"), Payload: fmt.Appendf(nil, `{"id":%q}`, id),
		}, out)
		if err != nil || *out.StatusCode != http.StatusAccepted {
			l.t.Errorf("send %s: %v %v", id, out, err)
			return
		}
		l.accepted = append(l.accepted, acceptedEvent{id, function, request, time.Now()})
		time.Sleep(40 * time.Millisecond)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// account waits until each accepted event has been processed or told of.
func (l *load) account() {
	l.t.Helper()
	told := map[string]string{} // what is told of an event, by its ID
	read := map[string]bool{}
	processed := map[string]bool{}
	var lost []acceptedEvent
	err := retried(5*time.Minute, func() error {
		processed = objects(l.t, l.p, "events")
		for key := range objects(l.t, l.p, "records") {
			if !read[key] {
				read[key] = true
				l.readRecord(key, told)
			}
		}
		lost = slices.DeleteFunc(slices.Clone(l.events.accepted), func(e acceptedEvent) bool { return processed[e.id] || told[e.id] != "" })
		if len(lost) > 0 {
			time.Sleep(time.Second) // the next look is not cheap
			return fmt.Errorf("%d of %d accepted events are neither processed nor told of", len(lost), len(l.events.accepted))
		}
		return nil
	})
	if err != nil {
		for _, e := range lost[:min(len(lost), 10)] {
			l.t.Log(l.describe(e))
		}
		l.p.goroutines(l.t)
		l.t.Fatalf("%v; what the server was doing:\n%s", err, tail(l.p.stderr.String(), 100_000))
	}
	l.t.Logf("%d events, %d processed, %d told of as failed", len(l.events.accepted), len(processed), len(told))
	maps.DeleteFunc(told, func(_, end string) bool { return end == late })
	if kills := int(l.kills.Load()); len(told) > kills {
		l.t.Errorf("%d events failed, and only %d processes were killed", len(told), kills)
	}
}

// describe tells what is known of an event: what its function's log and the server
// say of its request, and collector's log of the event itself.
func (l *load) describe(e acceptedEvent) string {
	text := e.String() + l.logged(e.function, e.request) + l.logged("collector", e.id+";")
	for line := range strings.Lines(l.p.stderr.String()) {
		if strings.Contains(line, e.request) {
			text += "\n  " + line
		}
	}
	return text
}

// logged lists what a function's log has with a phrase in it.
func (l *load) logged(function, phrase string) (lines string) {
	in := &logs.FilterLogEventsRequest{LogGroupName: new("/aws/lambda/" + function), FilterPattern: new(`"` + phrase + `"`)}
	for {
		out, err := call[logs.FilterLogEventsResponse](l.t.Context(), l.p, &logs.Service, "FilterLogEvents", in)
		if err != nil {
			return lines + "\n  the log of " + function + " cannot be read: " + err.Error()
		}
		for _, event := range out.Events {
			at := time.UnixMilli(*event.Timestamp).UTC().Format("15:04:05.000")
			lines += "\n  " + *event.LogStreamName + " " + at + " " + strings.TrimSpace(*event.Message)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return lines
		}
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
