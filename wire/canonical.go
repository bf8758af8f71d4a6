package wire

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest is what is signed of a request: all of it that signing
// clients know, written in the one way on which both sides agree.
func (s *signature) canonicalRequest(r *http.Request, payloadSHA256 string) string {
	path, query := r.URL.EscapedPath(), r.URL.RawQuery
	if strings.HasPrefix(r.RequestURI, "/") {
		path, query, _ = strings.Cut(r.RequestURI, "?") // as it was sent
	}
	b := make([]byte, 0, 1024)
	b = append(append(b, r.Method...), '\n')
	b = append(appendCanonicalPath(b, path), '\n')
	b = append(appendCanonicalQuery(b, query, s.presigned), '\n')
	for _, name := range s.headers {
		b = append(append(b, name...), ':')
		b = append(appendCanonicalValues(b, headerValues(r, name)), '\n')
	}
	b = append(b, '\n')
	b = append(append(b, strings.Join(s.headers, ";")...), '\n')
	return string(append(b, payloadSHA256...))
}

// headerValues returns a header as it was signed: net/http keeps some of them
// elsewhere.
func headerValues(r *http.Request, name string) []string {
	switch name {
	case "host":
		return []string{r.Host}
	case "content-length":
		return []string{strconv.FormatInt(max(r.ContentLength, 0), 10)}
	}
	return r.Header.Values(name)
}

// appendCanonicalPath appends a path that was sent, without its dots and its
// empty segments, and escaped once more.
//
// AWS: so it is for every service but S3 ("Create a signed AWS API request").
func appendCanonicalPath(b []byte, path string) []byte {
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
		b = appendURIEscaped(append(b, '/'), segment)
	}
	if len(kept) == 0 || strings.HasSuffix(path, "/") {
		b = append(b, '/')
	}
	return b
}

// appendCanonicalQuery appends the parameters in the order of their names and
// values, without the signature itself, which is one of a presigned URL.
func appendCanonicalQuery(b []byte, query string, presigned bool) []byte {
	var pairs [][]byte
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if presigned && name == "X-Amz-Signature" {
			continue
		}
		// A zero byte sorts before all that a name can have, as the end of a name
		// must; it becomes the equals sign below.
		p := append(appendReescaped(nil, name), 0)
		pairs = append(pairs, appendReescaped(p, value))
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

// appendReescaped appends a part of a query string, however it was escaped, as
// signing clients escape it.
func appendReescaped(b []byte, s string) []byte {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		plain = s
	}
	return appendURIEscaped(b, plain)
}

// appendURIEscaped escapes everything but the unreserved characters of RFC 3986.
func appendURIEscaped(b []byte, s string) []byte {
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
		for j, word := range strings.Fields(v) {
			if j > 0 {
				b = append(b, ' ')
			}
			b = append(b, word...)
		}
	}
	return b
}

// sign makes the signature that a canonical request should have.
func (s *signature) sign(secret, canonical string) string {
	return Scope{s.day, s.region, s.service}.Sign(secret, s.date, canonical)
}

// A Scope is what a signature of Signature Version 4 is good for.
type Scope struct {
	Day     string // 20060102
	Region  string
	Service string // its signing name
}

// String returns the scope as a credential names it behind the access key's ID.
func (s Scope) String() string { return s.Day + "/" + s.Region + "/" + s.Service + "/aws4_request" }

// Sign makes the signature of a canonical request; stamp is its X-Amz-Date.
func (s Scope) Sign(secret, stamp, canonical string) string {
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.Day, s.Region, s.Service, "aws4_request"} {
		key = hmacSHA256(key, part)
	}
	text := algorithmV4 + "\n" + stamp + "\n" + s.String() + "\n" + hexSHA256([]byte(canonical))
	return hex.EncodeToString(hmacSHA256(key, text))
}
