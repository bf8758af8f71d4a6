package rest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

// lines returns the lines of a log group, in their order.
func (h *house) lines(group string) []string {
	h.t.Helper()
	page, _, err := h.logs.Read(h.t.Context(), telemetry.LogQuery{Account: account, Region: region, Group: group, Forward: true})
	if err != nil {
		h.t.Fatal(err)
	}
	var lines []string
	for _, l := range page {
		lines = append(lines, l.Message)
	}
	return lines
}

func logTo(group, format string) func(*plan.RestAPI) {
	return func(a *plan.RestAPI) {
		a.Stages["v0"].AccessLog = &plan.AccessLog{DestinationARN: "arn:aws:logs:us-east-1:000000000000:log-group:" + group, Format: format}
	}
}

func TestAccessLog(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.invoker.answering(`{"statusCode":201,"body":"12345"}`)
	h.deploy(hello("GET", "/users/{id}"), logTo("mine",
		`$context.identity.sourceIp $context.identity.caller [$context.requestTime] "$context.httpMethod $context.resourcePath $context.protocol" `+
			`$context.status $context.responseLength $context.requestId $context.integrationStatus/$context.integration.status/$context.integration.requestId `+
			`$context.authorizer.principalId $context.error.message $context.no.such.thing $context.integrationLatency $context.responseLatency`))
	a := h.get("/v0/users/1")
	want := `192.0.2.1 - [15/May/2020:06:01:09 +0000] "GET /users/{id} HTTP/1.1" 201 5 ` + a.header("x-amzn-RequestId") +
		` 200/201/invocation-id - - - 0 0`
	if got := h.lines("mine"); len(got) != 1 || got[0] != want {
		t.Errorf("logged %q, want %q", got, want)
	}
}

func TestAccessLogHasWhatIsRefused(t *testing.T) {
	h := newHouse(t)
	h.deploy(hello("GET", "/a"), logTo("mine", `$context.path $context.status $context.error.responseType $context.error.messageString $context.resourcePath $context.integrationLatency`))
	h.get("/v0/b").expect(403, errToken, noToken)
	h.get("/v0/a")
	h.get("/v1/a")
	want := `/v0/b 403 MISSING_AUTHENTICATION_TOKEN "Missing Authentication Token" - -
/v0/a 500 API_CONFIGURATION_ERROR "Internal server error" /a -`
	if got := strings.Join(h.lines("mine"), "\n"); got != want {
		t.Errorf("logged\n%s\nwant\n%s", got, want)
	}
}

func TestAccessLogCannotBeForged(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("GET", "/{proxy+}"), logTo("mine", `{"agent":"$context.identity.userAgent","status":"$context.status"}`))
	h.do("GET", "/v0/a", "", "User-Agent", "x\",\"status\":\"200\"}\n{\"agent\":\"\xff")
	lines := h.lines("mine")
	var line struct{ Agent string }
	if len(lines) != 1 || strings.Contains(lines[0], "\n") {
		t.Fatalf("logged %q", lines)
	}
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil || line.Agent != "x\",\"status\":\"200\"}\n{\"agent\":\"\ufffd" {
		t.Errorf("%v: %q", err, lines[0])
	}
}

func TestCanaryIsLoggedTwice(t *testing.T) {
	h := newHouse(t)
	h.release("dep002", mockSaying("new"))
	h.deploy(mockSaying("old"), logTo("mine", "$context.requestId $context.deploymentId"), func(a *plan.RestAPI) {
		s := a.Stages["v0"]
		s.Canary = &plan.Canary{Percent: 100, Deployment: "dep002"}
		s.MethodSettings = map[string]plan.MethodSettings{"*/*": {LoggingLevel: "INFO", ThrottlingBurstLimit: -1, ThrottlingRateLimit: -1}}
	})
	h.get("/v0/a").expect(200, "", "new")
	for _, group := range []string{"mine", "mine/Canary", "API-Gateway-Execution-Logs_api/v0", "API-Gateway-Execution-Logs_api/v0/Canary"} {
		if len(h.lines(group)) == 0 {
			t.Errorf("%s is empty", group)
		}
	}
}

func BenchmarkAccessLog(b *testing.B) {
	c := prepared(b, "REGIONAL")
	f, err := plan.ParseAccessLog(&plan.AccessLog{DestinationARN: "arn:aws:logs:us-east-1:000000000000:log-group:g",
		Format: `{"id":"$context.requestId","ip":"$context.identity.sourceIp","time":"$context.requestTime","path":"$context.path","status":$context.status,"length":$context.responseLength}`})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.text = c.appendAccess(c.text[:0], f)
	}
}
