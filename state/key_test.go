package state

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSubjectOf(t *testing.T) {
	for _, c := range []struct{ key, subject string }{
		{"functions/000000000000/us-east-1/hello", "d.functions.000000000000.us-east-1.hello"},
		{"a b/c.d/e*f>g", "d.a=20b.c=2Ed.e=2Af=3Eg"},
		{"=/$LATEST", "d.=3D.$LATEST"},
		{"a//b/", "d.a.=.b.="},
		{"ü\x00\x7f", "d.=C3=BC=00=7F"},
	} {
		if subject, err := subjectOf("d", c.key); err != nil || subject != c.subject {
			t.Errorf("subjectOf(%q) = %q, %v, want %q", c.key, subject, err, c.subject)
		}
		if key, err := keyOf("d", c.subject); err != nil || key != c.key {
			t.Errorf("keyOf(%q) = %q, %v, want %q", c.subject, key, err, c.key)
		}
	}
	for _, key := range []string{"", strings.Repeat("a", maxSubject)} {
		if subject, err := subjectOf("d", key); err == nil {
			t.Errorf("subjectOf(%.10q…) = %.10q…, want an error", key, subject)
		}
	}
	for _, subject := range []string{"", "d", "d2.a", "d.=A", "d.=xy", "d.a=.b=4"} {
		if key, err := keyOf("d", subject); err == nil && subject != "d.a=.b=4" {
			t.Errorf("keyOf(%q) = %q, want an error", subject, key)
		}
	}
}

func TestEveryKeyHasItsSubject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := string(rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "key"))
		subject, err := subjectOf("d", key)
		if err != nil {
			t.Fatal(err)
		}
		for token := range strings.SplitSeq(subject, ".") {
			if token == "" || strings.ContainsAny(token, " *>\t\r\n\x00") {
				t.Fatalf("the token %q is not legal", token)
			}
		}
		if back, err := keyOf("d", subject); err != nil || back != key {
			t.Fatalf("%q came back as %q, %v", key, back, err)
		}
	})
}

func TestSegmentsOfKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		segments := rapid.SliceOfN(rapid.StringMatching(`[a%/2F5]{0,6}`), 1, 4).Draw(t, "segments")
		key := Key(segments...)
		if strings.Count(key, "/") != len(segments)-1 {
			t.Fatalf("Key(%q) = %q", segments, key)
		}
		if back := Segments(key); !slices.Equal(back, segments) {
			t.Fatalf("Segments(%q) = %q, want %q", key, back, segments)
		}
	})
}
