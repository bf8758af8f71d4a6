package url

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
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/state/statetest"
	"github.com/lamgate/lamgate/telemetry"
	"github.com/lamgate/lamgate/wire"
)

// A house is a gateway with all that stands around it.
type house struct {
	t           testing.TB
	docs        state.Documents
	clock       *aws.ManualClock
	invoker     *fakeInvoker
	credentials *wire.Credentials
	journeys    *telemetry.Journeys
	gateway     *Gateway
}

// fakeInvoker answers in place of functions.
type fakeInvoker struct {
	mu     sync.Mutex
	calls  []execution.Invocation
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

func (f *fakeInvoker) Enqueue(context.Context, execution.Invocation) (string, error) { return "", nil }

// answering has functions answer a payload.
func (f *fakeInvoker) answering(payload string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = func(_ context.Context, i execution.Invocation) (*execution.Result, error) {
		return &execution.Result{RequestID: i.RequestID, Payload: []byte(payload)}, nil
	}
}

// last returns the event of the last invocation.
func (f *fakeInvoker) last(t testing.TB) map[string]any {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.calls) == 0 {
		t.Fatal("no function was invoked")
	}
	var event map[string]any
	if err := json.Unmarshal(f.calls[len(f.calls)-1].Payload, &event); err != nil {
		t.Fatalf("the event is no JSON: %v\n%s", err, f.calls[len(f.calls)-1].Payload)
	}
	return event
}

var houseTime = time.Date(2020, time.March, 12, 19, 3, 58, 390_000_000, time.UTC)

const (
	account  = "123456789012"
	region   = "us-west-2"
	urlID    = "abcdefghijklmnopqrstuvwxyz012345"
	helloARN = "arn:aws:lambda:us-west-2:123456789012:function:hello"
)

func newHouse(t testing.TB) *house {
	store := statetest.Open(t)
	h := &house{
		t: t, docs: store.Documents(), clock: aws.NewManualClock(houseTime), invoker: &fakeInvoker{},
		credentials: wire.NewCredentials([]byte("key of the tests")), journeys: telemetry.NewJourneys(),
	}
	h.invoker.answering(`{"statusCode":200,"body":"Hello, World!"}`)
	roles := policy.NewRoles(h.docs, func(key string, err error) { t.Errorf("%s: %v", key, err) })
	h.gateway = New(Config{
		Documents: h.docs, Invoker: h.invoker, Roles: roles, Verifier: wire.NewVerifier(h.credentials, h.clock), Clock: h.clock,
		Log: slog.New(slog.DiscardHandler), Journeys: h.journeys,
	})
	t.Cleanup(func() {
		h.gateway.Close()
		roles.Close()
	})
	return h
}

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

// function makes the function "hello" with a URL and a policy.
func (h *house) function(u execution.URL, statements ...policy.Statement) {
	h.t.Helper()
	h.aliased("", u, statements...)
}

// aliased makes the same of an alias.
func (h *house) aliased(alias string, u execution.URL, statements ...policy.Statement) {
	h.t.Helper()
	if u.ID == "" {
		u.ID = urlID
	}
	if u.AuthType == "" {
		u.AuthType = "NONE"
	}
	h.put(execution.FunctionKey(account, region, "hello"), execution.Function{
		Account: account, Region: region, Name: "hello", URLs: map[string]execution.URL{alias: u},
		Aliases:  map[string]execution.Alias{"live": {Name: "live", Version: "$LATEST"}},
		Policies: map[string]execution.ResourcePolicy{alias: {Document: policy.Document{Version: policy.Version2012, Statement: statements}}},
	})
}

// public are the statements that add-permission makes for everybody.
func public(resource string) []policy.Statement {
	return []policy.Statement{
		{Sid: "url", Effect: policy.Allow, Principal: &policy.Principal{Everyone: true}, Action: []string{"lambda:InvokeFunctionUrl"}, Resource: []string{resource},
			Condition: policy.Condition{"StringEquals": {"lambda:FunctionUrlAuthType": {"NONE"}}}},
		{Sid: "function", Effect: policy.Allow, Principal: &policy.Principal{Everyone: true}, Action: []string{"lambda:InvokeFunction"}, Resource: []string{resource},
			Condition: policy.Condition{"Bool": {"lambda:InvokedViaFunctionUrl": {"true"}}}},
	}
}

// open makes a URL for everybody.
func (h *house) open(change ...func(*execution.URL)) {
	u := execution.URL{}
	for _, f := range change {
		f(&u)
	}
	h.function(u, public(helloARN)...)
}

const host = urlID + ".lambda-url.us-west-2.on.aws"

func request(method, target, body string, header ...string) *http.Request {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, target, content)
	r.Host, r.RemoteAddr = host, "123.123.123.123:4567"
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func (h *house) do(method, target, body string, header ...string) *answer {
	return h.serve(request(method, target, body, header...))
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

// expect fails unless the answer is of a status and a body.
func (a *answer) expect(status int, body string) *answer {
	a.house.t.Helper()
	if a.Code != status || a.Body.String() != body {
		step, what, mend := a.why()
		a.house.t.Errorf("answered %d %s\nwant     %d %s\nbecause of %s: %s (%s)", a.Code, a.Body, status, body, step, what, mend)
	}
	return a
}

// with fails unless a header has a value.
func (a *answer) with(name, value string) *answer {
	a.house.t.Helper()
	if got := a.header(name); got != value {
		a.house.t.Errorf("%s is %q, want %q", name, got, value)
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

// The bodies of Lambda's own answers, to the byte.
const (
	forbiddenBody = `{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}`
	failedBody    = "Internal Server Error"
)
