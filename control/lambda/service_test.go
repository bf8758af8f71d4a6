package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/state/statetest"
	"github.com/lamgate/lamgate/telemetry"
)

const roleARN = "arn:aws:iam::000000000000:role/worker"

// A fixture is a Service on a store of its own, with a role that Lambda may
// assume and a clock that stands still.
type fixture struct {
	*Service
	t       *testing.T
	ctx     context.Context
	clock   *aws.ManualClock
	store   *state.Store
	invoker *recordingInvoker
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	store := statetest.Open(t)
	ctx := t.Context()
	role := policy.Role{Account: aws.DefaultAccount, Name: "worker", ARN: roleARN, Trust: policy.Document{
		Version: "2012-10-17",
		Statement: []policy.Statement{{
			Effect: policy.Allow, Action: []string{"sts:AssumeRole"},
			Principal: &policy.Principal{Kinds: map[string][]string{"Service": {"lambda.amazonaws.com"}}},
		}},
	}}
	if err := state.Create(ctx, store.Documents(), policy.RoleKey(role.Account, role.Name), role); err != nil {
		t.Fatal(err)
	}
	roles := policy.NewRoles(store.Documents(), func(key string, err error) { t.Errorf("%s: %v", key, err) })
	t.Cleanup(roles.Close)
	clock := aws.NewManualClock(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	invoker := &recordingInvoker{}
	f := &fixture{
		t: t, ctx: ctx, clock: clock, store: store, invoker: invoker,
		Service: New(ctx, Config{
			Documents: store.Documents(), Blobs: store.Blobs(), Invoker: invoker, Packages: noPackages{}, Roles: roles,
			Journeys: telemetry.NewJourneys(), Clock: clock, Log: slog.New(slog.DiscardHandler),
			FindRuntime:  findRuntime,
			CodeLocation: func(_ context.Context, blob string) string { return "http://host/" + blob },
		}),
	}
	t.Cleanup(f.Close)
	return f
}

func findRuntime(runtime, _ string) (string, error) {
	if strings.HasPrefix(runtime, "ruby") {
		return "", errors.New("it has no Ruby")
	}
	return "", nil
}

// permitRole lets the functions' role do something with everything.
func (f *fixture) permitRole(actions ...string) {
	f.t.Helper()
	_, err := state.Update(f.ctx, f.store.Documents(), policy.RoleKey(aws.DefaultAccount, "worker"), func(r *policy.Role) error {
		r.Inline = map[string]policy.Document{"all": {Version: policy.Version2012, Statement: []policy.Statement{{
			Effect: policy.Allow, Action: actions, Resource: []string{"*"},
		}}}}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// recordingInvoker keeps the invocations that it is given and answers each with
// its own payload.
type recordingInvoker struct{ invocations []execution.Invocation }

func (r *recordingInvoker) Invoke(_ context.Context, i execution.Invocation) (*execution.Result, error) {
	r.invocations = append(r.invocations, i)
	return &execution.Result{Payload: i.Payload, ExecutedVersion: execution.Latest, LogTail: []byte("START\n")}, nil
}

func (r *recordingInvoker) Enqueue(_ context.Context, i execution.Invocation) (string, error) {
	r.invocations = append(r.invocations, i)
	return i.RequestID, nil
}

// noPackages are buckets without packages, but for one.
type noPackages struct{}

func (noPackages) GetObject(_ context.Context, in *s3.GetObjectRequest) (*s3.GetObjectOutput, error) {
	switch *in.Bucket {
	case "empty":
		return nil, aws.Faultf(404, "NoSuchKey", "The specified key does not exist.")
	case "zips": // each key is a file of that name
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		_, err := w.Create(*in.Key)
		return &s3.GetObjectOutput{Body: io.NopCloser(&b)}, errors.Join(err, w.Close())
	}
	return nil, aws.Faultf(404, "NoSuchBucket", "The specified bucket does not exist")
}

// packed returns a ZIP file of files by name.
func packed(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (f *fixture) request(name string) *lambda.CreateFunctionRequest {
	return &lambda.CreateFunctionRequest{
		FunctionName: &name, Runtime: new("python3.13"), Handler: new("app.handler"), Role: new(roleARN),
		Code: &lambda.FunctionCode{ZipFile: packed(f.t, map[string]string{"app.py": "def handler(e, c): return 1"})},
	}
}

func (f *fixture) create(name string) *lambda.FunctionConfiguration {
	f.t.Helper()
	c, err := f.CreateFunction(f.ctx, f.request(name))
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// expectFault fails the test unless err is the fault.
func expectFault(t *testing.T, err error, code, message string) {
	t.Helper()
	f := aws.AsFault(err)
	if f == nil {
		t.Fatalf("got %v, want %s", err, code)
	}
	if f.Code != code || f.Message != message {
		t.Errorf("got  %s: %s\nwant %s: %s", f.Code, f.Message, code, message)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
