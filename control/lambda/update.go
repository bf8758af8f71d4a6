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
	if f.Latest.IsImage() {
		return s.updateImage(ctx, ref, f, in)
	}
	if in.ImageUri != nil {
		return nil, invalid("Please don't provide ImageUri when updating a function with packageType Zip.")
	}
	if err := s.checkSigned(ctx, f.CodeSigning, ref.Name); err != nil {
		return nil, err
	}
	b, size, err := s.readPackage(ctx, codeSource{in.ZipFile, in.S3Bucket, in.S3Key, in.S3ObjectVersion, in.SourceKMSKeyArn, in.S3ObjectStorageMode})
	if err != nil {
		return nil, err
	}
	if err := s.checkStored(ref.Account, ref.Region, int64(len(b))); err != nil {
		return nil, err
	}
	code := codeOfPackage(b, size)
	edit := func(f *execution.Function) error {
		f.Latest.Code = code
		if len(in.Architectures) == 1 {
			f.Latest.Architecture = in.Architectures[0]
			warning, err := s.checkRuntime(f.Latest.Runtime, f.Latest.Architecture)
			if err != nil {
				return err
			}
			f.Latest.RuntimeWarning = warning
		}
		return checkSizes(&f.Latest)
	}
	if aws.Value(in.DryRun) {
		if err := edit(f); err != nil {
			return nil, err
		}
		return render(ref, &f.Latest), nil
	}
	if code, err = s.storePackage(ctx, owner(ref), b, size); err != nil {
		return nil, err
	}
	return s.change(ctx, ref, in.RevisionId, aws.Value(in.Publish), edit, func(err error) { s.discard(ctx, code, err) })
}

// updateImage replaces the image of a function.
func (s *Service) updateImage(ctx context.Context, ref execution.FunctionRef, f *execution.Function, in *lambda.UpdateFunctionCodeRequest) (*lambda.FunctionConfiguration, error) {
	if in.ImageUri == nil {
		return nil, invalid("Please provide ImageUri when updating a function with packageType Image.")
	}
	architecture := f.Latest.Architecture
	if len(in.Architectures) == 1 {
		architecture = in.Architectures[0]
	}
	next, err := s.describe(ctx, *in.ImageUri, architecture)
	if err != nil {
		return nil, err
	}
	edit := func(f *execution.Function) error {
		replaceImage(&f.Latest, new(*next), architecture)
		return nil
	}
	if aws.Value(in.DryRun) {
		if err := edit(f); err != nil {
			return nil, err
		}
		f.Latest.Code, f.Latest.Architecture = codeOf(next), architecture
		return render(ref, &f.Latest), nil
	}
	return s.change(ctx, ref, in.RevisionId, aws.Value(in.Publish), edit, nil)
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
	return s.change(ctx, ref, in.RevisionId, false, func(f *execution.Function) error {
		if len(in.Layers) > 0 {
			if err := s.checkSigned(ctx, f.CodeSigning, ref.Name); err != nil {
				return err
			}
		}
		err := s.apply(ctx, &f.Latest, settings{
			runtime: in.Runtime, role: in.Role, handler: in.Handler, description: in.Description, kmsKey: in.KMSKeyArn,
			timeout: in.Timeout, memory: in.MemorySize, environment: in.Environment, ephemeral: in.EphemeralStorage,
			tracing: in.TracingConfig, logging: in.LoggingConfig, vpc: in.VpcConfig, deadLetter: in.DeadLetterConfig,
			snapStart: in.SnapStart, layers: in.Layers, fileSystems: in.FileSystemConfigs, image: in.ImageConfig,
			others: map[string]bool{
				"CapacityProviderConfig": in.CapacityProviderConfig != nil,
				"DurableConfig":          in.DurableConfig != nil,
				"RuntimeConfig":          in.RuntimeConfig != nil,
				"AcceleratorConfig":      in.AcceleratorConfig != nil,
			},
		})
		if err != nil {
			return err
		}
		return checkSizes(&f.Latest)
	}, nil)
}

// change edits the unpublished version, publishes it if asked, and answers as
// AWS does while an update is on its way. undo is called if nothing came of it.
func (s *Service) change(ctx context.Context, ref execution.FunctionRef, revision *string, publish bool, edit func(*execution.Function) error, undo func(error)) (*lambda.FunctionConfiguration, error) {
	var before execution.Function
	var published *execution.Configuration
	after, err := s.update(ctx, ref, func(f *execution.Function) error {
		before = *f
		if err := checkRevision(revision, f.Latest.RevisionID, "GetFunction/GetAlias"); err != nil {
			return err
		}
		if err := checkIdle(ref, &f.Latest); err != nil {
			return err
		}
		// How the last update went says nothing of this one.
		f.Latest.LastUpdateStatus, f.Latest.LastUpdateReason, f.Latest.LastUpdateReasonCode = successful, "", ""
		if err := edit(f); err != nil {
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
			undo(err)
		}
		return nil, err
	}
	s.dropPackages(&before, after)
	s.pull(after)
	if published != nil {
		ref.Qualifier = published.Version
		return creating(ref, published), nil
	}
	out := render(ref, &after.Latest)
	if next := after.Latest.NextImage; next != nil {
		out.CodeSha256, out.Architectures = new(codeOf(next).SHA256), []string{after.Latest.NextArchitecture}
		return out, nil
	}
	out.LastUpdateStatus, out.LastUpdateStatusReason, out.LastUpdateStatusReasonCode = new(inProgress), new(beingCreated), new(creatingCode)
	out.RevisionId = new(aws.NewUUID())
	return out, nil
}
