package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

const defaultEndpoint = "http://127.0.0.1:4566"

// clientFlags say which server a command talks to.
type clientFlags struct {
	Server string `help:"Server to talk to." env:"LAMGATE_ENDPOINT,AWS_ENDPOINT_URL" default:"${endpoint}" placeholder:"URL"`
	Region string `help:"Region to work in." env:"AWS_REGION,AWS_DEFAULT_REGION" default:"${region}"`
}

// client returns the client of that server. A variable may be set to nothing.
func (f *clientFlags) client() *client {
	return newClient(or(f.Server, defaultEndpoint), or(f.Region, aws.DefaultRegion))
}

// A client talks to a running server.
type client struct {
	endpoint, region string
	aws              *wire.Client
}

func newClient(endpoint, region string) *client {
	key := os.Getenv("AWS_ACCESS_KEY_ID")
	if key == "" {
		key = "lamgate"
	}
	secret := os.Getenv("AWS_SECRET_ACCESS_KEY")
	endpoint = strings.TrimSuffix(endpoint, "/")
	return &client{endpoint, region, wire.NewClient(endpoint, region, key, secret)}
}

// call runs an operation of AWS's.
func call[Out any](ctx context.Context, c *client, s *api.Service, operation string, in any) (*Out, error) {
	out := new(Out)
	if err := c.aws.Call(ctx, s, operation, in, out); err != nil {
		return nil, c.explain(err)
	}
	return out, nil
}

// noServer is that nobody answers at an endpoint.
type noServer struct {
	endpoint string
	cause    error
}

func (e *noServer) Error() string {
	why := ""
	if !errors.Is(e.cause, syscall.ECONNREFUSED) {
		why = fmt.Sprintf(" (%v)", e.cause)
	}
	return fmt.Sprintf("no lamgate server answers at %s%s: start one with `lamgate serve` or `lamgate up DIR`, or name another with --server", e.endpoint, why)
}

func (e *noServer) Unwrap() error { return e.cause }

// explain says of an error that no server answered, and how to start one, or
// that none can.
func (c *client) explain(err error) error {
	if u, bad := url.Parse(c.endpoint); bad != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("the endpoint %q is no URL like %s: correct --server, LAMGATE_ENDPOINT or AWS_ENDPOINT_URL", c.endpoint, defaultEndpoint)
	}
	if unanswered, ok := errors.AsType[*url.Error](err); ok && !errors.Is(err, context.Canceled) {
		return &noServer{c.endpoint, unanswered.Err}
	}
	return err
}

// own fetches one of lamgate's own endpoints as JSON.
func (c *client) own(ctx context.Context, path string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint+"/_lamgate"+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return c.explain(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err != nil {
		return err
	}
	var problem struct{ Message string }
	switch {
	case response.StatusCode == http.StatusOK:
		err = json.Unmarshal(body, out)
	case json.Unmarshal(body, &problem) == nil && problem.Message != "":
		return errors.New(problem.Message)
	default:
		err = errors.New(response.Status)
	}
	if err != nil {
		return fmt.Errorf("%s is no lamgate server: it answered %w", c.endpoint, err)
	}
	return nil
}

// health returns nil if a lamgate server answers, a *noServer if nobody does, and
// what else does otherwise.
func (c *client) health(ctx context.Context) error {
	var health struct{ Name string }
	err := c.own(ctx, "/health", &health)
	if err == nil && health.Name != "lamgate" {
		return fmt.Errorf("%s is no lamgate server", c.endpoint)
	}
	return err
}

// printJSON writes v for scripts.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printJSONLine writes v on one line.
func printJSONLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
