package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// A Mount is a service and what implements it: a value whose methods bear the
// names of the operations. Without an implementation every operation is known
// and none is done.
type Mount struct {
	Service        *api.Service
	Implementation any
}

// A Handler answers the calls of AWS's clients to the mounted services.
//
// It must see the request's path as it was sent: http.ServeMux, which cleans
// paths, may not stand before it, because "a//b" is an S3 key.
type Handler struct {
	log         *slog.Logger
	clock       aws.Clock
	credentials *Credentials
	services    []*service
	patterns    patterns
	elsewhere   map[string]http.Handler
}

// New returns a Handler. It fails on an implementation that has a method with
// the name of an operation and another signature: a slip of the pen that would
// otherwise show only as an operation that is missing.
func New(mounts []Mount, log *slog.Logger, clock aws.Clock, credentials *Credentials) (*Handler, error) {
	h := &Handler{log: log, clock: clock, credentials: credentials}
	for _, m := range mounts {
		s, err := newService(m)
		if err != nil {
			return nil, err
		}
		h.services = append(h.services, s)
	}
	return h, nil
}

// PassOn has calls of services that are not mounted go elsewhere, by the names
// under which these services take signatures. It is for those who build a
// Handler, before it serves.
func (h *Handler) PassOn(elsewhere map[string]http.Handler) { h.elsewhere = elsewhere }

// A call is one request on its way through the steps of serve.
type call struct {
	*Handler
	w http.ResponseWriter
	r *http.Request

	only      []*service // those that the request can be for; nil for any
	requestID string
	elsewhere http.Handler // from identify; nil if the request is for a service
	service   *service     // from identify; nil if no service claims the request
	operation *operation   // from route
	message   message      // what the decoder reads
	committed bool         // the response has begun
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.answer(w, r, nil) }

// Only returns a handler of one service, as the host of an AWS service is one:
// no header, no parameter and no signature leads a request to another. It is nil
// if no service signs by the name.
func (h *Handler) Only(signingName string) http.Handler {
	only := h.bySigningName(signingName)
	if len(only) == 0 {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.answer(w, r, only) })
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, only []*service) {
	c := &call{Handler: h, w: w, r: r, only: only, requestID: aws.NewUUID()}
	defer c.recoverPanic()
	if err := c.serve(); err != nil {
		c.fail(err)
	}
}

// serve is the journey of a call.
func (c *call) serve() error {
	if err := c.identify(); err != nil {
		return err
	}
	if err := c.refuseForeignPage(); err != nil {
		return err
	}
	if c.elsewhere != nil {
		c.elsewhere.ServeHTTP(c.w, c.r)
		return nil
	}
	caller, err := c.authenticate()
	if err != nil {
		return err
	}
	if err := c.route(); err != nil {
		return err
	}
	if err := c.openBody(); err != nil {
		return err
	}
	in, err := c.decode()
	if err != nil {
		return err
	}
	if err := c.validate(in); err != nil {
		return err
	}
	out, err := c.invoke(caller, in)
	if err != nil {
		return err
	}
	return c.respond(out)
}

func (c *call) invoke(caller aws.Caller, in any) (any, error) {
	if c.operation.handle == nil {
		return nil, aws.Faultf(http.StatusNotImplemented, "NotImplemented",
			"lamgate does not implement %s %s yet (lamgate operations lists what it has)", c.service.Name, c.operation.Name)
	}
	ctx := aws.WithRequestID(aws.WithCaller(c.r.Context(), caller), c.requestID)
	if trace := c.r.Header.Get("X-Amzn-Trace-Id"); trace != "" {
		ctx = aws.WithTrace(ctx, trace)
	}
	return c.operation.handle(ctx, in)
}

// recoverPanic turns a panic into an internal fault, so that a mistake in one
// operation neither ends the server nor leaves its client without an answer.
func (c *call) recoverPanic() {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		panic(p)
	default:
		c.log.Error("panic while serving a call", append(c.logAttrs(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))...)
		if c.committed {
			panic(http.ErrAbortHandler)
		}
		c.writeFault(aws.InternalFault())
	}
}

// fail answers with err: as it is if it is a Fault, else as an internal fault
// whose cause only the log tells.
func (c *call) fail(err error) {
	if c.committed {
		// The status line has gone; to break the connection is the one way left
		// to say that the body is not whole.
		c.log.Warn("response broke off", append(c.logAttrs(), "error", err)...)
		panic(http.ErrAbortHandler)
	}
	fault := aws.AsFault(err)
	if fault == nil {
		if errors.Is(err, context.Canceled) && c.r.Context().Err() != nil {
			c.log.Debug("the client went away", c.logAttrs()...)
		} else {
			c.log.Error("call failed", append(c.logAttrs(), "error", err)...)
		}
		fault = aws.InternalFault()
	}
	c.writeFault(fault)
}

func (c *call) logAttrs() []any {
	attrs := []any{"request", c.requestID, "method", c.r.Method, "path", c.r.URL.Path}
	if c.service != nil {
		attrs = append(attrs, "service", c.service.Name)
	}
	if c.operation != nil {
		attrs = append(attrs, "operation", c.operation.Name)
	}
	return attrs
}
