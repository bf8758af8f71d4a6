package rest

import (
	"net/http"
	"strings"

	"github.com/lamgate/lamgate/gateway/front"
)

// An Address is the API and the stage that a request is for.
type Address struct {
	API    string
	Stage  string // empty if the request names none
	Path   string // what follows the stage, as sent: "/users/1", or empty
	Query  string // as sent
	Domain string // the host name that the API is addressed by; empty if by path
	Region string // as the host name tells it; empty if it does not
}

// The paths under which APIs are served where no host name leads to them.
const (
	pathPrefix       = "/_aws/execute-api/" // API/STAGE/PATH
	legacyPathPrefix = "/restapis/"         // API/STAGE/_user_request_/PATH
	userRequest      = "_user_request_"
)

// Addressed tells whether a request is for the data plane, and for which API:
//
//	Host: API.execute-api.REGION.amazonaws.com             /STAGE/PATH
//	Host: API.execute-api.localhost:PORT                   /STAGE/PATH
//	Host: API.execute-api.localhost.localstack.cloud:PORT  /STAGE/PATH
//	/_aws/execute-api/API/STAGE/PATH
//	/restapis/API/STAGE/_user_request_/PATH
//
// The last is told from the control plane's own /restapis by _user_request_.
func Addressed(r *http.Request) (Address, bool) {
	path, query := front.Target(r)
	if a, ok := addressedByHost(r.Host); ok {
		// AWS: slashes before the stage count as one (recorded).
		a.Stage, a.Path = cutSegment(strings.TrimLeft(path, "/"))
		a.Query = query
		return a, true
	}
	if rest, ok := strings.CutPrefix(path, pathPrefix); ok {
		a := Address{Query: query}
		a.API, rest = cutSegment(rest)
		a.Stage, a.Path = cutSegment(strings.TrimPrefix(rest, "/"))
		return a, true // without an API it is nobody else's either
	}
	if rest, ok := strings.CutPrefix(path, legacyPathPrefix); ok {
		a := Address{Query: query}
		a.API, rest = cutSegment(rest)
		a.Stage, rest = cutSegment(strings.TrimPrefix(rest, "/"))
		marker, rest := cutSegment(strings.TrimPrefix(rest, "/"))
		a.Path = rest
		return a, marker == userRequest && a.API != "" && a.Stage != ""
	}
	return Address{}, false
}

func addressedByHost(host string) (Address, bool) {
	api, rest, ok := strings.Cut(host, ".")
	if !ok || len(rest) < len("execute-api.") || !strings.EqualFold(rest[:len("execute-api.")], "execute-api.") {
		return Address{}, false
	}
	if i := strings.IndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	suffix := strings.ToLower(host[len(api)+len(".execute-api."):])
	a := Address{API: strings.ToLower(api), Domain: host}
	if region, ok := strings.CutSuffix(suffix, ".amazonaws.com"); ok {
		a.Region = region
		return a, api != "" && region != "" && !strings.Contains(region, ".")
	}
	return a, api != "" && (suffix == "localhost" || suffix == "localhost.localstack.cloud")
}

// cutSegment cuts the first segment off a path, the slash before which is gone;
// what is left begins with one or is empty.
func cutSegment(path string) (segment, rest string) {
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}
