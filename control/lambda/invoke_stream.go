package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"sync"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/wire/eventstream"
)

// maxLegacyArgs is the most that InvokeAsync takes.
const maxLegacyArgs = execution.MaxEvent

// InvokeAsync is the old way to invoke a function later.
func (s *Service) InvokeAsync(ctx context.Context, in *lambda.InvokeAsyncRequest) (*lambda.InvokeAsyncResponse, error) {
	var payload []byte
	if in.InvokeArgs != nil {
		defer in.InvokeArgs.Close()
		var err error
		if payload, err = io.ReadAll(io.LimitReader(in.InvokeArgs, maxLegacyArgs+1)); err != nil {
			return nil, err
		}
	}
	out, err := s.Invoke(ctx, &lambda.InvocationRequest{FunctionName: in.FunctionName, InvocationType: new("Event"), Payload: payload})
	if err != nil {
		return nil, err
	}
	return &lambda.InvokeAsyncResponse{Status: out.StatusCode}, nil
}

// InvokeWithResponseStream runs a function and answers with its answer as it
// comes, in the events PayloadChunk and, at the end, InvokeComplete.
func (s *Service) InvokeWithResponseStream(ctx context.Context, in *lambda.InvokeWithResponseStreamRequest) (*lambda.InvokeWithResponseStreamResponse, error) {
	i, err := s.invocation(ctx, &lambda.InvocationRequest{
		FunctionName: in.FunctionName, Qualifier: in.Qualifier, Payload: in.Payload, LogType: in.LogType,
		ClientContext: in.ClientContext, TenantId: in.TenantId,
	})
	if err != nil {
		return nil, err
	}
	out := &lambda.InvokeWithResponseStreamResponse{StatusCode: new(int32(http.StatusOK)), ResponseStreamContentType: new(eventstream.ContentType)}
	if aws.Value(in.InvocationType) == "DryRun" {
		dry, err := s.invoke(ctx, "DryRun", i)
		s.recordJourney(i, dry, err)
		if err != nil {
			return nil, err
		}
		return &lambda.InvokeWithResponseStreamResponse{StatusCode: dry.StatusCode}, nil
	}
	if version := s.versionAhead(i.Function); version != "" {
		out.ExecutedVersion = &version
	}
	reader, writer := io.Pipe()
	stream := &eventStream{out: writer, begun: make(chan struct{})}
	i.Stream = stream
	refused := make(chan error, 1)
	// The function runs to its end whether or not somebody still reads; how long
	// that may be is the execution plane's to say, also when the server stops.
	go func() {
		r, err := s.Invoker.Invoke(ctx, i)
		answer := &lambda.InvocationResponse{StatusCode: new(int32(http.StatusOK))}
		s.recordJourney(i, answer, err)
		if err != nil {
			refused <- err
			writer.CloseWithError(err)
			return
		}
		writer.CloseWithError(stream.complete(r, i.LogTail))
	}()
	select {
	case <-stream.begun:
		out.EventStream = reader
		return out, nil
	case err := <-refused:
		return nil, err
	}
}

// versionAhead tells the version that will be executed, as far as that is known
// before: of an alias that leads to two it is not.
func (s *Service) versionAhead(ref execution.FunctionRef) string {
	f, err := s.load(ref)
	if err != nil {
		return ""
	}
	if alias, ok := f.Aliases[ref.Qualifier]; ok && len(alias.RoutingWeights) > 0 {
		return ""
	}
	c, ok := f.Resolve(ref.Qualifier, 0)
	if !ok {
		return ""
	}
	return c.Version
}

// An eventStream writes a function's answer as events. It implements
// execution.ResponseStream.
type eventStream struct {
	out   *io.PipeWriter
	once  sync.Once
	begun chan struct{} // closed when there is something to answer with
	event []byte
}

func (e *eventStream) begin() { e.once.Do(func() { close(e.begun) }) }

// Begin implements execution.ResponseStream.
func (e *eventStream) Begin(string, bool) error {
	e.begin()
	return nil
}

// Write implements execution.ResponseStream.
func (e *eventStream) Write(p []byte) (int, error) {
	n := 0
	for len(p) > 0 {
		chunk := p[:min(len(p), maxChunk)]
		e.event = eventstream.AppendEvent(e.event[:0], "PayloadChunk", "application/octet-stream", chunk)
		if _, err := e.out.Write(e.event); err != nil {
			return n, err
		}
		n, p = n+len(chunk), p[len(chunk):]
	}
	return n, nil
}

// maxChunk is the most of an answer that one event carries.
const maxChunk = 1 << 20

// complete writes what has not been streamed of an invocation, and its end.
func (e *eventStream) complete(r *execution.Result, tail bool) error {
	e.begin()
	failed := r.FunctionError != ""
	if r.Streamed == 0 && !failed && len(r.Payload) > 0 {
		if _, err := e.Write(r.Payload); err != nil {
			return err
		}
	}
	var end struct {
		ErrorCode    string `json:",omitempty"`
		ErrorDetails string `json:",omitempty"`
		LogResult    string `json:",omitempty"`
	}
	if failed {
		end.ErrorCode, end.ErrorDetails = r.FunctionError, string(r.Payload)
	}
	if tail {
		end.LogResult = base64.StdEncoding.EncodeToString(r.LogTail)
	}
	b, err := json.Marshal(end)
	if err != nil {
		return err
	}
	_, err = e.out.Write(eventstream.AppendEvent(nil, "InvokeComplete", "application/json", b))
	return err
}
