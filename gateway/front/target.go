package front

import (
	"net/http"
	"strings"
)

// Target returns the path and the query of a request, both as sent.
func Target(r *http.Request) (path, query string) {
	path = r.RequestURI
	if path == "" || path[0] != '/' { // the absolute form, or a request made by a test
		return r.URL.EscapedPath(), r.URL.RawQuery
	}
	path, query, _ = strings.Cut(path, "?")
	return path, query
}

// Reached is how the client reached the gateway, for the X-Forwarded headers.
func Reached(r *http.Request) (proto, port string) {
	proto, port = "http", "80"
	if r.TLS != nil {
		proto, port = "https", "443"
	}
	if i := strings.LastIndexByte(r.Host, ':'); i >= 0 && !strings.HasSuffix(r.Host, "]") {
		port = r.Host[i+1:]
	}
	return proto, port
}

// Host returns the host of HOST:PORT.
func Host(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == ':' {
			host := address[:i]
			if len(host) > 1 && host[0] == '[' {
				host = host[1 : len(host)-1]
			}
			return host
		}
	}
	return address
}
