package front_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/gateway/front"
)

func TestHosts(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:80": "127.0.0.1", "[::1]:80": "::1", "localhost": "localhost", "": "", "test-invoke-source-ip:0": "test-invoke-source-ip",
	} {
		if got := front.Host(address); got != want {
			t.Errorf("the host of %q is %q", address, got)
		}
	}
}

func TestHowCallersReachAGateway(t *testing.T) {
	for url, want := range map[string]string{
		"http://a.example/": "http 80", "https://a.example/": "https 443", "http://a.example:4566/": "http 4566", "http://[::1]/": "http 80", "http://[::1]:81/": "http 81",
	} {
		if proto, port := front.Reached(httptest.NewRequest("GET", url, nil)); proto+" "+port != want {
			t.Errorf("%s is reached by %s %s", url, proto, port)
		}
	}
}

func TestTokens(t *testing.T) {
	for s, want := range map[string]bool{"X-A": true, "a!#$%&'*+-.^_`|~9": true, "": false, "a b": false, "a:b": false, "a\n": false, "\u00e9": false, "a/b": false} {
		if front.IsToken(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func TestBodies(t *testing.T) {
	for _, c := range []struct {
		name      string
		body      string
		announced int64 // -1 in chunks
		want      string
		fault     string
	}{
		{"none", "", 0, "", ""},
		{"whole", "body", 4, "body", ""},
		{"in chunks", "body", -1, "body", ""},
		{"as large as may be", strings.Repeat("a", 1000), 1000, strings.Repeat("a", 1000), ""},
		{"announced too large", "", 1001, "", "the body has 1001 bytes of at most 1000"},
		{"grown too large", strings.Repeat("a", 1001), -1, "", "the body has more than 1000 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", io.NopCloser(strings.NewReader(c.body)))
			r.ContentLength = c.announced
			b, err := front.ReadBody(httptest.NewRecorder(), r, []byte("what was there before"), 1000, time.Minute)
			if c.fault == "" && (err != nil || string(b) != c.want) || c.fault != "" && (!errors.Is(err, front.ErrTooLarge) || err.Error() != c.fault) {
				t.Errorf("got %.20q, %v", b, err)
			}
		})
	}
}

// Journeys keep what is told of a request for long, and operators paste it.
func TestWhatIsToldIsShort(t *testing.T) {
	long := "/" + strings.Repeat("a", 60<<10)
	r := httptest.NewRequest("GET", long, nil)
	if got := front.Told(r, long); len(got) != 1024 || !strings.HasPrefix(long, got) {
		t.Errorf("of a path of %d bytes %d are told", len(long), len(got))
	}
	if got := front.Told(httptest.NewRequest("GET", "/a?b", nil), "/a"); got != "/a" {
		t.Errorf("/a is told as %q", got)
	}
	if got := front.Excerpt(long); len(got) > 520 || front.Excerpt([]byte("abc")) != "abc" {
		t.Errorf("an excerpt of %d bytes", len(got))
	}
	what, _ := front.FailureOf("arn", "f", []byte(long)).Explain()
	if len(what) > 2100 {
		t.Errorf("a failure is told in %d bytes", len(what))
	}
}

func TestArguments(t *testing.T) {
	for s, want := range map[string]string{
		"https://a.example:80/": "https://a.example:80/", "v0": "v0", "$(reboot)": "'$(reboot)'", "a b": "'a b'", "a;b": "'a;b'", "it's": `'it'\''s'`, "a\u009b": "'a\u009b'",
	} {
		if got := front.Argument(s); got != want {
			t.Errorf("%q is the argument %s, want %s", s, got, want)
		}
	}
}
