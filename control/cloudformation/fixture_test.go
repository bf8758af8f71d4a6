package cloudformation_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	agapi "github.com/lamgate/lamgate/api/apigateway"
	api "github.com/lamgate/lamgate/api/cloudformation"
	iamapi "github.com/lamgate/lamgate/api/iam"
	lambdaapi "github.com/lamgate/lamgate/api/lambda"
	logsapi "github.com/lamgate/lamgate/api/logs"
	s3api "github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/apigateway"
	"github.com/lamgate/lamgate/control/cloudformation"
	"github.com/lamgate/lamgate/control/cloudformation/resource"
	"github.com/lamgate/lamgate/control/iam"
	"github.com/lamgate/lamgate/control/lambda"
	"github.com/lamgate/lamgate/control/logs"
	"github.com/lamgate/lamgate/control/s3"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state/statetest"
	"github.com/lamgate/lamgate/telemetry"
)

// A house is a Service with the real control planes around it, on a store of
// its own.
type house struct {
	*cloudformation.Service
	t       *testing.T
	ctx     context.Context
	clock   *aws.ManualClock
	config  cloudformation.Config
	gateway *apigateway.Service
	lambda  *lambda.Service
	iam     *iam.Service
	s3      *s3.Service
	logs    *logs.Service
}

func build(t *testing.T) *house {
	t.Helper()
	store := statetest.Open(t)
	docs := store.Documents()
	log := slog.New(slog.DiscardHandler)
	clock := aws.NewManualClock(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	roles := policy.NewRoles(docs, func(key string, err error) { t.Errorf("%s: %v", key, err) })
	t.Cleanup(roles.Close)
	h := &house{t: t, ctx: t.Context(), clock: clock}
	h.iam = iam.New(docs, clock)
	h.s3 = s3.New(h.ctx, s3.Config{Documents: docs, Blobs: store.Blobs(), Roles: roles, Clock: clock, Log: log})
	h.gateway = apigateway.New(apigateway.Config{Documents: docs, Clock: clock, Log: log, Roles: h.iam})
	lines := telemetry.NewLogs(docs, store.Logs(), clock, log)
	t.Cleanup(func() { lines.Close(context.Background()) })
	h.logs = logs.New(lines, clock)
	h.lambda = lambda.New(h.ctx, lambda.Config{
		Documents: docs, Blobs: store.Blobs(), Invoker: nobody{}, Packages: h.s3, Roles: roles, Journeys: telemetry.NewJourneys(), Clock: clock, Log: log,
		Images: pictures{}, Provisioner: prompt{},
		FindRuntime:  func(string, string) (string, error) { return "", nil },
		CodeLocation: func(_ context.Context, blob string) string { return "http://host/" + blob },
	})
	t.Cleanup(h.lambda.Close)
	h.config = cloudformation.Config{Documents: docs, Clock: clock, Log: log, Clients: resource.Clients{
		APIGateway: h.gateway, Lambda: h.lambda, IAM: h.iam, S3: h.s3, Logs: h.logs,
	}}
	h.start()
	return h
}

// start makes the Service, as the server's start does.
func (h *house) start() {
	h.t.Helper()
	h.Service = cloudformation.New(h.config)
	if err := h.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(h.Service.Close)
}

type nobody struct{}

func (nobody) Invoke(context.Context, execution.Invocation) (*execution.Result, error) {
	return nil, errors.New("nobody runs functions here")
}

func (nobody) Enqueue(context.Context, execution.Invocation) (string, error) {
	return "", errors.New("nobody runs functions here")
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// create creates a stack and returns it once it stands still.
func (h *house) create(name, body string) api.Stack {
	h.t.Helper()
	_, err := h.CreateStack(h.ctx, &api.CreateStackInput{StackName: &name, TemplateBody: &body, Capabilities: []string{"CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"}})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.settled(name)
}

func (h *house) update(name, body string) api.Stack {
	h.t.Helper()
	_, err := h.UpdateStack(h.ctx, &api.UpdateStackInput{StackName: &name, TemplateBody: &body, Capabilities: []string{"CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"}})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.settled(name)
}

// settled waits for a stack's operation to end.
func (h *house) settled(name string) api.Stack {
	h.t.Helper()
	for {
		st := h.stack(name)
		if !strings.HasSuffix(*st.StackStatus, "_IN_PROGRESS") {
			return st
		}
		select {
		case <-h.ctx.Done():
			h.t.Fatalf("stack %s stays in %s", name, *st.StackStatus)
		case <-time.After(time.Millisecond): // the operation answers only to the store
		}
	}
}

func (h *house) stack(name string) api.Stack {
	h.t.Helper()
	out, err := h.DescribeStacks(h.ctx, &api.DescribeStacksInput{StackName: &name})
	if err != nil {
		h.t.Fatal(err)
	}
	return out.Stacks[0]
}

// must fails the test unless the stack has a status, and tells its events then.
func (h *house) must(st api.Stack, status string) {
	h.t.Helper()
	if *st.StackStatus == status {
		return
	}
	var log strings.Builder
	for _, e := range h.events(*st.StackId) {
		log.WriteString("\n" + e)
	}
	h.t.Fatalf("stack is in %s, want %s%s", *st.StackStatus, status, log.String())
}

// events returns what happened, oldest first.
func (h *house) events(name string) []string {
	h.t.Helper()
	out, err := h.DescribeStackEvents(h.ctx, &api.DescribeStackEventsInput{StackName: &name})
	if err != nil {
		h.t.Fatal(err)
	}
	var list []string
	for _, e := range out.StackEvents {
		line := *e.LogicalResourceId + " " + *e.ResourceStatus
		if e.ResourceStatusReason != nil {
			line += " " + *e.ResourceStatusReason
		}
		list = append(list, line)
	}
	slices.Reverse(list)
	return list
}

// physical returns the physical IDs of a stack's resources that exist.
func (h *house) physical(name string) map[string]string {
	h.t.Helper()
	out, err := h.DescribeStackResources(h.ctx, &api.DescribeStackResourcesInput{StackName: &name})
	if err != nil {
		h.t.Fatal(err)
	}
	m := map[string]string{}
	for _, r := range out.StackResources {
		if *r.ResourceStatus != "DELETE_COMPLETE" && r.PhysicalResourceId != nil {
			m[*r.LogicalResourceId] = *r.PhysicalResourceId
		}
	}
	return m
}

// inventory lists everything that exists outside of CloudFormation.
func (h *house) inventory() []string {
	h.t.Helper()
	var list []string
	check := func(err error) {
		if err != nil {
			h.t.Helper()
			h.t.Fatal(err)
		}
	}
	apis, err := h.gateway.GetRestApis(h.ctx, &agapi.GetRestApisRequest{})
	check(err)
	for _, a := range apis.Items {
		list = append(list, "api "+*a.Name)
		deployments, err := h.gateway.GetDeployments(h.ctx, &agapi.GetDeploymentsRequest{RestApiId: a.Id})
		check(err)
		for range deployments.Items {
			list = append(list, "deployment of "+*a.Name)
		}
	}
	functions, err := h.lambda.ListFunctions(h.ctx, &lambdaapi.ListFunctionsRequest{})
	check(err)
	for _, f := range functions.Functions {
		list = append(list, "function "+*f.FunctionName)
	}
	layers, err := h.lambda.ListLayers(h.ctx, &lambdaapi.ListLayersRequest{})
	check(err)
	for _, l := range layers.Layers {
		list = append(list, "layer "+*l.LayerName)
	}
	signing, err := h.lambda.ListCodeSigningConfigs(h.ctx, &lambdaapi.ListCodeSigningConfigsRequest{})
	check(err)
	for _, c := range signing.CodeSigningConfigs {
		list = append(list, "code signing configuration "+*c.CodeSigningConfigId)
	}
	roles, err := h.iam.ListRoles(h.ctx, &iamapi.ListRolesRequest{})
	check(err)
	for _, r := range roles.Roles {
		list = append(list, "role "+*r.RoleName)
	}
	buckets, err := h.s3.ListBuckets(h.ctx, &s3api.ListBucketsRequest{})
	check(err)
	for _, b := range buckets.Buckets {
		list = append(list, "bucket "+*b.Name)
	}
	groups, err := h.logs.DescribeLogGroups(h.ctx, &logsapi.DescribeLogGroupsRequest{})
	check(err)
	for _, g := range groups.LogGroups {
		list = append(list, "log group "+*g.LogGroupName)
	}
	return list
}

// put stores an object, and its bucket if need be.
func (h *house) put(bucket, key, body string) {
	h.t.Helper()
	_, err := h.s3.CreateBucket(h.ctx, &s3api.CreateBucketRequest{Bucket: &bucket})
	if err != nil && !aws.HasCode(err, "BucketAlreadyOwnedByYou") {
		h.t.Fatal(err)
	}
	_, err = h.s3.PutObject(h.ctx, &s3api.PutObjectRequest{Bucket: &bucket, Key: &key, Body: io.NopCloser(bytes.NewReader([]byte(body)))})
	if err != nil {
		h.t.Fatal(err)
	}
}

// documents returns the keys of CloudFormation's documents.
func (h *house) documents() []string {
	var keys []string
	for _, d := range h.config.Documents.List("cloudformation/") {
		keys = append(keys, d.Key)
	}
	return keys
}

func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	f := aws.AsFault(err)
	if f == nil {
		t.Fatalf("got %v, want %s: %s", err, code, message)
	}
	if f.Code != code || f.Message != message {
		t.Errorf("\n got %s: %s\nwant %s: %s", f.Code, f.Message, code, message)
	}
}
