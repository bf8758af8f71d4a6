package apigateway

import (
	"regexp"
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
)

// invalidMapping is AWS's fault for a parameter mapping, with what it names.
func invalidMapping(problem string) error {
	return badRequest("Invalid mapping expression specified: Validation Result: warnings : [], errors : [%s]", problem)
}

var (
	integrationTarget = regexp.MustCompile(`^integration\.request\.(header|querystring|path|multivaluequerystring|multivalueheader)\.\S+$`)
	methodSource      = regexp.MustCompile(`^method\.request\.(header|querystring|path|multivaluequerystring|multivalueheader)\.\S+$`)
	bodySource        = regexp.MustCompile(`^method\.request\.body(\.|\[|$)`)
	contextSource     = regexp.MustCompile(`^(context|stageVariables)\.[A-Za-z0-9_.-]+$`)

	responseTarget = regexp.MustCompile(`^method\.response\.(header|multivalueheader)\.\S+$`)
	responseSource = regexp.MustCompile(`^integration\.response\.((header|multivalueheader)\.\S+|body(\.\S+|\[\S+)?)$`)
)

func isStatic(source string) bool {
	return len(source) >= 2 && strings.HasPrefix(source, "'") && strings.HasSuffix(source, "'")
}

// checkRequestMappings checks what an integration takes from the method's
// request. A parameter has to be one that the method declares.
func checkRequestMappings(m *plan.Method, mappings map[string]string) error {
	for _, target := range sorted(mappings) {
		source := mappings[target]
		switch {
		case !integrationTarget.MatchString(target):
			return invalidMapping("Invalid mapping expression specified: " + target)
		case isStatic(source), bodySource.MatchString(source), contextSource.MatchString(source):
		case methodSource.MatchString(source):
			if !declared(m, source) {
				return invalidMapping("Invalid mapping expression parameter specified: " + source)
			}
		default:
			return invalidMapping("Invalid mapping expression specified: " + source)
		}
	}
	return nil
}

// declared reports whether the method has the parameter. The multi-value forms
// refer to a parameter that is declared by its plain name.
func declared(m *plan.Method, source string) bool {
	if _, ok := m.RequestParameters[source]; ok {
		return true
	}
	plain := strings.Replace(strings.Replace(source, ".multivaluequerystring.", ".querystring.", 1), ".multivalueheader.", ".header.", 1)
	_, ok := m.RequestParameters[plain]
	return ok
}

// checkResponseMappings checks what a method's response takes from that of the
// integration. A header has to be one that the method response declares.
func checkResponseMappings(m *plan.Method, status string, mappings map[string]string) error {
	if len(mappings) == 0 {
		return nil
	}
	r := m.Responses[status]
	if r == nil {
		return noStatusCode
	}
	for _, target := range sorted(mappings) {
		source := mappings[target]
		if !responseTarget.MatchString(target) {
			return invalidMapping("Invalid mapping expression specified: " + target)
		}
		if _, ok := r.ResponseParameters[strings.Replace(target, ".multivalueheader.", ".header.", 1)]; !ok {
			return invalidMapping("Invalid mapping expression parameter specified: " + target)
		}
		if !isStatic(source) && !responseSource.MatchString(source) && !contextSource.MatchString(source) {
			return invalidMapping("Invalid mapping expression specified: " + source)
		}
	}
	return nil
}

var mediaType = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z-]+/[!#$%&'*+.^_|~0-9A-Za-z-]+(\s*;.*)?$`)

// checkContentTypes checks the keys of templates, of which "$default" stands
// for any.
func checkContentTypes(templates map[string]string) error {
	for _, contentType := range sorted(templates) {
		if contentType != "$default" && !mediaType.MatchString(contentType) {
			return badRequest("Validation Result: warnings : [], errors : [Invalid content type specified: %s]", contentType)
		}
	}
	return nil
}
