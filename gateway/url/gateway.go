package url

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
	"github.com/lamgate/lamgate/wire"
)

// Config is what a Gateway needs.
type Config struct {
	Documents state.Documents
	Invoker   execution.Invoker
	Roles     *policy.Roles
	Verifier  *wire.Verifier
	Clock     aws.Clock
	Log       *slog.Logger
	Journeys  *telemetry.Journeys // may be nil
}

// A Gateway serves all function URLs of a store. It is an http.Handler for the
// requests that Addressed tells to be for one.
type Gateway struct {
	invoker   execution.Invoker
	roles     *policy.Roles
	verifier  *wire.Verifier
	clock     aws.Clock
	log       *slog.Logger
	journeys  *telemetry.Journeys
	endpoints *endpoints

	calls sync.Pool // of *call

	// patience is how long a caller may send nothing of a body that is due.
	patience time.Duration
}

// New returns a Gateway that follows the store's documents from now on.
func New(c Config) *Gateway {
	g := &Gateway{
		invoker: c.Invoker, roles: c.Roles, verifier: c.Verifier, clock: c.Clock, log: c.Log, journeys: c.Journeys,
		patience: front.Patience,
	}
	g.endpoints = followEndpoints(c.Documents, func(key string, err error) {
		g.log.Error("a document cannot be served", "key", key, "error", err)
	})
	g.calls.New = func() any { return new(call) }
	return g
}

// Close ends the following of the store.
func (g *Gateway) Close() { g.endpoints.stop() }

// ServeHTTP serves a request to a function URL.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := g.calls.Get().(*call)
	c.begin(g, w, r)
	if refused := c.serve(); refused != nil {
		c.writeRefusal(refused)
	}
	c.end()
	if c.broken {
		panic(http.ErrAbortHandler) // the caller is to see that the answer is not whole
	}
	if c.abandoned {
		return // an invocation that was given up may still hold parts of it
	}
	c.reset()
	g.calls.Put(c)
}
