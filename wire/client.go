package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api"
)

// A Client calls operations of AWS services over HTTP: the other end of a
// Handler, made of the same tables. lamgate's own commands use it.
type Client struct {
	endpoint string
	region   string
	keyID    string
	secret   string
	token    string // of a session; empty for a key that is good for itself
	http     *http.Client
}

// NewClient returns a client of the server at endpoint, whose calls are signed
// with an access key for a region.
func NewClient(endpoint, region, accessKeyID, secretAccessKey string) *Client {
	return &Client{endpoint: strings.TrimSuffix(endpoint, "/"), region: region, keyID: accessKeyID, secret: secretAccessKey, http: &http.Client{}}
}

// WithSession returns a client like c whose key is that of a session, which is
// known by its token.
func (c *Client) WithSession(token string) *Client {
	d := *c
	d.token = token
	return &d
}

// WithHandler returns a client like c whose server is a handler of this process.
func (c *Client) WithHandler(h http.Handler) *Client { return c.WithTransport(inProcess{h}) }

// WithTransport returns a client like c that sends its requests by t.
func (c *Client) WithTransport(t http.RoundTripper) *Client {
	d := *c
	d.http = &http.Client{Transport: t}
	return &d
}

// Call runs an operation. in is a pointer to its input struct, out to its output
// struct. What the service refuses is returned as an *aws.Fault.
func (c *Client) Call(ctx context.Context, s *api.Service, operation string, in, out any) error {
	op := s.Operation(operation)
	if op == nil {
		return fmt.Errorf("wire: %s has no operation %s", s.Name, operation)
	}
	o := &outgoing{service: &service{Service: s, quirks: quirksOf(s)}, op: op, header: http.Header{}, query: url.Values{}}
	body, err := o.encode(reflect.ValueOf(in).Elem())
	if err != nil {
		return fmt.Errorf("encode %s: %w", operation, err)
	}
	to := c.endpoint + o.path
	if len(o.query) > 0 {
		to += "?" + o.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, op.Method, to, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = o.header
	c.sign(r, s, body)
	response, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer to %s: %w", operation, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return o.fault(response, answer)
	}
	if err := o.decode(response, answer, reflect.ValueOf(out).Elem()); err != nil {
		return fmt.Errorf("decode the answer to %s: %w", operation, err)
	}
	return nil
}

// maxAnswer bounds what a client reads of an answer.
const maxAnswer = 256 << 20

// sign signs a request by Signature Version 4.
func (c *Client) sign(r *http.Request, s *api.Service, body []byte) {
	now := time.Now().UTC()
	stamp, scope := now.Format(compactTime), Scope{now.Format("20060102"), c.region, s.SigningName}
	canonical := Canonical{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Payload: hexSHA256(body),
		Names: []string{"host", "x-amz-content-sha256", "x-amz-date"},
		Values: func(name string) []string {
			if name == "host" {
				return []string{r.URL.Host}
			}
			return r.Header.Values(name)
		},
	}
	r.Header.Set("X-Amz-Date", stamp)
	r.Header.Set("X-Amz-Content-Sha256", canonical.Payload)
	if c.token != "" {
		r.Header.Set("X-Amz-Security-Token", c.token)
		canonical.Names = append(canonical.Names, "x-amz-security-token")
	}
	r.Header.Set("Authorization", fmt.Sprintf("%s Credential=%s/%s, SignedHeaders=%s, Signature=%s",
		algorithmV4, c.keyID, scope, strings.Join(canonical.Names, ";"), scope.Sign(c.secret, stamp, &canonical)))
}
