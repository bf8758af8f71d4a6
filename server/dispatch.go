package server

import (
	"net/http"
	"strings"

	"github.com/lamgate/lamgate/gateway/rest"
	"github.com/lamgate/lamgate/gateway/url"
	"github.com/lamgate/lamgate/wire"
)

// A dispatcher sends each request to the plane that it is for. It looks at
// hosts and paths as they were sent: a mux that cleans paths would change what
// an API's caller asked for.
//
// Functions that a restart finds in the queue may call lamgate before all of it
// is built: they wait for open.
type dispatcher struct {
	built chan struct{} // closed by open

	apis http.Handler  // the data plane of APIs
	urls http.Handler  // that of function URLs
	aws  *wire.Handler // the control plane
	own  http.Handler  // lamgate's own endpoints

	ownForFunctions http.Handler // as functions reach them
}

// ownPrefix is where lamgate's own endpoints are. No AWS service has a path
// like it, and no bucket's name can begin with an underscore.
const ownPrefix = "/_lamgate/"

func newDispatcher() *dispatcher { return &dispatcher{built: make(chan struct{})} }

// open lets requests in.
func (d *dispatcher) open(apis, urls http.Handler, aws *wire.Handler, own, ownForFunctions http.Handler) {
	d.apis, d.urls, d.aws, d.own, d.ownForFunctions = apis, urls, aws, own, ownForFunctions
	close(d.built)
}

func (d *dispatcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.serve(w, r, func() http.Handler { return d.own })
}

// forFunctions is what functions reach on a private network.
func (d *dispatcher) forFunctions() http.Handler {
	return wire.IssuedOnly(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.serve(w, r, func() http.Handler { return d.ownForFunctions })
	}))
}

func (d *dispatcher) serve(w http.ResponseWriter, r *http.Request, own func() http.Handler) {
	select {
	case <-d.built:
	case <-r.Context().Done():
		return
	}
	if _, api := rest.Addressed(r); api {
		d.apis.ServeHTTP(w, r)
		return
	}
	_, function := url.Addressed(r)
	switch {
	case function:
		d.urls.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, ownPrefix):
		own().ServeHTTP(w, r)
	default:
		d.aws.ServeHTTP(w, r)
	}
}

// service returns the control plane of a service that lamgate is, nil for any
// other: for integrations of APIs that call AWS.
func (d *dispatcher) service(name string) http.Handler { return d.aws.Only(name) }
