package rest

import "strings"

// isBinary reports whether the media type that a Content-Type or an Accept
// header names is among an API's binary media types.
//
// AWS: of several types in Accept the first decides; parameters count only
// where the API's own type has some; */* covers everything, even no type at
// all, and image/* a family ("Content type conversions in API Gateway").
func isBinary(types []string, header string) bool {
	if len(types) == 0 {
		return false
	}
	whole, _, _ := strings.Cut(header, ",")
	name, _, _ := strings.Cut(whole, ";")
	name = strings.TrimSpace(name)
	for _, t := range types {
		if t == "*/*" || (name != "" && strings.EqualFold(t, name)) {
			return true
		}
		if strings.IndexByte(t, ';') >= 0 && strings.EqualFold(unspaced(t), unspaced(whole)) {
			return true
		}
		if family, ok := strings.CutSuffix(t, "/*"); ok && len(name) > len(family) && name[len(family)] == '/' && strings.EqualFold(name[:len(family)], family) {
			return true
		}
	}
	return false
}

func unspaced(s string) string { return strings.ReplaceAll(s, " ", "") }
