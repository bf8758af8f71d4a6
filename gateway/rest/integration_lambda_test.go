package rest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/plan"
)

// lambda is a method that invokes "hello" by a custom integration.
func lambda(change ...func(*plan.Method)) *plan.Method {
	m := proxyTo(helloARN)
	m.Integration.Type = "AWS"
	m.Responses = map[string]*plan.MethodResponse{}
	for _, status := range []string{"200", "202", "400", "404", "500", "504"} {
		m.Responses[status] = &plan.MethodResponse{StatusCode: status}
	}
	m.Integration.Responses = map[string]*plan.IntegrationResponse{"200": {StatusCode: "200"}}
	for _, f := range change {
		f(m)
	}
	return m
}

func requestTemplate(contentType, source string) func(*plan.Method) {
	return func(m *plan.Method) {
		if m.Integration.RequestTemplates == nil {
			m.Integration.RequestTemplates = map[string]string{}
		}
		m.Integration.RequestTemplates[contentType] = source
	}
}

func responds(status, pattern, template string) func(*plan.Method) {
	return func(m *plan.Method) {
		r := &plan.IntegrationResponse{StatusCode: status}
		if pattern != "" {
			r.SelectionPattern = &pattern
		}
		if template != "" {
			r.ResponseTemplates = map[string]string{"application/json": template}
		}
		m.Integration.Responses[status] = r
	}
}

// failing has functions fail with an error object.
func (f *fakeInvoker) failing(payload string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = func(context.Context, execution.Invocation) (*execution.Result, error) {
		return &execution.Result{RequestID: "invocation-id", Payload: []byte(payload), FunctionError: "Unhandled"}, nil
	}
}

func TestLambdaCustom(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deployMethod("/a/{id}", lambda(requestTemplate("application/json", `{"id":"$input.params('id')","name":$input.json('$.name')}`)))
	h.invoker.answering(`{"statusCode":201,"body":"is but a member here"}`)
	a := h.do("POST", "/v0/a/7", `{"name":{"first":"Ada"}}`).expect(200, "", `{"statusCode":201,"body":"is but a member here"}`)
	if a.header("Content-Type") != "application/json" || !strings.HasPrefix(a.header("X-Amzn-Trace-Id"), "Root=") {
		t.Errorf("%v", a.Result().Header)
	}
	if got := string(h.invoker.last(t).Payload); got != `{"id":"7","name":{"first":"Ada"}}` {
		t.Errorf("the function received %s", got)
	}
	// Recorded: without a body the event is {}.
	h.deployMethod("/a", lambda())
	h.get("/v0/a")
	if got := string(h.invoker.last(t).Payload); got != "{}" {
		t.Errorf("the function received %s", got)
	}
	h.do("POST", "/v0/a", "a=b").expect(500, errServer, internal).because("integration", "Lambda takes JSON", "a=b")
	h.function()
	h.get("/v0/a").expect(500, errServer, internal).because("permission", "lambda:InvokeFunction")
}

func TestFunctionsErrorsSelectResponses(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deployMethod("/a", lambda(
		responds("400", "Bad.*", `{"wrong":"$input.path('$.errorMessage')"}`),
		responds("404", `(?i)not found: \w+`, ""),
		responds("504", `.*Task timed out.*`, "")))
	h.invoker.failing(`{"errorMessage":"Bad \"name\"","errorType":"Error"}`)
	h.get("/v0/a").expect(400, "", `{"wrong":"Bad "name""}`)
	h.invoker.failing(`{"errorMessage":"NOT found: Ada"}`)
	h.get("/v0/a").expect(404, "", `{"errorMessage":"NOT found: Ada"}`)
	h.invoker.failing(`{"errorMessage":"RequestId: x Error: Task timed out after 3.00 seconds"}`)
	h.get("/v0/a").expect(504, "", `{"errorMessage":"RequestId: x Error: Task timed out after 3.00 seconds"}`)
	// The whole message must match, and what matches nothing is the default's.
	h.invoker.failing(`{"errorMessage":"not found: Ada, nor anybody"}`)
	h.get("/v0/a").expect(200, "", `{"errorMessage":"not found: Ada, nor anybody"}`)
	h.deployMethod("/a", lambda(responds("200", "2..", ""), responds("400", "Bad.*", "")))
	h.get("/v0/a").expect(500, errServer, internal).because("integration response", "error message not found: Ada", "no default one")
	h.invoker.answering(`"fine"`)
	h.get("/v0/a").expect(200, "", `"fine"`)
}

func TestASelectionPatternHasLittleTime(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deployMethod("/a", lambda(responds("400", "((a+)+b)\\1", "")))
	h.invoker.failing(`{"errorMessage":"` + strings.Repeat("a", 64) + `"}`)
	h.get("/v0/a").expect(500, errServer, internal).because("integration response", "((a+)+b)\\1", "took too long")
}

func TestAsynchronousInvocation(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deployMethod("/a", lambda(parameters("header.X-Amz-Invocation-Type", "'Event'"), responds("202", "202", `{"taken":true}`)))
	h.do("POST", "/v0/a", `{"a":1}`).expect(202, "", `{"taken":true}`)
	if len(h.invoker.events) != 1 || string(h.invoker.events[0].Payload) != `{"a":1}` || h.invoker.count() != 0 {
		t.Errorf("%+v", h.invoker.events)
	}
	// The caller may choose, and so may a template.
	h.deployMethod("/a", lambda(parameters("header.X-Amz-Invocation-Type", "method.request.header.InvocationType")))
	h.do("POST", "/v0/a", `{}`, "InvocationType", "Event").expect(200, "", "")
	h.do("POST", "/v0/a", `{}`, "InvocationType", "DryRun").expect(200, "", "")
	h.do("POST", "/v0/a", `{}`, "InvocationType", "Never").expect(500, errServer, internal).because("integration", "no invocation type")
	h.do("POST", "/v0/a", `{}`).expect(200, "", `{"statusCode":200,"body":"Hello, World!"}`)
	h.deployMethod("/a", lambda(requestTemplate("application/json", `#set($context.requestOverride.header['X-Amz-Invocation-Type'] = "Event"){}`)))
	h.do("POST", "/v0/a", `{}`).expect(200, "", "")
	if len(h.invoker.events) != 3 || h.invoker.count() != 1 {
		t.Errorf("%d events, %d calls", len(h.invoker.events), h.invoker.count())
	}
}

func TestLambdaCustomHasItsTime(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deployMethod("/a", lambda(func(m *plan.Method) { m.Integration.TimeoutMillis = 100 }))
	called := make(chan struct{})
	h.invoker.answer = func(ctx context.Context, _ execution.Invocation) (*execution.Result, error) {
		close(called)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	go func() {
		<-called
		h.clock.Advance(100 * time.Millisecond)
	}()
	h.get("/v0/a").expect(504, errServer, `{"message": "Endpoint request timed out"}`).because("integration", "100ms")
}
