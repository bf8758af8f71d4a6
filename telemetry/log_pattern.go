package telemetry

import (
	"fmt"
	"regexp"
	"strings"
)

// A LogPattern is a filter pattern of CloudWatch Logs, of one of two forms:
//
//	ERROR -debug "exact words" %regular expression%     all of these, not that
//	?ERROR ?WARN                                         any of these
//	{ $.level = "error" && $.took > 100 }                a JSON message
//
// The third form of AWS's, [fields, delimited, by, spaces], is refused.
type LogPattern struct {
	required, excluded, optional []logTerm
	json                         logCondition // nil for terms
}

// A PatternError says what is wrong with a filter pattern.
type PatternError struct{ Reason string }

func (e *PatternError) Error() string { return "Invalid filter pattern: " + e.Reason }

func patternErrorf(format string, args ...any) *PatternError {
	return &PatternError{fmt.Sprintf(format, args...)}
}

// maxPattern is the longest filter pattern that AWS takes.
const maxPattern = 1024

// A logTerm is text, or a regular expression, that a message contains.
type logTerm struct {
	text  string
	regex *regexp.Regexp
}

func (t *logTerm) in(message string) bool {
	if t.regex != nil {
		return t.regex.MatchString(message)
	}
	return strings.Contains(message, t.text)
}

// ParseLogPattern reads a filter pattern. Its error is a *PatternError. The
// empty pattern is nil and matches everything.
func ParseLogPattern(text string) (*LogPattern, error) {
	if len(text) > maxPattern {
		return nil, patternErrorf("it is longer than %d characters", maxPattern)
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "" || text == `""`:
		return nil, nil
	case text[0] == '{':
		condition, err := parseLogCondition(text)
		if err != nil {
			return nil, err
		}
		return &LogPattern{json: condition}, nil
	case text[0] == '[':
		return nil, patternErrorf("lamgate does not match space-delimited patterns, [field, …]; use terms or { $.field = … }")
	}
	p := &LogPattern{}
	for text != "" {
		list := &p.required
		switch text[0] {
		case '-':
			list, text = &p.excluded, text[1:]
		case '?':
			list, text = &p.optional, text[1:]
		}
		term, rest, err := parseLogTerm(text)
		if err != nil {
			return nil, err
		}
		*list = append(*list, term)
		text = strings.TrimLeft(rest, " \t\r\n")
	}
	return p, nil
}

func parseLogTerm(text string) (term logTerm, rest string, err error) {
	if text == "" {
		return logTerm{}, "", patternErrorf("a term is missing after ? or -")
	}
	switch text[0] {
	case '"':
		term.text, rest, err = cutQuoted(text)
		return term, rest, err
	case '%':
		term.regex, rest, err = cutRegex(text)
		return term, rest, err
	}
	end := strings.IndexAny(text, " \t\r\n")
	if end < 0 {
		end = len(text)
	}
	term.text, rest = text[:end], text[end:]
	if strings.ContainsFunc(term.text, needsQuotes) {
		return logTerm{}, "", patternErrorf("Invalid character(s) in term '%s': put it in double quotation marks", term.text)
	}
	return term, rest, nil
}

// needsQuotes reports whether a character makes a term need quotation marks.
func needsQuotes(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c > 0x7f)
}

// cutQuoted takes a quoted text from the beginning of s.
func cutQuoted(s string) (text, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", patternErrorf("a quotation mark is not closed")
}

// cutRegex takes %…% from the beginning of s. Its language is AWS's, a part of
// what regexp understands, and like regexp matches in linear time.
func cutRegex(s string) (*regexp.Regexp, string, error) {
	end := strings.IndexByte(s[1:], '%')
	if end < 0 {
		return nil, "", patternErrorf("a regular expression is not closed with %%")
	}
	text, rest := s[1:1+end], s[2+end:]
	const symbols = `:_#=@/;,-^$?[]{}|\*+. `
	for _, c := range text {
		if needsQuotes(c) && !strings.ContainsRune(symbols, c) || c > 0x7f {
			return nil, "", patternErrorf("%q is not supported in a regular expression", c)
		}
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, "", patternErrorf("%v", err)
	}
	return re, rest, nil
}

// Match reports whether a message matches.
func (p *LogPattern) Match(message string) bool {
	if p == nil {
		return true
	}
	if p.json != nil {
		return matchJSON(p.json, message)
	}
	for i := range p.required {
		if !p.required[i].in(message) {
			return false
		}
	}
	for i := range p.excluded {
		if p.excluded[i].in(message) {
			return false
		}
	}
	for i := range p.optional {
		if p.optional[i].in(message) {
			return true
		}
	}
	return len(p.optional) == 0
}
