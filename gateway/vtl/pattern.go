package vtl

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// matchTimeout ends a match that backtracks too much.
const matchTimeout = 100 * time.Millisecond

// maxPattern is how long a regular expression may be.
const maxPattern = 4 << 10

// pattern is a regular expression of Java's. Go's own engine, whose time grows
// with the text only, has those it understands; lookarounds, backreferences and
// possessive quantifiers need one that backtracks, under a timeout.
type pattern struct {
	linear    *regexp.Regexp
	backtrack *regexp2.Regexp
}

// pattern compiles the argument of a method, to match subject.
func (m *machine) pattern(s *step, expr, subject string) (*pattern, error) {
	if len(expr) > maxPattern {
		return nil, m.fail(s.at, s.name+": the regular expression is too long")
	}
	// Compiling costs far more than reading.
	if err := m.step(500 + 50*len(expr)); err != nil {
		return nil, err
	}
	p, err := compilePattern(expr, subject)
	if err != nil {
		return nil, m.fail(s.at, s.name+": the regular expression "+quote(expr)+" cannot be read: "+err.Error())
	}
	return p, nil
}

func compilePattern(expr, subject string) (*pattern, error) {
	if translated, ok := translate(expr, strings.HasSuffix(subject, "\n")); ok {
		if linear, err := regexp.Compile(translated); err == nil {
			return &pattern{linear: linear}, nil
		}
	}
	backtrack, err := regexp2.Compile(expr, regexp2.None)
	if err != nil {
		return nil, err
	}
	backtrack.MatchTimeout = matchTimeout
	return &pattern{backtrack: backtrack}, nil
}

// translate turns the few things around that both of Java's and Go's engines
// know but do not mean the same by; false if Go's cannot mean what Java's does.
// lineEnd says that the text to be matched ends in a line end.
func translate(expr string, lineEnd bool) (string, bool) {
	var b strings.Builder
	class := 0
	for i := 0; i < len(expr); i++ {
		c := expr[i]
		switch {
		case c == '\\' && i+1 < len(expr):
			i++
			switch next := expr[i]; {
			case next == 's':
				b.WriteString(inClass(class, `\t\n\v\f\r `))
			case next == 'S' && class == 0:
				b.WriteString(`[^\t\n\v\f\r ]`)
			case next == 'h':
				b.WriteString(inClass(class, `\t \x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}`))
			case next == 'R' && class == 0:
				b.WriteString(`(?:\r\n|[\n\v\f\r\x{85}\x{2028}\x{2029}])`)
			case next == 'e':
				b.WriteString(`\x1b`)
			case next == 'u' && i+4 < len(expr) && isHex(expr[i+1]) && isHex(expr[i+2]) && isHex(expr[i+3]) && isHex(expr[i+4]):
				b.WriteString(`\x{` + expr[i+1:i+5] + `}`)
				i += 4
			case next == 'Z', next == 'G', next == 'S', next == 'k', isDigit(next):
				return "", false
			case next >= utf8.RuneSelf:
				b.WriteByte(next) // of a character: it needs no protection
			case isLetter(next), strings.IndexByte(`\.+*?()|[]{}^$-&~#/"'!@%=:;,<>_ `+"`", next) < 0:
				b.WriteByte('\\')
				b.WriteByte(next)
			default:
				fmt.Fprintf(&b, `\x%02x`, next) // itself, in a class or not
			}
		case class > 0 && c == '[' && !strings.HasPrefix(expr[i:], "[:"), class > 0 && strings.HasPrefix(expr[i:], "&&"):
			return "", false // a union or an intersection of classes
		case c == '[':
			class++
			b.WriteByte(c)
			if strings.HasPrefix(expr[i+1:], "^") {
				b.WriteByte('^')
				i++
			}
		case c == ']' && class > 0:
			class--
			b.WriteByte(c)
		case c == '.' && class == 0:
			b.WriteString(`[^\n\r\x{85}\x{2028}\x{2029}]`)
		case c == '$' && class == 0:
			if lineEnd { // Java's stands before the last line end, too
				return "", false
			}
			b.WriteByte(c)
		case strings.HasPrefix(expr[i:], "(?"):
			if rest := expr[i+2:]; !strings.HasPrefix(rest, ":") && !strings.HasPrefix(rest, "i)") && !strings.HasPrefix(rest, "<") ||
				strings.HasPrefix(rest, "<=") || strings.HasPrefix(rest, "<!") {
				return "", false
			}
			b.WriteByte(c)
		case strings.IndexByte("*+?}", c) >= 0 && strings.HasPrefix(expr[i+1:], "+") && class == 0:
			return "", false // possessive
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

func inClass(class int, set string) string {
	if class > 0 {
		return set
	}
	return "[" + set + "]"
}

// matchesWhole is String.matches.
func (p *pattern) matchesWhole(m *machine, s string) (bool, error) {
	if err := m.step(len(s)); err != nil {
		return false, err
	}
	if p.linear != nil {
		whole, err := regexp.Compile(`\A(?:` + p.linear.String() + `)\z`)
		if err != nil {
			return false, err
		}
		return whole.MatchString(s), nil
	}
	whole, err := regexp2.Compile(`\A(?:`+p.backtrack.String()+`)\z`, regexp2.None)
	if err != nil {
		return false, err
	}
	whole.MatchTimeout = matchTimeout
	matches, err := whole.MatchString(s)
	if err != nil {
		return false, errTimeout
	}
	return matches, nil
}

var errTimeout = errors.New("the regular expression takes too long")

// matched makes a fault of what matching failed with.
func (m *machine) matched(s *step, err error) error {
	if err == nil || errors.Is(err, errMemory) || errors.Is(err, errSteps) || errors.Is(err, errOutput) {
		return err
	}
	if _, ok := errors.AsType[*fault](err); ok {
		return err
	}
	return m.fail(s.at, s.name+": "+err.Error())
}

// each calls f with the offsets of each match and its groups, until it returns
// false.
func (p *pattern) each(s string, f func(match []int) (bool, error)) error {
	if p.linear != nil {
		return p.eachLinear(s, f)
	}
	deadline := time.Now().Add(4 * matchTimeout)
	match, err := p.backtrack.FindStringMatch(s)
	offsets := runeOffsets(s)
	for ; match != nil && err == nil; match, err = p.backtrack.FindNextMatch(match) {
		groups := match.Groups()
		found := make([]int, 0, 2*len(groups))
		for i := range groups {
			g := &groups[i]
			if len(g.Captures) == 0 {
				found = append(found, -1, -1)
				continue
			}
			found = append(found, offsets[g.Index], offsets[g.Index+g.Length])
		}
		goOn, err := f(found)
		if err != nil || !goOn {
			return err
		}
		if time.Now().After(deadline) {
			return errTimeout
		}
	}
	if err != nil {
		return errTimeout
	}
	return nil
}

// eachLinear finds matches one after the other, as Java's Matcher.find does: one
// that is empty is followed by a try at the next character.
func (p *pattern) eachLinear(s string, f func(match []int) (bool, error)) error {
	for _, match := range p.linear.FindAllStringSubmatchIndex(s, 1+len(s)) {
		goOn, err := f(match)
		if err != nil || !goOn {
			return err
		}
	}
	return nil
}

// runeOffsets returns where each character of s begins, and the end.
func runeOffsets(s string) []int {
	offsets := make([]int, 0, len(s)+1)
	for i := range s {
		offsets = append(offsets, i)
	}
	return append(offsets, len(s))
}

// replace is String.replaceAll and replaceFirst.
func (p *pattern) replace(m *machine, s *step, str, replacement string, all bool) (string, error) {
	if err := m.step(len(str)); err != nil {
		return "", err
	}
	if p.linear != nil && all {
		// Finding all matches at once makes a list of them.
		if err := m.allocate(8 * len(str)); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	end := 0
	err := p.each(str, func(match []int) (bool, error) {
		before := b.Len()
		b.WriteString(str[end:match[0]])
		if err := p.expand(&b, replacement, str, match); err != nil {
			return false, err
		}
		end = match[1]
		return all, m.allocate(b.Len() - before)
	})
	if err != nil {
		return "", m.matched(s, err)
	}
	b.WriteString(str[end:])
	return b.String(), m.allocate(len(str) - end)
}

// expand writes a replacement: $1 and ${name} are groups, a backslash protects
// what follows it. A number takes as many digits as there are groups for.
func (p *pattern) expand(b *strings.Builder, replacement, s string, match []int) error {
	group := func(n int) {
		if match[2*n] >= 0 {
			b.WriteString(s[match[2*n]:match[2*n+1]])
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
			n := p.group(name)
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

func (p *pattern) group(name string) int {
	if p.linear != nil {
		return p.linear.SubexpIndex(name)
	}
	return p.backtrack.GroupNumberFromName(name)
}
