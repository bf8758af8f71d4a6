package policy

import (
	"strings"
	"unicode/utf8"
)

// expand returns a pattern with its variables, ${key} and ${key, 'default'},
// replaced by the values that the request has for them. It reports the first
// variable that has no single value: such a pattern matches nothing.
//
// AWS: variables exist since policy version 2012-10-17; in older documents
// ${…} is text ("IAM policy elements: Variables and tags").
func expand(text string, version string, r *Request) (p pattern, missing string) {
	if version != Version2012 || !strings.Contains(text, "${") {
		return wildcards(text), ""
	}
	var b strings.Builder
	for text != "" {
		if strings.HasPrefix(text, "${") {
			if end := strings.IndexByte(text, '}'); end > 0 {
				name := text[2:end]
				value, ok := variable(name, r)
				if !ok {
					return pattern{}, name
				}
				b.WriteString(value)
				text = text[end+1:]
				continue
			}
		}
		switch text[0] {
		case anyRun:
			b.WriteByte(expandedAnyRun)
		case anyOne:
			b.WriteByte(expandedAnyOne)
		default:
			b.WriteByte(text[0])
		}
		text = text[1:]
	}
	return pattern{b.String(), expandedAnyRun, expandedAnyOne}, ""
}

func variable(name string, r *Request) (string, bool) {
	switch name {
	case "*", "?", "$":
		return name, true
	}
	key, preset, hasPreset := strings.Cut(name, ",")
	values := r.values(strings.TrimSpace(key))
	if len(values) == 1 && utf8.ValidString(values[0]) {
		return values[0], true
	}
	if hasPreset && len(values) == 0 {
		preset = strings.TrimSpace(preset)
		if n := len(preset); n >= 2 && preset[0] == '\'' && preset[n-1] == '\'' {
			return preset[1 : n-1], true
		}
	}
	return "", false
}

// splitARN splits a pattern at its first five colons, those within variables
// left out.
func splitARN(text string) (parts [6]string, ok bool) {
	n, start, inside := 0, 0, false
	for i := 0; i < len(text) && n < 5; i++ {
		switch {
		case strings.HasPrefix(text[i:], "${") && strings.IndexByte(text[i:], '}') > 0:
			inside = true
		case text[i] == '}':
			inside = false
		case text[i] == ':' && !inside:
			parts[n] = text[start:i]
			n, start = n+1, i+1
		}
	}
	parts[n] = text[start:]
	return parts, n == 5
}
