package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

const (
	// MaxLength is how long an expression may be, in bytes.
	MaxLength = 8 << 10
	// maxSize bounds what an expression becomes once its repetitions are
	// unfolded: .{1000} is a thousand.
	maxSize = 10_000
	// MatchTime is how long one match may backtrack.
	MatchTime = 100 * time.Millisecond
)

var (
	// ErrTime is returned when matching takes too long.
	ErrTime = errors.New("the regular expression takes too long")
	// ErrMatches is returned when there are too many.
	ErrMatches = errors.New("the regular expression matches too often")
)

// maxMatches is how often a pattern may be found in one text: each takes memory.
const maxMatches = 500_000

// Pattern is a compiled expression. A *Pattern may be used by many goroutines.
type Pattern struct {
	// One of the two is there.
	linear    *regexp.Regexp
	backtrack *regexp2.Regexp
	size      int
}

// Options are how an expression is to be read.
type Options struct {
	// Flags are Java's, of those that can stand in (?…): idmsuxU.
	Flags string
	// Whole is for a text that must match as a whole, not in some part.
	Whole bool
	// LineEnd says that the texts may end in a line end, before which $ stands
	// too.
	LineEnd bool
}

// Compile reads an expression.
func Compile(expr string, o Options) (*Pattern, error) {
	if len(expr) > MaxLength {
		return nil, fmt.Errorf("it is longer than %d bytes", MaxLength)
	}
	t := translation{source: expr, lineEnd: o.LineEnd}
	for _, f := range o.Flags {
		if err := t.flag(f); err != nil {
			return nil, err
		}
	}
	if err := t.run(); err != nil {
		return nil, err
	}
	text := string(t.out)
	if t.comments {
		text += "\n" // or a comment at the end would take what follows with it
	}
	if o.Whole {
		text = `\A(?:` + text + `)\z`
	}
	if t.modes != "" {
		text = "(?" + t.modes + ")" + text
	}
	if !t.backtracks {
		if tree, err := syntax.Parse(text, syntax.Perl); err == nil {
			p := &Pattern{size: sizeOf(tree)}
			if p.size > maxSize {
				return nil, errors.New("its repetitions are too large")
			}
			// Java finds the empty string right behind a match, Go does not.
			if o.Whole || !nullable(tree) {
				if p.linear, err = regexp.Compile(text); err == nil {
					return p, nil
				}
			}
		}
	}
	backtrack, err := regexp2.Compile(text, regexp2.RE2)
	if err != nil {
		return nil, err
	}
	backtrack.MatchTimeout = MatchTime
	return &Pattern{backtrack: backtrack}, nil
}

// nullable reports whether an expression may match the empty string.
func nullable(e *syntax.Regexp) bool {
	switch e.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpNoMatch:
		return false
	case syntax.OpStar, syntax.OpQuest:
		return true
	case syntax.OpRepeat:
		return e.Min == 0 || nullable(e.Sub[0])
	case syntax.OpAlternate:
		return slices.ContainsFunc(e.Sub, nullable)
	}
	return !slices.ContainsFunc(e.Sub, func(sub *syntax.Regexp) bool { return !nullable(sub) })
}

// sizeOf is about how many instructions an expression takes.
func sizeOf(e *syntax.Regexp) int {
	n := 1 + len(e.Rune)/2
	for _, sub := range e.Sub {
		n += sizeOf(sub)
	}
	if e.Op == syntax.OpRepeat {
		n = min(n, maxSize+1) * max(e.Min, e.Max, 1)
	}
	return min(n, maxSize+1)
}

// Size is about how much work compiling the pattern was.
func (p *Pattern) Size() int { return p.size }

// Cost is about how many steps matching a text of so many bytes takes at most,
// apart from backtracking, which is bounded by time.
func (p *Pattern) Cost(length int) int { return 1 + length*(16+p.size)/64 }

// Match reports whether the pattern is found in the text, or is the whole of it
// if it was compiled so. What backtracking takes comes from left.
func (p *Pattern) Match(text string, left *time.Duration) (bool, error) {
	if p.linear != nil {
		return p.linear.MatchString(text), nil
	}
	var matched bool
	err := timed(left, func() (err error) {
		matched, err = p.backtrack.MatchString(text)
		return err
	})
	return matched, err
}

// timed takes the time that a match needs from left.
func timed(left *time.Duration, match func() error) error {
	if *left <= 0 {
		return ErrTime
	}
	began := time.Now()
	err := match()
	*left -= time.Since(began)
	if err != nil {
		return ErrTime
	}
	return nil
}

// Each calls f with each match, at most so many, as Java's Matcher.find has them
// one after the other: the offsets of the match and of its groups, -1 for a group
// that is not in it. It ends when f returns an error.
func (p *Pattern) Each(text string, most int, left *time.Duration, f func(match []int) error) error {
	most = min(most, maxMatches)
	if p.linear != nil {
		all := p.linear.FindAllStringSubmatchIndex(text, most)
		for _, match := range all {
			if err := f(match); err != nil {
				return err
			}
		}
		return tooMany(len(all))
	}
	offsets := runeOffsets(text)
	var match *regexp2.Match
	for range most {
		err := timed(left, func() (err error) {
			if match == nil {
				match, err = p.backtrack.FindStringMatch(text)
			} else {
				match, err = p.backtrack.FindNextMatch(match)
			}
			return err
		})
		if err != nil || match == nil {
			return err
		}
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
		if err := f(found); err != nil {
			return err
		}
	}
	return tooMany(most)
}

func tooMany(matches int) error {
	if matches >= maxMatches {
		return ErrMatches
	}
	return nil
}

// runeOffsets returns where each character of s begins, and the end.
func runeOffsets(s string) []int {
	offsets := make([]int, 0, utf8.RuneCountInString(s)+1)
	for i := range s {
		offsets = append(offsets, i)
	}
	return append(offsets, len(s))
}

// Group returns the number of a group by its name; -1 if there is none.
func (p *Pattern) Group(name string) int {
	if p.linear != nil {
		return p.linear.SubexpIndex(name)
	}
	return p.backtrack.GroupNumberFromName(name)
}
