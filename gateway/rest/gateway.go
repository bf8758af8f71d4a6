package rest

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/endpoint"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// Config is what a Gateway needs. What may be nil or zero says so.
type Config struct {
	Documents state.Documents
	Invoker   execution.Invoker
	Roles     *policy.Roles
	Clock     aws.Clock
	Log       *slog.Logger
	Journeys  *telemetry.Journeys // may be nil
	Logs      *telemetry.Logs     // of requests; may be nil

	// CacheMemory is the most bytes that the caches of all stages take
	// together; zero for DefaultCacheMemory.
	CacheMemory int64

	// Random returns numbers from 0 up to 1, of which canaries are drawn; nil
	// for the runtime's own.
	Random func() float64

	// Credentials issues credentials for a session of a role, with which
	// integrations call AWS services.
	Credentials func(account, role, session string) AccessKey

	// Services returns the handler of an AWS service that lamgate itself is,
	// nil for any other; itself nil if there are none.
	Services func(service string) http.Handler

	// Endpoints are where AWS services are that lamgate is not, by name
	// ("dynamodb"), and where VPC links lead (VPCLinks and an ID or a name).
	Endpoints map[string]*url.URL
}

// VPCLinks is how the names of VPC links begin among Config.Endpoints.
const VPCLinks = "vpclink/"

// A Gateway serves all REST APIs of a store. It is an http.Handler for the
// requests that Addressed tells to be for the data plane.
type Gateway struct {
	invoker  execution.Invoker
	roles    *policy.Roles
	clock    aws.Clock
	log      *slog.Logger
	journeys *telemetry.Journeys

	apis        *state.View[*api]
	deployments *state.View[*deployment]
	functions   *state.View[*function]

	endpoints    *endpoint.Client
	certificates *state.View[*certificate]
	links        *state.View[*plan.VPCLink]
	credentials  func(account, role, session string) AccessKey
	services     func(service string) http.Handler
	endpointMap  map[string]*url.URL

	logs       *telemetry.Logs
	random     func() float64
	caches     *caches
	stopCaches func()

	calls       sync.Pool // of *call
	compressors compressors

	// patience is how long a caller may send nothing of a body that is due.
	patience time.Duration
}

// New returns a Gateway that follows the store's documents from now on.
func New(c Config) *Gateway {
	g := &Gateway{
		invoker:  c.Invoker,
		roles:    c.Roles,
		clock:    c.Clock,
		log:      c.Log,
		journeys: c.Journeys,
		patience: front.Patience,
		logs:     c.Logs,
		random:   c.Random,
		caches:   newCaches(c.Clock, c.CacheMemory),

		endpoints:   endpoint.New(endpoint.Config{Log: c.Log, Clock: c.Clock}),
		credentials: c.Credentials,
		services:    c.Services,
		endpointMap: c.Endpoints,
	}
	if g.random == nil {
		g.random = rand.Float64
	}
	report := func(key string, err error) {
		g.log.Error("a document cannot be served", "key", key, "error", err)
	}
	g.functions = state.NewView(c.Documents, execution.FunctionsPrefix, formFunction, report)
	g.deployments = state.NewView(c.Documents, plan.DeploymentsPrefix, formDeployment, report)
	g.apis = state.NewView(c.Documents, plan.RestAPIsPrefix, formAPI, report)
	g.certificates = state.NewView(c.Documents, plan.ClientCertificatesPrefix, formCertificate, report)
	g.links = state.NewView(c.Documents, plan.VPCLinksPrefix, formLink, report)
	g.stopCaches = c.Documents.Watch(plan.RestAPIsPrefix, g.caches.follow)
	g.calls.New = func() any { return new(call) }
	return g
}

// Close ends the following of the store.
func (g *Gateway) Close() {
	g.stopCaches()
	g.apis.Close()
	g.deployments.Close()
	g.functions.Close()
	g.certificates.Close()
	g.links.Close()
	g.endpoints.Close()
}

// ServeHTTP serves a request to an API.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := g.calls.Get().(*call)
	c.begin(g, r)
	c.respond(w)
	c.end()
	if c.broken {
		panic(http.ErrAbortHandler) // the caller is to see that the response is not whole
	}
	if c.abandoned {
		return // an invocation that outlives the request may still hold parts of it
	}
	c.reset()
	g.calls.Put(c)
}

// respond takes the call through its steps and answers it.
func (c *call) respond(w http.ResponseWriter) {
	c.writer = w
	c.refusal = c.serve()
	c.meter = meter{ResponseWriter: w, keep: c.tellsRefusal()}
	c.write()
	if c.streamed != nil {
		c.endStream()
	}
}

// errTimeout ends the wait for an integration.
var errTimeout = errors.New("the integration's time is up")

// waiting returns a context that ends when the integration's time is up, not
// when the caller goes away.
//
// AWS: a function runs to its end whoever still waits for its answer.
func (c *call) waiting(timeout time.Duration) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	stopClock := c.gateway.clock.AfterFunc(timeout, func() { cancel(errTimeout) })
	return ctx, func() {
		stopClock()
		cancel(nil)
	}
}
