package wire

import (
	"regexp"
	"strings"
	"sync"
)

// A pattern is a Java regular expression as Go can match it: the whole value
// must match, and must not match except.
type pattern struct{ match, except *regexp.Regexp }

func (p *pattern) matches(s string) bool {
	return p == nil || p.match.MatchString(s) && (p.except == nil || !p.except.MatchString(s))
}

// patterns compiles each pattern once, when it is first asked for.
type patterns struct{ compiled sync.Map }

// get returns the pattern of a model, or nil if Go cannot match it: then every
// value is let through. A test lists those, and there are none.
func (ps *patterns) get(java string) *pattern {
	if p, ok := ps.compiled.Load(java); ok {
		return p.(*pattern)
	}
	p, _ := compilePattern(java)
	ps.compiled.Store(java, p)
	return p
}

func compilePattern(java string) (*pattern, error) {
	match, except := translatePattern(java)
	p := &pattern{}
	var err error
	if p.match, err = regexp.Compile(`^(?:` + match + `)\z`); err != nil {
		return nil, err
	}
	if except != "" {
		if p.except, err = regexp.Compile(except); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// translatePattern rewrites what Java has and Go has not: \uXXXX, and the
// lookarounds, whose few uses are told apart here.
func translatePattern(java string) (match, except string) {
	switch java {
	case `(?!^[0-9]+$)([a-zA-Z0-9-_]+)`: // Lambda's Alias
		return `[a-zA-Z0-9-_]+`, `^[0-9]+$`
	case `((?!^\d+$)^[0-9a-zA-Z-_]+$)`: // Lambda's FunctionUrlQualifier
		return `[0-9a-zA-Z-_]+`, `^\d+$`
	case `(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)`: // Lambda's CollectionName
		return `[_a-zA-Z0-9][^$]*`, `^system\.`
	case `[0-9A-Za-z\.\-_]*(?<!\.)`: // Lambda's S3Bucket
		return `[0-9A-Za-z\.\-_]*`, `\.$`
	case `^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`: // IAM's accountAliasType
		return `[a-z0-9][a-z0-9-]{1,61}[a-z0-9]`, `--`
	}
	// Lambda's FunctionUrlFunctionName: the qualifier at the end is no number.
	if before, ok := strings.CutSuffix(java, `(:((?!\d+$)[0-9a-zA-Z-_]+))?`); ok {
		return before + `(:([0-9a-zA-Z-_]+))?`, `[^:]:\d+$`
	}
	return unicodeEscape(java), ""
}

// unicodeEscape rewrites \u00FF to \x{00FF}.
func unicodeEscape(java string) string {
	var b strings.Builder
	for i := 0; i < len(java); i++ {
		if java[i] != '\\' || i+1 == len(java) {
			b.WriteByte(java[i])
			continue
		}
		if java[i+1] == 'u' && i+6 <= len(java) {
			b.WriteString(`\x{` + java[i+2:i+6] + `}`)
			i += 5
			continue
		}
		b.WriteString(java[i : i+2])
		i++
	}
	return b.String()
}
