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
	if !fromForeignPage(c.r) || c.elsewhere == nil && c.onlyReads() {
		return nil
	}
	code := "AccessDenied"
	if c.elsewhere != nil || c.service.Protocol != api.Query && c.service.Protocol != api.RestXML {
		code += "Exception"
	}
	return aws.Faultf(http.StatusForbidden, code, "lamgate takes no calls from web pages of other sites (Origin %q, Host %q)", c.r.Header.Get("Origin"), c.r.Host)
}

// fromForeignPage reports whether a browser sends a request for a page that is
// neither lamgate's own nor one of this machine. Clients other than browsers
// send none of these headers; what they GET by a name that is not this machine's
// cannot be told from what such a page would.
func fromForeignPage(r *http.Request) bool {
	origin, page := r.Header.Get("Origin"), hostOf(r)
	switch r.Header.Get("Sec-Fetch-Site") {
	case "none":
		return false
	case "same-origin":
	case "": // also of browsers, if lamgate has a name of its own and no TLS
		if origin == "" {
			// What browsers send by other methods than these tells its origin.
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				return false
			}
			break
		}
		fallthrough
	default:
		u, err := url.Parse(origin)
		if err != nil || u.Hostname() == "" {
			return true
		}
		page = strings.ToLower(u.Hostname())
	}
	if isOfThisMachine(page) {
		return false
	}
	// Whoever serves a page can let its name lead to 127.0.0.1 once it is loaded;
	// it then is of the same origin as what listens there, and is not lamgate's.
	return page != hostOf(r) || cameByLoopback(r)
}

func isOfThisMachine(host string) bool {
	for _, name := range []string{"localhost", "localhost.localstack.cloud"} {
		if host == name || strings.HasSuffix(host, "."+name) {
			return true
		}
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func cameByLoopback(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && local.IP.IsLoopback()
}

// onlyReads reports whether a call can change nothing: those that name their
// operation can, by any method.
func (c *call) onlyReads() bool {
	return (c.r.Method == http.MethodGet || c.r.Method == http.MethodHead) && (c.service.Protocol == api.RestJSON || c.service.Protocol == api.RestXML)
}
