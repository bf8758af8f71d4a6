package plan

import (
	"strings"
	"testing"
)

func selecting(patterns map[string]string) *Method {
	m := &Method{Responses: map[string]*MethodResponse{}, Integration: &Integration{Responses: map[string]*IntegrationResponse{}}}
	for status, pattern := range patterns {
		m.Responses[status] = &MethodResponse{StatusCode: status}
		r := &IntegrationResponse{StatusCode: status}
		if pattern != "" {
			r.SelectionPattern = &pattern
		}
		m.Integration.Responses[status] = r
	}
	return m
}

// What Java means otherwise is refused by name.
func TestSelectionPatternsThatAreRefused(t *testing.T) {
	for pattern, why := range map[string]string{
		"a)|(?:b":     "a ) without its (",
		"[a-z&&[^b]]": "intersections of classes",
		"[a[bc]]":     "unions and intersections of classes",
		`\0101`:       `\0 is not supported`,
		`\N`:          `\N is not supported`,
		`\p{javaX}`:   `\p{X}`,
		"(a":          "missing",
	} {
		_, closed := compileResponses(selecting(map[string]string{"500": pattern}))
		if closed == nil || !strings.Contains(closed.What, why) {
			t.Errorf("%s: %+v", pattern, closed)
		}
	}
}

func TestSelection(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		matches       bool
	}{
		{`4\d{2}`, "404", true},
		{`4\d{2}`, "4040", false},
		{`4\d{2}`, "14 404", false},
		{"400|404", "404", true},
		{"400|404", "4004", false},
		{"Bad.*", "Bad\nrequest", false},
		{`Bad(.|\n)*`, "Bad\nrequest", true},
		{"(?s)Bad.*", "Bad\nrequest", true},
		{"(?i)bad", "BAD", true},
		{`\d`, "٣", false},
		{`\Qa.b\E`, "a.b", true},
		{`\Qa.b\E`, "aXb", false},
		{`\Qa(\E|\\Q|\Q*`, `\Q`, true},
		{`\Qa(\E|\\Q|\Q*`, "*", true},
		{"^whole$", "whole", true},
		{"whole$", "whole\n", false},
		{"(?!secret).*", "secret", false},
		{`(a)\1`, "aa", true},
		{"(?<name>a)+", "aaa", true},
		{"Bad.*", "Bad\rrequest", false},
		{"Bad.*", "Bad\u2028request", false},
		{"Bad[.]", "Bad.", true},
		{`a\.b`, "axb", false},
		{`\s`, "\v", true},
		{`[\s,]+`, ",\v", true},
		{`\S`, "\v", false},
		{`\s`, "\u00a0", false},
		{`\h`, "\u00a0", true},
		{`a\Rb`, "a\r\nb", true},
		{`\v`, "\n", true},
		{`[]a]+`, "a]", true},
		{`[^]a]+`, "b]", false},
		{`[a-z\]]+`, "a]", true},
		{`é.`, "é€", true},
		{"a?+a", "a", false},
		{`[\S]+`, "a", true},
		{`\p{Upper}+`, "AB", true},
		{"(?:a|b)++b", "abb", false},
	} {
		responses, closed := compileResponses(selecting(map[string]string{"200": "", "500": c.pattern}))
		if closed != nil {
			t.Errorf("%s: %s", c.pattern, closed.What)
			continue
		}
		r, closed := responses.Select(c.text)
		if closed != nil || r == nil || (r.Status == 500) != c.matches {
			t.Errorf("%s against %q: %+v, %+v", c.pattern, c.text, r, closed)
		}
	}
	if _, closed := compileResponses(selecting(map[string]string{"500": "(a"})); closed == nil || !strings.Contains(closed.What, "the selection pattern of the integration response 500 cannot be read") {
		t.Errorf("%+v", closed)
	}
	responses, closed := compileResponses(selecting(map[string]string{"404": "4..", "400": "4.."}))
	if closed != nil {
		t.Fatal(closed)
	}
	if r, _ := responses.Select("404"); r == nil || r.Status != 400 {
		t.Errorf("%+v", r)
	}
	if r, closed := responses.Select("200"); r != nil || closed != nil {
		t.Errorf("%+v, %+v", r, closed)
	}
}

// FuzzSelection: no pattern takes a server down, whatever it is held against.
func FuzzSelection(f *testing.F) {
	f.Add("(a+)+b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	f.Add(`4\d{2}|(?i)error`, "404")
	f.Add(`)(`, "")
	f.Fuzz(func(_ *testing.T, pattern, text string) {
		if responses, closed := compileResponses(selecting(map[string]string{"500": pattern})); closed == nil {
			responses.Select(text)
		}
	})
}

// FuzzMapping: what is read of a mapping is what is written.
func FuzzMapping(f *testing.F) {
	f.Add("integration.request.header.a", "method.request.body.a[?(@.b)]")
	f.Add("integration.request.path.a", "'x'")
	f.Add("integration.request.multivaluequerystring.a", "context.identity.sourceIp")
	f.Fuzz(func(t *testing.T, to, from string) {
		m, closed := parseMapping(to, "integration.request.", from, "method.request.")
		if closed != nil {
			return
		}
		if to != "integration.request."+string(m.To.Location)+"."+m.To.Name {
			t.Errorf("%q is read as %+v", to, m.To)
		}
	})
}
