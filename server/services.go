package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	apiapigateway "github.com/lamgate/lamgate/api/apigateway"
	apicloudformation "github.com/lamgate/lamgate/api/cloudformation"
	apiiam "github.com/lamgate/lamgate/api/iam"
	apilambda "github.com/lamgate/lamgate/api/lambda"
	apilogs "github.com/lamgate/lamgate/api/logs"
	apis3 "github.com/lamgate/lamgate/api/s3"
	apists "github.com/lamgate/lamgate/api/sts"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/apigateway"
	"github.com/lamgate/lamgate/control/cloudformation"
	"github.com/lamgate/lamgate/control/cloudformation/resource"
	"github.com/lamgate/lamgate/control/iam"
	"github.com/lamgate/lamgate/control/lambda"
	"github.com/lamgate/lamgate/control/logs"
	"github.com/lamgate/lamgate/control/s3"
	"github.com/lamgate/lamgate/control/sts"
	"github.com/lamgate/lamgate/execution/bootstrap"
	"github.com/lamgate/lamgate/execution/code"
	"github.com/lamgate/lamgate/execution/destination"
	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/execution/image"
	"github.com/lamgate/lamgate/execution/invoke"
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
	"github.com/lamgate/lamgate/gateway/rest"
	functionurl "github.com/lamgate/lamgate/gateway/url"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
	"github.com/lamgate/lamgate/wire"
)

// implementations are the control services. Operations uses them empty.
type implementations struct {
	apigateway     *apigateway.Service
	cloudformation *cloudformation.Service
	iam            *iam.Service
	lambda         *lambda.Service
	logs           *logs.Service
	s3             *s3.Service
	sts            *sts.Service
}

// mounts are the services that wire answers for, by name.
func (i *implementations) mounts() []wire.Mount {
	return []wire.Mount{
		{Service: &apiapigateway.Service, Implementation: i.apigateway},
		{Service: &apicloudformation.Service, Implementation: i.cloudformation},
		{Service: &apiiam.Service, Implementation: i.iam},
		{Service: &apilambda.Service, Implementation: i.lambda},
		{Service: &apilogs.Service, Implementation: i.logs},
		{Service: &apis3.Service, Implementation: i.s3},
		{Service: &apists.Service, Implementation: i.sts},
	}
}

// services are all parts of a running server.
type services struct {
	handler http.Handler
	invoker *invoke.Service
	debug   *debugPorts
	close   func() error
}

// newServices builds the house from the ground up.
func newServices(ctx context.Context, c Config, address string) (_ *services, err error) {
	var open closers
	defer func() {
		if err != nil {
			err = errors.Join(err, open.close())
		}
	}()
	// Isolation is proven beside everything else.
	network := sandbox.Network(c.Network)
	driver, err := sandbox.Open(c.Isolation, sandbox.Options{Log: c.Log, Network: network})
	if err != nil {
		return nil, err
	}
	var unproven error // valid after proving
	var proving sync.WaitGroup
	proving.Go(func() {
		var controls []sandbox.Control
		if controls, unproven = driver.Probe(ctx); unproven == nil {
			unproven = Require(controls, c.Require)
		}
	})
	open.add(func() error {
		proving.Wait()
		return driver.Close()
	})

	// Packages are unpacked below the data directory for processes of other
	// users to read; the state is for nobody else.
	store, err := state.Open(state.Options{Dir: filepath.Join(c.Data, "state"), Clock: c.Clock, Log: c.Log})
	if errors.Is(err, state.ErrInUse) {
		err = fmt.Errorf("%s is in use by another lamgate: stop it, or choose another directory with --data", c.Data)
	}
	if err != nil {
		return nil, err
	}
	open.add(store.Close)
	docs, blobs := store.Documents(), store.Blobs()

	key, err := secretKey(ctx, docs)
	if err != nil {
		return nil, err
	}
	credentials := wire.NewCredentials(key)
	report := func(key string, err error) { c.Log.Error("a document cannot be read", "key", key, "error", err) }
	roles := policy.NewRoles(docs, report)
	open.add(func() error { roles.Close(); return nil })
	journeys := telemetry.NewJourneys()
	logStore := telemetry.NewLogs(docs, store.Logs(), c.Clock, c.Log)
	open.add(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		logStore.Close(ctx)
		return nil
	})

	// The execution plane. Functions on a private network reach lamgate by the
	// dispatcher, which is made last.
	front := newDispatcher()
	clients, err := bootstrap.Install(c.Data)
	if err != nil {
		return nil, err
	}
	images, err := image.Open(image.Options{Dir: filepath.Join(c.Data, "images"), Clock: c.Clock, Log: c.Log, Local: onLoopback(address), Insecure: c.Registries})
	if err != nil {
		return nil, err
	}
	open.add(func() error { images.Close(); return nil })
	keeper := keepImages(images, docs, c.Clock)
	open.add(func() error { keeper.close(); return nil })
	runtimes := runtimes.New(runtimes.Config{Clients: clients, Images: c.RuntimeImages, Store: images, JavaClient: c.JavaClient})
	open.add(func() error { runtimes.Close(); return nil })
	runtimes.Prepare()
	packages, err := code.NewPackages(filepath.Join(c.Data, "code"), blobs, c.Clock, c.Log)
	if err != nil {
		return nil, err
	}
	packages.LinksInside = driver.Name() == sandbox.ProcessLevel
	issuer := &roleCredentials{credentials, roles, c.Clock}
	endpointURL := ""
	if network == sandbox.HostNetwork {
		endpointURL = address
	}
	stems := c.Warm
	if stems == 0 {
		stems = -1
	}
	debug := &debugPorts{byName: map[string]int{}}
	maps.Copy(debug.byName, c.Debug)
	fleet := environment.NewFleet(environment.Config{
		Driver: driver, Network: network, Runtimes: runtimes, Packages: packages, Images: images, Credentials: issuer,
		Logs: logStore, Clock: c.Clock, Log: c.Log, Endpoint: front.forFunctions(), EndpointURL: endpointURL, Stems: stems, CPU: c.CPU, Debug: debug.of,
	})
	open.add(func() error { fleet.Close(); return nil })
	queue, err := store.Queue("invocations")
	if err != nil {
		return nil, err
	}
	records, err := store.Queue("destinations")
	if err != nil {
		return nil, err
	}
	destinations := destination.New(destination.Config{
		Queue: records, Roles: roles, Clock: c.Clock, Log: c.Log, Journeys: journeys, Services: front.service, Endpoints: c.Endpoints,
		Credentials: func(account, role, session string) destination.AccessKey {
			return destination.AccessKey(issuer.key(account, role, session))
		},
	})
	open.add(func() error { destinations.Close(); return nil })
	invoker := invoke.New(invoke.Config{
		Documents: docs, Queue: queue, Fleet: fleet, Clock: c.Clock, Log: c.Log, Results: destinations, Journeys: journeys,
	})
	open.add(func() error { invoker.Close(); return nil })
	destinations.Invoker = invoker

	// The data plane.
	gateway := rest.New(rest.Config{
		Documents: docs, Invoker: invoker, Roles: roles, Clock: c.Clock, Log: c.Log, Journeys: journeys, Logs: logStore, CacheMemory: c.CacheMemory,
		Credentials: issuer.key, Services: front.service, Endpoints: c.Endpoints,
	})
	open.add(func() error { gateway.Close(); return nil })
	urls := functionurl.New(functionurl.Config{
		Documents: docs, Invoker: invoker, Roles: roles, Verifier: wire.NewVerifier(credentials, c.Clock), Clock: c.Clock, Log: c.Log, Journeys: journeys,
	})
	open.add(func() error { urls.Close(); return nil })

	// The control plane.
	endpoints := &own{journeys: journeys, blobs: blobs, fleet: fleet, clock: c.Clock, log: c.Log, url: address, key: key}
	var i implementations
	i.iam = iam.New(docs, c.Clock)
	i.sts = sts.New(roles, credentials, c.Clock, c.Log)
	i.logs = logs.New(logStore, c.Clock)
	i.s3 = s3.New(ctx, s3.Config{Documents: docs, Blobs: blobs, Roles: roles, Clock: c.Clock, Log: c.Log})
	i.lambda = lambda.New(ctx, lambda.Config{
		Documents: docs, Blobs: blobs, Images: images, Invoker: invoker, Provisioner: invoker, Packages: i.s3, Roles: roles, Journeys: journeys, Clock: c.Clock, Log: c.Log,
		FindRuntime:    runtimes.Warning,
		CodeLocation:   func(_ context.Context, blob string) string { return endpoints.codeLocation(blob) },
		URLOf:          func(id, _ string) string { return functionurl.Of(address, id) },
		StrictRuntimes: c.StrictRuntimes, WithoutIsolation: driver.Name() == sandbox.ProcessLevel,
	})
	open.add(func() error { i.lambda.Close(); return nil })
	i.apigateway = apigateway.New(apigateway.Config{Documents: docs, Clock: c.Clock, Log: c.Log, Roles: i.iam, Tests: gateway})
	i.cloudformation = cloudformation.New(cloudformation.Config{
		Documents: docs, Clock: c.Clock, Log: c.Log,
		Clients: resource.Clients{APIGateway: i.apigateway, IAM: i.iam, Lambda: i.lambda, Logs: i.logs, S3: i.s3},
	})
	calls, err := wire.New(i.mounts(), c.Log, c.Clock, credentials)
	if err != nil {
		return nil, err
	}
	calls.PassOn(elsewhere(c.Endpoints, c.Log))
	all := endpoints.handler()
	front.open(gateway, urls, calls, all, endpoints.forFunctions(all))

	if proving.Wait(); unproven != nil {
		return nil, unproven
	}
	open.add(func() error { i.cloudformation.Close(); return nil })
	if err := i.cloudformation.Start(); err != nil {
		return nil, err
	}
	// Functions run from here on.
	destinations.Start()
	invoker.Start()
	return &services{handler: front, invoker: invoker, debug: debug, close: open.close}, nil
}

// onLoopback reports whether only this machine reaches a server. Those who do
// may then name files of this machine as images.
func onLoopback(server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}

// secretKey returns the key that signs what this server issues, made at its
// first start.
func secretKey(ctx context.Context, docs state.Documents) ([]byte, error) {
	const at = "server/key"
	type document struct{ Key []byte }
	d, err := state.Load[document](docs, at)
	if errors.Is(err, state.ErrNotFound) {
		d = &document{make([]byte, 32)}
		rand.Read(d.Key)
		err = state.Create(ctx, docs, at, d)
	}
	if err != nil {
		return nil, fmt.Errorf("the server's key: %w", err)
	}
	return d.Key, nil
}

// roleCredentials gives environments the credentials of their functions' roles.
type roleCredentials struct {
	credentials *wire.Credentials
	roles       *policy.Roles
	clock       aws.Clock
}

// roleSession is how long the credentials of an environment are good: longer
// than one lives.
const roleSession = 12 * time.Hour

// Issue implements environment.Credentials.
func (r *roleCredentials) Issue(account, _, role, session string) (environment.AccessKey, error) {
	return environment.AccessKey(r.issue(account, role, session, roleSession)), nil
}

// integrationSession is how long the credentials are good with which an
// integration calls an AWS service: longer than a call takes.
const integrationSession = 15 * time.Minute

// key issues what an integration signs a call with.
func (r *roleCredentials) key(account, role, session string) rest.AccessKey {
	return r.issue(account, role, session, integrationSession)
}

func (r *roleCredentials) issue(account, role, session string, good time.Duration) rest.AccessKey {
	s := wire.Session{Account: account, RoleARN: role, Name: session, Expiry: r.clock.Now().Add(good)}
	if known, ok := r.roles.Role(role); ok {
		s.RoleID = known.ID
	}
	issued := r.credentials.Issue(s)
	return rest.AccessKey{ID: issued.AccessKeyID, Secret: issued.SecretAccessKey, SessionToken: issued.SessionToken}
}
