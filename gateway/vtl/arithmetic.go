package vtl

import (
	"math"
	"math/big"

	"github.com/lamgate/lamgate/gateway/value"
)

// arithmetic is + - * / and %.
type arithmetic struct {
	at                  int
	operator            kind
	left, right         expression
	leftText, rightText string // as they are written
}

func (e *arithmetic) truth(*machine) (bool, error) { return false, nil }

// value calculates as Velocity does: integers stay integers and grow as they
// must; with a double, all are doubles; what cannot be calculated is null, so
// that #set leaves its variable alone.
func (e *arithmetic) value(m *machine) (value.Value, error) {
	if err := m.step(1); err != nil {
		return nil, err
	}
	left, err := e.left.value(m)
	if err != nil {
		return nil, err
	}
	right, err := e.right.value(m)
	if err != nil {
		return nil, err
	}
	if e.operator == tokenPlus && (isString(left) || isString(right)) {
		return e.concatenate(m, left, right)
	}
	if !value.IsNumber(left) || !value.IsNumber(right) {
		m.log(e.at, "a side of the operation is not a number, so it has no result")
		return nil, nil
	}
	if a, ok := left.(int64); ok {
		if b, ok := right.(int64); ok {
			return e.integers(m, a, b)
		}
	}
	if decimal(left) || decimal(right) || bigInteger(left) && !integral(right) || bigInteger(right) && !integral(left) {
		return e.decimals(m, left, right)
	}
	if integral(left) && integral(right) {
		return e.bigIntegers(m, toBig(left), toBig(right))
	}
	return e.doubles(m, toFloat(left), toFloat(right))
}

func isString(v value.Value) bool {
	_, ok := v.(string)
	return ok
}

func (e *arithmetic) concatenate(m *machine, left, right value.Value) (value.Value, error) {
	if left == nil {
		left = e.leftText
	}
	if right == nil {
		right = e.rightText
	}
	a, err := m.text(left)
	if err != nil {
		return nil, err
	}
	b, err := m.text(right)
	if err != nil {
		return nil, err
	}
	if err := m.allocate(len(a) + len(b)); err != nil {
		return nil, err
	}
	return a + b, nil
}

func (e *arithmetic) byZero(m *machine) (value.Value, error) {
	m.log(e.at, "division by zero has no result")
	return nil, nil
}

func (e *arithmetic) integers(m *machine, a, b int64) (value.Value, error) {
	switch e.operator {
	case tokenPlus:
		if c := a + b; (c^a) >= 0 || (c^b) >= 0 {
			return c, nil
		}
	case tokenMinus:
		if c := a - b; (c^a) >= 0 || (a^b) >= 0 {
			return c, nil
		}
	case tokenMultiply:
		if c := a * b; b == 0 || c/b == a && (b != -1 || a != math.MinInt64) {
			return c, nil
		}
	case tokenDivide:
		if b == 0 {
			return e.byZero(m)
		}
		return a / b, nil
	case tokenModulo:
		if b == 0 {
			return e.byZero(m)
		}
		return a % b, nil
	}
	return e.bigIntegers(m, big.NewInt(a), big.NewInt(b))
}

func (e *arithmetic) bigIntegers(m *machine, a, b *big.Int) (value.Value, error) {
	words := len(a.Bits()) + len(b.Bits())
	if err := m.allocate(64 + words*words); err != nil {
		return nil, err
	}
	c := new(big.Int)
	switch e.operator {
	case tokenPlus:
		c.Add(a, b)
	case tokenMinus:
		c.Sub(a, b)
	case tokenMultiply:
		c.Mul(a, b)
	case tokenDivide:
		if b.Sign() == 0 {
			return e.byZero(m)
		}
		c.Quo(a, b)
	case tokenModulo:
		if b.Sign() == 0 {
			return e.byZero(m)
		}
		if b.Sign() < 0 {
			return nil, m.fail(e.at, "the modulus of large integers must be positive")
		}
		c.Mod(a, b)
	}
	return c, nil
}

func (e *arithmetic) doubles(m *machine, a, b float64) (value.Value, error) {
	switch e.operator {
	case tokenPlus:
		return a + b, nil
	case tokenMinus:
		return a - b, nil
	case tokenMultiply:
		return a * b, nil
	case tokenDivide:
		if b == 0 {
			return e.byZero(m)
		}
		return a / b, nil
	default:
		if b == 0 {
			return e.byZero(m)
		}
		return math.Mod(a, b), nil
	}
}

// decimals calculates with as many digits as there are, but for the digits of a
// quotient, which are those of the dividend, as with Java's BigDecimal.
func (e *arithmetic) decimals(m *machine, left, right value.Value) (value.Value, error) {
	a, okA := unscaled(left)
	b, okB := unscaled(right)
	if !okA || !okB {
		return nil, m.fail(e.at, "the numbers are too large to calculate with")
	}
	if err := m.allocate(4096); err != nil {
		return nil, err
	}
	switch e.operator {
	case tokenPlus, tokenMinus:
		scale := max(a.scale, b.scale)
		a.rescale(scale)
		b.rescale(scale)
		if e.operator == tokenPlus {
			a.digits.Add(a.digits, b.digits)
		} else {
			a.digits.Sub(a.digits, b.digits)
		}
	case tokenMultiply:
		a.digits.Mul(a.digits, b.digits)
		a.scale += b.scale
	case tokenDivide:
		if b.digits.Sign() == 0 {
			return e.byZero(m)
		}
		a.divide(b)
	default:
		return nil, m.fail(e.at, "the modulus of decimals cannot be calculated")
	}
	return a.value(m, e.at)
}

func decimal(v value.Value) bool {
	_, ok := v.(value.Decimal)
	return ok
}

func bigInteger(v value.Value) bool {
	_, ok := v.(*big.Int)
	return ok
}

func integral(v value.Value) bool {
	switch v.(type) {
	case int64, *big.Int:
		return true
	}
	return false
}

func toBig(v value.Value) *big.Int {
	switch v := v.(type) {
	case int64:
		return big.NewInt(v)
	case *big.Int:
		return v
	}
	return new(big.Int)
}

func toFloat(v value.Value) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f
	case value.Decimal:
		return v.Float64()
	}
	return 0
}

// toInt is Java's longValue: what follows the point is cut off, what does not
// fit wraps round, or saturates if it came from a double.
func toInt(v value.Value) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case *big.Int:
		low := new(big.Int).And(v, new(big.Int).SetUint64(math.MaxUint64))
		return int64(low.Uint64())
	}
	switch f := toFloat(v); {
	case f != f:
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	default:
		return int64(f)
	}
}
