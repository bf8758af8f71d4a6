package plan

import (
	"strconv"

	"github.com/lamgate/lamgate/gateway/pattern"
)

// Responses are a custom integration's responses.
type Responses struct {
	patterned   []*Response // in the order of their statuses
	unpatterned *Response   // the default one; nil without
}

// A Response makes the method's response of what the integration answered.
type Response struct {
	Status    int
	Mappings  []Mapping // all onto headers
	Templates Templates
	Handling  string // CONVERT_TO_BINARY, CONVERT_TO_TEXT or empty

	// Closed is why the response cannot be given, nil if it can: others of the
	// same method can.
	Closed *Closed

	pattern *pattern.Pattern
	source  string
}

// Select returns the response for what the integration answered: a status, or
// the message of a function's error. It is the first whose pattern matches the
// text as a whole, else the default one, else nil.
//
// AWS: the order of those with a pattern is not documented; here it is that of
// their statuses.
func (r *Responses) Select(text string) (*Response, *Closed) {
	left := pattern.MatchTime // for all of them: they can backtrack for ever
	for _, response := range r.patterned {
		matched, err := response.pattern.Match(text, &left)
		if err != nil {
			return nil, &Closed{"the selection pattern " + Quote(response.source) + " took too long", "simplify it and deploy the API again"}
		}
		if matched {
			return response, nil
		}
	}
	return r.unpatterned, nil
}

func compileResponses(m *Method) (*Responses, *Closed) {
	i := m.Integration
	all := &Responses{}
	for _, key := range sortedKeys(i.Responses) {
		document := i.Responses[key]
		name := "the integration response " + key
		status, err := strconv.Atoi(key)
		if err != nil || status < 100 || status > 599 {
			return all, &Closed{name + " is not of a status between 100 and 599", redeploy}
		}
		r := &Response{Status: status, Handling: document.ContentHandling}
		r.Closed = r.compile(document, name)
		// AWS: what an integration answers must be declared by the method.
		if _, ok := m.Responses[key]; !ok && r.Closed == nil {
			r.Closed = &Closed{name + " has no method response of its status", "put a method response " + key + " and deploy the API again"}
		}
		if document.SelectionPattern == nil || *document.SelectionPattern == "" {
			if all.unpatterned == nil {
				all.unpatterned = r
			}
			continue
		}
		r.source = *document.SelectionPattern
		// AWS: "regular expressions" in its guide; they are Java's, matched against
		// the whole text.
		if r.pattern, err = pattern.Compile(r.source, pattern.Options{Whole: true}); err != nil {
			return all, &Closed{"the selection pattern of " + name + " cannot be read: " + err.Error(), redeploy}
		}
		all.patterned = append(all.patterned, r)
	}
	return all, nil
}

func (r *Response) compile(document *IntegrationResponse, name string) (closed *Closed) {
	for _, to := range sortedKeys(document.ResponseParameters) {
		mapping, closed := parseMapping(to, "method.response.", document.ResponseParameters[to], "integration.response.")
		if closed != nil {
			return closed
		}
		if mapping.To.Location != Header && mapping.To.Location != MultiHeader {
			return &Closed{name + " maps to " + to + ", which is no header", "map to method.response.header.NAME and deploy the API again"}
		}
		r.Mappings = append(r.Mappings, mapping)
	}
	r.Templates, closed = compileTemplates(document.ResponseTemplates, "the response template of "+name+" for ")
	return closed
}
