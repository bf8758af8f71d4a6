package rest

import (
	"net/http"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/jsontext"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

// A gatewayResponse is an answer that the gateway itself gives.
type gatewayResponse struct {
	kind      string // AWS's response type
	status    int
	errorType string // of the x-amzn-ErrorType header
	text      string
	form      form

	// validation is what a request's body lacks of its model, in AWS's words,
	// for $context.error.validationErrorString; empty for any other refusal.
	validation string
}

// A form is how a body is written that nobody has customised.
//
// AWS: the bodies differ in a space, and a policy's refusal in a capital.
type form uint8

const (
	spaced  form = iota // {"message": "…"}
	compact             // {"message":"…"}
	capital             // {"Message":"…"}
)

// message is $context.error.message.
func (r *gatewayResponse) message() string { return r.text }

// appendBody appends what the caller receives unless the API has its own
// version.
func (r *gatewayResponse) appendBody(b []byte) []byte {
	b = append(b, [...]string{`{"message": `, `{"message":`, `{"Message":`}[r.form]...)
	return append(jsontext.AppendString(b, r.text), '}')
}

func missingAuthenticationToken() *gatewayResponse {
	return &gatewayResponse{"MISSING_AUTHENTICATION_TOKEN", http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token", compact, ""}
}

// forbidden refuses without a reason. Without an API or a stage there is
// nothing that could be customised.
func forbidden() *gatewayResponse {
	return &gatewayResponse{"DEFAULT_4XX", http.StatusForbidden, "ForbiddenException", "Forbidden", compact, ""}
}

func invalidAPIKey() *gatewayResponse {
	return &gatewayResponse{"INVALID_API_KEY", http.StatusForbidden, "ForbiddenException", "Forbidden", compact, ""}
}

func unauthorized() *gatewayResponse {
	return &gatewayResponse{"UNAUTHORIZED", http.StatusUnauthorized, "UnauthorizedException", "Unauthorized", compact, ""}
}

// accessDenied is a resource policy's refusal.
//
// AWS: of the account only the last four digits are shown.
func accessDenied(arn string) *gatewayResponse {
	masked := arn
	if a, err := aws.ParseARN(arn); err == nil && len(a.Account) == 12 {
		a.Account = "********" + a.Account[8:]
		masked = a.String()
	}
	return &gatewayResponse{"ACCESS_DENIED", http.StatusForbidden, "AccessDeniedException",
		"User: anonymous is not authorized to perform: execute-api:Invoke on resource: " + masked, capital, ""}
}

func tooManyRequests() *gatewayResponse {
	return &gatewayResponse{"THROTTLED", http.StatusTooManyRequests, "TooManyRequestsException", "Too Many Requests", compact, ""}
}

func badRequestParameters(message string) *gatewayResponse {
	return &gatewayResponse{"BAD_REQUEST_PARAMETERS", http.StatusBadRequest, "BadRequestException", message, spaced, ""}
}

// badRequestBody refuses a body that does not match its model.
func badRequestBody(validation string) *gatewayResponse {
	return &gatewayResponse{"BAD_REQUEST_BODY", http.StatusBadRequest, "BadRequestException", "Invalid request body", spaced, validation}
}

func badRequest() *gatewayResponse {
	return &gatewayResponse{"DEFAULT_4XX", http.StatusBadRequest, "BadRequestException", "Bad Request", compact, ""}
}

func requestTooLarge() *gatewayResponse {
	return &gatewayResponse{"REQUEST_TOO_LARGE", http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "Request Too Long", compact, ""}
}

func uriTooLong() *gatewayResponse {
	return &gatewayResponse{"DEFAULT_4XX", http.StatusRequestURITooLong, "RequestURITooLongException", "URI Too Long", compact, ""}
}

func headerTooLarge() *gatewayResponse {
	return &gatewayResponse{"DEFAULT_4XX", http.StatusRequestHeaderFieldsTooLarge, "RequestHeaderFieldsTooLargeException", "Request Header Fields Too Large", compact, ""}
}

// unsupportedMediaType refuses a body's type or coding.
//
// AWS: its error is of the type BadRequestException.
func unsupportedMediaType() *gatewayResponse {
	return &gatewayResponse{"UNSUPPORTED_MEDIA_TYPE", http.StatusUnsupportedMediaType, "BadRequestException", "Unsupported Media Type", spaced, ""}
}

// internalServerError is what callers see of a mistake in the API's own
// configuration.
func internalServerError() *gatewayResponse {
	return &gatewayResponse{"API_CONFIGURATION_ERROR", http.StatusInternalServerError, "InternalServerErrorException", "Internal server error", spaced, ""}
}

// integrationFailure is what callers see of an integration that could not be
// called.
//
// AWS: its status is 500, though GetGatewayResponse tells 504 (recorded:
// test_lambda_aws_proxy_integration_non_post_method).
func integrationFailure() *gatewayResponse {
	return &gatewayResponse{"INTEGRATION_FAILURE", http.StatusInternalServerError, "InternalServerErrorException", "Internal server error", spaced, ""}
}

// badGateway is what callers see of a function that fails.
//
// AWS: that is an INTEGRATION_FAILURE to access logs (DataBiosphere/azul issue
// 6284).
func badGateway() *gatewayResponse {
	return &gatewayResponse{"INTEGRATION_FAILURE", http.StatusBadGateway, "InternalServerErrorException", "Internal server error", spaced, ""}
}

// malformedAnswer is what callers see of an integration that answers what is no
// response.
//
// AWS: that is an "execution failed due to configuration error" like a missing
// permission, and so of that type (DataBiosphere/azul issue 8301).
func malformedAnswer() *gatewayResponse {
	return &gatewayResponse{"API_CONFIGURATION_ERROR", http.StatusBadGateway, "InternalServerErrorException", "Internal server error", spaced, ""}
}

func integrationTimeout() *gatewayResponse {
	return &gatewayResponse{"INTEGRATION_TIMEOUT", http.StatusGatewayTimeout, "InternalServerErrorException", "Endpoint request timed out", spaced, ""}
}

// stepGatewayResponse is the name of the step, as journeys tell it.
const stepGatewayResponse = "gateway response"

// writeRefusal sends the gateway's own answer, in the API's version if it has
// one. The error's type stays AWS's.
func (c *call) writeRefusal(h *head, refusal *gatewayResponse) {
	h.set("x-amzn-ErrorType", refusal.errorType)
	h.set("Content-Type", contentTypeJSON)
	if c.response.traced {
		h.set(traceHeader, c.trace.String())
	}
	if refusal.status == http.StatusRequestEntityTooLarge {
		h.set("Connection", "close") // rather than read the rest
	}
	status, body := refusal.status, []byte(nil)
	if custom := c.ownVersion(refusal); custom != nil {
		if custom.Status != 0 {
			status = custom.Status
		}
		body = c.customBody(h, custom)
		for i := range custom.Headers {
			m := &custom.Headers[i]
			if value := c.gatewayValue(m.From); value != "" {
				h.replace(m.To.Name, value)
			}
		}
		c.journey.Add(c.gateway.clock.Now(), stepGatewayResponse, telemetry.Passed, custom)
	}
	if body == nil {
		c.text = refusal.appendBody(c.text[:0])
		body = c.text
	}
	c.writeBody(h, status, body)
}

// ownVersion returns the API's own version of a gateway response. Before a
// stage is found there is no API that could have one.
func (c *call) ownVersion(refusal *gatewayResponse) *plan.CustomResponse {
	if c.published == nil {
		return nil
	}
	return c.published.plan.GatewayResponse(refusal.kind, refusal.status)
}

// customBody fills the body that the caller accepts, else that of JSON, else
// the first; nil if the API has none of its own.
func (c *call) customBody(h *head, custom *plan.CustomResponse) []byte {
	if len(custom.Bodies) == 0 {
		return nil
	}
	chosen := &custom.Bodies[0]
	for i := range custom.Bodies {
		if strings.EqualFold(custom.Bodies[i].ContentType, contentTypeJSON) {
			chosen = &custom.Bodies[i]
		}
	}
accepted:
	for wanted := range strings.SplitSeq(c.request.Header.Get("Accept"), ",") {
		for i := range custom.Bodies {
			if strings.EqualFold(custom.Bodies[i].ContentType, mediaType(wanted)) {
				chosen = &custom.Bodies[i]
				break accepted
			}
		}
	}
	h.set("Content-Type", chosen.ContentType)
	body := chosen.Fill(c.gatewayValue)
	if body == nil {
		body = []byte{}
	}
	return body
}

// gatewayValue returns the value of a variable in a gateway response; nothing
// that a caller sends may break a header.
func (c *call) gatewayValue(p plan.Parameter) string {
	switch p.Location {
	case plan.Static:
		return p.Name
	case plan.StageVariable:
		return c.stage.Variables[p.Name]
	case plan.RequestContext:
		return c.contextVariable(p.Name)
	case plan.QueryString, plan.MultiQuery:
		c.queryFields() // the request may be refused before they are read
	}
	return c.parameter(p)
}
