package runtimeapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Subscribing to the Telemetry API, 2022-07-01, and the Logs API, 2020-08-15.
//
// AWS: fields, defaults and bounds as in the developer guide, "Lambda Telemetry
// API reference" and "Lambda Logs API"; a refusal lists all that is wrong, as
// the guide's examples do: "URI port is not provided; types should not be empty".

const (
	telemetryPath = "/2022-07-01/telemetry"
	logsPath      = "/2020-08-15/logs"

	subscribed = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n\"OK\""

	minItems, maxItems         = 1000, 10000
	minBytes, maxBytes         = 256 << 10, 1 << 20
	minTimeoutMs, maxTimeoutMs = 25, 30000
	reservedPort               = 9001 // the Runtime API's, inside
	maxDestinationPath         = 2048
)

// A Subscription is what an extension wants to be told through the Telemetry
// API, or the Logs API before it. A later one of the same extension takes the
// place of the one before.
type Subscription struct {
	Extension string
	Logs      bool     // through the Logs API
	Schema    string   // 2022-07-01, 2022-12-13 or 2025-01-29; 2020-08-15 or 2021-03-18 of the Logs API
	Types     []string // platform, function, extension
	Protocol  string   // HTTP or TCP
	Port      int      // on the sandbox's loopback
	Method    string   // of HTTP: POST, or PUT of the Logs API
	Path      string   // of HTTP
	MaxItems  int
	MaxBytes  int
	Timeout   time.Duration
}

// subscriptionRequest is the body of a subscription.
type subscriptionRequest struct {
	SchemaVersion string   `json:"schemaVersion"`
	Types         []string `json:"types"`
	Buffering     *struct {
		MaxItems  *int `json:"maxItems"`
		MaxBytes  *int `json:"maxBytes"`
		TimeoutMs *int `json:"timeoutMs"`
	} `json:"buffering"`
	Destination *struct {
		Protocol string `json:"protocol"`
		URI      string `json:"URI"`
		Port     int    `json:"port"`
		Method   string `json:"method"`
		Encoding string `json:"encoding"`
	} `json:"destination"`
}

// subscribe takes a subscription.
func (c *connection) subscribe(logs bool) error {
	if c.req.method != methodPut {
		return c.refuse(methodNotAllowed)
	}
	api, kind := "Telemetry", "ValidationError"
	if logs {
		api, kind = "Logs", "Logs.ValidationError"
	}
	body, err := c.smallBody()
	if errors.Is(err, errTooLarge) {
		c.fault(fault{http.StatusBadRequest, kind, fmt.Sprintf("a subscription has at most %d bytes", maxExtensionBody)})
		return nil
	}
	if err != nil {
		return err
	}
	e, f := c.extension()
	if f != nil {
		c.fault(*f)
		return nil
	}
	s := c.server
	if s.talk.past(starting) && s.extensions.allAsked() {
		// AWS: type and message as its runtime interface emulator has them.
		c.fault(fault{http.StatusForbidden, api + ".SubscriptionClosed", api + " API subscription is closed"})
		return nil
	}
	subscription, problems := parseSubscription(body, logs)
	if len(problems) > 0 {
		c.fault(fault{http.StatusBadRequest, kind, strings.Join(problems, "; ")})
		return nil
	}
	subscription.Extension = e.name
	isNew, ok := s.extensions.subscribe(e, subscription)
	if !ok {
		c.fault(fault{http.StatusBadRequest, kind, "the extension has subscribed through the other of the Telemetry and Logs APIs"})
		return nil
	}
	c.append(subscribed)
	if isNew {
		s.owner.Subscribed(*subscription)
	}
	return nil
}

// allAsked reports whether each extension has asked for an event, or failed: the
// init phase is over for them.
func (r *registry) allAsked() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !slices.ContainsFunc(r.list, func(e *extension) bool {
		return e.phase == extensionStarted || e.phase == extensionRegistered
	})
}

// subscribe notes an extension's subscription; isNew is false if it has the same
// already, ok if it has one of the other API.
func (r *registry) subscribe(e *extension, s *Subscription) (isNew, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := e.subscription
	if before != nil && before.Logs != s.Logs {
		return false, false
	}
	e.subscription = s
	return before == nil || !slices.Equal(before.Types, s.Types) || before.fixed() != s.fixed(), true
}

// fixed is a subscription without its types, to compare.
func (s *Subscription) fixed() string {
	return fmt.Sprintf("%s %s %d %s %s %d %d %d", s.Schema, s.Protocol, s.Port, s.Method, s.Path, s.MaxItems, s.MaxBytes, s.Timeout)
}

// parseSubscription reads a subscription, or tells all that is wrong with it.
func parseSubscription(body []byte, logs bool) (*Subscription, []string) {
	var q subscriptionRequest
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, []string{"the request is not valid: " + err.Error()}
	}
	var problems []string
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	s := &Subscription{Logs: logs, Schema: q.SchemaVersion, MaxItems: maxItems, MaxBytes: minBytes, Timeout: time.Second}

	schemas := []string{"2025-01-29", "2022-12-13", "2022-07-01"}
	if logs {
		schemas = []string{"2021-03-18", "2020-08-15"}
	}
	switch {
	case s.Schema == "" && logs:
		s.Schema = "2020-08-15"
	case s.Schema == "":
		wrong("schemaVersion is not provided")
	case !slices.Contains(schemas, s.Schema):
		wrong("schemaVersion %q is none of %s", s.Schema, strings.Join(schemas, ", "))
	}

	if len(q.Types) == 0 {
		wrong("types should not be empty")
	}
	for _, t := range q.Types {
		switch {
		case t != "platform" && t != "function" && t != "extension":
			wrong("type %q is none of platform, function, extension", t)
		case !slices.Contains(s.Types, t):
			s.Types = append(s.Types, t)
		}
	}

	bounded := func(name string, given *int, least, most int, set func(int)) {
		switch {
		case given == nil:
		case *given < least || *given > most:
			wrong("%s %d is not between %d and %d", name, *given, least, most)
		default:
			set(*given)
		}
	}
	if b := q.Buffering; b != nil {
		bounded("maxItems", b.MaxItems, minItems, maxItems, func(n int) { s.MaxItems = n })
		bounded("maxBytes", b.MaxBytes, minBytes, maxBytes, func(n int) { s.MaxBytes = n })
		bounded("timeoutMs", b.TimeoutMs, minTimeoutMs, maxTimeoutMs, func(n int) { s.Timeout = time.Duration(n) * time.Millisecond })
	}

	d := q.Destination
	if d == nil {
		wrong("destination is not provided")
		return nil, problems
	}
	if d.Encoding != "" && d.Encoding != "JSON" {
		wrong("encoding %q is not JSON", d.Encoding)
	}
	s.Protocol, s.Method = d.Protocol, http.MethodPost
	switch d.Protocol {
	case "HTTP":
		if d.Method != "" && d.Method != http.MethodPost && (d.Method != http.MethodPut || !logs) {
			wrong("method %q cannot be chosen", d.Method)
		} else if d.Method != "" {
			s.Method = d.Method
		}
		s.Port, s.Path = parseDestination(d.URI, wrong)
	case "TCP":
		s.Method = ""
		if s.Port = d.Port; s.Port < 1 || s.Port > 65535 || s.Port == reservedPort {
			wrong("port %d cannot be used", d.Port)
		}
	case "":
		wrong("protocol is not provided")
	default:
		wrong("protocol %q is neither HTTP nor TCP", d.Protocol)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return s, nil
}

// parseDestination reads where a listener of the sandbox's is.
func parseDestination(uri string, wrong func(string, ...any)) (port int, path string) {
	u, err := url.Parse(uri)
	switch {
	case uri == "":
		wrong("URI is not provided")
		return 0, ""
	case err != nil || u.Scheme != "http" || u.Host == "" || u.User != nil || len(uri) > maxDestinationPath:
		wrong("URI %.100q is not http://sandbox.localdomain:PORT/PATH", uri)
		return 0, ""
	}
	// AWS: nothing outside the environment is sent to.
	if host := u.Hostname(); host != "sandbox.localdomain" && host != "sandbox" {
		wrong("URI host %.100q is not sandbox.localdomain", host)
	}
	switch port, err = strconv.Atoi(u.Port()); {
	case u.Port() == "":
		wrong("URI port is not provided")
	case err != nil || port < 1 || port > 65535 || port == reservedPort:
		wrong("URI port %s cannot be used", u.Port())
	}
	return port, u.RequestURI()
}
