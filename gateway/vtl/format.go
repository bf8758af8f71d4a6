package vtl

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/value"
)

// maxWidth is how wide String.format writes one value, and how precisely.
const maxWidth = 1000

// A directive of String.format: %[index$][flags][width][.precision]conversion.
type formatDirective struct {
	index      int // from 1; 0 is the next
	flags      string
	width      int
	precision  int // -1 is none
	conversion byte
}

// format is Java's String.format.
func (m *machine) format(s *step, pattern string, a []value.Value) (string, error) {
	var b strings.Builder
	next := 0
	for {
		text, rest, found := strings.Cut(pattern, "%")
		b.WriteString(text)
		if !found {
			return b.String(), m.allocate(b.Len())
		}
		d, n, ok := readDirective(rest)
		if !ok {
			return "", m.fail(s.at, "format: "+quote("%"+rest)+" does not begin with a conversion that is known")
		}
		pattern = rest[n:]
		var piece string
		switch d.conversion {
		case '%':
			piece = d.padded("%")
		case 'n':
			piece = "\n"
		default:
			i := d.index - 1
			if i < 0 {
				i = next
				next++
			}
			if i >= len(a) {
				return "", m.fail(s.at, "format: there is no argument for "+quote("%"+rest[:n]))
			}
			var err error
			if piece, err = d.write(m, a[i]); err != nil {
				return "", err
			}
			if piece == "" && d.width == 0 && !d.empties(a[i]) {
				return "", m.fail(s.at, "format: "+quote("%"+rest[:n])+" does not take its argument")
			}
		}
		if err := m.allocate(len(piece)); err != nil {
			return "", err
		}
		b.WriteString(piece)
	}
}

func readDirective(s string) (d formatDirective, n int, ok bool) {
	number := func() int {
		length := span(s[n:], digits)
		v, err := strconv.Atoi(s[n : n+length])
		if n += length; err != nil || v > maxWidth {
			return -1
		}
		return v
	}
	if length := span(s, digits); length > 0 && strings.HasPrefix(s[length:], "$") {
		if d.index = number(); d.index <= 0 {
			return d, n, false
		}
		n++
	}
	flags := span(s[n:], "-#+ 0,(")
	d.flags, d.precision = s[n:n+flags], -1
	n += flags
	if n < len(s) && isDigit(s[n]) {
		if d.width = number(); d.width < 0 {
			return d, n, false
		}
	}
	if strings.HasPrefix(s[n:], ".") {
		n++
		if d.precision = number(); d.precision < 0 {
			return d, n, false
		}
	}
	if n == len(s) || strings.IndexByte("bBsScdxXofeE%n", s[n]) < 0 || strings.Contains(d.flags, "(") || strings.Contains(d.flags, "#") {
		return d, n, false
	}
	d.conversion = s[n]
	return d, n + 1, true
}

func (d *formatDirective) has(flag string) bool { return strings.Contains(d.flags, flag) }

// padded brings text to the width.
func (d *formatDirective) padded(text string) string {
	blanks := strings.Repeat(" ", max(d.width-unitCount(text), 0))
	if d.has("-") {
		return text + blanks
	}
	return blanks + text
}

// empties reports whether nothing may be written for a value.
func (d *formatDirective) empties(v value.Value) bool {
	return d.conversion|0x20 == 's' && (d.precision == 0 || v == emptyText)
}

// write writes a value; "" if the conversion does not take it.
func (d *formatDirective) write(m *machine, v value.Value) (string, error) {
	text := ""
	switch d.conversion | 0x20 {
	case 's':
		var err error
		if text, err = m.text(v); err != nil {
			return "", err
		}
	case 'b':
		b, isBool := v.(bool)
		text = strconv.FormatBool(b || v != nil && !isBool)
	default:
		if v == nil {
			return d.padded("null"), nil
		}
		return d.writeNumber(v)
	}
	if d.precision >= 0 {
		text = text[:byteOffset(text, d.precision)]
	}
	if d.conversion < 'a' {
		text = strings.ToUpper(text)
	}
	return d.padded(text), nil
}

func (d *formatDirective) writeNumber(v value.Value) (string, error) {
	text := ""
	switch d.conversion {
	case 'd', 'x', 'X', 'o', 'c':
		if !integral(v) {
			return "", nil
		}
		n := toBig(v)
		switch d.conversion {
		case 'd':
			text = n.String()
		case 'c':
			return d.padded(string(rune(n.Int64()))), nil
		default:
			if i, ok := v.(int64); ok && i < 0 {
				bits := uint64(i)
				if i == int64(int32(i)) {
					bits = uint64(uint32(i))
				}
				n = new(big.Int).SetUint64(bits)
			}
			text = n.Text(map[bool]int{true: 8, false: 16}[d.conversion == 'o'])
			if d.conversion == 'X' {
				text = strings.ToUpper(text)
			}
		}
	default: // f, e
		switch v.(type) {
		case float64, value.Decimal:
		default:
			return "", nil
		}
		precision := d.precision
		if precision < 0 {
			precision = 6
		}
		if d.conversion == 'f' {
			text = rounded(toFloat(v), precision)
		} else {
			text = strconv.FormatFloat(toFloat(v), d.conversion, precision, 64)
		}
	}
	sign := ""
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		sign, text = "-", rest
	} else if d.has("+") {
		sign = "+"
	} else if d.has(" ") {
		sign = " "
	}
	if d.has(",") {
		text = grouped(text)
	}
	if d.has("0") && !d.has("-") {
		text = strings.Repeat("0", max(d.width-len(sign)-len(text), 0)) + text
	}
	return d.padded(sign + text), nil
}

// rounded writes a number with so many digits after the point. Java rounds a
// half up, and by the digits that the number is printed with: 1.005 becomes 1.01.
func rounded(f float64, precision int) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) <= precision || f-f != 0 {
		return strconv.FormatFloat(f, 'f', precision, 64)
	}
	sign := ""
	if rest, negative := strings.CutPrefix(whole, "-"); negative {
		sign, whole = "-", rest
	}
	n, _ := new(big.Int).SetString(whole+fraction[:precision], 10)
	if fraction[precision] >= '5' {
		n.Add(n, big.NewInt(1))
	}
	all := n.String()
	all = strings.Repeat("0", max(precision+1-len(all), 0)) + all
	point := len(all) - precision
	if precision == 0 {
		return sign + all
	}
	return sign + all[:point] + "." + all[point:]
}

// grouped sets commas between thousands.
func grouped(text string) string {
	whole, rest := text, ""
	if i := strings.IndexByte(text, '.'); i >= 0 {
		whole, rest = text[:i], text[i:]
	}
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	return b.String() + rest
}
