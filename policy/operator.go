package policy

import (
	"encoding/base64"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An operator is a condition operator taken apart:
// "ForAllValues:StringNotEqualsIfExists" is a quantifier, a comparison, its
// negation and a leniency.
type operator struct {
	quantifier quantifier
	ifExists   bool
	null       bool // Null; the fields below are unset
	negated    bool
	compare    comparison
	valid      func(value string) bool // whether a policy may compare with value; nil if with any
	arn        bool                    // the values are ARNs
	text       bool                    // variables and, unless exact, wildcards are understood
}

type quantifier uint8

const (
	single quantifier = iota
	forAllValues
	forAnyValue
)

// A comparison reports whether a value of the request compares with a value of
// the policy, the variables of which have been expanded.
type comparison func(want pattern, have string) bool

// parseOperator takes an operator's name apart. Names are compared without
// regard to case, as AWS does.
func parseOperator(name string) (op operator, ok bool) {
	rest := strings.ToLower(name)
	if after, found := strings.CutPrefix(rest, "forallvalues:"); found {
		op.quantifier, rest = forAllValues, after
	} else if after, found := strings.CutPrefix(rest, "foranyvalue:"); found {
		op.quantifier, rest = forAnyValue, after
	}
	if rest == "null" {
		op.null, op.valid = true, isBool
		return op, op.quantifier == single
	}
	rest, op.ifExists = strings.CutSuffix(rest, "ifexists")
	switch {
	case strings.HasPrefix(rest, "string"):
		op.text = true
		rest, op.negated = cutNot(rest, len("string"))
		switch rest {
		case "stringequals":
			op.compare = func(want pattern, have string) bool { return want.text == have }
		case "stringequalsignorecase":
			op.compare = func(want pattern, have string) bool { return strings.EqualFold(want.text, have) }
		case "stringlike":
			op.compare = func(want pattern, have string) bool { return want.match(have) }
		default:
			return operator{}, false
		}
	case strings.HasPrefix(rest, "arn"):
		op.text, op.arn = true, true
		rest, op.negated = cutNot(rest, len("arn"))
		// AWS: the two behave alike ("ArnEquals and ArnLike behave identically").
		if rest != "arnequals" && rest != "arnlike" {
			return operator{}, false
		}
	case strings.HasPrefix(rest, "numeric"):
		rest, op.negated = cutNot(rest, len("numeric"))
		op.valid = func(v string) bool { _, ok := parseNumber(v); return ok }
		op.compare, ok = ordered(rest[len("numeric"):], parseNumber)
		return op, ok
	case strings.HasPrefix(rest, "date"):
		rest, op.negated = cutNot(rest, len("date"))
		op.valid = func(v string) bool { _, ok := parseDate(v); return ok }
		op.compare, ok = ordered(rest[len("date"):], parseDate)
		return op, ok
	case rest == "bool":
		op.valid = isBool
		op.compare = func(want pattern, have string) bool { return strings.EqualFold(want.text, have) }
	case rest == "binaryequals":
		op.valid = func(v string) bool { _, err := base64.StdEncoding.DecodeString(v); return err == nil }
		op.compare = equalBinary
	case rest == "ipaddress", rest == "notipaddress":
		op.negated = rest == "notipaddress"
		op.valid = func(v string) bool { _, ok := parsePrefix(v); return ok }
		op.compare = inPrefix
	default:
		return operator{}, false
	}
	return op, true
}

// cutNot removes "not" at a place in a lower-case operator name.
func cutNot(name string, at int) (string, bool) {
	after, found := strings.CutPrefix(name[at:], "not")
	return name[:at] + after, found
}

// exact reports whether the operator takes wildcards for what they are.
func exact(name string) bool { return strings.Contains(strings.ToLower(name), "equals") }

// ordered returns the comparison of numbers or dates that name asks for.
func ordered(name string, parse func(string) (float64, bool)) (comparison, bool) {
	var holds func(have, want float64) bool
	switch name {
	case "equals":
		holds = func(have, want float64) bool { return have == want }
	case "lessthan":
		holds = func(have, want float64) bool { return have < want }
	case "lessthanequals":
		holds = func(have, want float64) bool { return have <= want }
	case "greaterthan":
		holds = func(have, want float64) bool { return have > want }
	case "greaterthanequals":
		holds = func(have, want float64) bool { return have >= want }
	default:
		return nil, false
	}
	return func(want pattern, have string) bool {
		w, ok := parse(want.text)
		h, ok2 := parse(have)
		return ok && ok2 && holds(h, w)
	}, true
}

func parseNumber(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// dateLayouts are those of ISO 8601 that the W3C's note on dates allows.
var dateLayouts = [...]string{
	time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006",
	"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05",
}

// parseDate reads a date, or seconds since 1970, as the latter.
func parseDate(s string) (float64, bool) {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.UnixNano()) / 1e9, true
		}
	}
	return parseNumber(s)
}

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

func equalBinary(want pattern, have string) bool {
	w, err := base64.StdEncoding.DecodeString(want.text)
	h, err2 := base64.StdEncoding.DecodeString(have)
	return err == nil && err2 == nil && slices.Equal(w, h)
}

// parsePrefix reads an address or a range in CIDR form.
func parsePrefix(s string) (netip.Prefix, bool) {
	if strings.IndexByte(s, '/') < 0 {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p, err == nil
}

func inPrefix(want pattern, have string) bool {
	p, ok := parsePrefix(want.text)
	a, err := netip.ParseAddr(have)
	return ok && err == nil && p.Contains(a.Unmap().WithZone(""))
}
