package vtl

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/value"
)

// maxScale is how many digits after or before the point decimals are calculated
// with.
const maxScale = 2000

// scaled is digits × 10^-scale, as Java's BigDecimal.
type scaled struct {
	digits *big.Int
	scale  int
}

// unscaled takes a number apart; false if it has too many digits.
func unscaled(v value.Value) (scaled, bool) {
	var text string
	switch v := v.(type) {
	case int64:
		return scaled{big.NewInt(v), 0}, true
	case *big.Int:
		return scaled{new(big.Int).Set(v), 0}, true
	case float64:
		text = new(big.Float).SetFloat64(v).Text('f', 1100)
		text = strings.TrimRight(text, "0")
	case value.Decimal:
		text = string(v)
	}
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		exponent, _ = strconv.Atoi(text[i+1:])
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits, ok := new(big.Int).SetString(whole+fraction, 10)
	s := scaled{digits, len(fraction) - exponent}
	return s, ok && s.scale <= maxScale && s.scale >= -maxScale
}

func (s *scaled) rescale(to int) {
	s.digits = new(big.Int).Mul(s.digits, powerOfTen(to-s.scale))
	s.scale = to
}

func powerOfTen(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, 0))), nil)
}

// divide rounds to the scale of the dividend, a half towards zero.
func (s *scaled) divide(by scaled) {
	n, d := new(big.Int).Set(s.digits), new(big.Int).Set(by.digits)
	if by.scale >= 0 {
		n.Mul(n, powerOfTen(by.scale))
	} else {
		d.Mul(d, powerOfTen(-by.scale))
	}
	quotient, rest := new(big.Int).QuoRem(n, d, new(big.Int))
	if rest.Abs(rest).Lsh(rest, 1).CmpAbs(d) > 0 {
		quotient.Add(quotient, big.NewInt(int64(n.Sign()*d.Sign())))
	}
	s.digits = quotient
}

func (s *scaled) value(m *machine, at int) (value.Value, error) {
	d, err := value.ParseDecimal(s.digits.String() + "e" + strconv.Itoa(-s.scale))
	if err != nil {
		return nil, m.fail(at, "the result has too many digits")
	}
	return d, nil
}
