package telemetry

import (
	"strings"
	"testing"
)

func TestLogPatterns(t *testing.T) {
	const event = `{"level":"error","took":120.5,"user":{"id":7,"name":"Ann Lee","tags":["a","b"]},"ok":false,"gone":null,"odd-name":1,"x.y":2}`
	for _, test := range []struct {
		pattern, message string
		want             bool
	}{
		{``, "anything", true},
		{`""`, "anything", true},
		{`ERROR`, "[ERROR 401] no", true},
		{`ERROR`, "error", false},
		{`ERROR 401`, "401 is an ERROR", true},
		{`ERROR 402`, "401 is an ERROR", false},
		{`"is an"`, "401 is an ERROR", true},
		{`"an is"`, "401 is an ERROR", false},
		{`"say \"hi\""`, `they say "hi"`, true},
		{`ERROR -debug`, "ERROR in debug", false},
		{`ERROR -debug`, "ERROR", true},
		{`-"a b"`, "a c", true},
		{`?ERROR ?WARN`, "WARN: x", true},
		{`?ERROR ?WARN`, "INFO: x", false},
		{`%AUTHORI[SZ]ED%`, "UNAUTHORIZED", true},
		{`%^a\.b$%`, "aXb", false},
		{`{ $.level = "error" }`, event, true},
		{`{ $.level = error }`, event, true},
		{`{ $.level = "err*" }`, event, true},
		{`{ $.level = "*warn*" }`, event, false},
		{`{ $.level = %^e.*r$% }`, event, true},
		{`{ $.level != "info" }`, event, true},
		{`{ $.level != "error" }`, event, false},
		{`{ $.nothing != "error" }`, event, false},
		{`{ $.took > 100 }`, event, true},
		{`{$.took<=120.5}`, event, true},
		{`{ $.took < 1.2e2 }`, event, false},
		{`{ $.user.id = 7 }`, event, true},
		{`{ $.user.name = "Ann Lee" && $.user.tags[1] = "b" }`, event, true},
		{`{ $.user.tags[2] = "b" }`, event, false},
		{`{ ($.level = "info") || ($.took > 100 && $.ok IS FALSE) }`, event, true},
		{`{ $.level = "info" || $.took > 100 && $.ok IS TRUE }`, event, false},
		{`{ $.gone IS NULL }`, event, true},
		{`{ $.nothing IS NULL }`, event, false},
		{`{ $.nothing NOT EXISTS }`, event, true},
		{`{ $.gone not  exists }`, event, false},
		{`{ $.odd-name = 1 && $['x.y'] = 2 }`, event, true},
		{`{ $.level = "error" }`, "level = error", false},
		{`{ $.level = "error" }`, `{"level":"error"} and more`, false},
	} {
		p, err := ParseLogPattern(test.pattern)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		if got := p.Match(test.message); got != test.want {
			t.Errorf("%s matches %s: %v", test.pattern, test.message, got)
		}
	}
}

func TestLogPatternsThatAreRefused(t *testing.T) {
	for pattern, want := range map[string]string{
		`[ip, user, ...]`:             "space-delimited",
		`foo-bar`:                     "Invalid character(s) in term 'foo-bar'",
		`"open`:                       "not closed",
		`%open`:                       "not closed",
		`%a(b)%`:                      "not supported",
		`%[%`:                         "missing closing ]",
		`?`:                           "a term is missing",
		`{ }`:                         "want a selector",
		`{ $.a }`:                     "want =, !=",
		`{ $.a = }`:                   "want a value",
		`{ $.a > "x" }`:               "compares numbers",
		`{ $.a = 1`:                   "want a closing brace",
		`{ $.a = 1 } x`:               "follows",
		`{ ($.a = 1 }`:                "parenthesis is not closed",
		`{ $.a[*] = 1 }`:              "lamgate does not match [*]",
		strings.Repeat("a ", 513):     "longer than",
		"{" + strings.Repeat("(", 99): "nested too deeply",
	} {
		if _, err := ParseLogPattern(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want a mention of %q", pattern, err, want)
		}
	}
}

func FuzzLogPattern(f *testing.F) {
	f.Add(`{ ($.a.b[0] = "x*" || $['c'] IS NULL) && $.d >= 1 }`, `{"a":{"b":["xy"]},"c":null,"d":2}`)
	f.Add(`a -b ?c "d e" %f[g]%`, "a d e")
	f.Fuzz(func(t *testing.T, pattern, message string) {
		if p, err := ParseLogPattern(pattern); err == nil {
			p.Match(message)
		}
	})
}
