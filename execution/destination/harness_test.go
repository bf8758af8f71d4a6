package destination

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamgate/lamgate/api/events"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/api/sns"
	"github.com/lamgate/lamgate/api/sqs"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
	"github.com/lamgate/lamgate/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	account = "111122223333"
	region  = "eu-west-1"
	roleARN = "arn:aws:iam::111122223333:role/worker"
	queue   = "arn:aws:sqs:eu-west-1:111122223333:results"
	topic   = "arn:aws:sns:eu-west-1:111122223333:results"
	bus     = "arn:aws:events:eu-west-1:111122223333:event-bus/results"
	bucket  = "arn:aws:s3:::results"
	other   = "arn:aws:lambda:eu-west-1:111122223333:function:other"
)

var (
	function = execution.FunctionRef{Account: account, Region: region, Name: "f"}
	noon     = time.Date(2026, 1, 2, 12, 0, 0, 123e6, time.UTC)
)

// cloud is the services that destinations are of, and notes what reaches them.
type cloud struct {
	mu      sync.Mutex
	arrived []any
	who     []aws.Caller
	fail    error // instead of an answer
	calls   int
}

func (c *cloud) take(ctx context.Context, in any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.fail != nil {
		return c.fail
	}
	c.arrived, c.who = append(c.arrived, in), append(c.who, aws.CallerFrom(ctx))
	return nil
}

func (c *cloud) setFail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = err
}

func (c *cloud) got() []any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.arrived
}

func (c *cloud) called() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

func (c *cloud) GetQueueUrl(_ context.Context, in *sqs.GetQueueUrlRequest) (*sqs.GetQueueUrlResult, error) {
	if *in.QueueName != "results" {
		return nil, aws.Faultf(400, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
	}
	return &sqs.GetQueueUrlResult{QueueUrl: new("http://queues/" + *in.QueueOwnerAWSAccountId + "/" + *in.QueueName)}, nil
}

func (c *cloud) SendMessage(ctx context.Context, in *sqs.SendMessageRequest) (*sqs.SendMessageResult, error) {
	return &sqs.SendMessageResult{MessageId: new("1")}, c.take(ctx, in)
}

func (c *cloud) Publish(ctx context.Context, in *sns.PublishInput) (*sns.PublishResponse, error) {
	return &sns.PublishResponse{MessageId: new("1")}, c.take(ctx, in)
}

func (c *cloud) PutEvents(ctx context.Context, in *events.PutEventsRequest) (*events.PutEventsResponse, error) {
	if *in.Entries[0].EventBusName != bus {
		return &events.PutEventsResponse{FailedEntryCount: new(int32(1)), Entries: []events.PutEventsResultEntry{{ErrorCode: new("NotAuthorizedForSourceException"), ErrorMessage: new("no")}}}, nil
	}
	return &events.PutEventsResponse{FailedEntryCount: new(int32(0)), Entries: []events.PutEventsResultEntry{{EventId: new("1")}}}, c.take(ctx, in)
}

// An object is what S3 was given.
type object struct{ bucket, key, body string }

func (c *cloud) PutObject(ctx context.Context, in *s3.PutObjectRequest) (*s3.PutObjectOutput, error) {
	b, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	return &s3.PutObjectOutput{}, c.take(ctx, object{*in.Bucket, *in.Key, string(b)})
}

// Invoke implements execution.Invoker.
func (c *cloud) Invoke(context.Context, execution.Invocation) (*execution.Result, error) {
	panic("destinations are invoked asynchronously")
}

func (c *cloud) Enqueue(ctx context.Context, i execution.Invocation) (string, error) {
	return "1", c.take(ctx, i)
}

// A house is a Service with the cloud around it.
type house struct {
	*Service
	cloud *cloud
	clock *aws.ManualClock
	store *state.Store
}

type options struct {
	dir        string
	statements string // of the role; everything if empty
	trusted    string // who may assume it; Lambda if empty
	endpoints  []string
	clock      *aws.ManualClock
	cloud      *cloud
}

// everywhere is the endpoint map of a house that has been told of everything.
var everywhere = []string{"sqs", "sns", "events"}

func open(t *testing.T, o options) *house {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if o.dir == "" {
		o.dir = t.TempDir()
	}
	if o.clock == nil {
		o.clock = aws.NewManualClock(noon)
	}
	if o.cloud == nil {
		o.cloud = &cloud{}
	}
	if o.statements == "" {
		o.statements = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	}
	store, err := state.Open(state.Options{Dir: filepath.Join(o.dir, "state"), Clock: o.clock})
	must(err)
	doc, err := policy.Parse(policy.Identity, `{"Version":"2012-10-17","Statement":`+o.statements+`}`)
	must(err)
	trust, err := policy.Parse(policy.Trust, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"`+cmp.Or(o.trusted, "lambda.amazonaws.com")+`"},"Action":"sts:AssumeRole"}}`)
	must(err)
	key := policy.RoleKey(account, "worker")
	old, _ := store.Documents().Get(key)
	if old.Revision == 0 {
		must(state.Create(t.Context(), store.Documents(), key, policy.Role{Account: account, Name: "worker", Path: "/", ARN: roleARN, Trust: trust, Inline: map[string]policy.Document{"p": doc}}))
	}
	roles := policy.NewRoles(store.Documents(), func(_ string, err error) { t.Error(err) })
	credentials := wire.NewCredentials([]byte("key"))
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	handler, err := wire.New([]wire.Mount{
		{Service: &sqs.Service, Implementation: o.cloud}, {Service: &sns.Service, Implementation: o.cloud},
		{Service: &events.Service, Implementation: o.cloud}, {Service: &s3.Service, Implementation: o.cloud},
	}, log, o.clock, credentials)
	must(err)
	server := httptest.NewServer(handler)
	endpoints := map[string]*url.URL{}
	for _, name := range o.endpoints {
		endpoints[name], err = url.Parse(server.URL)
		must(err)
	}
	pending, err := store.Queue("destinations")
	must(err)
	h := &house{cloud: o.cloud, clock: o.clock, store: store, Service: New(Config{
		Queue: pending, Roles: roles, Clock: o.clock, Log: log, Journeys: telemetry.NewJourneys(), Invoker: o.cloud, Endpoints: endpoints,
		Services: func(service string) http.Handler {
			if service == "s3" {
				return handler.Only("s3")
			}
			return nil
		},
		Credentials: func(account, role, session string) AccessKey {
			i := credentials.Issue(wire.Session{Account: account, RoleARN: role, Name: session, Expiry: o.clock.Now().Add(time.Hour)})
			return AccessKey{i.AccessKeyID, i.SecretAccessKey, i.SessionToken}
		},
	})}
	t.Cleanup(func() { h.stop(); roles.Close(); server.Close() })
	return h
}

func (h *house) stop() {
	if h.store == nil {
		return
	}
	h.Service.Close()
	h.store.Close()
	h.store = nil
}

func (h *house) await(t *testing.T, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it does not come about")
		}
	}
}

// dropped waits for the journey that says why a record was not delivered.
func (h *house) dropped(t *testing.T, id string) (what, mend string, v telemetry.Verdict) {
	t.Helper()
	var j *telemetry.Journey
	h.await(t, func() (ok bool) { j, ok = h.Journeys.Find(id); return ok })
	steps, _ := j.Steps()
	if len(steps) != 1 || steps[0].Name != "destination" {
		t.Fatalf("steps = %+v", steps)
	}
	what, mend = steps[0].Detail.Explain()
	return what, mend, steps[0].Verdict
}
