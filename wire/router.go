package wire

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api"
)

// A router finds the operation of a REST service by method, path and query. Its
// tree has one level per segment of the path; a literal beats a label, and a
// label beats a greedy one.
type router struct{ root node }

type node struct {
	literals map[string]*node
	label    *node   // {Bucket}
	greedy   []route // {Key+}: takes the rest of the path
	ends     []route // routes whose path ends here
}

// A route is an operation with what its URI and its input demand of a request.
type route struct {
	operation *operation
	labels    []string // names, in the order of the path
	query     []literal
	required  []*api.Member // members in the query string or a header without which it is another operation
}

// A literal is a part of a template's query: "list-type=2", or "versioning"
// whose value does not matter.
type literal struct{ name, value string }

func newRouter(s *service) (*router, error) {
	rt := &router{}
	if s.Protocol != api.RestJSON && s.Protocol != api.RestXML {
		return rt, nil
	}
	for i := range s.operations {
		if s.superseded[s.operations[i].Name] {
			continue
		}
		if err := rt.add(s, &s.operations[i]); err != nil {
			return nil, fmt.Errorf("wire: %s %s: %w", s.Name, s.operations[i].Name, err)
		}
	}
	return rt, nil
}

func (rt *router) add(s *service, op *operation) error {
	path, query, _ := strings.Cut(op.URI, "?")
	r := route{operation: op}
	for part := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(part, "="); name != "" {
			r.query = append(r.query, literal{name, value})
		}
	}
	if in := s.shape(op.Input); in != nil {
		for i := range in.Members {
			if m := &in.Members[i]; m.Required && (m.Location == api.InQuery || m.Location == api.InHeader) {
				r.required = append(r.required, m)
			}
		}
	}
	n, segments := &rt.root, segmentsOf(path)
	for i, segment := range segments {
		name, isLabel := strings.CutPrefix(segment, "{")
		name = strings.TrimSuffix(name, "}")
		name, greedy := strings.CutSuffix(name, "+")
		switch {
		case !isLabel:
			if n.literals == nil {
				n.literals = map[string]*node{}
			}
			if n.literals[segment] == nil {
				n.literals[segment] = &node{}
			}
			n = n.literals[segment]
			continue
		case greedy && i != len(segments)-1:
			return fmt.Errorf("%s: a greedy label must come last", op.URI)
		case greedy:
			r.labels = append(r.labels, name)
			n.greedy = append(n.greedy, r)
			return nil
		}
		r.labels = append(r.labels, name)
		if n.label == nil {
			n.label = &node{}
		}
		n = n.label
	}
	n.ends = append(n.ends, r)
	return nil
}

// segmentsOf splits a path, escaped or a template. A slash at its end means
// nothing: /2015-03-31/functions and /2015-03-31/functions/ are one resource.
func segmentsOf(path string) []string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// find returns the operation for a request and the values of its labels, or nil.
// The path is escaped, so that an encoded slash stays within its label.
func (rt *router) find(method, path string, query url.Values, header http.Header) (*operation, map[string]string) {
	f := finder{method: method, query: query, header: header}
	// A greedy label keeps the slashes at its end.
	rest := strings.TrimPrefix(path, "/")
	r, values := f.walk(&rt.root, segmentsOf(path), rest, nil)
	if r == nil {
		return nil, nil
	}
	labels := make(map[string]string, len(values))
	for i, v := range values {
		text, err := url.PathUnescape(v)
		if err != nil {
			text = v
		}
		labels[r.labels[i]] = text
	}
	return r.operation, labels
}

type finder struct {
	method string
	query  url.Values
	header http.Header
}

func (f *finder) walk(n *node, segments []string, rest string, values []string) (*route, []string) {
	if len(segments) == 0 {
		return f.best(n.ends), values
	}
	_, after, _ := strings.Cut(rest, "/")
	if next := n.literals[segments[0]]; next != nil {
		if r, v := f.walk(next, segments[1:], after, values); r != nil {
			return r, v
		}
	}
	// An empty segment is no label's value, but may be part of a greedy one's.
	if n.label != nil && segments[0] != "" {
		if r, v := f.walk(n.label, segments[1:], after, append(slices.Clip(values), segments[0])); r != nil {
			return r, v
		}
	}
	if r := f.best(n.greedy); r != nil {
		return r, append(slices.Clip(values), rest)
	}
	return nil, nil
}

// best returns the route that asks the most of what the request has. One whose
// required members are missing is taken only if there is no other, so that the
// validator can name them.
func (f *finder) best(routes []route) *route {
	var found *route
	rank := -1
	for i := range routes {
		r := &routes[i]
		if r.operation.Method != f.method || !f.hasLiterals(r) {
			continue
		}
		score := 1 + 1000*len(r.query) + 10*len(r.required)
		if !f.hasRequired(r) {
			score = 1000 * len(r.query)
		}
		if score > rank {
			found, rank = r, score
		}
	}
	return found
}

func (f *finder) hasLiterals(r *route) bool {
	for _, l := range r.query {
		values, ok := f.query[l.name]
		if !ok || l.value != "" && !slices.Contains(values, l.value) {
			return false
		}
	}
	return true
}

func (f *finder) hasRequired(r *route) bool {
	for _, m := range r.required {
		if m.Location == api.InQuery && !f.query.Has(m.WireName) || m.Location == api.InHeader && f.header.Get(m.WireName) == "" {
			return false
		}
	}
	return true
}
