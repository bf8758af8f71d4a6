package policy

import (
	"strings"
	"unicode/utf8"
)

// The wildcards as policies write them, and as they stand in a pattern whose
// variables have been expanded: there a '*' that came out of a variable is only
// a '*'. No text holds the latter two bytes, since they are not UTF-8.
const (
	anyRun, anyOne                 = '*', '?'
	expandedAnyRun, expandedAnyOne = 0xFF, 0xFE
)

// A pattern is text with wildcards: one stands for any run of characters, the
// other for any one.
type pattern struct {
	text     string
	run, one byte
}

func wildcards(text string) pattern { return pattern{text, anyRun, anyOne} }

// match reports whether s as a whole matches. It goes back to the last
// wildcard only, and between wildcards searches for whole pieces: for a
// pattern without the one-character wildcard its time is linear, with it at
// worst the product of the lengths.
func (p pattern) match(s string) bool {
	text := p.text
	head := strings.IndexByte(text, p.run)
	if head < 0 {
		n, ok := p.prefix(text, s)
		return ok && n == len(s)
	}
	n, ok := p.prefix(text[:head], s)
	if !ok {
		return false
	}
	s, text = s[n:], text[head+1:]
	for {
		next := strings.IndexByte(text, p.run)
		if next < 0 {
			return p.suffix(text, s)
		}
		end, ok := p.search(text[:next], s)
		if !ok {
			return false
		}
		s, text = s[end:], text[next+1:]
	}
}

// prefix matches a piece without runs at the beginning of s and returns how
// much of s it took.
func (p pattern) prefix(piece, s string) (int, bool) {
	if strings.IndexByte(piece, p.one) < 0 {
		return len(piece), strings.HasPrefix(s, piece)
	}
	at := 0
	for i := range len(piece) {
		if at >= len(s) {
			return 0, false
		}
		if piece[i] == p.one {
			_, size := utf8.DecodeRuneInString(s[at:])
			at += size
			continue
		}
		if piece[i] != s[at] {
			return 0, false
		}
		at++
	}
	return at, true
}

// search finds the first place in s where piece matches and returns its end.
func (p pattern) search(piece, s string) (end int, ok bool) {
	if strings.IndexByte(piece, p.one) < 0 {
		at := strings.Index(s, piece)
		return at + len(piece), at >= 0
	}
	for at := 0; ; {
		if n, ok := p.prefix(piece, s[at:]); ok {
			return at + n, true
		}
		if at >= len(s) {
			return 0, false
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
}

// suffix reports whether s ends with a match of piece.
func (p pattern) suffix(piece, s string) bool {
	if strings.IndexByte(piece, p.one) < 0 {
		return strings.HasSuffix(s, piece)
	}
	// From the end, character by character: as many as piece has.
	at := len(s)
	for range utf8.RuneCountInString(piece) {
		if at == 0 {
			return false
		}
		_, size := utf8.DecodeLastRuneInString(s[:at])
		at -= size
	}
	n, ok := p.prefix(piece, s[at:])
	return ok && at+n == len(s)
}

// matchFold is match for patterns and texts that are compared without regard
// to case, as the names of actions are.
func matchFold(text, s string) bool {
	if !strings.ContainsAny(text, "*?") {
		return strings.EqualFold(text, s)
	}
	return wildcards(strings.ToLower(text)).match(strings.ToLower(s))
}

// matchARN reports whether an ARN matches a pattern as ArnLike compares them:
// each of the six parts that colons separate on its own, so that a wildcard in
// one never reaches into the next; the sixth is everything after the fifth
// colon.
func matchARN(parts [6]pattern, s string) bool {
	for i := range 5 {
		part, rest, ok := strings.Cut(s, ":")
		if !ok || !parts[i].match(part) {
			return false
		}
		s = rest
	}
	return parts[5].match(s)
}
