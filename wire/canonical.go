package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A Canonical is what is signed of a request: all of it that signing clients
// know, for the one way of writing it on which both sides agree.
type Canonical struct {
	Method  string
	Path    string                     // as sent
	Query   string                     // as sent, but for the signature of a presigned URL
	Names   []string                   // of the signed headers, in lower case and in their order
	Values  func(name string) []string // of a signed header
	Payload string                     // the body's SHA-256, in hexadecimal digits
}

// A Scope is what a signature of Signature Version 4 is good for.
type Scope struct {
	Day     string // 20060102
	Region  string
	Service string // its signing name
}

// String returns the scope as a credential names it behind the access key's ID.
func (s Scope) String() string { return s.Day + "/" + s.Region + "/" + s.Service + "/aws4_request" }

// Sign makes the signature of a request; stamp is its X-Amz-Date.
func (s Scope) Sign(secret, stamp string, c *Canonical) string {
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.Day, s.Region, s.Service, "aws4_request"} {
		key = hmacSHA256(key, part)
	}
	text := algorithmV4 + "\n" + stamp + "\n" + s.String() + "\n" + hexSHA256(c.text(s.Service))
	return hex.EncodeToString(hmacSHA256(key, text))
}

// text writes the request for a service.
func (c *Canonical) text(service string) []byte {
	b := make([]byte, 0, 1024)
	b = append(append(b, c.Method...), '\n')
	b = append(appendCanonicalPath(b, c.Path, service), '\n')
	b = append(appendCanonicalQuery(b, c.Query), '\n')
	for _, name := range c.Names {
		b = append(append(b, name...), ':')
		b = append(appendCanonicalValues(b, c.Values(name)), '\n')
	}
	b = append(b, '\n')
	for i, name := range c.Names {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	return append(append(b, '\n'), c.Payload...)
}

// appendCanonicalPath appends a path that was sent, without its dots and its
// empty segments, and escaped once more.
//
// AWS: so it is for every service but S3, whose keys may have all of that
// ("Create a signed AWS API request").
func appendCanonicalPath(b []byte, path, service string) []byte {
	if service == "s3" {
		if meant, err := url.PathUnescape(path); err == nil {
			path = meant
		}
		for i, segment := range strings.Split(path, "/") {
			if i > 0 {
				b = append(b, '/')
			}
			b = AppendURIEscaped(b, segment)
		}
		return b
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	for _, segment := range kept {
		b = AppendURIEscaped(append(b, '/'), segment)
	}
	if len(kept) == 0 || strings.HasSuffix(path, "/") {
		b = append(b, '/')
	}
	return b
}

// appendCanonicalQuery appends the parameters in the order of their names and
// values, escaped as signing clients escape them.
func appendCanonicalQuery(b []byte, query string) []byte {
	var pairs [][]byte
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		// A zero byte sorts before all that a name can have, as the end of a name
		// must; it becomes the equals sign below.
		p := append(AppendURIEscaped(nil, QueryUnescape(name)), 0)
		pairs = append(pairs, AppendURIEscaped(p, QueryUnescape(value)))
	}
	slices.SortFunc(pairs, bytes.Compare)
	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		p[bytes.IndexByte(p, 0)] = '='
		b = append(b, p...)
	}
	return b
}

// QueryUnescape decodes a name or a value of a query string. A plus is a space,
// and what is no percent-encoding stands for itself. Gateways read by it what
// they hand to functions, so that a signature holds for what these get and for
// nothing else.
func QueryUnescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case ch == '+':
			b = append(b, ' ')
		case ch == '%' && i+2 < len(s):
			if code, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				ch = byte(code)
				i += 2
			}
			b = append(b, ch)
		default:
			b = append(b, ch)
		}
	}
	return string(b)
}

// AppendURIEscaped appends a part of a URI: everything but the unreserved
// characters of RFC 3986 is percent-encoded.
func AppendURIEscaped(b []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		switch ch := s[i]; {
		case 'a' <= ch && ch <= 'z', 'A' <= ch && ch <= 'Z', '0' <= ch && ch <= '9', ch == '-', ch == '_', ch == '.', ch == '~':
			b = append(b, ch)
		default:
			b = append(b, '%', digits[ch>>4], digits[ch&15])
		}
	}
	return b
}

// appendCanonicalValues appends the values of one header, of whose spaces only
// single ones between words are left.
func appendCanonicalValues(b []byte, values []string) []byte {
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		first := true
		for word := range strings.FieldsFuncSeq(v, isBlank) {
			if !first {
				b = append(b, ' ')
			}
			b, first = append(b, word...), false
		}
	}
	return b
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' }

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
