package state

import (
	"fmt"
	"strings"
)

// Key joins segments to a key. What a segment may not hold in a key, the slash,
// is written as %2F, and % as %25.
func Key(segments ...string) string {
	escaped := make([]string, len(segments))
	for i, s := range segments {
		escaped[i] = segmentEscaper.Replace(s)
	}
	return strings.Join(escaped, "/")
}

// Segments splits what Key has joined.
func Segments(key string) []string {
	segments := strings.Split(key, "/")
	for i, s := range segments {
		segments[i] = segmentUnescaper.Replace(s)
	}
	return segments
}

var (
	segmentEscaper   = strings.NewReplacer("%", "%25", "/", "%2F")
	segmentUnescaper = strings.NewReplacer("%2F", "/", "%25", "%")
)

// maxSubject keeps a subject, escaped, within the engine's line of control.
const maxSubject = 8 << 10

// subjectOf writes a key as a subject below root, a token for each segment.
// Bytes that a token may not hold become =XX; a segment that is empty, which no
// token may be, becomes a lone =.
func subjectOf(root, key string) (string, error) {
	if key == "" {
		return "", fmt.Errorf("key is empty")
	}
	var b strings.Builder
	b.Grow(len(root) + 1 + len(key) + 8)
	b.WriteString(root)
	for segment := range strings.SplitSeq(key, "/") {
		b.WriteByte('.')
		if segment == "" {
			b.WriteByte('=')
			continue
		}
		for i := range len(segment) {
			c := segment[i]
			if c > ' ' && c < 0x7f && c != '.' && c != '*' && c != '>' && c != '=' {
				b.WriteByte(c)
				continue
			}
			const digits = "0123456789ABCDEF"
			b.WriteByte('=')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	if b.Len() > maxSubject {
		return "", fmt.Errorf("key of %d bytes is too long", len(key))
	}
	return b.String(), nil
}

// under reports whether key is prefix, or begins with it where prefix ends in a
// slash or is empty.
func under(prefix, key string) bool {
	if prefix == "" || strings.HasSuffix(prefix, "/") {
		return strings.HasPrefix(key, prefix)
	}
	return key == prefix
}

// filterOf returns the subject that matches every key under prefix.
func filterOf(root, prefix string) (string, error) {
	if prefix == "" {
		return root + ".>", nil
	}
	if whole, ok := strings.CutSuffix(prefix, "/"); ok {
		subject, err := subjectOf(root, whole)
		return subject + ".>", err
	}
	return subjectOf(root, prefix)
}

// keyOf is the inverse of subjectOf.
func keyOf(root, subject string) (string, error) {
	tokens, ok := strings.CutPrefix(subject, root+".")
	if !ok {
		return "", fmt.Errorf("subject %q is not below %q", subject, root)
	}
	b := make([]byte, 0, len(tokens))
	for i := 0; i < len(tokens); i++ {
		switch c := tokens[i]; {
		case c == '.':
			b = append(b, '/')
		case c != '=':
			b = append(b, c)
		case i+1 == len(tokens) || tokens[i+1] == '.':
			// An empty segment.
		case i+2 < len(tokens) && hexDigit(tokens[i+1]) >= 0 && hexDigit(tokens[i+2]) >= 0:
			b = append(b, byte(hexDigit(tokens[i+1])<<4|hexDigit(tokens[i+2])))
			i += 2
		default:
			return "", fmt.Errorf("subject %q: bad escape at byte %d", subject, i+len(root)+1)
		}
	}
	return string(b), nil
}

func hexDigit(c byte) int { return strings.IndexByte("0123456789ABCDEF", c) }
