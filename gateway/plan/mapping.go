package plan

import (
	"strings"

	"github.com/lamgate/lamgate/gateway/jsonpath"
)

// A Location is where a parameter is in a request or a response.
type Location string

// The locations.
const (
	Header         Location = "header"
	MultiHeader    Location = "multivalueheader"
	Path           Location = "path"
	QueryString    Location = "querystring"
	MultiQuery     Location = "multivaluequerystring"
	Body           Location = "body"   // the whole, or what a path finds in it
	Static         Location = "static" // of a Mapping's source: the text itself
	StageVariable  Location = "stagevariable"
	RequestContext Location = "context"
)

// A Parameter is a place in a request or a response.
type Parameter struct {
	Location Location
	Name     string
}

// parseParameter reads prefix + "LOCATION.NAME".
func parseParameter(s, prefix string) (Parameter, bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return Parameter{}, false
	}
	location, name, ok := strings.Cut(rest, ".")
	if !ok || name == "" {
		return Parameter{}, false
	}
	switch l := Location(location); l {
	case Header, MultiHeader, Path, QueryString, MultiQuery:
		return Parameter{l, name}, true
	}
	return Parameter{}, false
}

// A Mapping sets one parameter from another, or from a static value.
type Mapping struct {
	To   Parameter
	From Parameter
	Find *jsonpath.Path // what to find in a body; nil for the whole
}

// parseMapping reads a pair of an integration's request parameters or of an
// integration response's response parameters.
func parseMapping(to, toPrefix, from, fromPrefix string) (Mapping, *Closed) {
	var m Mapping
	var ok bool
	if m.To, ok = parseParameter(to, toPrefix); !ok {
		return m, &Closed{"the parameter mapping to " + to + " has no such place", "map to " + toPrefix + "LOCATION.NAME and deploy the API again"}
	}
	var why string
	if rest, ok := strings.CutPrefix(from, fromPrefix+"body"); ok {
		m.From.Location = Body
		m.From.Name, m.Find, why = parseBody(rest)
	} else {
		m.From, why = parseSource(from, fromPrefix)
	}
	if why != "" {
		return m, &Closed{"the parameter mapping from " + from + " to " + to + " " + why,
			"map from " + fromPrefix + "LOCATION.NAME, " + fromPrefix + "body.JSONPATH, context.NAME, stageVariables.NAME or 'text' and deploy the API again"}
	}
	return m, nil
}

// parseSource reads where a mapping's value comes from; why tells what is wrong
// with it.
func parseSource(s, prefix string) (p Parameter, why string) {
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return Parameter{Static, s[1 : len(s)-1]}, ""
	}
	if name, ok := strings.CutPrefix(s, "stageVariables."); ok && name != "" {
		return Parameter{StageVariable, name}, ""
	}
	if name, ok := strings.CutPrefix(s, "context."); ok {
		if !IsContextVariable(name) {
			return p, "names no variable of $context that lamgate has"
		}
		return Parameter{RequestContext, name}, ""
	}
	p, ok := parseParameter(s, prefix)
	if !ok {
		return p, "names no source"
	}
	if prefix == "integration.response." && p.Location != Header && p.Location != MultiHeader {
		return p, "names no source: a response has headers and a body"
	}
	return p, ""
}

// parseBody reads what follows "body" in a source.
//
// AWS: the path's leading $ is left out: body.a.b is $.a.b.
func parseBody(rest string) (path string, find *jsonpath.Path, why string) {
	if rest == "" {
		return "", nil, ""
	}
	path, ok := strings.CutPrefix(rest, ".")
	if !ok || path == "" {
		return "", nil, "names no source"
	}
	switch path[0] {
	case '$':
	case '[':
		path = "$" + path
	default:
		path = "$." + path
	}
	find, err := jsonpath.Parse(path)
	if err != nil {
		return path, nil, "has a path that cannot be read: " + err.Error()
	}
	return path, find, ""
}
