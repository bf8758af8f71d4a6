package destination

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	apievents "github.com/lamgate/lamgate/api/events"
	apis3 "github.com/lamgate/lamgate/api/s3"
	apisns "github.com/lamgate/lamgate/api/sns"
	apisqs "github.com/lamgate/lamgate/api/sqs"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/wire"
)

// How long a destination that does not answer is tried, and how often at least:
// most of that time, no server may have run.
const (
	keptFor    = time.Hour
	triedLeast = 10
)

// work makes one attempt at a message of the queue.
func (s *Service) work(ctx context.Context, m state.Message) state.Verdict {
	d, err := readDelivery(m.Data)
	if err != nil {
		s.Log.Error("a record of an asynchronous invocation cannot be read and is dropped", "error", err)
		return state.Verdict{}
	}
	err = s.deliver(ctx, d)
	now := s.Clock.Now()
	switch {
	case err == nil:
		return state.Verdict{}
	case ctx.Err() != nil:
		return state.Verdict{Retry: true} // the server ends; the next one delivers
	case lasting(err) || now.Sub(d.Ended) >= keptFor && m.Delivered >= triedLeast:
		s.undelivered(d, err, now)
		return state.Verdict{}
	}
	s.Log.Warn("a record of an asynchronous invocation will be sent again", "function", d.Function.ARN(), "request", d.RequestID, "destination", d.Target, "error", err)
	return state.Verdict{Retry: true, After: backoff(m.Delivered)}
}

func backoff(delivered int) time.Duration {
	return min(time.Second<<min(max(delivered-1, 0), 12), 5*time.Minute)
}

// lasting reports whether there is no use in another attempt: a service, or we,
// have refused.
func lasting(err error) bool {
	if _, ok := errors.AsType[*refusal](err); ok {
		return true
	}
	f := aws.AsFault(err)
	return f != nil && f.Status < http.StatusInternalServerError && f.Status != http.StatusTooManyRequests &&
		!strings.Contains(f.Code, "Throttl") && !strings.Contains(f.Code, "TooManyRequests") && f.Code != "RequestTimeout"
}

// deliver sends a record, or an event, once.
func (s *Service) deliver(ctx context.Context, d *delivery) error {
	t, err := d.parseTarget()
	if err != nil {
		return &refusal{what: err.Error(), mend: "name another destination: aws lambda put-function-event-invoke-config, or update-function-configuration --dead-letter-config"}
	}
	for _, decision := range []policy.Decision{
		s.Roles.MayAssume(d.Role, policy.Service("lambda.amazonaws.com"), nil),
		s.Roles.Allows(d.Role, t.action, t.resource, nil),
	} {
		if !decision.Allowed() {
			what, mend := decision.Explain()
			return &refusal{what: what, mend: mend, denied: true}
		}
	}
	if t.Service == "lambda" {
		return s.invoke(ctx, d)
	}
	client, err := s.client(d, &t)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	switch t.Service {
	case "sqs":
		return s.sendMessage(ctx, client, d, &t)
	case "sns":
		return publish(ctx, client, d)
	case "events":
		return putEvent(ctx, client, d)
	}
	return putObject(ctx, client, d, &t)
}

// invoke gives a record to a function, as an asynchronous event. Should it be given
// twice, both have the same request ID.
func (s *Service) invoke(ctx context.Context, d *delivery) error {
	ref, err := execution.ParseFunctionARN(d.Target)
	if err != nil {
		return &refusal{what: err.Error()}
	}
	_, err = s.Invoker.Enqueue(ctx, execution.Invocation{Function: ref, RequestID: d.ID, Payload: d.body, TraceHeader: d.TraceHeader})
	return err
}

func (s *Service) sendMessage(ctx context.Context, client *wire.Client, d *delivery, t *target) error {
	queue, err := s.queueURL(ctx, client, t)
	if err != nil {
		return err
	}
	in := &apisqs.SendMessageRequest{QueueUrl: &queue, MessageBody: new(d.text())}
	for _, a := range d.attributes() {
		if in.MessageAttributes == nil {
			in.MessageAttributes = map[string]apisqs.MessageAttributeValue{}
		}
		in.MessageAttributes[a.name] = apisqs.MessageAttributeValue{DataType: &a.kind, StringValue: &a.value}
	}
	if d.TraceHeader != "" {
		in.MessageSystemAttributes = map[string]apisqs.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: new("String"), StringValue: &d.TraceHeader}}
	}
	return client.Call(ctx, &apisqs.Service, "SendMessage", in, &apisqs.SendMessageResult{})
}

// queueURL asks where a queue is. AWS's Lambda does without asking, so that a
// role need not be allowed to: then it is where queues are on AWS.
func (s *Service) queueURL(ctx context.Context, client *wire.Client, t *target) (string, error) {
	var out apisqs.GetQueueUrlResult
	err := client.Call(ctx, &apisqs.Service, "GetQueueUrl", &apisqs.GetQueueUrlRequest{QueueName: &t.Resource, QueueOwnerAWSAccountId: &t.Account}, &out)
	if err == nil && out.QueueUrl != nil {
		return *out.QueueUrl, nil
	}
	if f := aws.AsFault(err); err != nil && (f == nil || f.Status >= http.StatusInternalServerError ||
		strings.Contains(f.Code, "NonExistentQueue") || strings.Contains(f.Code, "QueueDoesNotExist")) {
		return "", err
	}
	base := "https://sqs." + t.Region + ".amazonaws.com"
	if to := s.Endpoints["sqs"]; to != nil {
		base = strings.TrimSuffix(to.String(), "/")
	}
	return base + "/" + t.Account + "/" + t.Resource, nil
}

func publish(ctx context.Context, client *wire.Client, d *delivery) error {
	in := &apisns.PublishInput{TopicArn: &d.Target, Message: new(d.text())}
	for _, a := range d.attributes() {
		if in.MessageAttributes == nil {
			in.MessageAttributes = map[string]apisns.MessageAttributeValue{}
		}
		in.MessageAttributes[a.name] = apisns.MessageAttributeValue{DataType: &a.kind, StringValue: &a.value}
	}
	return client.Call(ctx, &apisns.Service, "Publish", in, &apisns.PublishResponse{})
}

// AWS: source, detail type and resources as the developer guide has them.
func putEvent(ctx context.Context, client *wire.Client, d *delivery) error {
	result := "Failure"
	if d.Condition == execution.Succeeded {
		result = "Success"
	}
	entry := apievents.PutEventsRequestEntry{
		Time:         new(d.Ended.UTC().Truncate(time.Second)),
		Source:       new("lambda"),
		Resources:    []string{d.Target, qualified(d.Function).ARN()},
		DetailType:   new("Lambda Function Invocation Result - " + result),
		Detail:       new(d.text()),
		EventBusName: &d.Target,
	}
	if d.TraceHeader != "" {
		entry.TraceHeader = &d.TraceHeader
	}
	var out apievents.PutEventsResponse
	if err := client.Call(ctx, &apievents.Service, "PutEvents", &apievents.PutEventsRequest{Entries: []apievents.PutEventsRequestEntry{entry}}, &out); err != nil {
		return err
	}
	if len(out.Entries) == 1 && out.Entries[0].ErrorCode != nil {
		e := out.Entries[0]
		f := aws.Faultf(http.StatusBadRequest, *e.ErrorCode, "%s", *cmp.Or(e.ErrorMessage, new("")))
		if f.Code == "InternalFailure" {
			f.Status = http.StatusInternalServerError
		}
		return f
	}
	return nil
}

func putObject(ctx context.Context, client *wire.Client, d *delivery, t *target) error {
	in := &apis3.PutObjectRequest{
		Bucket: &t.Resource, Key: new(d.objectKey()), Body: io.NopCloser(bytes.NewReader(d.body)), ContentType: new("application/json"),
	}
	if err := client.Call(ctx, &apis3.Service, "PutObject", in, &apis3.PutObjectOutput{}); err != nil {
		return fmt.Errorf("put %s: %w", *in.Key, err)
	}
	return nil
}

// text is the body where a service takes texts.
func (d *delivery) text() string {
	if len(d.body) == 0 {
		return "{}" // AWS: what a function gets that is given nothing
	}
	return string(d.body)
}
