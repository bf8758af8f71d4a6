package wire

import (
	"strconv"
	"strings"
)

// What explains a request to those who run the server must not let them act as
// who sent it: the session's token, and the signatures that hold for a while.

// RedactQuery returns a query string, or a URL that ends with one, for logs and
// journeys: without the values that admit who presents them.
func RedactQuery(query string) string {
	if !strings.Contains(query, "=") {
		return query
	}
	before, query, found := strings.Cut(query, "?")
	if found {
		before += "?"
	} else {
		before, query = "", before
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		if name, value, ok := strings.Cut(pair, "="); ok && admits(QueryUnescape(name)) {
			pairs[i] = name + "=" + withheld(value)
		}
	}
	return before + strings.Join(pairs, "&")
}

// maxTold is how much is told of a request: journeys keep explanations for long.
const maxTold = 8 << 10

// redactCanonical does the same for a canonical request, with its headers.
func redactCanonical(text string) string {
	const ofQuery, ofHeaders = 2, 3
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if i == ofQuery {
			lines[i] = RedactQuery(line)
		} else if name, value, ok := strings.Cut(line, ":"); ok && i >= ofHeaders && admits(name) {
			lines[i] = name + ":" + withheld(value)
		}
	}
	text = strings.Join(lines, "\n")
	if len(text) > maxTold {
		return text[:maxTold] + "… (" + strconv.Itoa(len(text)) + " bytes)"
	}
	return text
}

// admits reports whether who knows the value of a header or a parameter is let
// in by it.
func admits(name string) bool {
	switch strings.ToLower(name) {
	case "x-amz-security-token", "x-amz-signature", "authorization", "proxy-authorization", "cookie", "x-api-key",
		"signature", "access_token", "api_key", "apikey", "token":
		return true
	}
	return false
}

func withheld(value string) string { return "(" + strconv.Itoa(len(value)) + " bytes withheld)" }
