package rest

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/plan"
)

const executionGroup = "API-Gateway-Execution-Logs_api/v0"

func logging(level string, trace bool) func(*plan.RestAPI) {
	return func(a *plan.RestAPI) {
		a.Stages["v0"].MethodSettings = map[string]plan.MethodSettings{"*/*": {
			LoggingLevel: level, DataTraceEnabled: trace, ThrottlingBurstLimit: -1, ThrottlingRateLimit: -1}}
	}
}

// told returns the execution log of an answer's request, without what differs
// from run to run.
func (a *answer) told() string {
	a.house.t.Helper()
	id, extended := a.header("x-amzn-RequestId"), a.header("x-amz-apigw-id")
	var lines []string
	for _, l := range a.house.lines(executionGroup) {
		text, ok := strings.CutPrefix(l, "("+id+") ")
		if !ok {
			continue
		}
		lines = append(lines, text)
	}
	return anonymous.Replace(strings.NewReplacer(id, "ID", extended, "EXTENDED").Replace(strings.Join(lines, "\n")))
}

type replacer struct{ re *regexp.Regexp }

func (r replacer) Replace(s string) string { return r.re.ReplaceAllString(s, "TRACE") }

var anonymous = replacer{regexp.MustCompile(`(Root=)?1-[0-9a-f]{8}-[0-9a-f]{24}(;Parent=[^;]*;Sampled=.;Lineage=[0-9a-f:]*)?`)}

const admitted = `Extended Request Id: EXTENDED
Verifying Usage Plan for request: ID. API Key:  API Stage: api/v0
API Key  authorized because method 'GET /a/{id}' does not require API Key. Request will not contribute to throttle or quota limits
Usage Plan check succeeded for API Key  and API Stage api/v0
Starting execution for request: ID
HTTP Method: GET, Resource Path: /a/1
`

const lambdaURL = "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/" + helloARN + "/invocations"

func TestExecutionLogOfAFunction(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.invoker.answer = func(context.Context, execution.Invocation) (*execution.Result, error) {
		h.clock.Advance(40 * time.Millisecond)
		return &execution.Result{RequestID: "invocation-id", Payload: []byte(`{"body":"hi"}`)}, nil
	}
	h.deploy(hello("GET", "/a/{id}"), logging("INFO", false), func(a *plan.RestAPI) { a.Stages["v0"].TracingEnabled = true })
	want := admitted + `Sending request to ` + lambdaURL + `
Received response. Status: 200, Integration latency: 40 ms
Successfully completed execution
Method completed with status: 200
AWS Integration Endpoint RequestId : invocation-id
X-ray Tracing ID : TRACE`
	if got := h.get("/v0/a/1?q=2").told(); got != want {
		t.Errorf("told\n%s\nwant\n%s", got, want)
	}
	page := h.lines(executionGroup)
	if len(page) == 0 || !strings.HasPrefix(page[0], "(") {
		t.Errorf("%q", page)
	}
}

func TestExecutionLogWithData(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.invoker.answering(`{"body":"hi"}`)
	h.deploy(hello("GET", "/a/{id}"), logging("INFO", true))
	got := h.do("GET", "/v0/a/1?b=2&a=1", "", "Authorization", "Bearer secret-token", "X-Api-Key", "key").told()
	for _, line := range []string{
		"Method request path: {id=1}",
		"Method request query string: {a=1, b=2}",
		"Method request headers: {Authorization=*************-token, X-Api-Key=***}",
		"Method request body before transformations: ",
		"Endpoint request URI: " + lambdaURL,
		"Endpoint request headers: {x-amzn-lambda-integration-tag=ID, x-amzn-apigateway-api-id=api, X-Amz-Source-Arn=arn:aws:execute-api:us-east-1:000000000000:api/v0/GET/a/*, " +
			"Accept=application/json, User-Agent=AmazonAPIGateway_api, X-Amzn-Trace-Id=TRACE}",
		`Endpoint response body before transformations: {"body":"hi"}`,
		"Method response body after transformations: hi",
		"Method response headers: {Content-Type=application/json, X-Amzn-Trace-Id=TRACE}",
	} {
		if !strings.Contains("\n"+got+"\n", "\n"+line+"\n") {
			t.Errorf("not told: %s\n%s", line, got)
		}
	}
}

func TestExecutionLogIsCutOff(t *testing.T) {
	h := newHouse(t)
	h.deploy(mockSaying(strings.Repeat("é", 2000)), logging("INFO", true))
	for l := range strings.SplitSeq(h.get("/v0/a").told(), "\n") {
		if strings.HasPrefix(l, "Method response body") {
			text, ok := strings.CutSuffix(l, "é [TRUNCATED]")
			if n := len(text) + len("é"); !ok || n > 1024 || n < 1023 {
				t.Errorf("%d bytes: %.60s", n, l)
			}
			return
		}
	}
	t.Error("there is no body")
}

func TestExecutionLogOfFailures(t *testing.T) {
	const end = "\nMethod completed with status: "
	for _, c := range []struct {
		name   string
		house  func(h *house)
		level  string
		change func(*plan.Deployment)
		want   string
	}{
		{"malformed", func(h *house) { h.invoker.answering(`"x"`) }, "ERROR", nil,
			"Execution failed due to configuration error: Malformed Lambda proxy response" + end + "502"},
		{"function error", func(h *house) {
			h.invoker.answer = func(context.Context, execution.Invocation) (*execution.Result, error) {
				return &execution.Result{RequestID: "invocation-id", FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"boom","errorType":"E"}`)}, nil
			}
		}, "ERROR", nil, "Lambda execution failed with status 200 due to customer function error: boom. Lambda request id: invocation-id" + end + "502"},
		{"not permitted", func(h *house) { h.function() }, "ERROR", nil,
			"Execution failed due to configuration error: Invalid permissions on Lambda function" + end + "500"},
		{"parameters", nil, "ERROR", func(d *plan.Deployment) {
			d.Validators = map[string]plan.RequestValidator{"v": {ID: "v", Parameters: true}}
			m := d.Resources[0].Methods["GET"]
			m.RequestValidatorID, m.RequestParameters = "v", map[string]bool{"method.request.querystring.q": true}
		}, "Missing required request parameters: [q]" + end + "400"},
		{"throttled", func(h *house) {
			h.stage(hello("GET", "/a/{id}"), func(s *plan.Stage) {
				s.MethodSettings = map[string]plan.MethodSettings{"*/*": {LoggingLevel: "INFO", ThrottlingRateLimit: 1, ThrottlingBurstLimit: 0}}
			})
		}, "INFO", nil, "Extended Request Id: EXTENDED\nVerifying Usage Plan for request: ID. API Key:  API Stage: api/v0\n" +
			"Key throttle limit exceeded for RestApi api, Stage v0, Resource raid, HttpMethod GET. Limit: 1.00 Burst: 0" + end + "429"},
		{"no response matches", nil, "ERROR", func(d *plan.Deployment) {
			d.Resources[0].Methods["GET"] = mockSaying("x").Resources[0].Methods["GET"]
			d.Resources[0].Methods["GET"].Integration.Responses["200"].SelectionPattern = new("404")
		}, "Execution failed due to configuration error: No match for output mapping and no default output mapping configured. Endpoint Response Status Code: 200" + end + "500"},
		{"a template fails", nil, "ERROR", func(d *plan.Deployment) {
			d.Resources[0].Methods["GET"] = mockSaying("$util.parseJson('{')").Resources[0].Methods["GET"]
		}, "Execution failed due to configuration error: Unable to transform response" + end + "500"},
		{"well, and only errors are logged", nil, "ERROR", nil, ""},
		{"off", func(h *house) { h.invoker.answering(`"x"`) }, "OFF", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.function(permit(""))
			d := hello("GET", "/a/{id}")
			if c.change != nil {
				c.change(&d)
			}
			h.deploy(d, logging(c.level, false))
			if c.house != nil {
				c.house(h)
			}
			if got := h.get("/v0/a/1").told(); got != c.want {
				t.Errorf("told\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestExecutionLogTellsOwnGatewayResponses(t *testing.T) {
	h := newHouse(t)
	h.function()
	d := hello("GET", "/a/{id}")
	d.GatewayResponses = map[string]plan.GatewayResponse{"DEFAULT_5XX": {ResponseType: "DEFAULT_5XX", StatusCode: "418",
		ResponseParameters: map[string]string{"gatewayresponse.header.X": "'y'"},
		ResponseTemplates:  map[string]string{"application/json": `{"own":$context.error.messageString}`}}}
	h.deploy(d, logging("INFO", true))
	want := `Execution failed due to configuration error: Invalid permissions on Lambda function
Gateway response type: API_CONFIGURATION_ERROR with status code: 418
Gateway response body: {"own":"Internal server error"}
Gateway response headers: {Content-Type=application/json, X=y, X-Amzn-Trace-Id=TRACE, x-amzn-ErrorType=InternalServerErrorException}
Method completed with status: 418`
	if got := h.get("/v0/a/1").told(); !strings.HasSuffix(got, want) {
		t.Errorf("told\n%s\nwant\n%s", got, want)
	}
}
