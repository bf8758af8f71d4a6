package server

import (
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/lamgate/lamgate/gateway/rest"
	"github.com/lamgate/lamgate/wire"
)

// elsewhere are the services of AWS that --endpoint names, by the names under
// which they take signatures. Calls of theirs that reach lamgate are passed on as
// they are, but for the host: so a function's SDK, which knows AWS_ENDPOINT_URL
// alone and may reach nothing but lamgate, finds all that its APIs and
// destinations find.
func elsewhere(endpoints map[string]*url.URL, log *slog.Logger) map[string]http.Handler {
	services := map[string]http.Handler{}
	for name, u := range endpoints {
		if strings.HasPrefix(name, rest.VPCLinks) {
			continue
		}
		services[wire.SigningName(name)] = &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) },
			ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
				if r.Context().Err() != nil { // who asked has gone
					panic(http.ErrAbortHandler)
				}
				log.Warn("an endpoint does not answer", "endpoint", name, "url", u.String(), "error", err)
				http.Error(w, "lamgate: "+u.String()+", where --endpoint "+name+" leads, does not answer: "+err.Error(), http.StatusBadGateway)
			},
		}
	}
	return services
}
