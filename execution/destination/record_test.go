package destination

import (
	"strings"
	"testing"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// The records of all conditions.
//
// AWS: the shape of the first four is recorded.
func TestRecords(t *testing.T) {
	const head = `{"version":"1.0","timestamp":"2026-01-02T12:00:00.123Z","requestContext":{"requestId":"id","functionArn":"arn:aws:lambda:eu-west-1:111122223333:function:f:`
	for name, c := range map[string]struct {
		change func(*execution.Ended)
		want   string
	}{
		"success": {func(e *execution.Ended) { *e = succeeded() },
			`$LATEST","condition":"Success","approximateInvokeCount":1},"requestPayload":{"a":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":"ok"}`},
		"retries exhausted": {func(e *execution.Ended) {},
			`$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"a":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},` +
				`"responsePayload":{"errorMessage":"told to","errorType":"Exception"}}`},
		"too old": {func(e *execution.Ended) { e.Condition, e.Attempts = execution.EventAgeExceeded, 2 },
			`$LATEST","condition":"EventAgeExceeded","approximateInvokeCount":2},"requestPayload":{"a":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},` +
				`"responsePayload":{"errorMessage":"told to","errorType":"Exception"}}`},
		"alias": {func(e *execution.Ended) { e.Function.Qualifier, e.Result.ExecutedVersion = "live", "7" },
			`live","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"a":1},"responseContext":{"statusCode":200,"executedVersion":"7","functionError":"Unhandled"},` +
				`"responsePayload":{"errorMessage":"told to","errorType":"Exception"}}`},
		"throttled until too old": {func(e *execution.Ended) {
			e.Condition, e.Attempts, e.Result, e.Err = execution.EventAgeExceeded, 0, nil, aws.Faultf(429, "TooManyRequestsException", "Rate Exceeded.")
		}, `$LATEST","condition":"EventAgeExceeded","approximateInvokeCount":0},"requestPayload":{"a":1},"responseContext":{"statusCode":429}}`},
		"nothing reserved": {func(e *execution.Ended) {
			e.Condition, e.Attempts, e.Result, e.Err = execution.ZeroReservedConcurrency, 0, nil, aws.Faultf(429, "TooManyRequestsException", "Rate Exceeded.")
		}, `$LATEST","condition":"ZeroReservedConcurrency","approximateInvokeCount":0},"requestPayload":{"a":1}}`},
		"no event": {func(e *execution.Ended) { *e = succeeded(); e.Payload = nil },
			`$LATEST","condition":"Success","approximateInvokeCount":1},"requestPayload":{},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":"ok"}`},
		"no JSON": {func(e *execution.Ended) { *e = succeeded(); e.Result.Payload = []byte("<NaN>") },
			`$LATEST","condition":"Success","approximateInvokeCount":1},"requestPayload":{"a":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":"<NaN>"}`},
	} {
		t.Run(name, func(t *testing.T) {
			e := failed()
			c.change(&e)
			if got := string(recordOf(&e)); got != head+c.want {
				t.Errorf("\n got %s\nwant %s", got, head+c.want)
			}
		})
	}
}

// However an answer grows by being quoted, its record fits the queue.
func TestRecordsAreBounded(t *testing.T) {
	e := succeeded()
	e.Result.Payload = []byte(strings.Repeat("\x01", execution.MaxResponse))
	if n := len(recordOf(&e)); n > maxRecord {
		t.Errorf("%d bytes", n)
	}
	e.Payload = []byte(`"` + strings.Repeat("p", execution.MaxEvent-2) + `"`)
	e.Result.Payload = []byte(`"` + strings.Repeat("r", execution.MaxResponse-2) + `"`)
	if n := len(recordOf(&e)); n < execution.MaxEvent+execution.MaxResponse || n > maxRecord {
		t.Errorf("%d bytes", n)
	}
}
