package wire

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

// What AWS's own test suite of Signature Version 4 says that requests of the
// service "service" are signed with, restated.
func TestSignaturesOfTheSuite(t *testing.T) {
	const (
		secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
		empty  = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	)
	for _, test := range []struct {
		name    string
		request string // the request line and further headers
		signed  string // the names of the further headers
		payload string
		want    string
	}{
		{"nothing but the root", "GET /", "", empty, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"a path that leaves itself", "GET /example/..", "", empty, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"slashes and dots", "GET //./", "", empty, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"parameters in no order", "GET /?Param2=value2&Param1=value1", "", empty, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{"a header with several values", "GET /\nMy-Header1: value2\nMy-Header1: value2\nMy-Header1: value1", "my-header1", empty, "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
		{"a header's spaces", "GET /\nMy-Header1:  value1\nMy-Header2:  \"a   b   c\"", "my-header1;my-header2", empty, "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		{"a POST", "POST /", "", empty, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			line, headers, _ := strings.Cut(test.request, "\n")
			raw := line + " HTTP/1.1\r\nHost: example.amazonaws.com\r\nX-Amz-Date: 20150830T123600Z\r\n"
			if headers != "" {
				raw += strings.ReplaceAll(headers, "\n", "\r\n") + "\r\n"
			}
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw + "\r\n")))
			if err != nil {
				t.Fatal(err)
			}
			names := "host;x-amz-date"
			if test.signed != "" {
				names = "host;" + test.signed + ";x-amz-date"
			}
			s := &signature{headers: strings.Split(names, ";")}
			canonical := s.canonical(r, test.payload)
			if got := (Scope{"20150830", "us-east-1", "service"}).Sign(secret, "20150830T123600Z", canonical); got != test.want {
				t.Errorf("the signature is %s, want %s, of\n%s", got, test.want, canonical.text("service"))
			}
		})
	}
}
