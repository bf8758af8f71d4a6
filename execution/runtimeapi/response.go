package runtimeapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/lamgate/lamgate/execution"
)

const (
	accepted      = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n"
	pong          = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\npong"
	restored      = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	continueReply = "HTTP/1.1 100 Continue\r\n\r\n"
)

// A fault is what a runtime is told when it does something out of turn.
type fault struct {
	status    int
	errorType string
	message   string
}

// AWS: statuses, types and messages as its runtime interface emulator has them.
var (
	invalidRequestID = fault{http.StatusBadRequest, "InvalidRequestID", "Invalid request ID"}
	invalidMode      = fault{http.StatusBadRequest, "InvalidFunctionResponseMode", "Invalid function response mode"}
	truncated        = fault{http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated"}
	tooLarge         = fault{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge",
		"Exceeded maximum allowed payload size (" + strconv.Itoa(execution.MaxResponse) + " bytes)."}
	streamTooLarge = fault{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge",
		"Exceeded maximum allowed payload size (" + strconv.Itoa(execution.MaxStream) + " bytes)."}

	notFound         = fault{http.StatusNotFound, "NotFound", "the Runtime API has no such path"}
	methodNotAllowed = fault{http.StatusMethodNotAllowed, "MethodNotAllowed", "the Runtime API does not take this method here"}

	noRestore = fault{http.StatusNotImplemented, "Runtime.RestoreNotSupported",
		"lamgate starts environments without snapshots: there is nothing to restore (AWS_LAMBDA_INITIALIZATION_TYPE is on-demand)"}
	notAssigned     = fault{http.StatusForbidden, "Lamgate.NotAssigned", "this environment has no function yet"}
	assignedAlready = fault{http.StatusForbidden, "Lamgate.AssignedAlready", "this environment has been told what to become, or waits to be told"}
)

// AWS: as its runtime interface emulator has it.
func invalidTransition(from, to phase) fault {
	return fault{http.StatusForbidden, "InvalidStateTransition",
		fmt.Sprintf("State transition from %s to %s failed for runtime. Error: State transition is not allowed", from, to)}
}

func (c *connection) fault(f fault) {
	c.urgent = true
	body, _ := json.Marshal(struct {
		ErrorMessage string `json:"errorMessage"`
		ErrorType    string `json:"errorType"`
	}{f.message, f.errorType})
	c.append(fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		f.status, http.StatusText(f.status), len(body), body))
}

// appendEvent puts an event into what is to be written.
func (c *connection) appendEvent(e *Event) {
	c.writing.Lock()
	b := append(c.out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: "...)
	b = appendValue(b, e.RequestID)
	b = append(b, "\r\nLambda-Runtime-Deadline-Ms: "...)
	b = strconv.AppendInt(b, e.Deadline.UnixMilli(), 10)
	b = append(b, "\r\nLambda-Runtime-Invoked-Function-Arn: "...)
	b = appendValue(b, e.FunctionARN)
	if e.TraceHeader != "" {
		b = append(b, "\r\nLambda-Runtime-Trace-Id: "...)
		b = appendValue(b, e.TraceHeader)
	}
	if e.ClientContext != "" {
		b = append(b, "\r\nLambda-Runtime-Client-Context: "...)
		b = appendValue(b, e.ClientContext)
	}
	if e.CognitoIdentity != "" {
		b = append(b, "\r\nLambda-Runtime-Cognito-Identity: "...)
		b = appendValue(b, e.CognitoIdentity)
	}
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(e.Payload)), 10)
	b = append(b, "\r\n\r\n"...)
	c.out = append(b, e.Payload...)
	c.writing.Unlock()
}

// appendValue appends a header's value. What callers bring must not add headers
// of its own; JSON may hold line ends between its tokens, where a space is the
// same.
func appendValue(b []byte, s string) []byte {
	for i := range len(s) {
		ch := s[i]
		if ch < ' ' || ch == 0x7f {
			ch = ' '
		}
		b = append(b, ch)
	}
	return b
}
