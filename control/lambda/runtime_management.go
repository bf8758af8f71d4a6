package lambda

import (
	"context"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// When a function's runtime is updated.
const (
	automatic = "Auto"
	manual    = "Manual"
)

// managed reads which version's runtime is meant: that of $LATEST unless one is
// named.
func managed(ctx context.Context, name, qualifier *string) (execution.FunctionRef, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(name), qualifier)
	if ref.Qualifier == "" {
		ref.Qualifier = execution.Latest
	}
	return ref, err
}

// PutRuntimeManagementConfig says when a version's runtime is updated. The
// runtimes are the host's, so that there is but one version of each to stay on:
// the one that runs.
func (s *Service) PutRuntimeManagementConfig(ctx context.Context, in *lambda.PutRuntimeManagementConfigRequest) (*lambda.PutRuntimeManagementConfigResponse, error) {
	ref, err := managed(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	m := execution.RuntimeManagement{UpdateOn: aws.Value(in.UpdateRuntimeOn), ARN: aws.Value(in.RuntimeVersionArn)}
	if m.UpdateOn == manual && m.ARN == "" {
		return nil, invalid("You must specify the RuntimeVersionArn when UpdateRuntimeOn is Manual.")
	}
	if m.UpdateOn != manual && m.ARN != "" {
		return nil, invalid("You can specify the RuntimeVersionArn only when UpdateRuntimeOn is Manual.")
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		c, err := managedVersion(f, ref)
		if err != nil {
			return err
		}
		if is := runtimeVersionARN(ref.Region, c.Runtime); m.ARN != "" && m.ARN != is {
			return unsupported("other versions of the runtime %s than the host's, %s", c.Runtime, is)
		}
		f.Runtimes = with(f.Runtimes, ref.Qualifier, m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.PutRuntimeManagementConfigResponse{
		UpdateRuntimeOn: in.UpdateRuntimeOn, FunctionArn: new(ref.ARN()), RuntimeVersionArn: in.RuntimeVersionArn,
	}, nil
}

// GetRuntimeManagementConfig shows when a version's runtime is updated.
func (s *Service) GetRuntimeManagementConfig(ctx context.Context, in *lambda.GetRuntimeManagementConfigRequest) (*lambda.GetRuntimeManagementConfigResponse, error) {
	ref, err := managed(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	f, err := s.load(ref)
	if err != nil {
		return nil, err
	}
	if _, err := managedVersion(f, ref); err != nil {
		return nil, err
	}
	out := &lambda.GetRuntimeManagementConfigResponse{UpdateRuntimeOn: new(automatic), FunctionArn: new(ref.ARN())}
	if m, ok := f.Runtimes[ref.Qualifier]; ok {
		out.UpdateRuntimeOn = new(m.UpdateOn)
		if m.ARN != "" {
			out.RuntimeVersionArn = new(m.ARN)
		}
	}
	return out, nil
}

// managedVersion finds the version that ref names, which must have a runtime.
func managedVersion(f *execution.Function, ref execution.FunctionRef) (*execution.Configuration, error) {
	if _, alias := f.Aliases[ref.Qualifier]; alias {
		return nil, invalid("Runtime management is of versions: %s is an alias.", ref.Qualifier)
	}
	c, ok := f.Resolve(ref.Qualifier, 0)
	if !ok {
		return nil, notFound(ref)
	}
	if c.IsImage() {
		return nil, invalid("Runtime management is not supported for functions created with container images.")
	}
	return c, nil
}
