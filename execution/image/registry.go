package image

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// Bounds of the conversation with a registry.
const (
	answerLimit  = 30 * time.Second // until a registry answers
	stallLimit   = time.Minute      // without a byte of a blob
	maxToken     = 1 << 20
	maxRedirects = 5
	attempts     = 3
	firstDelay   = time.Second // before the second attempt; it doubles
)

// A registry is one repository of a registry, for one pull. It speaks the pulling
// half of the OCI distribution specification.
type registry struct {
	ref    reference
	login  login
	hint   string // about logins
	client *http.Client
	clock  aws.Clock
	plain  bool // the registry may be without TLS: lamgate was told so

	mu     sync.Mutex
	scheme string
	header string // Authorization
}

func (s *Store) openRegistry(r reference) (*registry, error) {
	insecure := s.reach.names(r.host)
	transport := &http.Transport{
		Proxy:                 s.reach.proxy,
		DialContext:           s.reach.dial,
		TLSHandshakeTimeout:   answerLimit,
		ResponseHeaderTimeout: answerLimit,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true,
	}
	if insecure {
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	g := &registry{ref: r, clock: s.options.Clock, plain: insecure, scheme: "https"}
	g.client = &http.Client{Transport: transport, CheckRedirect: g.redirect}
	var err error
	g.login, g.hint, err = readCredentials(s.options.Credentials, r.host)
	if err != nil {
		g.hint = err.Error()
	}
	return g, nil
}

// Close gives the connections up.
func (g *registry) Close() error {
	g.client.CloseIdleConnections()
	return nil
}

// redirect follows a registry to where it keeps its blobs. net/http takes the
// authorisation off on the way to another host.
func (g *registry) redirect(to *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errors.New("the registry redirects too often")
	}
	if to.URL.Scheme != "https" && !(g.plain && to.URL.Scheme == "http") {
		return fmt.Errorf("the registry redirects to %s, without TLS", to.URL.Host)
	}
	return nil
}

func (g *registry) manifest(ctx context.Context, digest string) ([]byte, string, error) {
	response, err := g.get(ctx, "manifests/"+cmp.Or(digest, g.ref.digest, g.ref.tag), append(slices.Clone(manifestTypes), indexTypes...))
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(io.LimitReader(response.Body, maxManifest+1))
	if err != nil {
		return nil, "", unreachable(g.ref.text, err)
	}
	if len(b) > maxManifest {
		return nil, "", unsupported(g.ref.text, "its manifest is too large")
	}
	return b, response.Header.Get("Content-Type"), nil
}

func (g *registry) blob(ctx context.Context, d descriptor) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	response, err := g.get(ctx, "blobs/"+d.Digest, nil)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	return watch(g.clock, response.Body, ctx, cancel), nil
}

// get asks for a part of the repository. An answer that may be better the next
// time is asked for again.
func (g *registry) get(ctx context.Context, path string, accept []string) (*http.Response, error) {
	delay := firstDelay
	for attempt := 1; ; attempt++ {
		response, err := g.once(ctx, path, accept)
		if !passing(err) || attempt == attempts {
			return response, err
		}
		done, stop := aws.After(g.clock, delay)
		select {
		case <-done:
		case <-ctx.Done():
			stop()
			return nil, err
		}
		delay *= 2
	}
}

func (g *registry) once(ctx context.Context, path string, accept []string) (*http.Response, error) {
	for challenged := false; ; challenged = true {
		response, err := g.send(ctx, path, accept)
		if err != nil {
			return nil, unreachable(g.ref.text, err)
		}
		if response.StatusCode == http.StatusOK {
			return response, nil
		}
		// The login is the registry's: whom it redirects to may not ask for it.
		own := response.Request.URL.Host == g.ref.host
		if response.StatusCode == http.StatusUnauthorized && own && !challenged {
			challenges := response.Header.Values("WWW-Authenticate")
			drop(response)
			if err := g.authorise(ctx, challenges); err != nil {
				return nil, err
			}
			continue
		}
		drop(response)
		return nil, g.refused(response.StatusCode)
	}
}

func (g *registry) send(ctx context.Context, path string, accept []string) (*http.Response, error) {
	for {
		g.mu.Lock()
		scheme, header := g.scheme, g.header
		g.mu.Unlock()
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+g.ref.host+"/v2/"+g.ref.repository+"/"+path, nil)
		if err != nil {
			return nil, err
		}
		q.Header.Set("User-Agent", "lamgate")
		if len(accept) > 0 {
			q.Header.Set("Accept", strings.Join(accept, ", "))
		}
		if header != "" {
			q.Header.Set("Authorization", header)
		}
		response, err := g.client.Do(q)
		if g.plain && scheme == "https" && speaksPlainly(err) {
			g.mu.Lock()
			g.scheme = "http"
			g.mu.Unlock()
			continue
		}
		if err, ok := errors.AsType[*url.Error](err); ok {
			return nil, err.Err // without the address, which a redirect may have signed
		}
		return response, err
	}
}

// speaksPlainly tells whether a handshake failed because the other end knows no
// TLS. Some servers answer one with a page and no status line.
func speaksPlainly(err error) bool {
	_, isNoRecord := errors.AsType[tls.RecordHeaderError](err)
	return isNoRecord || errors.Is(err, http.ErrSchemeMismatch)
}

// refused is a status that is none of success.
func (g *registry) refused(status int) error {
	said := fmt.Sprintf("%s answered %d %s", g.ref.host, status, http.StatusText(status))
	switch {
	case status == http.StatusNotFound:
		return notThere(g.ref.text, "")
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		mend := "docker login " + g.ref.host
		if g.hint != "" {
			mend = g.hint
		}
		return denied(said + ": " + mend)
	case status >= 500 || status == http.StatusTooManyRequests:
		return unreachable(g.ref.text, errors.New(said))
	}
	return problem(InvalidImage, http.StatusBadRequest, "InvalidParameterValueException", "Source image %s cannot be fetched: %s", g.ref.text, said)
}

// authorise answers a registry's challenge, with the login if there is one.
func (g *registry) authorise(ctx context.Context, challenges []string) error {
	for _, challenge := range challenges {
		scheme, parameters := parseChallenge(challenge)
		switch {
		case scheme == "bearer" && g.login.bearer != "":
			g.use("Bearer " + g.login.bearer)
			return nil
		case scheme == "bearer":
			token, err := g.token(ctx, parameters)
			if err != nil {
				return err
			}
			g.use("Bearer " + token)
			return nil
		case scheme == "basic" && g.login.user != "":
			q := http.Request{Header: http.Header{}}
			q.SetBasicAuth(g.login.user, g.login.password)
			g.use(q.Header.Get("Authorization"))
			return nil
		}
	}
	return g.refused(http.StatusUnauthorized)
}

func (g *registry) use(header string) {
	g.mu.Lock()
	g.header = header
	g.mu.Unlock()
}

// token fetches a token from where a registry says, for pulling and no more.
func (g *registry) token(ctx context.Context, parameters map[string]string) (string, error) {
	realm, err := url.Parse(parameters["realm"])
	if err != nil || realm.Host == "" || realm.Scheme != "https" && !(g.plain && realm.Scheme == "http") {
		// A login is not sent about in the clear.
		return "", denied(g.ref.host + " names no place with TLS to fetch a token from")
	}
	fields := url.Values{"scope": {"repository:" + g.ref.repository + ":pull"}}
	if service := parameters["service"]; service != "" {
		fields.Set("service", service)
	}
	method, body := http.MethodGet, ""
	if g.login.identity != "" {
		fields.Set("grant_type", "refresh_token")
		fields.Set("refresh_token", g.login.identity)
		fields.Set("client_id", "lamgate")
		method, body = http.MethodPost, fields.Encode()
	} else {
		query := realm.Query()
		for name, value := range fields {
			query[name] = value
		}
		realm.RawQuery = query.Encode()
	}
	q, err := http.NewRequestWithContext(ctx, method, realm.String(), strings.NewReader(body))
	if err != nil {
		return "", unreachable(g.ref.text, err)
	}
	q.Header.Set("User-Agent", "lamgate")
	if body != "" {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else if g.login.user != "" {
		q.SetBasicAuth(g.login.user, g.login.password)
	}
	response, err := g.client.Do(q)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		return "", unreachable(g.ref.text, err)
	}
	defer drop(response)
	switch status := response.StatusCode; {
	case status >= 500 || status == http.StatusTooManyRequests:
		return "", unreachable(g.ref.text, fmt.Errorf("%s answered %d %s", realm.Host, status, http.StatusText(status)))
	case status != http.StatusOK: // whatever it is, the login is not enough
		return "", g.refused(http.StatusUnauthorized)
	}
	var answer struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxToken)).Decode(&answer); err != nil {
		return "", unreachable(g.ref.text, fmt.Errorf("%s sent no token", realm.Host))
	}
	token := cmp.Or(answer.Token, answer.AccessToken)
	if token == "" || strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return "", unreachable(g.ref.text, fmt.Errorf("%s sent no token", realm.Host))
	}
	return token, nil
}

// parseChallenge reads SCHEME NAME="VALUE",….
func parseChallenge(s string) (scheme string, parameters map[string]string) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	parameters = map[string]string{}
	for rest != "" {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			break
		}
		name = strings.ToLower(strings.Trim(name, " ,"))
		if quoted, err := strconv.QuotedPrefix(after); err == nil {
			parameters[name], _ = strconv.Unquote(quoted)
			rest = after[len(quoted):]
			continue
		}
		parameters[name], rest, _ = strings.Cut(after, ",")
	}
	return strings.ToLower(scheme), parameters
}

// drop reads what is left of a small answer, so that its connection serves again.
func drop(response *http.Response) {
	io.CopyN(io.Discard, response.Body, 64<<10)
	response.Body.Close()
}
