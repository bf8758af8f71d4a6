package value

import (
	"cmp"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Equal is Velocity's ==: numbers by value whatever their types; values of one
// kind as Java's equals has it; values of two kinds by their texts, so that
// 1 == "1"; nil equals only nil.
//
// Lists that share their items may have far more pairs to compare than they take
// memory. Each pair, and each 64 bytes of a string, takes one from effort; once
// that is below zero the answer is false and says nothing.
func Equal(a, b Value, effort *int) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if c, ok := Compare(a, b); ok {
		return c == 0
	}
	if kind(a) != kind(b) {
		return Text(a) == Text(b)
	}
	return same(a, b, 0, effort)
}

// Same is Java's equals, which tells 1 from 1.0 and from "1". Its effort is that
// of Equal.
func Same(a, b Value, effort *int) bool { return same(a, b, 0, effort) }

func same(a, b Value, depth int, effort *int) bool {
	if *effort--; *effort < 0 || depth > MaxDepth {
		return false
	}
	switch x := a.(type) {
	case string:
		*effort -= len(x) / 64
	case *List:
		y, ok := b.(*List)
		if !ok || len(x.Items) != len(y.Items) {
			return false
		}
		if x == y {
			return true
		}
		for i := range x.Items {
			if !same(x.Items[i], y.Items[i], depth+1, effort) {
				return false
			}
		}
		return true
	case *Map:
		y, ok := b.(*Map)
		if !ok || x.Len() != y.Len() {
			return false
		}
		if x == y {
			return true
		}
		for k, v := range x.All() {
			w, has := y.Get(k)
			if !has || !same(v, w, depth+1, effort) {
				return false
			}
		}
		return true
	case *big.Int:
		y, ok := b.(*big.Int)
		return ok && x.Cmp(y) == 0
	}
	if kind(a) == kindOther || kind(a) != kind(b) {
		return false
	}
	return a == b
}

type valueKind int

const (
	kindOther valueKind = iota
	kindNull
	kindBool
	kindInt
	kindBig
	kindFloat
	kindDecimal
	kindString
	kindList
	kindMap
)

func kind(v Value) valueKind {
	switch v.(type) {
	case nil:
		return kindNull
	case bool:
		return kindBool
	case int64:
		return kindInt
	case *big.Int:
		return kindBig
	case float64:
		return kindFloat
	case Decimal:
		return kindDecimal
	case string:
		return kindString
	case *List:
		return kindList
	case *Map:
		return kindMap
	}
	return kindOther
}

// IsNumber reports whether v is a number of any type.
func IsNumber(v Value) bool {
	k := kind(v)
	return k >= kindInt && k <= kindDecimal
}

// Compare compares two numbers of any types; false if either is none.
func Compare(a, b Value) (int, bool) {
	switch x := a.(type) {
	case int64:
		switch y := b.(type) {
		case int64:
			return cmp.Compare(x, y), true
		case float64:
			if math.Abs(float64(x)) < 1<<53 {
				return cmp.Compare(float64(x), y), true
			}
		}
	case float64:
		switch y := b.(type) {
		case float64:
			return cmp.Compare(x, y), true
		case int64:
			if math.Abs(float64(y)) < 1<<53 {
				return cmp.Compare(x, float64(y)), true
			}
		}
	case *big.Int:
		if y, ok := b.(*big.Int); ok {
			return x.Cmp(y), true
		}
	}
	if !IsNumber(a) || !IsNumber(b) {
		return 0, false
	}
	x, y := scientificOf(a), scientificOf(b)
	return x.compare(y), true
}

// scientific is 0.digits × 10^exponent: numbers of any size compare without
// being written out.
type scientific struct {
	sign     int
	exponent int
	digits   string
}

func scientificOf(v Value) scientific {
	var s string
	switch x := v.(type) {
	case int64:
		s = strconv.FormatInt(x, 10)
	case *big.Int:
		s = x.String()
	case float64:
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return scientific{sign: cmp.Compare(x, 0), exponent: math.MaxInt, digits: "9"}
		}
		s = strconv.FormatFloat(x, 'e', -1, 64)
	case Decimal:
		s = string(x)
	}
	n := scientific{sign: 1}
	if rest, negative := strings.CutPrefix(s, "-"); negative {
		n.sign, s = -1, rest
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n.exponent, _ = strconv.Atoi(s[i+1:])
		s = s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	n.exponent += len(whole)
	n.digits = whole + fraction
	trimmed := strings.TrimLeft(n.digits, "0")
	n.exponent -= len(n.digits) - len(trimmed)
	n.digits = strings.TrimRight(trimmed, "0")
	if n.digits == "" {
		return scientific{}
	}
	return n
}

func (x scientific) compare(y scientific) int {
	if x.sign != y.sign {
		return cmp.Compare(x.sign, y.sign)
	}
	c := cmp.Compare(x.exponent, y.exponent)
	if c == 0 {
		c = strings.Compare(x.digits, y.digits)
	}
	return c * x.sign
}
