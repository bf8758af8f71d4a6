package wire

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// refuseForeignPage refuses what a page of some other site has a browser send.
//
// AWS cannot be called so, for a page has no keys to sign with. Here every key
// is let in, and a form that any page can post to 127.0.0.1 would create a stack
// whose functions run on this machine. Plain reads pass: the browser does not
// show their answers to the page.
func (c *call) refuseForeignPage() error {
	if !fromForeignPage(c.r) || c.onlyReads() {
		return nil
	}
	code := "AccessDenied"
	if p := c.service.Protocol; p != api.Query && p != api.RestXML {
		code += "Exception"
	}
	return aws.Faultf(http.StatusForbidden, code, "lamgate takes no calls from web pages of other sites (Origin %q)", c.r.Header.Get("Origin"))
}

// fromForeignPage reports whether a browser sends a request for a page that is
// neither lamgate's own nor one of this machine. Clients other than browsers
// send none of these headers.
func fromForeignPage(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "": // also of browsers, if lamgate has a name of its own and no TLS
		if origin == "" {
			return false
		}
	}
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() == "" {
		return true
	}
	host := strings.ToLower(u.Hostname())
	ip := net.ParseIP(host)
	return host != hostOf(r) && host != "localhost" && !strings.HasSuffix(host, ".localhost") && (ip == nil || !ip.IsLoopback())
}

// onlyReads reports whether a call can change nothing: those that name their
// operation can, by any method.
func (c *call) onlyReads() bool {
	return (c.r.Method == http.MethodGet || c.r.Method == http.MethodHead) && (c.service.Protocol == api.RestJSON || c.service.Protocol == api.RestXML)
}
