package pattern_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/gateway/pattern"
)

// TestFinds has what Java finds.
func TestFinds(t *testing.T) {
	for _, c := range []struct{ expr, flags, text, want string }{
		{`\d+`, "", "a12b3", "[12][3]"},
		{`\d`, "", "٣3", "[3]"}, // the digits of ASCII
		{`[\w&&x]`, "", "", "error"},
		{`[a[bc]]`, "", "", "error"},
		{`a.c`, "", "abc a\nc a\rc a\u2028c", "[abc]"},
		{`a.c`, "s", "abc a\nc", "[abc][a\nc]"},
		{`(?s:a.)a.`, "", "a\nab", "[a\nab]"},
		{`(?s)a.(?i)B`, "", "a\nb", "[a\nb]"},
		{`(?u)a`, "", "a", "[a]"},
		{`a$`, "", "aa\n", "[a]"},
		{`a$`, "", "aa", "[a]"},
		{`^a`, "m", "a\na", "[a][a]"},
		{`a(?=b)`, "", "acab", "[a]"},
		{`(.)\1`, "", "abbcc", "[bb:b][cc:c]"},
		{`a++a`, "", "aaa", ""},
		{`(ab)*+c`, "", "ababc", "[ababc:ab]"},
		{`[ab]?+b`, "", "ab", "[ab]"},
		{`\Qa.b\E.`, "", "a.bc axbc", "[a.bc]"},
		{`[\Q^]\E]`, "", "]a^", "[]][^]"},
		{`[]a]`, "", "]a", "[]][a]"},
		{`\p{Alpha}+`, "", "aü1", "[a]"},
		{`[\p{Punct}]`, "", "a-b_c", "[-][_]"},
		{`\p{L}`, "", "ü1", "[ü]"},
		{`\p{IsAlphabetic}`, "", "ü1", "[ü]"},
		{`[^\S]`, "", "a b", "[ ]"},
		{`[\D]`, "", "1a", "[a]"},
		{`\x41\u0042\x{43}`, "", "ABC", "[ABC]"},
		{`a{2}`, "", "aaaa", "[aa][aa]"},
		{`(?<x>a)|b`, "", "ab", "[a:a][b:]"},
		{`a # no b`, "x", "ab", "[a]"},
		{`x*`, "", "ax", "[][x][]"},
		{`\j`, "", "", "error"}, {`\`, "", "", "error"}, {`(`, "", "", "error"}, {`[a`, "", "", "error"}, {`\xq`, "", "", "error"}, {`\x{`, "", "", "error"},
	} {
		p, err := pattern.Compile(c.expr, pattern.Options{Flags: c.flags, LineEnd: strings.HasSuffix(c.text, "\n")})
		got := ""
		if err == nil {
			left := time.Second
			err = p.Each(c.text, 100, &left, func(match []int) error {
				got += "[" + c.text[match[0]:match[1]]
				for i := 2; i < len(match); i += 2 {
					got += ":"
					if match[i] >= 0 {
						got += c.text[match[i]:match[i+1]]
					}
				}
				got += "]"
				return nil
			})
		}
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("%s finds %q, want %q (%v)", c.expr, got, c.want, err)
		}
	}
}

func TestWhole(t *testing.T) {
	for _, c := range []struct {
		expr, text string
		want       bool
	}{
		{"a|ab", "ab", true}, {"a", "ab", false}, {"a.*", "ab\n", false}, {"[^b]*", "a\n", true}, {"(?=a).", "a", true}, {"", "", true},
	} {
		p, err := pattern.Compile(c.expr, pattern.Options{Whole: true})
		if err != nil {
			t.Fatal(err)
		}
		left := time.Second
		if got, err := p.Match(c.text, &left); got != c.want || err != nil {
			t.Errorf("%s of %q is %v, %v", c.expr, c.text, got, err)
		}
	}
}

// TestHostile has expressions that want all the time or memory there is.
func TestHostile(t *testing.T) {
	for _, expr := range []string{"(a{90}b{90}){30}{30}", strings.Repeat("[ab]{900}", 20), strings.Repeat("a", pattern.MaxLength+1), strings.Repeat("(", 5000)} {
		if _, err := pattern.Compile(expr, pattern.Options{}); err == nil {
			t.Errorf("%.20s is compiled", expr)
		}
	}
	p, err := pattern.Compile("(a+)+(?=b)c", pattern.Options{})
	if err != nil {
		t.Fatal(err)
	}
	left := 2 * pattern.MatchTime
	text := strings.Repeat("a", 64)
	for range 4 {
		_, err = p.Match(text, &left)
	}
	if !errors.Is(err, pattern.ErrTime) || left > 0 {
		t.Errorf("%v, and %v is left", err, left)
	}
	many, err := pattern.Compile("a", pattern.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := many.Each(strings.Repeat("a", 1<<20), 1<<30, &left, func([]int) error { return nil }); !errors.Is(err, pattern.ErrMatches) {
		t.Error(err)
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`(?i)[^\d\Q]\E]+?(?=a)\1`, `(?s:a.)*+\p{Punct}$`, `a # b`, `\x{41}[]-\]]`} {
		f.Add(seed, "x", "aab1\n")
	}
	f.Fuzz(func(t *testing.T, expr, flags, text string) {
		p, err := pattern.Compile(expr, pattern.Options{Flags: flags})
		if err != nil {
			return
		}
		left := pattern.MatchTime
		_ = p.Each(text, 100, &left, func(match []int) error {
			for i := 0; i < len(match); i += 2 {
				if match[i] >= 0 {
					_ = fmt.Sprint(text[match[i]:match[i+1]])
				}
			}
			return nil
		})
	})
}
