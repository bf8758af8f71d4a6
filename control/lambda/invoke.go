package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/telemetry"
)

// Invoke runs a function: at once (RequestResponse), later (Event), or not at
// all (DryRun).
func (s *Service) Invoke(ctx context.Context, in *lambda.InvocationRequest) (*lambda.InvocationResponse, error) {
	i, err := s.invocation(ctx, in)
	if err != nil {
		return nil, err
	}
	out, err := s.invoke(ctx, aws.Value(in.InvocationType), i)
	s.recordJourney(i, out, err)
	return out, err
}

// invocation reads a request to run a function.
func (s *Service) invocation(ctx context.Context, in *lambda.InvocationRequest) (i execution.Invocation, err error) {
	caller := aws.CallerFrom(ctx)
	ref, err := parseAnyName(caller, aws.Value(in.FunctionName), in.Qualifier)
	if err != nil {
		return i, err
	}
	if err := s.authorize(caller, ref); err != nil {
		return i, err
	}
	if in.DurableExecutionName != nil || in.TenantId != nil {
		return i, unsupported("durable executions and tenants")
	}
	if err := checkPayload(in.Payload); err != nil {
		return i, err
	}
	return execution.Invocation{
		Function:      ref,
		Payload:       in.Payload,
		RequestID:     aws.RequestIDFrom(ctx),
		ClientContext: aws.Value(in.ClientContext),
		TraceHeader:   aws.TraceFrom(ctx),
		LogTail:       aws.Value(in.LogType) == "Tail",
		Journey: &telemetry.Journey{
			RequestID: aws.RequestIDFrom(ctx), Function: ref.ARN(), Account: ref.Account, Region: ref.Region, Started: s.Clock.Now(),
		},
	}, nil
}

// checkPayload refuses what is no JSON.
//
// AWS: its parser's own words, with the place, follow the colon; those for bytes
// that are no text are the ones that callers report
// (github.com/awsdocs/aws-lambda-developer-guide/issues/382).
func checkPayload(b []byte) error {
	problem := ""
	switch {
	case len(b) == 0:
		return nil
	case !utf8.Valid(b):
		problem = "Could not parse payload into json: " + notUTF8(b)
	case !json.Valid(b):
		problem = "the payload is no JSON"
	default:
		return nil
	}
	return userFault(http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json: %s", problem)
}

// notUTF8 says which byte makes b no UTF-8.
func notUTF8(b []byte) string {
	at := 0
	for {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		at += size
	}
	if b[at] < 0xc2 || b[at] > 0xf4 {
		return fmt.Sprintf("Invalid UTF-8 start byte 0x%x", b[at])
	}
	middle := b[min(at+1, len(b)-1)]
	for _, next := range b[min(at+1, len(b)):min(at+utf8.UTFMax, len(b))] {
		if next&0xc0 != 0x80 { // the first that continues nothing
			middle = next
			break
		}
	}
	return fmt.Sprintf("Invalid UTF-8 middle byte 0x%x", middle)
}

// recordJourney keeps how an invocation went.
func (s *Service) recordJourney(i execution.Invocation, out *lambda.InvocationResponse, err error) {
	j := i.Journey
	j.Took = s.Clock.Now().Sub(j.Started)
	if f := aws.AsFault(err); f != nil {
		j.Status = f.Status
	} else if out != nil {
		j.Status = int(*out.StatusCode)
	}
	s.Journeys.Record(j)
}

func (s *Service) invoke(ctx context.Context, kind string, i execution.Invocation) (*lambda.InvocationResponse, error) {
	switch kind {
	case "Event":
		if _, err := s.Invoker.Enqueue(ctx, i); err != nil {
			return nil, err
		}
		return &lambda.InvocationResponse{StatusCode: new(int32(202))}, nil
	case "DryRun":
		f, err := s.load(i.Function)
		if err != nil {
			return nil, err
		}
		if _, ok := f.Resolve(i.Function.Qualifier, 0); !ok {
			return nil, notFound(i.Function)
		}
		return &lambda.InvocationResponse{StatusCode: new(int32(204))}, nil
	}
	r, err := s.Invoker.Invoke(ctx, i)
	if err != nil {
		return nil, err
	}
	out := &lambda.InvocationResponse{StatusCode: new(int32(200)), Payload: r.Payload, ExecutedVersion: new(r.ExecutedVersion)}
	if r.FunctionError != "" {
		out.FunctionError = new(r.FunctionError)
	}
	if i.LogTail {
		out.LogResult = new(base64.StdEncoding.EncodeToString(r.LogTail))
	}
	return out, nil
}
