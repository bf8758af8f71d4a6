package url

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/telemetry"
)

const preflightAnswered = telemetry.Note("the URL's CORS configuration answered a preflight request")

// preflight answers browsers that ask what they may do, if the URL is configured
// to; without a configuration that is the function's business.
//
// AWS: the function is not invoked, and nobody is asked who they are, as browsers
// do not tell; an origin that is not admitted is told nothing ("Cross-origin
// resource sharing (CORS)", Creating and managing Lambda function URLs), nor one
// that would send a header which is not (answers of real URLs, shown in
// "AWS Lambda Function URL with CORS explained by example").
func (c *call) preflight() *refusal {
	cors, header := c.endpoint.url.CORS, c.request.Header
	if cors == nil {
		return nil
	}
	origin := header.Get("Origin")
	c.origin = origin != "" && listed(cors.AllowOrigins, origin)
	if c.request.Method != http.MethodOptions || origin == "" || header.Get("Access-Control-Request-Method") == "" {
		return nil
	}
	c.answered = true
	h := c.writer.Header()
	set(h, "Content-Type", contentTypeJSON)
	if what, option := c.notShared(cors); what != "" {
		c.journey.Add(c.gateway.clock.Now(), stepCORS, telemetry.Denied, advice{what + " of the URL's CORS configuration",
			"aws lambda update-function-url-config --region " + c.endpoint.function.Region + " --function-name " + c.endpoint.function.Name +
				qualifierOption(c.endpoint) + " --cors " + option})
	} else {
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
	}
	c.writeHead(h, http.StatusOK, 0)
	return nil
}

// notShared tells what of a preflight request the configuration does not admit,
// and the option that would; empty if it admits everything. A method that
// browsers take without its being listed needs no listing here either.
func (c *call) notShared(cors *execution.CORS) (what, option string) {
	header := c.request.Header
	if origin := header.Get("Origin"); !c.origin {
		return "the origin " + strconv.Quote(front.Excerpt(origin)) + " is not among those (" + strings.Join(cors.AllowOrigins, ", ") + ")", "AllowOrigins=" + front.Argument(origin)
	}
	switch method := header.Get("Access-Control-Request-Method"); method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		if !listed(cors.AllowMethods, method) {
			return "the method " + strconv.Quote(front.Excerpt(method)) + " is not among those (" + strings.Join(cors.AllowMethods, ", ") + ")", "AllowMethods=" + front.Argument(method)
		}
	}
	for _, line := range header["Access-Control-Request-Headers"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name != "" && !listed(cors.AllowHeaders, name) {
				return "the header " + strconv.Quote(front.Excerpt(name)) + " is not among those (" + strings.Join(cors.AllowHeaders, ", ") + ")", "AllowHeaders=" + front.Argument(name)
			}
		}
	}
	return "", ""
}

// listed reports whether a list of a configuration has something, in any case.
func listed(list []string, s string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return l == "*" || strings.EqualFold(l, s) })
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
