package apigateway_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/apigateway"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/state/statetest"
)

// A bench is a Service with its store, in one account.
type bench struct {
	*apigateway.Service
	t     testing.TB
	ctx   context.Context
	docs  state.Documents
	clock *aws.ManualClock
}

const testAccount = "111111111111"

func newBench(t testing.TB) *bench {
	t.Helper()
	docs := statetest.Open(t).Documents()
	clock := aws.NewManualClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	s := apigateway.New(apigateway.Config{Documents: docs, Clock: clock, Log: slog.New(slog.DiscardHandler)})
	b := &bench{Service: s, t: t, docs: docs, clock: clock}
	b.as(testAccount, "us-east-1")
	return b
}

// as makes the calls that follow those of an account in a region.
func (b *bench) as(account, region string) {
	b.ctx = aws.WithCaller(b.t.Context(), aws.Caller{Account: account, Region: region})
}

// must fails the test on an error.
func must[Out any](b *bench) func(*Out, error) *Out {
	return func(out *Out, err error) *Out {
		b.t.Helper()
		if err != nil {
			b.t.Fatal(err)
		}
		return out
	}
}

func do[In, Out any](b *bench, op func(context.Context, *In) (*Out, error), in In) *Out {
	b.t.Helper()
	return must[Out](b)(op(b.ctx, &in))
}

// refuse fails the test unless op is refused with a code and a message.
func refuse[In, Out any](b *bench, op func(context.Context, *In) (*Out, error), in In, code, message string) {
	b.t.Helper()
	_, err := op(b.ctx, &in)
	f := aws.AsFault(err)
	if f == nil {
		b.t.Errorf("%T is not refused: %v; want %s: %s", in, err, code, message)
		return
	}
	if f.Code != code || f.Message != message {
		b.t.Errorf("%T is refused with\n  %s: %s\nwant\n  %s: %s", in, f.Code, f.Message, code, message)
	}
}

const (
	bad     = "BadRequestException"
	missing = "NotFoundException"
	clash   = "ConflictException"
)

const lambdaURI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:111111111111:function:hello/invocations"

func TestAnAPIIsBuiltDeployedAndServed(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("hello")})
	resource := do(b, b.CreateResource, api.CreateResourceRequest{RestApiId: rest.Id, ParentId: rest.RootResourceId, PathPart: new("{proxy+}")})
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: resource.Id, HttpMethod: new("ANY"), AuthorizationType: new("NONE")})
	do(b, b.PutIntegration, api.PutIntegrationRequest{RestApiId: rest.Id, ResourceId: resource.Id, HttpMethod: new("ANY"),
		Type: new("AWS_PROXY"), IntegrationHttpMethod: new("POST"), Uri: new(lambdaURI)})
	d := do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest.Id, StageName: new("v0"), Variables: map[string]string{"a": "b"}})

	// What follows the deployment is not part of it.
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("NONE")})

	served, err := state.Load[plan.RestAPI](b.docs, plan.RestAPIKey(*rest.Id))
	if err != nil {
		t.Fatal(err)
	}
	st := served.Stages["v0"]
	if served.Account != testAccount || st == nil || st.Deployment != *d.Id || st.Variables["a"] != "b" {
		t.Errorf("the data plane reads %+v with stage %+v", served, st)
	}
	snapshot, err := state.Load[plan.Deployment](b.docs, plan.DeploymentKey(*rest.Id, *d.Id))
	if err != nil {
		t.Fatal(err)
	}
	if len(snapshot.Resources) != 2 || len(snapshot.Resources[0].Methods) != 0 {
		t.Errorf("snapshot has %+v", snapshot.Resources)
	}
	got := snapshot.Resources[1].Methods["ANY"].Integration
	if got.URI != lambdaURI || got.TimeoutMillis != 29000 || got.CacheNamespace != *resource.Id {
		t.Errorf("snapshot has integration %+v", got)
	}
}
