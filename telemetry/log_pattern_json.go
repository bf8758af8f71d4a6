package telemetry

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// A logCondition is what stands between the braces of a JSON pattern.
type logCondition interface {
	holds(message any) bool
}

type (
	logAll []logCondition
	logAny []logCondition

	// A logComparison compares the value that a selector finds.
	logComparison struct {
		selector []any // names and indices
		operator string
		text     string
		number   float64
		numeric  bool
		regex    *regexp.Regexp
	}
)

func (all logAll) holds(m any) bool {
	for _, c := range all {
		if !c.holds(m) {
			return false
		}
	}
	return true
}

func (some logAny) holds(m any) bool {
	for _, c := range some {
		if c.holds(m) {
			return true
		}
	}
	return false
}

// The operators that take no value.
const (
	isNull    = "IS NULL"
	isTrue    = "IS TRUE"
	isFalse   = "IS FALSE"
	notExists = "NOT EXISTS"
	exists    = "EXISTS"
)

func (c *logComparison) holds(m any) bool {
	v, found := find(m, c.selector)
	switch c.operator {
	case notExists:
		return !found
	case exists:
		return found
	case isNull:
		return found && v == nil
	case isTrue:
		return v == true
	case isFalse:
		return v == false
	}
	if !found {
		return false
	}
	if c.numeric {
		n, ok := numberOf(v)
		if !ok {
			return c.operator == "!="
		}
		return compareNumbers(n, c.operator, c.number)
	}
	s, ok := textOf(v)
	if !ok {
		return c.operator == "!="
	}
	equal := s == c.text
	switch {
	case c.regex != nil:
		equal = c.regex.MatchString(s)
	case strings.Contains(c.text, "*"):
		equal = matchStars(c.text, s)
	}
	return equal == (c.operator == "=")
}

func compareNumbers(n float64, operator string, with float64) bool {
	switch operator {
	case "=":
		return n == with
	case "!=":
		return n != with
	case "<":
		return n < with
	case "<=":
		return n <= with
	case ">":
		return n > with
	}
	return n >= with
}

func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Float64()
		return n, err == nil
	case string:
		n, err := strconv.ParseFloat(v, 64)
		return n, err == nil
	}
	return 0, false
}

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// matchStars matches a text with * for any characters, from the left, piece by
// piece.
func matchStars(pattern, s string) bool {
	pieces := strings.Split(pattern, "*")
	s, ok := strings.CutPrefix(s, pieces[0])
	if !ok {
		return false
	}
	last := len(pieces) - 1
	for _, piece := range pieces[1:last] {
		at := strings.Index(s, piece)
		if at < 0 {
			return false
		}
		s = s[at+len(piece):]
	}
	return strings.HasSuffix(s, pieces[last])
}

func matchJSON(c logCondition, message string) bool {
	message = strings.TrimSpace(message)
	if message == "" || message[0] != '{' && message[0] != '[' {
		return false
	}
	dec := json.NewDecoder(strings.NewReader(message))
	dec.UseNumber()
	var m any
	if dec.Decode(&m) != nil || dec.More() {
		return false
	}
	return c.holds(m)
}

// find follows a selector into a message.
func find(v any, selector []any) (any, bool) {
	for _, step := range selector {
		switch step := step.(type) {
		case string:
			object, ok := v.(map[string]any)
			if !ok {
				return nil, false
			}
			if v, ok = object[step]; !ok {
				return nil, false
			}
		case int:
			list, ok := v.([]any)
			if !ok || step >= len(list) {
				return nil, false
			}
			v = list[step]
		}
	}
	return v, true
}

// A logParser reads a JSON pattern from left to right.
type logParser struct {
	text  string
	depth int
}

func parseLogCondition(text string) (logCondition, error) {
	p := &logParser{text: text[1:]}
	c, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if !p.take("}") {
		return nil, patternErrorf("want a closing brace at %q", p.text)
	}
	if p.skip() != "" {
		return nil, patternErrorf("%q follows the closing brace", p.text)
	}
	return c, nil
}

func (p *logParser) skip() string {
	p.text = strings.TrimLeft(p.text, " \t\r\n")
	return p.text
}

func (p *logParser) take(token string) bool {
	rest, ok := strings.CutPrefix(p.skip(), token)
	if ok {
		p.text = rest
	}
	return ok
}

// takeWords takes words such as IS NULL, in any case, however far apart.
func (p *logParser) takeWords(words string) bool {
	rest := p.skip()
	for word := range strings.FieldsSeq(words) {
		rest = strings.TrimLeft(rest, " \t\r\n")
		if len(rest) < len(word) || !strings.EqualFold(rest[:len(word)], word) {
			return false
		}
		rest = rest[len(word):]
	}
	if rest != "" && !needsQuotes(rune(rest[0])) {
		return false
	}
	p.text = rest
	return true
}

func (p *logParser) alternatives() (logCondition, error) {
	var some logAny
	for {
		c, err := p.conjunction()
		if err != nil {
			return nil, err
		}
		some = append(some, c)
		if !p.take("||") {
			return some, nil
		}
	}
}

func (p *logParser) conjunction() (logCondition, error) {
	var all logAll
	for {
		c, err := p.primary()
		if err != nil {
			return nil, err
		}
		all = append(all, c)
		if !p.take("&&") {
			return all, nil
		}
	}
}

func (p *logParser) primary() (logCondition, error) {
	if !p.take("(") {
		return p.comparison()
	}
	if p.depth++; p.depth > 64 {
		return nil, patternErrorf("parentheses are nested too deeply")
	}
	c, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	p.depth--
	if !p.take(")") {
		return nil, patternErrorf("a parenthesis is not closed")
	}
	return c, nil
}

func (p *logParser) comparison() (logCondition, error) {
	c := &logComparison{}
	var err error
	if c.selector, err = p.selector(); err != nil {
		return nil, err
	}
	for _, words := range [...]string{isNull, isTrue, isFalse, notExists, exists} {
		if p.takeWords(words) {
			c.operator = words
			return c, nil
		}
	}
	for _, op := range [...]string{"!=", ">=", "<=", "=", ">", "<"} {
		if p.take(op) {
			c.operator = op
			return c, p.value(c)
		}
	}
	return nil, patternErrorf("want =, !=, <, <=, >, >=, IS NULL, IS TRUE, IS FALSE, EXISTS or NOT EXISTS at %q", p.text)
}

// selector reads $.name[0]['other name'].
func (p *logParser) selector() (steps []any, err error) {
	if !p.take("$") {
		return nil, patternErrorf("want a selector such as $.name at %q", p.text)
	}
	for p.text != "" {
		switch {
		case p.text[0] == '.':
			end := 1
			for end < len(p.text) && (!needsQuotes(rune(p.text[end])) || p.text[end] == '-') {
				end++
			}
			if end == 1 {
				return nil, patternErrorf("want a name after the dot at %q", p.text)
			}
			steps = append(steps, p.text[1:end])
			p.text = p.text[end:]
		case p.text[0] == '[':
			inside, rest, ok := strings.Cut(p.text[1:], "]")
			if !ok {
				return nil, patternErrorf("a bracket is not closed")
			}
			inside = strings.TrimSpace(inside)
			if n := len(inside); n >= 2 && (inside[0] == '\'' || inside[0] == '"') && inside[n-1] == inside[0] {
				steps = append(steps, inside[1:n-1])
			} else if index, err := strconv.ParseUint(inside, 10, 31); err == nil {
				steps = append(steps, int(index))
			} else {
				return nil, patternErrorf("lamgate does not match [%s] in selectors: want a number", inside)
			}
			p.text = rest
		default:
			return steps, nil
		}
	}
	return steps, nil
}

func (p *logParser) value(c *logComparison) (err error) {
	ordering := c.operator != "=" && c.operator != "!="
	switch text := p.skip(); {
	case text == "":
		return patternErrorf("a value is missing")
	case text[0] == '"':
		c.text, p.text, err = cutQuoted(text)
	case text[0] == '%':
		c.regex, p.text, err = cutRegex(text)
	default:
		end := strings.IndexAny(text, " \t\r\n)}&|")
		if end < 0 {
			end = len(text)
		}
		if end == 0 {
			return patternErrorf("want a value at %q", text)
		}
		c.text, p.text = text[:end], text[end:]
		c.number, err = strconv.ParseFloat(c.text, 64)
		c.numeric, err = err == nil, nil
	}
	if err == nil && ordering && !c.numeric {
		return patternErrorf("%s compares numbers, %q is none", c.operator, c.text)
	}
	return err
}
