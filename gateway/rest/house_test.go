package rest

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/state/statetest"
	"github.com/lamgate/lamgate/telemetry"
)

// A house is a gateway with all that stands around it.
type house struct {
	t        testing.TB
	docs     state.Documents
	clock    *aws.ManualClock
	invoker  *fakeInvoker
	journeys *telemetry.Journeys
	logs     *telemetry.Logs
	gateway  *Gateway
}

// fakeInvoker answers in place of functions.
type fakeInvoker struct {
	mu     sync.Mutex
	calls  []execution.Invocation
	events []execution.Invocation // that were enqueued
	answer func(context.Context, execution.Invocation) (*execution.Result, error)
}

func (f *fakeInvoker) Invoke(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
	f.mu.Lock()
	kept := i
	kept.Payload = append([]byte(nil), i.Payload...)
	f.calls = append(f.calls, kept)
	answer := f.answer
	f.mu.Unlock()
	return answer(ctx, i)
}

func (f *fakeInvoker) Enqueue(_ context.Context, i execution.Invocation) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i.Payload = append([]byte(nil), i.Payload...)
	f.events = append(f.events, i)
	return "event-id", nil
}

// answering has functions answer a payload.
func (f *fakeInvoker) answering(payload string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = func(context.Context, execution.Invocation) (*execution.Result, error) {
		return &execution.Result{RequestID: "invocation-id", Payload: []byte(payload)}, nil
	}
}

// last returns the last invocation.
func (f *fakeInvoker) last(t testing.TB) execution.Invocation {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.calls) == 0 {
		t.Fatal("no function was invoked")
	}
	return f.calls[len(f.calls)-1]
}

func (f *fakeInvoker) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

var houseTime = time.Date(2020, time.May, 15, 6, 1, 9, 469_000_000, time.UTC)

func newHouse(t testing.TB, change ...func(*Config)) *house {
	store := statetest.Open(t)
	h := &house{
		t:        t,
		docs:     store.Documents(),
		clock:    aws.NewManualClock(houseTime),
		invoker:  &fakeInvoker{},
		journeys: telemetry.NewJourneys(),
	}
	h.invoker.answering(`{"statusCode":200,"body":"Hello, World!"}`)
	roles := policy.NewRoles(h.docs, func(key string, err error) { t.Errorf("%s: %v", key, err) })
	h.logs = telemetry.NewLogs(h.docs, store.Logs(), aws.NewManualClock(houseTime), slog.New(slog.DiscardHandler))
	c := Config{
		Documents: h.docs,
		Invoker:   h.invoker,
		Roles:     roles,
		Clock:     h.clock,
		Log:       slog.New(slog.DiscardHandler),
		Journeys:  h.journeys,
		Logs:      h.logs,
	}
	for _, f := range change {
		f(&c)
	}
	h.gateway = New(c)
	t.Cleanup(func() {
		h.gateway.Close()
		roles.Close()
		h.logs.Close(context.Background())
	})
	return h
}

const (
	account = "000000000000"
	region  = "us-east-1"
)

// put writes a document, whether it exists or not.
func (h *house) put(key string, value any) {
	h.t.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		h.t.Fatal(err)
	}
	var revision uint64
	if d, err := h.docs.Get(key); err == nil {
		revision = d.Revision
	}
	if _, err := h.docs.Put(h.t.Context(), key, b, revision); err != nil {
		h.t.Fatal(err)
	}
}

// deploy publishes a deployment on the stage v0 of the API "api".
func (h *house) deploy(d plan.Deployment, change ...func(*plan.RestAPI)) {
	h.t.Helper()
	d.ID, d.API, d.Account, d.Region = "dep001", "api", account, region
	h.put(plan.DeploymentKey("api", "dep001"), d)
	a := plan.RestAPI{ID: "api", Account: account, Region: region,
		Stages: map[string]*plan.Stage{"v0": {Name: "v0", Deployment: "dep001"}}}
	for _, f := range change {
		f(&a)
	}
	h.put(plan.RestAPIKey("api"), a)
}

// function makes the function "hello" with a resource policy.
func (h *house) function(statements ...policy.Statement) {
	h.t.Helper()
	f := execution.Function{Account: account, Region: region, Name: "hello"}
	if statements != nil {
		f.Policies = map[string]execution.ResourcePolicy{"": {Document: policy.Document{Version: policy.Version2012, Statement: statements}}}
	}
	h.put(execution.FunctionKey(account, region, "hello"), f)
}

const helloARN = "arn:aws:lambda:us-east-1:000000000000:function:hello"

// permit is the statement that add-permission makes.
func permit(sourceARN string) policy.Statement {
	s := policy.Statement{
		Sid: "test", Effect: policy.Allow,
		Principal: &policy.Principal{Kinds: map[string][]string{"Service": {"apigateway.amazonaws.com"}}},
		Action:    []string{"lambda:InvokeFunction"},
		Resource:  []string{helloARN},
	}
	if sourceARN != "" {
		s.Condition = policy.Condition{"ArnLike": {"AWS:SourceArn": {sourceARN}}}
	}
	return s
}

// proxyTo is a method that invokes a function.
func proxyTo(function string) *plan.Method {
	return &plan.Method{AuthorizationType: "NONE", Integration: &plan.Integration{
		Type: "AWS_PROXY", HTTPMethod: "POST", TimeoutMillis: 29000,
		URI: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + function + "/invocations",
	}}
}

func resource(path string, methods map[string]*plan.Method) plan.Resource {
	return plan.Resource{ID: "r" + strings.Trim(strings.NewReplacer("/", "", "{", "", "}", "", "+", "").Replace(path), ""), Path: path, Methods: methods}
}

// hello is a deployment of one method that invokes the function "hello".
func hello(method, path string) plan.Deployment {
	return plan.Deployment{EndpointType: "REGIONAL", Resources: []plan.Resource{resource(path, map[string]*plan.Method{method: proxyTo(helloARN)})}}
}

// get sends a request to the gateway by the host name of the API.
func (h *house) get(path string) *answer { return h.do("GET", path, "") }

func (h *house) do(method, path, body string, header ...string) *answer {
	h.t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, "http://api.execute-api.us-east-1.amazonaws.com"+path, content)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return h.serve(r)
}

// An answer is what a caller received.
type answer struct {
	*httptest.ResponseRecorder
	house *house
}

func (h *house) serve(r *http.Request) *answer {
	w := httptest.NewRecorder()
	h.gateway.ServeHTTP(w, r)
	return &answer{w, h}
}

// header returns a header's values by the name as it stands on the wire.
func (a *answer) header(name string) string {
	return strings.Join(a.Result().Header[name], "|")
}

// why returns the step of the request's journey that ended it, and its reason.
func (a *answer) why() (step, what, mend string) {
	a.house.t.Helper()
	j, ok := a.house.journeys.Find(a.header("x-amzn-RequestId"))
	if !ok {
		a.house.t.Fatal("the request has no journey")
	}
	steps, _ := j.Steps()
	for _, s := range steps {
		if s.Verdict == telemetry.Denied || s.Verdict == telemetry.Failed {
			what, mend = s.Detail.Explain()
			return s.Name, what, mend
		}
	}
	return "", "", ""
}

// expect fails unless the answer is of a status, an error type and a body.
func (a *answer) expect(status int, errorType, body string) *answer {
	a.house.t.Helper()
	if a.Code != status || a.header("x-amzn-ErrorType") != errorType || a.Body.String() != body {
		step, what, mend := a.why()
		a.house.t.Errorf("answered %d %s %s\nwant     %d %s %s\nbecause of %s: %s (%s)",
			a.Code, a.header("x-amzn-ErrorType"), a.Body, status, errorType, body, step, what, mend)
	}
	return a
}

// because fails unless the journey explains the refusal in these words.
func (a *answer) because(step string, words ...string) *answer {
	a.house.t.Helper()
	at, what, mend := a.why()
	if at != step {
		a.house.t.Errorf("refused at %q (%s), want at %q", at, what, step)
	}
	for _, w := range words {
		if !strings.Contains(what, w) && !strings.Contains(mend, w) {
			a.house.t.Errorf("the journey does not say %q:\n%s\n%s", w, what, mend)
		}
	}
	return a
}
