package policy

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// glob says with a regular expression what a pattern matches.
func glob(pattern, s string) bool {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for _, c := range pattern {
		switch c {
		case '*':
			b.WriteString(`.*`)
		case '?':
			b.WriteString(`.`)
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String()).MatchString(s)
}

func TestMatchAgreesWithRegularExpressions(t *testing.T) {
	// A small alphabet, so that near misses are common.
	patterns := rapid.StringOfN(rapid.SampledFrom([]rune("aab:é*?")), 0, 12, -1)
	texts := rapid.StringOfN(rapid.SampledFrom([]rune("aab:é*")), 0, 16, -1)
	rapid.Check(t, func(t *rapid.T) {
		p, s := patterns.Draw(t, "pattern"), texts.Draw(t, "text")
		if got, want := wildcards(p).match(s), glob(p, s); got != want {
			t.Fatalf("%q matches %q: %v, want %v", p, s, got, want)
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b?c", "aXXbYc")
	f.Add("**?*", "")
	f.Add("?*é", "éé")
	f.Fuzz(func(t *testing.T, p, s string) {
		if !utf8.ValidString(p) || !utf8.ValidString(s) || len(p) > 100 {
			return
		}
		if got, want := wildcards(p).match(s), glob(p, s); got != want {
			t.Fatalf("%q matches %q: %v, want %v", p, s, got, want)
		}
	})
}

// A matcher that tries every way to share the text between its wildcards would
// not come back from this.
func TestMatchDoesNotBacktrack(t *testing.T) {
	p := strings.Repeat("a*", 1000) + "b"
	s := strings.Repeat("a", 100_000)
	if wildcards(p).match(s) {
		t.Error("matched")
	}
}

func BenchmarkEvaluate(b *testing.B) {
	doc := parse(b, Resource, statements(`{
		"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},
		"Action":"lambda:InvokeFunction","Resource":"`+function+`",
		"Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:111122223333:abc123/*/GET/users/*"}}}`))
	r := Request{
		Subject: Service("apigateway.amazonaws.com"), Action: "lambda:InvokeFunction", Resource: function,
		Context: Context{"aws:SourceArn": {"arn:aws:execute-api:us-east-1:111122223333:abc123/prod/GET/users/{id}"}},
	}
	b.ReportAllocs()
	for b.Loop() {
		d := doc.Evaluate(r)
		if !d.Allowed() {
			b.Fatal("denied")
		}
	}
}
