package url

import (
	"net/http"
	"strings"

	"github.com/lamgate/lamgate/gateway/front"
)

// An Address is the URL that a request is for, and what of it.
type Address struct {
	ID     string // of the URL, its first label
	Region string // as the host name tells it; empty if it does not
	Domain string // the host name; empty if the URL is addressed by a path
	Path   string // as sent, at least "/"
	Query  string // as sent
}

// pathPrefix is where URLs are served to which no host name leads.
const pathPrefix = "/_aws/lambda-url/" // ID/PATH

// label is the second label of URLs' host names.
const label = "lambda-url"

// Addressed tells whether a request is for a function URL, and for which:
//
//	Host: ID.lambda-url.REGION.on.aws
//	Host: ID.lambda-url.REGION.localhost:PORT
//	Host: ID.lambda-url.REGION.localhost.localstack.cloud:PORT
//	Host: ID.lambda-url.localhost:PORT
//	/_aws/lambda-url/ID/PATH
func Addressed(r *http.Request) (Address, bool) {
	if a, ok := addressedByHost(r.Host); ok {
		a.Path, a.Query = target(r)
		return a, true
	}
	path, query := target(r)
	rest, ok := strings.CutPrefix(path, pathPrefix)
	if !ok {
		return Address{}, false
	}
	a := Address{Path: "/", Query: query}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		rest, a.Path = rest[:i], rest[i:]
	}
	a.ID = strings.ToLower(rest)
	return a, true // without an ID it is nobody else's either
}

// Of returns where a server serves the URL with an ID: by a path, as names below
// localhost are not everywhere those of this machine.
func Of(server, id string) string { return server + pathPrefix + id + "/" }

func addressedByHost(host string) (Address, bool) {
	id, rest, ok := strings.Cut(host, ".")
	if !ok || len(rest) <= len(label) || rest[len(label)] != '.' || !strings.EqualFold(rest[:len(label)], label) {
		return Address{}, false
	}
	rest, _, _ = strings.Cut(rest[len(label)+1:], ":")
	domain, _, _ := strings.Cut(host, ":")
	a := Address{ID: strings.ToLower(id), Domain: domain}
	rest = strings.ToLower(rest)
	for _, suffix := range []string{"on.aws", "localhost", "localhost.localstack.cloud"} {
		if region, ok := strings.CutSuffix(rest, "."+suffix); ok && region != "" && !strings.Contains(region, ".") {
			a.Region = region
			return a, a.ID != ""
		}
	}
	return a, a.ID != "" && (rest == "localhost" || rest == "localhost.localstack.cloud")
}

// target returns the path and the query of a request as events have them.
func target(r *http.Request) (path, query string) {
	path, query = front.Target(r)
	if path == "" {
		path = "/"
	}
	return path, query
}
