package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"

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
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(in.FunctionName), in.Qualifier)
	if err != nil {
		return i, err
	}
	if in.DurableExecutionName != nil || in.TenantId != nil {
		return i, unsupported("durable executions and tenants")
	}
	if len(in.Payload) > 0 && !json.Valid(in.Payload) {
		// AWS: its parser's own words, with the place, follow the colon.
		return i, aws.Faultf(http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json: the payload is no JSON").With("Type", "User")
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
