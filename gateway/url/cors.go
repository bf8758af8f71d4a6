package url

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/telemetry"
)

const preflightAnswered = telemetry.Note("the URL's CORS configuration answered a preflight request")

// preflight answers browsers that ask what they may do, if the URL is configured
// to; without a configuration that is the function's business.
//
// AWS: the function is not invoked, and nobody is asked who they are, as browsers
// do not tell; an origin that is not admitted is told nothing ("Cross-origin
// resource sharing (CORS)", Creating and managing Lambda function URLs).
func (c *call) preflight() *refusal {
	cors, header := c.endpoint.url.CORS, c.request.Header
	if cors == nil {
		return nil
	}
	origin := header.Get("Origin")
	c.origin = origin != "" && (slices.Contains(cors.AllowOrigins, "*") || slices.Contains(cors.AllowOrigins, origin))
	if c.request.Method != http.MethodOptions || origin == "" || header.Get("Access-Control-Request-Method") == "" {
		return nil
	}
	c.answered = true
	h := c.writer.Header()
	if c.origin {
		set(h, "Access-Control-Allow-Origin", origin)
		set(h, "Vary", "Origin")
		if len(cors.AllowMethods) > 0 {
			set(h, "Access-Control-Allow-Methods", strings.Join(cors.AllowMethods, ","))
		}
		if len(cors.AllowHeaders) > 0 {
			set(h, "Access-Control-Allow-Headers", strings.Join(cors.AllowHeaders, ","))
		}
		if cors.AllowCredentials {
			set(h, "Access-Control-Allow-Credentials", "true")
		}
		if cors.MaxAge != nil {
			set(h, "Access-Control-Max-Age", strconv.Itoa(*cors.MaxAge))
		}
		c.pass(stepCORS, preflightAnswered)
	} else {
		c.journey.Add(c.gateway.clock.Now(), stepCORS, telemetry.Denied, advice{
			"the origin " + strconv.Quote(origin) + " is not among those of the URL's CORS configuration: " + strings.Join(cors.AllowOrigins, ", "),
			"aws lambda update-function-url-config --region " + c.endpoint.function.Region + " --function-name " + c.endpoint.function.Name +
				qualifierOption(c.endpoint) + " --cors AllowOrigins=" + origin})
	}
	c.writeHead(h, http.StatusOK, 0)
	return nil
}

// addCORS adds what pages of other origins are told, beside what the function
// says itself.
//
// AWS: both are sent, even if they are the same; a browser then refuses what is
// there twice (aws-powertools/powertools-lambda-python issue 4163).
func (c *call) addCORS(h http.Header) {
	if !c.origin {
		return
	}
	cors := c.endpoint.url.CORS
	add(h, "Access-Control-Allow-Origin", c.request.Header.Get("Origin"))
	add(h, "Vary", "Origin")
	if cors.AllowCredentials {
		add(h, "Access-Control-Allow-Credentials", "true")
	}
	if len(cors.ExposeHeaders) > 0 {
		add(h, "Access-Control-Expose-Headers", strings.Join(cors.ExposeHeaders, ","))
	}
}

// set and add write a header's name as it is, where net/http would change its
// case.
func set(h http.Header, name, value string) { h[name] = []string{value} }

func add(h http.Header, name, value string) { h[name] = append(h[name], value) }
