package destination

import (
	"bytes"
	"encoding/json"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// A record is what a destination is sent.
//
// AWS: the developer guide, "Capturing records of Lambda asynchronous
// invocations", and records as AWS has sent them.
type record struct {
	Version         string           `json:"version"`
	Timestamp       string           `json:"timestamp"`
	RequestContext  requestContext   `json:"requestContext"`
	RequestPayload  json.RawMessage  `json:"requestPayload"`
	ResponseContext *responseContext `json:"responseContext,omitempty"`
	ResponsePayload json.RawMessage  `json:"responsePayload,omitempty"`
}

type requestContext struct {
	RequestID              string `json:"requestId"`
	FunctionARN            string `json:"functionArn"`
	Condition              string `json:"condition"`
	ApproximateInvokeCount int    `json:"approximateInvokeCount"`
}

type responseContext struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion,omitempty"`
	FunctionError   string `json:"functionError,omitempty"`
}

const timestamp = "2006-01-02T15:04:05.000Z"

// maxRecord keeps a record, with what a delivery adds, below what a queue takes.
const maxRecord = 8<<20 - 64<<10

func recordOf(e *execution.Ended) []byte {
	r := record{
		Version:   "1.0",
		Timestamp: e.At.UTC().Format(timestamp),
		RequestContext: requestContext{
			RequestID: e.RequestID, FunctionARN: qualified(e.Function).ARN(), Condition: e.Condition, ApproximateInvokeCount: e.Attempts,
		},
		RequestPayload: jsonOf(e.Payload),
	}
	switch {
	case e.Result != nil:
		r.ResponseContext = &responseContext{200, e.Result.ExecutedVersion, e.Result.FunctionError}
		r.ResponsePayload = jsonOf(e.Result.Payload)
	case e.Err != nil && e.Condition != execution.ZeroReservedConcurrency:
		// Invoke's own answer: there is no payload of the function's.
		if f := aws.AsFault(e.Err); f != nil {
			r.ResponseContext = &responseContext{StatusCode: f.Status}
		}
	}
	b := encode(&r)
	if len(b) > maxRecord {
		// A payload that is no JSON has grown by its escapes.
		r.ResponsePayload = nil
		b = encode(&r)
	}
	return b
}

// qualified names the version that an invocation without a qualifier means.
//
// AWS: records have $LATEST then.
func qualified(ref execution.FunctionRef) execution.FunctionRef {
	if ref.Qualifier == "" {
		ref.Qualifier = execution.Latest
	}
	return ref
}

// jsonOf is a payload as a part of a record: as a text if it is no JSON, which
// runtimes are free to answer.
func jsonOf(payload []byte) json.RawMessage {
	switch {
	case len(payload) == 0:
		return json.RawMessage("{}")
	case json.Valid(payload):
		return payload
	}
	return encode(string(payload))
}

// encode leaves the characters of HTML as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // structs of texts, and of JSON that is valid
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}
