package lambda

import (
	"context"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// UpdateFunctionCode replaces a function's package. Invocations in flight end
// on the old one; the next begins on the new one.
func (s *Service) UpdateFunctionCode(ctx context.Context, in *lambda.UpdateFunctionCodeRequest) (*lambda.FunctionConfiguration, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(in.FunctionName), nil)
	if err != nil {
		return nil, err
	}
	if err := unqualified(ref); err != nil {
		return nil, err
	}
	f, err := s.load(ref)
	if err != nil {
		return nil, err
	}
	if err := checkRevision(in.RevisionId, f.Latest.RevisionID, "GetFunction/GetAlias"); err != nil {
		return nil, err
	}
	if in.PublishTo != nil {
		return nil, unsupported("PublishTo")
	}
	b, err := s.readPackage(ctx, codeSource{in.ZipFile, in.S3Bucket, in.S3Key, in.S3ObjectVersion, in.ImageUri, in.SourceKMSKeyArn, in.S3ObjectStorageMode})
	if err != nil {
		return nil, err
	}
	code, err := s.storePackage(ctx, ref, b)
	if err != nil {
		return nil, err
	}
	if aws.Value(in.DryRun) {
		s.discard(ctx, code)
		c := f.Latest
		c.Code = code
		return render(ref, &c), nil
	}
	return s.change(ctx, ref, in.RevisionId, aws.Value(in.Publish), func(c *execution.Configuration) error {
		c.Code = code
		if len(in.Architectures) == 1 {
			c.Architecture = in.Architectures[0]
		}
		return nil
	}, func() { s.discard(ctx, code) })
}

// UpdateFunctionConfiguration changes how a function is run.
func (s *Service) UpdateFunctionConfiguration(ctx context.Context, in *lambda.UpdateFunctionConfigurationRequest) (*lambda.FunctionConfiguration, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(in.FunctionName), nil)
	if err != nil {
		return nil, err
	}
	if err := unqualified(ref); err != nil {
		return nil, err
	}
	return s.change(ctx, ref, in.RevisionId, false, func(c *execution.Configuration) error {
		return s.apply(c, settings{
			runtime: in.Runtime, role: in.Role, handler: in.Handler, description: in.Description, kmsKey: in.KMSKeyArn,
			timeout: in.Timeout, memory: in.MemorySize, environment: in.Environment, ephemeral: in.EphemeralStorage,
			tracing: in.TracingConfig, logging: in.LoggingConfig, vpc: in.VpcConfig, deadLetter: in.DeadLetterConfig,
			snapStart: in.SnapStart, layers: in.Layers, fileSystems: in.FileSystemConfigs,
			others: map[string]bool{
				"ImageConfig":            in.ImageConfig != nil,
				"CapacityProviderConfig": in.CapacityProviderConfig != nil,
				"DurableConfig":          in.DurableConfig != nil,
				"RuntimeConfig":          in.RuntimeConfig != nil,
				"AcceleratorConfig":      in.AcceleratorConfig != nil,
			},
		})
	}, nil)
}

// change edits the unpublished version, publishes it if asked, and answers as
// AWS does while an update is on its way. undo is called if nothing came of it.
func (s *Service) change(ctx context.Context, ref execution.FunctionRef, revision *string, publish bool, edit func(*execution.Configuration) error, undo func()) (*lambda.FunctionConfiguration, error) {
	var before execution.Function
	var published *execution.Configuration
	after, err := s.update(ctx, ref, func(f *execution.Function) error {
		before = *f
		if err := checkRevision(revision, f.Latest.RevisionID, "GetFunction/GetAlias"); err != nil {
			return err
		}
		if err := edit(&f.Latest); err != nil {
			return err
		}
		s.touch(&f.Latest)
		if !publish {
			return nil
		}
		var err error
		published, err = s.publish(f, nil)
		return err
	})
	if err != nil {
		if undo != nil {
			undo()
		}
		return nil, err
	}
	s.dropPackages(&before, after)
	if published != nil {
		ref.Qualifier = published.Version
		return creating(ref, published), nil
	}
	out := render(ref, &after.Latest)
	out.LastUpdateStatus = new("InProgress")
	out.LastUpdateStatusReason = new("The function is being created.")
	out.LastUpdateStatusReasonCode = new("Creating")
	out.RevisionId = new(aws.NewUUID())
	return out, nil
}
