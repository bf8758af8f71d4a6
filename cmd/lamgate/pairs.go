package main

import (
	"fmt"
	"strings"
)

// A pair is what a flag like --endpoint says: NAME=VALUE.
type pair struct{ name, value string }

// pairs reads what a repeated flag says, each name once. begins is what a pair
// begins with, for people.
func pairs(flag, begins string, list []string) ([]pair, error) {
	seen := make(map[string]bool, len(list))
	out := make([]pair, 0, len(list))
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		switch {
		case !ok || name == "":
			return nil, fmt.Errorf("%s %s does not begin with %s", flag, text, begins)
		case seen[name]:
			return nil, fmt.Errorf("%s names %s twice", flag, name)
		}
		seen[name] = true
		out = append(out, pair{name, value})
	}
	return out, nil
}
