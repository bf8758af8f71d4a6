package rest

import (
	"net/http"
	"strconv"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/telemetry"
)

// A gatewayResponse is an answer that the gateway itself gives. Bodies are
// AWS's to the byte: some have a space after the colon, some do not.
type gatewayResponse struct {
	kind      string // AWS's response type
	status    int
	errorType string // of the x-amzn-ErrorType header
	body      string
}

func missingAuthenticationToken() *gatewayResponse {
	return &gatewayResponse{"MISSING_AUTHENTICATION_TOKEN", http.StatusForbidden, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`}
}

func forbidden() *gatewayResponse {
	return &gatewayResponse{"DEFAULT_4XX", http.StatusForbidden, "ForbiddenException", `{"message":"Forbidden"}`}
}

func unauthorized() *gatewayResponse {
	return &gatewayResponse{"UNAUTHORIZED", http.StatusUnauthorized, "UnauthorizedException", `{"message":"Unauthorized"}`}
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
	body := append([]byte(nil), `{"Message":`...)
	body = appendString(body, "User: anonymous is not authorized to perform: execute-api:Invoke on resource: "+masked)
	return &gatewayResponse{"ACCESS_DENIED", http.StatusForbidden, "AccessDeniedException", string(append(body, '}'))}
}

func tooManyRequests() *gatewayResponse {
	return &gatewayResponse{"THROTTLED", http.StatusTooManyRequests, "TooManyRequestsException", `{"message":"Too Many Requests"}`}
}

func badRequestParameters(message string) *gatewayResponse {
	body := append([]byte(nil), `{"message": `...)
	body = appendString(body, message)
	return &gatewayResponse{"BAD_REQUEST_PARAMETERS", http.StatusBadRequest, "BadRequestException", string(append(body, '}'))}
}

func badRequest() *gatewayResponse {
	return &gatewayResponse{"DEFAULT_4XX", http.StatusBadRequest, "BadRequestException", `{"message":"Bad Request"}`}
}

func requestTooLarge() *gatewayResponse {
	return &gatewayResponse{"REQUEST_TOO_LARGE", http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", `{"message":"Request Too Long"}`}
}

func uriTooLong() *gatewayResponse {
	return &gatewayResponse{"DEFAULT_4XX", http.StatusRequestURITooLong, "RequestURITooLongException", `{"message":"URI Too Long"}`}
}

func headerTooLarge() *gatewayResponse {
	return &gatewayResponse{"DEFAULT_4XX", http.StatusRequestHeaderFieldsTooLarge, "RequestHeaderFieldsTooLargeException", `{"message":"Request Header Fields Too Large"}`}
}

func unsupportedMediaType() *gatewayResponse {
	return &gatewayResponse{"UNSUPPORTED_MEDIA_TYPE", http.StatusUnsupportedMediaType, "UnsupportedMediaTypeException", `{"message": "Unsupported Media Type"}`}
}

// internalServerError is what callers see of a mistake in the API's own
// configuration.
func internalServerError() *gatewayResponse {
	return &gatewayResponse{"API_CONFIGURATION_ERROR", http.StatusInternalServerError, "InternalServerErrorException", `{"message": "Internal server error"}`}
}

// badGateway is what callers see of a function that fails or answers what is
// no response.
func badGateway() *gatewayResponse {
	return &gatewayResponse{"DEFAULT_5XX", http.StatusBadGateway, "InternalServerErrorException", `{"message": "Internal server error"}`}
}

func integrationTimeout() *gatewayResponse {
	return &gatewayResponse{"INTEGRATION_TIMEOUT", http.StatusGatewayTimeout, "InternalServerErrorException", `{"message": "Endpoint request timed out"}`}
}

// write sends the answer: the gateway's own if a step has refused, else the
// integration's.
func (c *call) write(w http.ResponseWriter, refusal *gatewayResponse) {
	h := w.Header()
	h["x-amzn-RequestId"] = []string{c.requestID}
	h["x-amz-apigw-id"] = []string{c.extendedID}
	if refusal != nil {
		c.noteCustomised(refusal)
		h["x-amzn-ErrorType"] = []string{refusal.errorType}
		h["Content-Type"] = []string{contentTypeJSON}
		if c.response.traced {
			h["X-Amzn-Trace-Id"] = []string{c.trace.String()}
		}
		if refusal.status == http.StatusRequestEntityTooLarge {
			h["Connection"] = []string{"close"} // rather than read the rest
		}
		c.journey.Status = refusal.status
		writeBody(w, h, refusal.status, []byte(refusal.body))
		return
	}
	for i := range c.response.fields {
		f := &c.response.fields[i]
		h[f.name] = append(h[f.name], f.value)
	}
	if c.response.traced {
		h["X-Amzn-Trace-Id"] = []string{c.trace.String()}
	}
	c.journey.Status = c.response.status
	writeBody(w, h, c.response.status, c.response.body)
}

const contentTypeJSON = "application/json"

func writeBody(w http.ResponseWriter, h http.Header, status int, body []byte) {
	bodiless := status == http.StatusNoContent || status == http.StatusNotModified
	if !bodiless {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	if !bodiless && len(body) > 0 {
		w.Write(body) // a caller who has gone away misses nothing
	}
}

// noteCustomised tells in the journey that the API has an own version of a
// gateway response, which lamgate does not render yet: AWS's default goes out.
func (c *call) noteCustomised(r *gatewayResponse) {
	if c.published == nil {
		return
	}
	family := "DEFAULT_4XX"
	if r.status >= http.StatusInternalServerError {
		family = "DEFAULT_5XX"
	}
	for _, kind := range []string{r.kind, family} {
		if _, ok := c.published.plan.Deployment.GatewayResponses[kind]; ok {
			c.journey.Add(c.gateway.clock.Now(), "gateway response", telemetry.Skipped,
				note("the API customises the gateway response %s; lamgate does not build that yet and sends AWS's default", kind))
			return
		}
	}
}
