package lambda

import (
	"context"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// What becomes of invocations in a loop.
const (
	terminate = "Terminate"
	allow     = "Allow"
)

// PutFunctionRecursionConfig says whether a function that invokes itself, be it
// by others, is stopped.
func (s *Service) PutFunctionRecursionConfig(ctx context.Context, in *lambda.PutFunctionRecursionConfigRequest) (*lambda.PutFunctionRecursionConfigResponse, error) {
	ref, err := s.functionOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		if f.RecursiveLoop = aws.Value(in.RecursiveLoop); f.RecursiveLoop == terminate {
			f.RecursiveLoop = ""
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.PutFunctionRecursionConfigResponse{RecursiveLoop: in.RecursiveLoop}, nil
}

// GetFunctionRecursionConfig shows what PutFunctionRecursionConfig has set.
func (s *Service) GetFunctionRecursionConfig(ctx context.Context, in *lambda.GetFunctionRecursionConfigRequest) (*lambda.GetFunctionRecursionConfigResponse, error) {
	_, f, err := s.loadOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	out := &lambda.GetFunctionRecursionConfigResponse{RecursiveLoop: new(terminate)}
	if f.RecursiveLoop == allow {
		out.RecursiveLoop = new(allow)
	}
	return out, nil
}
