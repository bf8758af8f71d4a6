package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// An executionFailure is a journey's detail that knows AWS's own words for it.
type executionFailure interface {
	executionFailure(c *call) string
}

// inAWSWords is an advice for which AWS's execution log has a reason of its
// own: a mistake in the API's configuration.
type inAWSWords struct {
	advice
	reason string
}

func (w inAWSWords) executionFailure(*call) string {
	return "Execution failed due to configuration error: " + w.reason
}

func (f failedTemplate) executionFailure(c *call) string {
	what := "request"
	if c.failedAt(stepIntegrationResponse) {
		what = "response"
	}
	return "Execution failed due to configuration error: Unable to transform " + what
}

// failure tells in AWS's words why the gateway itself answered.
func (c *call) failure() string {
	s := c.failedStep()
	if s == nil {
		return "Execution failed due to an internal error"
	}
	if own, ok := s.Detail.(executionFailure); ok {
		return own.executionFailure(c)
	}
	what := ""
	if s.Detail != nil {
		what, _ = s.Detail.Explain()
	}
	r := c.refusal
	if r == nil {
		return what
	}
	switch s.Name {
	case stepThrottle:
		l := c.settings().limiter
		return fmt.Sprintf("Key throttle limit exceeded for RestApi %s, Stage %s, Resource %s, HttpMethod %s. Limit: %.2f Burst: %.0f",
			c.api.ID, c.stage.Name, c.route.ResourceID, c.route.HTTPMethod, l.rate, l.burst)
	case stepAPIKey:
		return fmt.Sprintf("API Key  not authorized because method '%s %s' requires API Key and API Key is not associated with a usage plan for API Stage %s/%s",
			c.route.HTTPMethod, c.route.ResourcePath, c.api.ID, c.stage.Name)
	case stepAuthorizer:
		return "Unauthorized request: " + c.requestID
	case stepResourcePolicy:
		return r.message()
	case stepPermission:
		return "Execution failed due to configuration error: Invalid permissions on Lambda function"
	}
	switch r.kind {
	case "INTEGRATION_TIMEOUT":
		return "Execution failed due to a timeout error"
	case "BAD_REQUEST_BODY":
		return "Request body does not match model schema for content type " + contentTypeOf(c) + ": " + r.validation
	case "BAD_REQUEST_PARAMETERS", "REQUEST_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE":
		return r.message()
	}
	if r.status == http.StatusGatewayTimeout {
		return "Execution failed due to a network error communicating with endpoint"
	}
	if r.status < 500 {
		return "Execution failed: " + what
	}
	return "Execution failed due to configuration error: " + what
}

func contentTypeOf(c *call) string {
	if t := mediaType(c.request.Header.Get("Content-Type")); t != "" {
		return t
	}
	return contentTypeJSON
}

func (m malformed) executionFailure(*call) string {
	return "Execution failed due to configuration error: Malformed Lambda proxy response"
}

func (f failedFunction) executionFailure(c *call) string {
	return "Lambda execution failed with status 200 due to customer function error: " + f.message +
		". Lambda request id: " + c.journey.Invocation
}

// errorMessageOf returns the errorMessage of a function's error.
func errorMessageOf(payload []byte) string {
	var e struct{ ErrorMessage string }
	if json.Unmarshal(payload, &e) != nil || e.ErrorMessage == "" {
		return string(payload[:min(len(payload), maxLogged)])
	}
	return e.ErrorMessage
}
