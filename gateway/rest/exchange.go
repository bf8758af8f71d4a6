package rest

import (
	"io"
	"strings"
	"time"

	"github.com/lamgate/lamgate/gateway/endpoint"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/gateway/value"
)

// An outgoing is a request as the integration receives it. It stays whole until
// the call ends, for the execution log.
type outgoing struct {
	method  string
	uri     string  // what is called: a URL, or the ARN of a function or an action
	headers []field // in order, names as they are sent
	body    []byte
}

// A received is what the integration answered, before its integration response
// is made of it.
type received struct {
	status  int
	headers []field
	body    []byte
	stream  io.ReadCloser // instead of body, where the response is streamed
	latency time.Duration
}

// header returns the last value of a header of the answer.
func (r *received) header(name string) (string, bool) {
	for i := len(r.headers) - 1; i >= 0; i-- {
		if strings.EqualFold(r.headers[i].name, name) {
			return r.headers[i].value, true
		}
	}
	return "", false
}

// A transform is what a call's mappings and templates have made so far.
type transform struct {
	// What mappings have set, and what a template has set over it.
	headers, query, path []field

	requestOverride, responseOverride *value.Map

	requestBody, responseBody parsedBody

	request  []byte         // what the request template made; its memory is used again
	response []byte         // what the response template made
	uri      []byte         // of an endpoint
	selected *plan.Response // of a custom integration

	asked    endpoint.Request
	sent     []endpoint.Field
	answered endpoint.Response
}

// A parsedBody is a body that mappings look into, read when the first does.
type parsedBody struct {
	read  bool
	value value.Value
	err   error
}

// reset empties the transform but keeps its memory.
func (t *transform) reset() {
	t.headers, t.query, t.path = emptied(t.headers), emptied(t.query), emptied(t.path)
	t.requestOverride, t.responseOverride = nil, nil
	t.requestBody, t.responseBody = parsedBody{}, parsedBody{}
	t.request, t.response, t.uri = keep(t.request), keep(t.response), keep(t.uri)
	t.selected = nil
	t.asked = endpoint.Request{}
	t.sent = emptied(t.sent)
	t.answered = endpoint.Response{Header: t.answered.Header[:0], Body: keep(t.answered.Body)}
}

// setField gives name these values, in the place of those it had.
func setField(list []field, name string, fold bool, values ...string) []field {
	kept := list[:0]
	for _, f := range list {
		if f.name == name || fold && strings.EqualFold(f.name, name) {
			continue
		}
		kept = append(kept, f)
	}
	for _, v := range values {
		kept = append(kept, field{name, v})
	}
	return kept
}

func hasField(list []field, name string) bool {
	for i := range list {
		if strings.EqualFold(list[i].name, name) {
			return true
		}
	}
	return false
}
