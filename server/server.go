package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/rest"
)

// Config is what a server is started with.
type Config struct {
	Listen         string // host:port
	Data           string // directory, made if it does not exist
	Isolation      string // a level of sandbox
	Network        string // what functions can reach: "host", "private" or "egress"
	StrictRuntimes bool
	Endpoints      map[string]*url.URL // of AWS services and VPC links that integrations call, by name
	CacheMemory    int64               // bytes that the caches of all stages take at most; zero for the gateway's default
	Warm           int                 // environments of each runtime in use that stand ready without a function
	CPU            string              // how processors are shared: "fair", "quota" or "off"
	Require        []string            // controls of the sandbox without which it does not start, see Require
	RuntimeImages  map[string]string   // container images that serve runtimes, by the runtime's name
	Registries     []string            // of container images, HOST or HOST:PORT, that may be without TLS and on this host
	JavaClient     string              // directory with AWS's runtime interface client for Java; may be empty
	Debug          map[string]int      // ports to debug functions at, by a function's name or its logical ID in a stack
	Clock          aws.Clock           // nil for the machine's
	Log            *slog.Logger
}

// A Server is a running server.
type Server struct {
	url      string
	ready    time.Duration
	http     *http.Server
	services *services
	done     chan struct{}
	failed   error // why it ended by itself; valid after done
}

// How long Close waits for requests in flight, and a request for its headers.
const (
	closeTimeout  = 10 * time.Second
	headerTimeout = 30 * time.Second
	idleTimeout   = 5 * time.Minute
)

// maxHeaderBytes bounds a request's line and headers. APIs take 10,240 bytes of
// headers and answer more with AWS's words; this is what cannot even be that.
const maxHeaderBytes = 64 << 10

// Start starts a server. It serves when Start returns.
func Start(ctx context.Context, c Config) (*Server, error) {
	began := time.Now()
	if c.Clock == nil {
		c.Clock = aws.SystemClock{}
	}
	// The port comes first: it is the cheapest to find taken.
	listener, err := net.Listen("tcp", c.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken, perhaps by another lamgate: stop it, or choose another address with --listen", c.Listen)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	if err := os.MkdirAll(c.Data, 0o755); err != nil {
		listener.Close()
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	s := &Server{url: urlOf(listener.Addr()), done: make(chan struct{})}
	s.services, err = newServices(ctx, c, s.url)
	if err != nil {
		listener.Close()
		return nil, err
	}
	s.http = &http.Server{
		Handler:           s.services.handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug),
	}
	// Functions see header names as their callers wrote them.
	listener = rest.KeepHeaderNames(s.http, listener)
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed = err
		}
	}()
	s.ready = time.Since(began)
	return s, nil
}

// urlOf returns the URL at which this machine reaches a listener.
func urlOf(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "http://" + addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// URL is where this machine reaches the server.
func (s *Server) URL() string { return s.url }

// ReadyAfter is how long Start took.
func (s *Server) ReadyAfter() time.Duration { return s.ready }

// Done is closed when the server serves no more.
func (s *Server) Done() <-chan struct{} { return s.done }

// Close ends the server: it lets requests in flight end, stops the functions'
// environments and writes what is held back.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	<-s.done
	return errors.Join(s.failed, err, s.services.close())
}

// closers are closed in the reverse of the order in which they were added.
type closers []func() error

func (c *closers) add(f func() error) { *c = append(*c, f) }

func (c closers) close() error {
	var errs []error
	for i := len(c) - 1; i >= 0; i-- {
		errs = append(errs, c[i]())
	}
	return errors.Join(errs...)
}

var _ io.Closer = (*Server)(nil)
