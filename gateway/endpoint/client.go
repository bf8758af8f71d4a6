package endpoint

import (
	"context"
	"crypto/x509"
	"log/slog"

	"github.com/lamgate/lamgate/aws"
)

// MaxBody is the largest body of an answer that is not a stream.
//
// AWS: the payload of a REST API is at most 10 MB.
const MaxBody = 10 << 20

// Config is what a Client is made with.
type Config struct {
	Log   *slog.Logger
	Clock aws.Clock
	Roots *x509.CertPool // authorities to trust; nil for the system's
}

// A Client calls endpoints and keeps connections to them. It may be used by many
// goroutines.
type Client struct {
	config Config
}

// New returns a client.
func New(c Config) *Client { return &Client{config: c} }

// Do sends a request and fills in the response. Its errors are *Error.
func (c *Client) Do(ctx context.Context, q *Request, a *Response) error {
	return &Error{Kind: Unreachable, Detail: "not built"}
}

// Close closes all connections that wait for requests. Those in use end with
// their exchange.
func (c *Client) Close() {}
