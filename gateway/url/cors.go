package url

import (
	"encoding/json"
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
	if missing := c.notShared(cors); missing != nil {
		c.journey.Add(c.gateway.clock.Now(), stepCORS, telemetry.Denied, missing)
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

// notShared returns what of a preflight request the configuration does not admit,
// nil if it admits everything. A method that browsers take without its being
// listed needs no listing here either.
func (c *call) notShared(cors *execution.CORS) *unshared {
	header := c.request.Header
	if origin := header.Get("Origin"); !c.origin {
		return &unshared{c.endpoint, "origin", front.Excerpt(origin)}
	}
	switch method := header.Get("Access-Control-Request-Method"); method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		if !listed(cors.AllowMethods, method) {
			return &unshared{c.endpoint, "method", front.Excerpt(method)}
		}
	}
	for _, line := range header["Access-Control-Request-Headers"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name != "" && !listed(cors.AllowHeaders, name) {
				return &unshared{c.endpoint, "header", front.Excerpt(name)}
			}
		}
	}
	return nil
}

// An unshared explains what a CORS configuration does not admit.
type unshared struct {
	endpoint *endpoint
	kind     string // origin, method or header
	value    string
}

// Explain implements telemetry.Detail. An update replaces the whole
// configuration, so the command has all of it.
func (u *unshared) Explain() (what, mend string) {
	cors, f := *u.endpoint.url.CORS, &u.endpoint.function
	list := map[string]*[]string{"origin": &cors.AllowOrigins, "method": &cors.AllowMethods, "header": &cors.AllowHeaders}[u.kind]
	what = "the " + u.kind + " " + strconv.Quote(u.value) + " is not among those (" + strings.Join(*list, ", ") + ") of the URL's CORS configuration"
	*list = append(slices.Clone(*list), u.value)
	b, err := json.Marshal(cors)
	if err != nil {
		return what, ""
	}
	return what, "aws lambda update-function-url-config --region " + f.Region + " --function-name " + f.Name + qualifierOption(u.endpoint) + " --cors " + front.Argument(string(b))
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
