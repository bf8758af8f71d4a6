package front

import (
	"net/http"
	"strings"
)

// IsToken reports whether s can be a header's name.
func IsToken(s string) bool {
	for i := 0; i < len(s); i++ {
		ch := s[i]
		if ch <= ' ' || ch >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, ch) >= 0 {
			return false
		}
	}
	return s != ""
}

// Splits reports whether a value would end its header, and begin another.
func Splits(value string) bool { return strings.ContainsAny(value, "\r\n\x00") }

// Bodiless reports whether a response of a status has no body.
func Bodiless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}
