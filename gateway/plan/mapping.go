package plan

import (
	"strings"
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
}

// parseMapping reads a pair of an integration's request parameters or of an
// integration response's response parameters.
func parseMapping(to, toPrefix, from, fromPrefix string) (Mapping, *Closed) {
	var m Mapping
	var ok bool
	if m.To, ok = parseParameter(to, toPrefix); !ok {
		return m, &Closed{"the parameter mapping to " + to + " has no such place", "map to " + toPrefix + "LOCATION.NAME"}
	}
	if m.From, ok = parseSource(from, fromPrefix); !ok {
		return m, &Closed{"lamgate cannot map " + from + " to " + to + " yet", ""}
	}
	return m, nil
}

func parseSource(s, prefix string) (Parameter, bool) {
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return Parameter{Static, s[1 : len(s)-1]}, true
	}
	if name, ok := strings.CutPrefix(s, "stageVariables."); ok && name != "" {
		return Parameter{StageVariable, name}, true
	}
	if name, ok := strings.CutPrefix(s, "context."); ok {
		return Parameter{RequestContext, name}, IsContextVariable(name)
	}
	return parseParameter(s, prefix)
}
