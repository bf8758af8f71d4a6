package vtl

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/lamgate/lamgate/gateway/pattern"
)

// matching is a regular expression that a method is to match with a string.
type matching struct {
	*pattern.Pattern
	m    *machine
	step *step
	text string
}

// pattern compiles the argument of a method, to match text.
func (m *machine) pattern(s *step, expr, text string, whole bool) (*matching, error) {
	// Compiling costs far more than reading.
	if err := m.step(500 + 50*min(len(expr), pattern.MaxLength)); err != nil {
		return nil, err
	}
	p, err := pattern.Compile(expr, pattern.Options{Whole: whole, LineEnd: !whole && strings.HasSuffix(text, "\n")})
	if err != nil {
		return nil, m.fail(s.at, s.name+": the regular expression "+quote(expr)+" cannot be read: "+err.Error())
	}
	return &matching{p, m, s, text}, m.step(10*p.Size() + p.Cost(len(text)))
}

// matches is String.matches.
func (p *matching) matches() (bool, error) {
	ok, err := p.Match(p.text, &p.m.backtracking)
	return ok, p.failed(err)
}

// each calls f with the offsets of the first matches and their groups.
func (p *matching) each(most int, f func(match []int) error) error {
	return p.failed(p.Each(p.text, most, &p.m.backtracking, func(match []int) error {
		if err := p.m.allocate(64); err != nil {
			return err
		}
		return f(match)
	}))
}

// failed makes a fault of what matching failed with.
func (p *matching) failed(err error) error {
	if _, ok := errors.AsType[*fault](err); ok || err == nil || errors.Is(err, errMemory) || errors.Is(err, errSteps) {
		return err
	}
	return p.m.fail(p.step.at, p.step.name+": "+err.Error())
}

// replace is String.replaceAll, or replaceFirst with one at most.
func (p *matching) replace(replacement string, most int) (string, error) {
	var b strings.Builder
	end := 0
	err := p.each(most, func(match []int) error {
		before := b.Len()
		b.WriteString(p.text[end:match[0]])
		if err := p.expand(&b, replacement, match); err != nil {
			return err
		}
		end = match[1]
		return p.m.allocate(b.Len() - before)
	})
	if err != nil {
		return "", err
	}
	b.WriteString(p.text[end:])
	return b.String(), p.m.allocate(len(p.text) - end)
}

// all is how many matches all are.
const all = math.MaxInt

// expand writes a replacement: $1 and ${name} are groups, a backslash protects
// what follows it. A number takes as many digits as there are groups for.
func (p *matching) expand(b *strings.Builder, replacement string, match []int) error {
	group := func(n int) {
		if match[2*n] >= 0 {
			b.WriteString(p.text[match[2*n]:match[2*n+1]])
		}
	}
	for i := 0; i < len(replacement); i++ {
		c := replacement[i]
		if c != '\\' && c != '$' {
			b.WriteByte(c)
			continue
		}
		i++
		switch {
		case i == len(replacement):
			return fmt.Errorf("the replacement %s ends in %c", quote(replacement), c)
		case c == '\\':
			b.WriteByte(replacement[i])
		case isDigit(replacement[i]):
			n := int(replacement[i] - '0')
			if 2*n >= len(match) {
				return fmt.Errorf("the regular expression has no group %d", n)
			}
			for i+1 < len(replacement) && isDigit(replacement[i+1]) && 2*(10*n+int(replacement[i+1]-'0')) < len(match) {
				i++
				n = 10*n + int(replacement[i]-'0')
			}
			group(n)
		case replacement[i] == '{':
			name, _, closed := strings.Cut(replacement[i+1:], "}")
			n := p.Group(name)
			if !closed || n < 0 || 2*n >= len(match) {
				return fmt.Errorf("the regular expression has no group %s", quote(name))
			}
			group(n)
			i += len(name) + 1
		default:
			return fmt.Errorf("the replacement %s has a $ that no group follows", quote(replacement))
		}
	}
	return nil
}
