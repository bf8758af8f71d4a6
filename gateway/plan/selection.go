package plan

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
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

	pattern *regexp2.Regexp
	source  string
}

// matchTime is how long a selection pattern may look at a text: patterns of
// this kind can take for ever.
const matchTime = 100 * time.Millisecond

// Select returns the response for what the integration answered: a status, or
// the message of a function's error. It is the first whose pattern matches the
// text as a whole, else the default one, else nil.
//
// AWS: the order of those with a pattern is not documented; here it is that of
// their statuses.
func (r *Responses) Select(text string) (*Response, *Closed) {
	for _, response := range r.patterned {
		matched, err := response.pattern.MatchString(text)
		if err != nil {
			return nil, &Closed{"the selection pattern " + quote(response.source) + " took too long", "simplify it and deploy the API again"}
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
		if r.pattern, err = selectionPattern(r.source); err != nil {
			return all, &Closed{"the selection pattern of " + name + " cannot be read: " + err.Error(), redeploy}
		}
		all.patterned = append(all.patterned, r)
	}
	return all, nil
}

// maxPattern is how long a selection pattern may be.
const maxPattern = 10 << 10

// selectionPattern reads a Java regular expression that a whole text must match.
//
// RE2 is what regexp2 calls the classes that are Java's: \d and \w of ASCII, and
// $ only at the end.
func selectionPattern(pattern string) (*regexp2.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("it has %d bytes of at most %d", len(pattern), maxPattern)
	}
	re, err := regexp2.Compile(`\A(?:`+unquoted(pattern)+`)\z`, regexp2.RE2)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = matchTime
	return re, nil
}

// unquoted writes what stands between \Q and \E, which regexp2 does not know,
// with a backslash before each sign.
func unquoted(pattern string) string {
	if !strings.Contains(pattern, `\Q`) {
		return pattern
	}
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch {
		case strings.HasPrefix(pattern[i:], `\Q`):
			literal, after, _ := strings.Cut(pattern[i+2:], `\E`)
			b.WriteString(regexp2.Escape(literal))
			i = len(pattern) - len(after) - 1
		case pattern[i] == '\\' && i+1 < len(pattern):
			b.WriteString(pattern[i : i+2])
			i++
		default:
			b.WriteByte(pattern[i])
		}
	}
	return b.String()
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
