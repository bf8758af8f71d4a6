package invoke

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/telemetry"
)

// Invoke implements execution.Invoker.
func (s *Service) Invoke(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
	if i.RequestID == "" {
		i.RequestID = aws.NewUUID()
	}
	o, _, err := s.run(ctx, &i)
	if err != nil {
		i.Journey.Add(s.Clock.Now(), "invoke", verdictOf(err), refused{err})
		return nil, err
	}
	return &o.Result, nil
}

// run is an invocation, step by step. It returns the version that was meant also
// where that could not be invoked; nil if there is none. What it gives the
// function as trace header, it leaves in the invocation.
func (s *Service) run(ctx context.Context, i *execution.Invocation) (*environment.Outcome, *execution.Configuration, error) {
	if len(i.Payload) > execution.MaxRequest {
		return nil, nil, tooLarge("Request must be smaller than %d bytes for the InvokeFunction operation", execution.MaxRequest)
	}
	if i.TraceHeader == "" {
		i.TraceHeader = aws.TraceFrom(ctx)
	}
	client, err := clientContext(i.ClientContext)
	if err != nil {
		return nil, nil, err
	}
	payload := i.Payload
	if len(payload) == 0 {
		payload = []byte("{}") // AWS: what a function gets that is given nothing
	}
	for {
		f, c, err := s.resolve(i.Function)
		if err != nil {
			return nil, nil, err
		}
		if err := checkState(c); err != nil {
			return nil, c, err
		}
		trace, looping := s.trace(i.TraceHeader, f.hash, c)
		if looping && f.doc.RecursiveLoop != "Allow" {
			return nil, c, recursive()
		}
		pool := f.pool(s.Fleet, c)
		if pool == nil {
			continue // replaced since it was resolved
		}
		leave, err := f.limit.enter(c.Version, s.Clock)
		if err != nil {
			return nil, c, err
		}
		i.TraceHeader = trace
		r := environment.Request{
			ID:            i.RequestID,
			FunctionARN:   i.Function.ARN(),
			Payload:       payload,
			TraceHeader:   trace,
			ClientContext: client,
			LogTail:       i.LogTail,
			Stream:        i.Stream,
		}
		if i.Journey != nil {
			r.Witness = witness{s}
		}
		o, err := pool.Invoke(ctx, r, leave)
		if err != nil {
			return nil, c, s.notRun(i.Function, err)
		}
		s.explain(i.Journey, i.Function, c, o)
		return o, c, nil
	}
}

// resolve finds the version that an invocation means.
func (s *Service) resolve(ref execution.FunctionRef) (*function, *execution.Configuration, error) {
	f, ok := s.functions.find(ref)
	if !ok {
		return nil, nil, notFound(ref)
	}
	c, ok := f.doc.Resolve(ref.Qualifier, rand.Float64())
	if !ok {
		return nil, nil, notFound(ref)
	}
	return f, c, nil
}

// checkState refuses functions that cannot run (yet).
//
// AWS: a function being created is refused; one being updated runs as it was.
func checkState(c *execution.Configuration) error {
	if c.State == "Pending" || c.State == "Failed" {
		return aws.Faultf(http.StatusConflict, "ResourceConflictException",
			"The operation cannot be performed at this time. The function is currently in the following state: %s", c.State).With("Type", "User")
	}
	return nil
}

// notRun turns what kept an invocation from its function into a fault.
func (s *Service) notRun(ref execution.FunctionRef, err error) error {
	switch {
	case aws.AsFault(err) != nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, environment.ErrNoMemory):
		return noMemory()
	case errors.Is(err, environment.ErrClosed):
		return aws.Faultf(http.StatusServiceUnavailable, "ServiceException", "lamgate is shutting down").With("Type", "Service")
	case errors.Is(err, environment.ErrUpdated):
		return aws.Faultf(http.StatusServiceUnavailable, "ServiceException", "%v; invoke it again", err).With("Type", "Service")
	}
	s.Log.Error("function could not be run", "function", ref.ARN(), "error", err)
	return aws.Faultf(http.StatusInternalServerError, "ServiceException", "lamgate could not run the function: %v", err).With("Type", "Service")
}

func notFound(ref execution.FunctionRef) *aws.Fault {
	return aws.Faultf(http.StatusNotFound, "ResourceNotFoundException", "Function not found: %s", ref.ARN()).With("Type", "User")
}

// AWS: not RequestTooLargeException, which the API reference has: callers report
// this code and these two messages of payloads that Invoke does not take
// (github.com/awslabs/aws-athena-query-federation/issues/793,
// github.com/ASFHyP3/hyp3/issues/2241).
func tooLarge(format string, args ...any) *aws.Fault {
	return aws.Faultf(http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", format, args...).With("Type", "User")
}

// clientContext decodes what clients send as base64.
//
// AWS: callers report the message (github.com/boto/boto3/issues/2153); none is
// known of one that is too long.
func clientContext(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if len(s) > execution.MaxClientContext {
		return "", badContext("Client context must be no longer than %d bytes, and has %d.", execution.MaxClientContext, len(s))
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || !json.Valid(b) || !bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("{")) {
		return "", badContext("Client context must be a valid Base64-encoded JSON object.")
	}
	return string(b), nil
}

func badContext(format string, args ...any) *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "InvalidRequestContentException", format, args...).With("Type", "User")
}

func verdictOf(err error) telemetry.Verdict {
	if aws.HasCode(err, "TooManyRequestsException") {
		return telemetry.Denied
	}
	return telemetry.Failed
}
