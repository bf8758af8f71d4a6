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
	"github.com/lamgate/lamgate/wire"
)

// A client talks to a running server.
type client struct {
	endpoint string
	aws      *wire.Client
}

func (l *cli) client() *client { return newClient(l.Endpoint, l.Region) }

func newClient(endpoint, region string) *client {
	key := os.Getenv("AWS_ACCESS_KEY_ID")
	if key == "" {
		key = "lamgate"
	}
	secret := os.Getenv("AWS_SECRET_ACCESS_KEY")
	endpoint = strings.TrimSuffix(endpoint, "/")
	return &client{endpoint, wire.NewClient(endpoint, region, key, secret)}
}

// call runs an operation of AWS's.
func call[Out any](ctx context.Context, c *client, s *api.Service, operation string, in any) (*Out, error) {
	out := new(Out)
	if err := c.aws.Call(ctx, s, operation, in, out); err != nil {
		return nil, c.explain(err)
	}
	return out, nil
}

// explain says of an error that no server answered, and how to start one, or
// that none can.
func (c *client) explain(err error) error {
	if u, bad := url.Parse(c.endpoint); bad != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("the endpoint %q is no URL like http://127.0.0.1:4566: correct --server, LAMGATE_ENDPOINT or AWS_ENDPOINT_URL", c.endpoint)
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("no lamgate server answers at %s: start one with `lamgate serve` or `lamgate up DIR`, or name another with --server", c.endpoint)
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
	if response.StatusCode != http.StatusOK {
		var problem struct{ Message string }
		if json.Unmarshal(body, &problem) == nil && problem.Message != "" {
			return errors.New(problem.Message)
		}
		return fmt.Errorf("%s is no lamgate server: it answered %s", c.endpoint, response.Status)
	}
	return json.Unmarshal(body, out)
}

// running reports whether a lamgate server answers, and what else does.
func (c *client) running(ctx context.Context) (bool, error) {
	var health struct{ Name string }
	err := c.own(ctx, "/health", &health)
	var refused *url.Error
	switch {
	case err == nil && health.Name == "lamgate":
		return true, nil
	case errors.As(err, &refused) || err != nil && strings.HasPrefix(err.Error(), "no lamgate server answers"):
		return false, nil
	}
	return false, err
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
