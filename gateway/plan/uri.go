package plan

import (
	"fmt"
	"slices"
	"strings"
)

// A URI is an integration's URI with slots for the parameters of its path,
// written {name}.
type URI struct {
	literals []string // one more than slots
	slots    []string
	query    int // the first slot that stands in the query string
}

// ParseURI finds the slots of an HTTP endpoint's URI whose stage variables have
// been filled in. No slot may stand in the host or right behind it, where a
// caller's value would decide whom to call.
//
// AWS: takes no parameter in the host of a URI, and what stage variables make
// of one cannot be parsed as a URI either.
func ParseURI(s string) (URI, error) {
	u, err := parseSlots(s)
	if err != nil || u.Static() {
		return u, err
	}
	_, rest, ok := strings.Cut(u.literals[0], "://")
	if !ok || !strings.ContainsAny(rest, "/?#") {
		return URI{}, fmt.Errorf("the URI %q has the parameter {%s} in its host, or right behind it: put a slash between, or let a stage variable name the host", s, u.slots[0])
	}
	return u, nil
}

// parseSlots finds the slots of a URI, or of a part of one.
func parseSlots(s string) (URI, error) {
	var u URI
	u.query = -1
	rest := s
	inQuery := false
	for {
		before, after, ok := strings.Cut(rest, "{")
		u.literals = append(u.literals, before)
		inQuery = inQuery || strings.Contains(before, "?")
		if !ok {
			break
		}
		name, remains, ok := strings.Cut(after, "}")
		name = strings.TrimSuffix(name, "+")
		if !ok || name == "" || strings.ContainsAny(name, "{/?") {
			return URI{}, fmt.Errorf("the URI %q has a { that is no parameter's", s)
		}
		if inQuery && u.query < 0 {
			u.query = len(u.slots)
		}
		u.slots = append(u.slots, name)
		rest = remains
	}
	if u.query < 0 {
		u.query = len(u.slots)
	}
	return u, nil
}

// Static reports whether the URI has no slots.
func (u *URI) Static() bool { return len(u.slots) == 0 }

// Append appends the URI with the values of its slots. What a URI cannot hold
// is percent-encoded; slashes stay in the path, and so do percent-encodings. It
// returns the name of a slot that has no value.
func (u *URI) Append(b []byte, value func(name string) (string, bool)) (_ []byte, missing string) {
	for i, name := range u.slots {
		v, ok := value(name)
		if !ok {
			return b, name
		}
		b = append(b, u.literals[i]...)
		b = appendEscaped(b, v, i >= u.query)
	}
	return append(b, u.literals[len(u.slots)]...), ""
}

// unmapped returns the first slot onto which nothing is mapped; ok if there is
// none.
func (u *URI) unmapped(mappings []Mapping) (name string, ok bool) {
	for _, slot := range u.slots {
		if !slices.ContainsFunc(mappings, func(m Mapping) bool { return m.To.Location == Path && m.To.Name == slot }) {
			return slot, false
		}
	}
	return "", true
}

func appendEscaped(b []byte, s string, query bool) []byte {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		ch := s[i]
		switch {
		case unreserved(ch), ch == '/' && !query, !query && strings.IndexByte("!$&'()*+,;=:@", ch) >= 0:
			b = append(b, ch)
		case ch == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b = append(b, ch)
		default:
			b = append(b, '%', hex[ch>>4], hex[ch&15])
		}
	}
	return b
}

func unreserved(ch byte) bool {
	return 'a' <= ch && ch <= 'z' || 'A' <= ch && ch <= 'Z' || '0' <= ch && ch <= '9' || ch == '-' || ch == '.' || ch == '_' || ch == '~'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
