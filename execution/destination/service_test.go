package destination

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/api/events"
	"github.com/lamgate/lamgate/api/sns"
	"github.com/lamgate/lamgate/api/sqs"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/telemetry"
)

const traceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:fe460cdd:0"

func succeeded() execution.Ended {
	return execution.Ended{
		Function: function, RequestID: "id", Payload: []byte(`{"a": 1}`), TraceHeader: traceHeader, Accepted: noon, At: noon, Role: roleARN,
		Condition: execution.Succeeded, Attempts: 1, Result: &execution.Result{ExecutedVersion: "$LATEST", Payload: []byte(`"ok"`)},
	}
}

func failed() execution.Ended {
	e := succeeded()
	e.Condition, e.Attempts = execution.RetriesExhausted, 3
	e.Result = &execution.Result{ExecutedVersion: "$LATEST", FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"told to","errorType":"Exception"}`)}
	return e
}

func (h *house) end(t *testing.T, e execution.Ended) {
	t.Helper()
	if err := h.Ended(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

const success = `{"version":"1.0","timestamp":"2026-01-02T12:00:00.123Z",` +
	`"requestContext":{"requestId":"id","functionArn":"arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST","condition":"Success","approximateInvokeCount":1},` +
	`"requestPayload":{"a":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":"ok"}`

// Each kind of destination gets the record in its own way, from the function's
// role.
func TestRecordsArrive(t *testing.T) {
	failure := string(recordOf(new(failed())))
	for name, c := range map[string]struct {
		to   string
		e    execution.Ended
		want any
	}{
		"queue": {queue, succeeded(), &sqs.SendMessageRequest{
			QueueUrl: new("http://queues/111122223333/results"), MessageBody: new(success),
			MessageSystemAttributes: map[string]sqs.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: new("String"), StringValue: new(traceHeader)}},
		}},
		"topic": {topic, succeeded(), &sns.PublishInput{TopicArn: new(topic), Message: new(success)}},
		"bus, success": {bus, succeeded(), &events.PutEventsRequest{Entries: []events.PutEventsRequestEntry{{
			Time: new(noon.Truncate(time.Second)), Source: new("lambda"), EventBusName: new(bus), Detail: new(success), TraceHeader: new(traceHeader),
			DetailType: new("Lambda Function Invocation Result - Success"),
			Resources:  []string{bus, "arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST"},
		}}}},
		"bus, failure": {bus, failed(), &events.PutEventsRequest{Entries: []events.PutEventsRequestEntry{{
			Time: new(noon.Truncate(time.Second)), Source: new("lambda"), EventBusName: new(bus), Detail: &failure, TraceHeader: new(traceHeader),
			DetailType: new("Lambda Function Invocation Result - Failure"),
			Resources:  []string{bus, "arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST"},
		}}}},
		"function": {other, succeeded(), execution.Invocation{
			Function: execution.FunctionRef{Account: account, Region: region, Name: "other"}, Payload: []byte(success), TraceHeader: traceHeader,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, options{endpoints: everywhere})
			h.Start()
			c.e.Config = execution.EventInvoke{OnSuccess: c.to, OnFailure: c.to}
			h.end(t, c.e)
			h.await(t, func() bool { return len(h.cloud.got()) == 1 })
			got := h.cloud.got()[0]
			if i, ok := got.(execution.Invocation); ok {
				if len(i.RequestID) != 36 {
					t.Errorf("request ID %q", i.RequestID)
				}
				i.RequestID = ""
				got = i
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if name != "function" {
				if who := h.cloud.who[0]; who.RoleARN != roleARN || who.Region != region {
					t.Errorf("called by %+v", who)
				}
			}
		})
	}
	t.Run("bucket", func(t *testing.T) {
		h := open(t, options{})
		h.Start()
		e := failed()
		e.Config.OnFailure = bucket
		h.end(t, e)
		h.await(t, func() bool { return len(h.cloud.got()) == 1 })
		o := h.cloud.got()[0].(object)
		if prefix := "aws/lambda/async/f/2026/01/02/2026-01-02T12.00.00-"; o.bucket != "results" || !strings.HasPrefix(o.key, prefix) || len(o.key) != len(prefix)+36 || o.body != failure {
			t.Errorf("stored %+v", o)
		}
	})
}

// A failed event goes to the dead-letter queue as it is, and says why beside.
func TestDeadLetters(t *testing.T) {
	text := func(v string) sqs.MessageAttributeValue {
		return sqs.MessageAttributeValue{DataType: new("String"), StringValue: &v}
	}
	number := func(v string) sqs.MessageAttributeValue {
		return sqs.MessageAttributeValue{DataType: new("Number"), StringValue: &v}
	}
	zero, gone, silent, colourful := failed(), failed(), failed(), failed()
	colourful.Result.Payload = []byte(`{"errorMessage":"\u001b[31mred\u001b[0m\n\ttext \uffff\u0000"}`)
	zero.Condition, zero.Result, zero.Attempts = execution.ZeroReservedConcurrency, nil, 0
	gone.Result, gone.Err = nil, aws.Faultf(404, "ResourceNotFoundException", "Function not found: f")
	silent.Result.Payload = []byte(`{"errorMessage":"` + strings.Repeat("ä", 1000) + `"}`)
	for name, c := range map[string]struct {
		e    execution.Ended
		want map[string]sqs.MessageAttributeValue
	}{
		"function's error":   {failed(), map[string]sqs.MessageAttributeValue{"RequestID": text("id"), "ErrorCode": number("200"), "ErrorMessage": text("told to")}},
		"long":               {silent, map[string]sqs.MessageAttributeValue{"RequestID": text("id"), "ErrorCode": number("200"), "ErrorMessage": text(strings.Repeat("ä", 512))}},
		"terminal's colours": {colourful, map[string]sqs.MessageAttributeValue{"RequestID": text("id"), "ErrorCode": number("200"), "ErrorMessage": text("\ufffd[31mred\ufffd[0m\n\ttext \ufffd\ufffd")}},
		"deleted":            {gone, map[string]sqs.MessageAttributeValue{"RequestID": text("id"), "ErrorCode": number("404"), "ErrorMessage": text("Function not found: f")}},
		"nothing reserved": {zero, map[string]sqs.MessageAttributeValue{"RequestID": text("id"),
			"ErrorMessage": text("Function not invoked. Function isconfigured with zero reserved concurrent executions")}},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, options{endpoints: everywhere})
			h.Start()
			c.e.DeadLetter, c.e.TraceHeader = queue, ""
			h.end(t, c.e)
			h.await(t, func() bool { return len(h.cloud.got()) == 1 })
			want := &sqs.SendMessageRequest{QueueUrl: new("http://queues/111122223333/results"), MessageBody: new(`{"a": 1}`), MessageAttributes: c.want}
			if diff := cmp.Diff(want, h.cloud.got()[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("both", func(t *testing.T) {
		h := open(t, options{endpoints: everywhere})
		h.Start()
		e := failed()
		e.DeadLetter, e.Config.OnFailure = topic, queue
		h.end(t, e)
		e = succeeded()
		e.DeadLetter, e.Config.OnFailure = topic, queue
		h.end(t, e) // nobody wants to know
		h.await(t, func() bool { return len(h.cloud.got()) == 2 })
		for _, in := range h.cloud.got() {
			if p, ok := in.(*sns.PublishInput); ok && (*p.Message != `{"a": 1}` || *p.MessageAttributes["ErrorCode"].StringValue != "200") {
				t.Errorf("the topic got %+v", p)
			}
		}
	})
}

// What cannot be delivered is dropped, and its journey says why and what to do.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		statements string
		trusted    string
		endpoints  []string
		to         string
		dead       bool
		fail       error
		what, mend string
		verdict    telemetry.Verdict
	}{
		"role may not": {statements: `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:others"}`, endpoints: everywhere, to: queue,
			what: "sqs:SendMessage", mend: "", verdict: telemetry.Denied},
		"role may not store": {statements: `{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::results/elsewhere/*"}`, to: bucket,
			what: "s3:PutObject", verdict: telemetry.Denied},
		"role is not Lambda's": {trusted: "ec2.amazonaws.com", endpoints: everywhere, to: queue, what: "sts:AssumeRole", verdict: telemetry.Denied},
		"no endpoint":          {to: queue, what: "does not serve the AWS service sqs", mend: "--endpoint sqs=URL", verdict: telemetry.Failed},
		"no queue":             {endpoints: everywhere, to: queue + "x", what: "NonExistentQueue", verdict: telemetry.Failed},
		"fifo":                 {endpoints: everywhere, to: queue + ".fifo", what: "FIFO", verdict: telemetry.Failed},
		"no bus":               {endpoints: everywhere, to: bus + "x", what: "NotAuthorizedForSourceException", verdict: telemetry.Failed},
		"dead letters' kind":   {endpoints: everywhere, to: bus, dead: true, what: "neither a queue nor a topic", verdict: telemetry.Failed},
		"no destination":       {endpoints: everywhere, to: "arn:aws:kinesis:eu-west-1:111122223333:stream/s", what: "no queue, topic", verdict: telemetry.Failed},
		"no ARN":               {endpoints: everywhere, to: "results", what: "not an ARN", verdict: telemetry.Failed},
		"too large for them":   {endpoints: everywhere, to: topic, fail: aws.Faultf(400, "InvalidParameter", "Message too long"), what: "Message too long", verdict: telemetry.Failed},
		"function is deleted":  {to: other, fail: aws.Faultf(404, "ResourceNotFoundException", "Function not found"), what: "Function not found", verdict: telemetry.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, options{statements: c.statements, trusted: c.trusted, endpoints: c.endpoints})
			h.cloud.setFail(c.fail)
			h.Start()
			e := failed()
			if e.Config.OnFailure = c.to; c.dead {
				e.Config.OnFailure, e.DeadLetter = "", c.to
			}
			h.end(t, e)
			what, mend, verdict := h.dropped(t, "id")
			if !strings.Contains(what, c.what) || !strings.Contains(what, c.to) || !strings.Contains(mend, c.mend) || verdict != c.verdict {
				t.Errorf("%v: %s\nmend: %s", verdict, what, mend)
			}
			if len(h.cloud.got()) != 0 {
				t.Errorf("%+v arrived", h.cloud.got())
			}
		})
	}
}

// A destination that is away for a while gets its records later.
func TestDeliveriesAreRetried(t *testing.T) {
	for name, fault := range map[string]error{
		"broken": errors.New("the disk is full"), "busy": aws.Faultf(400, "ThrottlingException", "Rate exceeded"),
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, options{endpoints: everywhere})
			h.cloud.setFail(fault)
			h.Start()
			e := succeeded()
			e.Config.OnSuccess = topic
			h.end(t, e)
			for n := 1; n < 5; n++ {
				h.await(t, func() bool { h.clock.Advance(time.Second); return h.cloud.called() == n })
			}
			h.cloud.setFail(nil)
			h.await(t, func() bool { h.clock.Advance(time.Second); return len(h.cloud.got()) == 1 })
		})
	}
	t.Run("for good", func(t *testing.T) {
		h := open(t, options{endpoints: everywhere})
		h.cloud.setFail(errors.New("the disk is full"))
		h.Start()
		e := succeeded()
		e.Config.OnSuccess = topic
		h.end(t, e)
		h.await(t, func() bool { h.clock.Advance(time.Minute); _, ok := h.Journeys.Find("id"); return ok })
		if h.clock.Now().Sub(noon) < keptFor {
			t.Errorf("given up after %v", h.clock.Now().Sub(noon))
		}
	})
}

// What Ended has stored is delivered, also by the next server.
func TestDeliveriesSurviveTheServer(t *testing.T) {
	dir := t.TempDir()
	h := open(t, options{dir: dir, endpoints: everywhere})
	e := failed()
	e.Config.OnFailure, e.DeadLetter = queue, topic
	h.end(t, e)
	h.stop()
	h = open(t, options{dir: dir, endpoints: everywhere, clock: h.clock})
	h.Start()
	h.await(t, func() bool { return len(h.cloud.got()) == 2 })
}

// The time that no server ran is not held against a destination.
func TestOldDeliveriesAreRetriedToo(t *testing.T) {
	dir := t.TempDir()
	h := open(t, options{dir: dir, endpoints: everywhere})
	e := succeeded()
	e.Config.OnSuccess = topic
	h.end(t, e)
	h.stop()
	h.clock.Advance(2 * keptFor)
	h = open(t, options{dir: dir, endpoints: everywhere, clock: h.clock})
	h.cloud.setFail(errors.New("it starts after us"))
	h.Start()
	h.await(t, func() bool { h.clock.Advance(time.Second); return h.cloud.called() == 3 })
	h.cloud.setFail(nil)
	h.await(t, func() bool { h.clock.Advance(time.Second); return len(h.cloud.got()) == 1 })
}
