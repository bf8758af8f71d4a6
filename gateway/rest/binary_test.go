package rest

import (
	"strings"
	"testing"
)

func TestIsBinary(t *testing.T) {
	for _, c := range []struct {
		types  string // separated by |
		header string
		want   bool
	}{
		{"", "image/png", false},
		{"image/png", "image/png", true},
		{"image/png", "IMAGE/PNG; q=0.5", true},
		{"image/png", "image/jpeg, image/png", false},
		{"image/png", "image/png, text/html", true},
		{"image/png", "", false},
		{"image/png", "*/*", false},
		{"image/*", "image/webp", true},
		{"image/*", "imagex/webp", false},
		{"image/*", "image", false},
		{"*/*", "text/html", true},
		{"*/*", "", true},
		{"*~1*", "text/html", false},
		{"text/html|application/zip", "application/zip", true},
		{"application/json;charset=utf-8", "application/json; charset=UTF-8", true},
		{"application/json;charset=utf-8", "application/json", false},
		{"multipart/form-data", "multipart/form-data; boundary=x", true},
	} {
		var types []string
		if c.types != "" {
			types = strings.Split(c.types, "|")
		}
		if got := isBinary(types, c.header); got != c.want {
			t.Errorf("%q among %q: %v", c.header, c.types, got)
		}
	}
}
