package wire_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCallsFromWebPages(t *testing.T) {
	server := newServer(t, nil)
	const form = "/?Action=GetCallerIdentity&Version=2011-06-15"
	for _, test := range []struct {
		name, method, target, headers string
		refused                       bool
	}{
		{"no browser", "POST", form, "", false},
		{"a form of another site", "POST", form, "Sec-Fetch-Site: cross-site, Origin: https://evil.example", true},
		{"a picture of another site", "GET", form, "Sec-Fetch-Site: cross-site", true},
		{"a frame without an origin", "POST", form, "Sec-Fetch-Site: cross-site, Origin: null", true},
		{"a browser that tells the origin alone", "POST", form, "Origin: https://evil.example", true},
		{"a neighbour in the domain", "POST", form, "Host: lamgate.example, Sec-Fetch-Site: same-site, Origin: https://evil.lamgate.example", true},
		{"a body that is sent as text", "POST", "/restapis", "Content-Type: text/plain, Origin: https://evil.example", true},
		{"an upload", "PUT", "/bucket/key", "Origin: https://evil.example", true},
		{"a link to an object", "GET", "/bucket/key", "Sec-Fetch-Site: cross-site", false},
		{"an address that was typed", "GET", form, "Sec-Fetch-Site: none", false},
		{"a page whose name leads to this machine", "POST", form, "Host: evil.example, Origin: http://evil.example", true},
		{"the same, as browsers may tell it", "POST", form, "Host: evil.example, Sec-Fetch-Site: same-origin", true},
		{"the same, which asks instead of posting", "GET", form, "Host: evil.example", true},
		{"the same, which reads an object", "GET", "/bucket/key", "Host: s3.evil.example", false},
		{"no browser, by a name of its own", "POST", form, "Host: lamgate.example", false},
		{"a presigned call", "GET", form, "", false},
		{"a page in a bucket of this machine's", "POST", form, "Host: b.s3.localhost, Sec-Fetch-Site: same-origin, Origin: http://b.s3.localhost", false},
		{"a page of this machine's", "POST", form, "Sec-Fetch-Site: cross-site, Origin: http://localhost:3000", false},
		{"a page of this machine's, by its address", "POST", form, "Origin: http://127.0.0.1:3000", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var header []string
			for h := range strings.SplitSeq(test.headers, ", ") {
				if name, value, ok := strings.Cut(h, ": "); ok {
					header = append(header, name, value)
				}
			}
			resp, body := send(t, server, "", test.method, test.target, "", header...)
			code, message := faultOf(t, resp, body)
			refused := resp.StatusCode == http.StatusForbidden && strings.HasPrefix(code, "AccessDenied") && strings.Contains(message, "web pages of other sites")
			if refused != test.refused {
				t.Errorf("answered %d %s: %s", resp.StatusCode, code, message)
			}
		})
	}
	t.Run("a page of lamgate's, elsewhere", func(t *testing.T) {
		r := httptest.NewRequest("POST", "http://lamgate.example"+form, nil)
		r.Header.Set("Origin", "http://lamgate.example")
		w := httptest.NewRecorder()
		server.Config.Handler.ServeHTTP(w, r)
		if w.Code == http.StatusForbidden {
			t.Errorf("answered %d %s", w.Code, w.Body)
		}
	})
}
