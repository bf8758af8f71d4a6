package wire_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

// What AWS's SDK signs is verified, whatever it says, and after a change of any
// byte on its way it is not, unless the function gets the same all the same.
func TestWhatASignerSignsVerifiesAndNothingElse(t *testing.T) {
	issuer := wire.NewCredentials([]byte("key of the tests"))
	key := issuer.Issue(wire.Session{Account: "123456789012", Expiry: testTime.Add(time.Hour)})
	verifier := wire.NewVerifier(issuer, aws.NewManualClock(testTime))
	verify := func(raw []byte) (got string, err error) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return "", err
		}
		if _, err = verifier.Verify(r, "lambda", "us-east-1", digest(string(body))); err != nil {
			return "", err
		}
		return received(r, body), nil
	}
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab/.%+&=;~ :\u00e9\u20ac\x00")), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		s := signing{
			method:  rapid.SampledFrom([]string{"GET", "POST", "PUT", "DELETE", "PATCH"}).Draw(t, "method"),
			service: "lambda", region: "us-east-1", key: key, at: testTime,
			presign: rapid.Bool().Draw(t, "presign"),
		}
		for _, segment := range rapid.SliceOfN(rapid.StringMatching(`[a-c%\. ]{0,3}[a-c]`), 0, 3).Draw(t, "path") {
			s.target += "/" + url.PathEscape(segment)
		}
		s.target = "/" + strings.TrimPrefix(s.target, "/")
		query := url.Values{}
		for _, name := range rapid.SliceOfN(text, 0, 3).Draw(t, "names") {
			query.Add(name, text.Draw(t, "value"))
		}
		if len(query) > 0 {
			s.target += "?" + query.Encode()
		}
		if s.method != "GET" {
			s.body = text.Draw(t, "body")
		}
		raw := overTheWire(s.requestFor(t))
		want, err := verify(raw)
		if err != nil {
			t.Fatalf("refused: %v\n%s", err, raw)
		}
		for range 20 {
			changed := slices.Clone(raw)
			at := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
			changed[at] = rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("ab/.%+&=;, \t"))).Draw(t, "byte")
			if got, err := verify(changed); err == nil && got != want {
				t.Fatalf("the function gets\n%s\ninstead of\n%s\nof a request that was changed to\n%s", got, want, changed)
			}
		}
	})
}

// received is what a function gets of a request, of all that is signed.
func received(r *http.Request, body []byte) string {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	var pairs []string
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			pairs = append(pairs, fmt.Sprintf("%q=%q", wire.QueryUnescape(name), wire.QueryUnescape(value)))
		}
	}
	slices.Sort(pairs)
	return fmt.Sprintf("%s %s %q %v %q %q %q", r.Method, r.Host, path, pairs, r.Header["Content-Type"], r.Header["X-Amz-Date"], body)
}

// overTheWire is a request as bytes.
func overTheWire(r *http.Request) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.RequestURI, r.Host)
	_ = r.Header.Write(&b) // into memory
	body, _ := io.ReadAll(r.Body)
	if r.Header.Get("Content-Length") == "" && len(body) > 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	fmt.Fprintf(&b, "\r\n%s", body)
	return b.Bytes()
}
