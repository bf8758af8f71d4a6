package value

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// maxNumber is the length of the longest number that is read: reading one costs
// the square of its length.
const maxNumber = 1000

// longestDouble is the length of the longest literal that becomes a float64 in
// any case.
//
// AWS: json-smart, which API Gateway's behaviour gives away (lists printed as
// JSON, objects as {a=b}), makes a BigDecimal of a longer one, unless the double
// has the same digits.
const longestDouble = 18

// ParseNumber reads a decimal number: an int64 or a *big.Int, or with a fraction
// or an exponent a float64, or a Decimal where a float64 is not exact.
func ParseNumber(s string) (Value, error) {
	if len(s) > maxNumber {
		return nil, fmt.Errorf("the number is longer than %d characters", maxNumber)
	}
	whole := true
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9' || c == '-' || c == '+':
		case c == '.' || c == 'e' || c == 'E':
			whole = false
		default:
			return nil, fmt.Errorf("%q is not a number", s)
		}
	}
	if whole {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		n, ok := new(big.Int).SetString(s, 10)
		if !ok {
			return nil, fmt.Errorf("%q is not a number", s)
		}
		return n, nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		if len(s) <= longestDouble {
			return f, nil
		}
		var buf [32]byte
		if string(appendDouble(buf[:0], f)) == s {
			return f, nil
		}
	}
	return ParseDecimal(s)
}

// ParseDecimal reads a decimal literal of any precision.
func ParseDecimal(s string) (Decimal, error) {
	if len(s) > maxNumber {
		return "", fmt.Errorf("the number is longer than %d characters", maxNumber)
	}
	rest, negative := strings.CutPrefix(s, "-")
	mantissa, exponent := rest, 0
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		n, err := strconv.ParseInt(rest[i+1:], 10, 32)
		if err != nil {
			return "", fmt.Errorf("the exponent of %q is not a number of 32 bits", s)
		}
		mantissa, exponent = rest[:i], int(n)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if strings.Trim(whole+fraction, "0123456789") != "" || whole+fraction == "" {
		return "", fmt.Errorf("%q is not a number", s)
	}
	if digits == "" {
		digits, negative = "0", false
	}
	return javaDecimal(negative, digits, len(fraction)-exponent), nil
}

// javaDecimal writes digits × 10^-scale as BigDecimal.toString does.
func javaDecimal(negative bool, digits string, scale int) Decimal {
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	adjusted := len(digits) - 1 - scale
	switch {
	case scale == 0:
		b.WriteString(digits)
	case scale > 0 && adjusted >= -6:
		if point := len(digits) - scale; point > 0 {
			b.WriteString(digits[:point])
			b.WriteByte('.')
			b.WriteString(digits[point:])
		} else {
			b.WriteString("0.")
			b.WriteString(strings.Repeat("0", -point))
			b.WriteString(digits)
		}
	default:
		b.WriteString(digits[:1])
		if len(digits) > 1 {
			b.WriteByte('.')
			b.WriteString(digits[1:])
		}
		if adjusted != 0 {
			fmt.Fprintf(&b, "E%+d", adjusted)
		}
	}
	return Decimal(b.String())
}

// Float64 returns the nearest float64.
func (d Decimal) Float64() float64 {
	f, _ := strconv.ParseFloat(string(d), 64)
	return f
}

// appendDouble adds f as Double.toString does: plain between a thousandth and
// ten millions, always with a fraction, else with an exponent.
func appendDouble(dst []byte, f float64) []byte {
	switch a := math.Abs(f); {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case a == 0 || a >= 1e-3 && a < 1e7:
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		for _, c := range dst[start:] {
			if c == '.' {
				return dst
			}
		}
		return append(dst, ".0"...)
	}
	var buf [32]byte
	e := strconv.AppendFloat(buf[:0], f, 'e', -1, 64)
	i := len(e) - 1
	for e[i] != 'e' {
		i--
	}
	start := len(dst)
	dst = append(dst, e[:i]...)
	point := false
	for _, c := range dst[start:] {
		point = point || c == '.'
	}
	if !point {
		dst = append(dst, ".0"...)
	}
	dst = append(dst, 'E')
	exponent := e[i+1:]
	if exponent[0] == '-' {
		dst = append(dst, '-')
	}
	exponent = exponent[1:]
	for len(exponent) > 1 && exponent[0] == '0' {
		exponent = exponent[1:]
	}
	return append(dst, exponent...)
}
