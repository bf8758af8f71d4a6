package runtimeapi

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The Extensions API, 2020-01-01.
//
// AWS: paths as in the developer guide, "Lambda Extensions API"; statuses, types
// and messages of refusals as its runtime interface emulator has them, which
// answers all of them with 403.

const (
	extensionsPrefix  = "/2020-01-01/extension/"
	maxExtensionName  = 255
	maxExtensionBody  = 64 << 10 // of a registration or a subscription
	noMoreTransitions = "State transition is not allowed"
)

var (
	registrationClosed = fault{http.StatusForbidden, "Extension.RegistrationClosed", "Extension registration closed already"}
	tooManyExtensions  = fault{http.StatusForbidden, "Extension.TooManyExtensions", "Extension limit (" + strconv.Itoa(MaxExtensions) + ") reached"}
	extensionExists    = fault{http.StatusForbidden, "Extension.InvalidExtensionState", "Extension with this name already registered"}
	noExtensionName    = fault{http.StatusForbidden, "Extension.InvalidExtensionName", "Empty extension name"}
	longExtensionName  = fault{http.StatusForbidden, "Extension.InvalidExtensionName",
		"an extension's name has at most " + strconv.Itoa(maxExtensionName) + " characters"}
	noIdentifier      = fault{http.StatusForbidden, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header"}
	invalidIdentifier = fault{http.StatusForbidden, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier"}
	noErrorType       = fault{http.StatusForbidden, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found"}
)

func invalidExtensionStep(from extensionPhase, s extensionStep, who string) *fault {
	return &fault{http.StatusForbidden, "Extension.InvalidExtensionState",
		fmt.Sprintf("State transition from %s to %s failed for extension %s. Error: %s", from, extensionTarget[s], who, noMoreTransitions)}
}

func invalidFormat(format string, args ...any) fault {
	return fault{http.StatusForbidden, "InvalidRequestFormat", fmt.Sprintf(format, args...)}
}

// extensionRequest answers what comes to the Extensions API.
func (c *connection) extensionRequest(path string) error {
	q := &c.req
	switch path {
	case "register":
		if q.method != methodPost {
			return c.refuse(methodNotAllowed)
		}
		return c.registerExtension()
	case "event/next":
		if q.method != methodGet {
			return c.refuse(methodNotAllowed)
		}
		if err := c.discard(); err != nil {
			return err
		}
		e, f := c.extension()
		if f != nil {
			c.fault(*f)
			return nil
		}
		return c.extensionNext(e)
	case "init/error", "exit/error":
		if q.method != methodPost {
			return c.refuse(methodNotAllowed)
		}
		if err := c.discard(); err != nil {
			return err
		}
		e, f := c.extension()
		if f != nil {
			c.fault(*f)
			return nil
		}
		return c.extensionFailed(e, path == "exit/error")
	}
	return c.refuse(notFound)
}

// identifiers have the form of UUIDs.
var identifiers = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// newIdentifier returns one that another extension cannot guess.
func newIdentifier() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// extension returns the one that the request is from.
func (c *connection) extension() (*extension, *fault) {
	id := string(c.req.extensionID)
	switch {
	case id == "":
		return nil, &noIdentifier
	case !identifiers.MatchString(id):
		return nil, &invalidIdentifier
	}
	if e := c.server.extensions.find(strings.ToLower(id)); e != nil {
		return e, nil
	}
	return nil, &fault{http.StatusForbidden, "Extension.UnknownExtensionIdentifier", "Unknown extension " + id}
}

func (c *connection) registerExtension() error {
	q, s := &c.req, c.server
	name := string(q.extensionName)
	accountID := false
	for feature := range strings.SplitSeq(string(q.acceptFeature), ",") {
		accountID = accountID || strings.TrimSpace(feature) == "accountId"
	}
	body, err := c.smallBody()
	switch {
	case errors.Is(err, errTooLarge):
		c.fault(invalidFormat("a registration has at most %d bytes", maxExtensionBody))
		return nil
	case err != nil:
		return err
	case name == "":
		c.fault(noExtensionName)
		return nil
	case len(name) > maxExtensionName:
		c.fault(longExtensionName)
		return nil
	}
	var wanted struct {
		Events            []string `json:"events"`
		ConfigurationKeys []string `json:"configurationKeys"`
	}
	if err := json.Unmarshal(body, &wanted); err != nil {
		c.fault(invalidFormat("%v", err))
		return nil
	}
	if len(wanted.ConfigurationKeys) > 0 {
		c.fault(invalidFormat("configurationKeys are deprecated; use environment variables instead"))
		return nil
	}
	external := slices.Contains(s.options.Extensions, name)
	invoke, shutdown := false, false
	for _, event := range wanted.Events {
		reason := ""
		switch {
		case event == "INVOKE":
			invoke = true
		case event != "SHUTDOWN":
			reason = "ErrorInvalidEventType"
		case external:
			shutdown = true
		default:
			reason = "ShutdownEventNotSupportedForInternalExtension"
		}
		if reason != "" {
			c.fault(fault{http.StatusForbidden, "Extension.InvalidEventType", event + ": " + reason})
			return nil
		}
	}
	e, f := s.extensions.register(name, s.talk.past(starting), invoke, shutdown)
	if f != nil {
		c.fault(*f)
		return nil
	}
	o := &s.options
	reply := append([]byte(nil), `{"functionName":`...)
	reply = appendString(reply, o.FunctionName)
	reply = appendString(append(reply, `,"functionVersion":`...), o.Version)
	reply = appendString(append(reply, `,"handler":`...), o.Handler)
	if accountID {
		reply = appendString(append(reply, `,"accountId":`...), o.Account)
	}
	reply = append(reply, '}')
	c.append(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Extension-Identifier: %s\r\nContent-Length: %d\r\n\r\n%s", e.id, len(reply), reply))
	s.owner.Registered(e.name, e.internal)
	return nil
}

// extensionNext waits for an extension's next event.
func (c *connection) extensionNext(e *extension) error {
	r := &c.server.extensions
	event, again, f := r.ask(e, c)
	if f != nil {
		c.fault(*f)
		return nil
	}
	if event != "" {
		c.append(event)
	}
	if !again {
		c.server.owner.ExtensionReady(e.name)
	}
	if event != "" {
		return nil
	}
	return c.await(func() bool { return r.waits(e, c) })
}

// extensionFailed takes an extension's report of an error, the first that it
// makes.
func (c *connection) extensionFailed(e *extension, exit bool) error {
	errorType := string(c.req.extensionError)
	if errorType == "" {
		c.fault(noErrorType)
		return nil
	}
	step := stepInitError
	if exit {
		step = stepExitError
	}
	first, f := c.server.extensions.fail(e, step, errorType)
	if f != nil {
		c.fault(*f)
		return nil
	}
	c.append(accepted)
	// Out before the owner hears of it, who may end the processes.
	if err := c.flush(); err != nil {
		return err
	}
	if first {
		c.server.owner.ExtensionFailed(e.name, errorType, exit)
	}
	return nil
}

// smallBody reads a body that is kept and has no reason to be large.
func (c *connection) smallBody() ([]byte, error) {
	c.server.reading.Lock()
	defer c.server.reading.Unlock()
	b, _, err := c.req.body(c.in, maxExtensionBody)
	return b, err
}
