package plan

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/value"
)

// distinct reports whether no two values are the same.
func (c *checker) distinct(items []value.Value) bool {
	seen := make(map[string]struct{}, len(items))
	for _, item := range items {
		key := string(c.canonical(nil, item))
		if *c.err != nil {
			return true
		}
		if _, twice := seen[key]; twice {
			return false
		}
		seen[key] = struct{}{}
	}
	return true
}

// same reports whether two values are the same to enum: numbers by their
// values, objects whatever their order.
func (c *checker) same(a, b value.Value) bool {
	if order, ok := value.Compare(a, b); ok {
		return order == 0
	}
	switch a := a.(type) {
	case *value.List, *value.Map:
		if kindOf(a) != kindOf(b) {
			return false
		}
		return string(c.canonical(nil, a)) == string(c.canonical(nil, b))
	}
	return kindOf(a) == kindOf(b) && a == b
}

// canonical writes a value so that those which are the same look the same.
func (c *checker) canonical(b []byte, v value.Value) []byte {
	if !c.work(1) {
		return b
	}
	switch v := v.(type) {
	case *value.List:
		b = append(b, '[')
		for _, item := range v.Items {
			b = append(c.canonical(b, item), ',')
		}
		return append(b, ']')
	case *value.Map:
		names := make([]string, 0, v.Len())
		for name := range v.All() {
			names = append(names, name)
		}
		slices.Sort(names)
		b = append(b, '{')
		for _, name := range names {
			member, _ := v.Get(name)
			b = append(strconv.AppendQuote(b, name), ':')
			b = append(c.canonical(b, member), ',')
		}
		return append(b, '}')
	case string:
		return strconv.AppendQuote(b, v)
	case float64, value.Decimal:
		if r, ok := rational(value.Text(v)); ok {
			return append(b, r.RatString()...)
		}
	}
	return value.AppendText(b, v)
}

// print writes a value as messages have it.
func (c *checker) print(v value.Value) string {
	if c.quiet {
		return ""
	}
	b, err := value.AppendJSONWithin(nil, v, maxMessageText)
	if err != nil {
		return "…"
	}
	return strings.ReplaceAll(string(b), `\/`, "/")
}

func (c *checker) cut(s string) string {
	if len(s) > maxMessageText {
		return strings.ToValidUTF8(s[:maxMessageText], "") + "…"
	}
	return s
}

// rational reads a number that can be written out.
func rational(s string) (*big.Rat, bool) {
	const most = 2000
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if exponent, err := strconv.Atoi(strings.TrimPrefix(s[i+1:], "+")); err != nil || exponent < -most || exponent > most {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

func multiple(s string, of *big.Rat) bool {
	r, ok := rational(s)
	return ok && r.Quo(r, of).IsInt()
}
