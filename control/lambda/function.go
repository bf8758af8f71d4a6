package lambda

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/state"
)

// CreateFunction creates a function, and publishes its first version if asked.
func (s *Service) CreateFunction(ctx context.Context, in *lambda.CreateFunctionRequest) (*lambda.FunctionConfiguration, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(in.FunctionName), nil)
	if err != nil {
		return nil, err
	}
	if len(ref.Name) > maxNameLength {
		return nil, invalid("1 validation error detected: Value '%s' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to %d", ref.Name, maxNameLength)
	}
	ref.Qualifier = ""
	if _, err := s.Documents.Get(ref.Key()); err == nil {
		return nil, conflict("Function already exist: %s", ref.Name)
	}
	c := execution.Configuration{
		Version:          execution.Latest,
		Timeout:          defaultTimeout,
		MemoryMB:         defaultMemoryMB,
		EphemeralMB:      defaultEphemeralMB,
		Architecture:     "x86_64",
		TracingMode:      "PassThrough",
		LogGroup:         "/aws/lambda/" + ref.Name,
		LogFormat:        "Text",
		State:            active,
		LastUpdateStatus: successful,
	}
	if aws.Value(in.PackageType) == "Image" {
		c.PackageType = "Image"
		c.Image = &execution.Image{} // until it is looked up
	} else if in.Runtime == nil || in.Handler == nil {
		return nil, invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	p := settings{
		runtime: in.Runtime, role: in.Role, handler: in.Handler, description: in.Description, kmsKey: in.KMSKeyArn,
		timeout: in.Timeout, memory: in.MemorySize, environment: in.Environment, ephemeral: in.EphemeralStorage,
		tracing: in.TracingConfig, logging: in.LoggingConfig, vpc: in.VpcConfig, deadLetter: in.DeadLetterConfig,
		snapStart: in.SnapStart, layers: in.Layers, fileSystems: in.FileSystemConfigs, image: in.ImageConfig,
		others: map[string]bool{
			"TenancyConfig":          in.TenancyConfig != nil,
			"CapacityProviderConfig": in.CapacityProviderConfig != nil,
			"DurableConfig":          in.DurableConfig != nil,
			"RuntimeConfig":          in.RuntimeConfig != nil,
			"AcceleratorConfig":      in.AcceleratorConfig != nil,
			"PublishTo":              in.PublishTo != nil,
		},
	}
	if len(in.Architectures) == 1 {
		p.architecture = &in.Architectures[0]
	}
	if err := s.apply(ctx, &c, p); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	f := &execution.Function{Account: ref.Account, Region: ref.Region, Name: ref.Name, NextVersion: 1, Tags: in.Tags}
	if arn := aws.Value(in.CodeSigningConfigArn); arn != "" {
		signing, err := s.attachable(ctx, &arn)
		if err != nil {
			return nil, err
		}
		f.CodeSigning = signing.arn()
	}
	if err := s.firstCode(ctx, ref, f, &c, aws.Value(in.Code)); err != nil {
		return nil, err
	}
	s.touch(&c)
	f.Latest = c
	answer := &f.Latest
	if aws.Value(in.Publish) {
		v, err := s.publish(f, nil)
		if err != nil {
			s.discard(ctx, c.Code, err)
			return nil, err
		}
		// AWS: the version's number, under the function's own name (recorded:
		// test_publish_version_on_create).
		answer = v
	}
	if err := state.Create(ctx, s.Documents, ref.Key(), f); err != nil {
		s.discard(ctx, f.Latest.Code, err)
		if errors.Is(err, state.ErrConflict) {
			return nil, conflict("Function already exist: %s", ref.Name)
		}
		return nil, err
	}
	s.pull(f)
	return creating(ref, answer), nil
}

// firstCode gives a new function its package, or the image that it waits for.
func (s *Service) firstCode(ctx context.Context, ref execution.FunctionRef, f *execution.Function, c *execution.Configuration, code lambda.FunctionCode) error {
	if !c.IsImage() {
		if code.ImageUri != nil {
			return invalid("Please do not provide ImageUri when creating a function with packageType Zip.")
		}
		if err := s.checkSigned(ctx, f.CodeSigning, ref.Name); err != nil {
			return err
		}
		b, size, err := s.readPackage(ctx, codeSource{code.ZipFile, code.S3Bucket, code.S3Key, code.S3ObjectVersion, code.SourceKMSKeyArn, code.S3ObjectStorageMode})
		if err != nil {
			return err
		}
		c.Code.Unpacked = size
		if err := checkSizes(c); err != nil {
			return err
		}
		if err := s.checkStored(ref.Account, ref.Region, int64(len(b))); err != nil {
			return err
		}
		c.Code, err = s.storePackage(ctx, owner(ref), b, size)
		return err
	}
	if code.ImageUri == nil || len(code.ZipFile) > 0 || code.S3Bucket != nil || code.S3Key != nil {
		return invalid("Please provide ImageUri, and nothing else of Code, when creating a function with packageType Image.")
	}
	if f.CodeSigning != "" {
		return invalid("Code signing is not supported for functions created with container images.")
	}
	i, err := s.describe(ctx, *code.ImageUri, c.Architecture)
	if err != nil {
		return err
	}
	i.EntryPoint, i.Command, i.WorkingDirectory = c.Image.EntryPoint, c.Image.Command, c.Image.WorkingDirectory
	c.Image, c.Code = i, codeOf(i)
	c.State, c.StateReason, c.StateReasonCode, c.LastUpdateStatus = pending, beingCreated, creatingCode, ""
	return nil
}

// owner is the place of a function's packages.
func owner(ref execution.FunctionRef) string { return ref.Account + "/" + ref.Region + "/" + ref.Name }

// Defaults of a function's configuration.
const (
	defaultTimeout     = 3e9 // three seconds
	defaultMemoryMB    = 128
	defaultEphemeralMB = 512
)

// creating renders a configuration that has just been made as AWS answers it:
// still pending, under a revision that has passed once it is active. lamgate's
// functions are active by then, so the state that follows is the stored one.
func creating(ref execution.FunctionRef, c *execution.Configuration) *lambda.FunctionConfiguration {
	out := render(ref, c)
	out.State, out.StateReason, out.StateReasonCode = new(pending), new(beingCreated), new(creatingCode)
	out.LastUpdateStatus = nil
	if c.State != pending {
		out.RevisionId = new(aws.NewUUID())
	}
	return out
}

// resolve finds the version that a name and a qualifier mean.
func (s *Service) resolve(ctx context.Context, name string, qualifier *string) (execution.FunctionRef, *execution.Function, *execution.Configuration, error) {
	ref, err := parseName(aws.CallerFrom(ctx), name, qualifier)
	if err != nil {
		return ref, nil, nil, err
	}
	f, err := s.load(ref)
	if err != nil {
		return ref, nil, nil, err
	}
	// Whoever asks about an alias asks about its main version.
	q := ref.Qualifier
	if alias, ok := f.Aliases[q]; ok {
		q = alias.Version
	}
	c, ok := f.Resolve(q, 0)
	if !ok {
		return ref, nil, nil, notFound(ref)
	}
	return ref, f, c, nil
}

// GetFunction shows a function and where its package can be fetched.
func (s *Service) GetFunction(ctx context.Context, in *lambda.GetFunctionRequest) (*lambda.GetFunctionResponse, error) {
	ref, f, c, err := s.resolve(ctx, aws.Value(in.FunctionName), in.Qualifier)
	if err != nil {
		return nil, err
	}
	out := &lambda.GetFunctionResponse{Configuration: render(ref, c)}
	if c.IsImage() {
		out.Code = &lambda.FunctionCodeLocation{RepositoryType: new("ECR"), ImageUri: new(c.Image.URI), ResolvedImageUri: new(c.Image.Resolved)}
	} else {
		out.Code = &lambda.FunctionCodeLocation{RepositoryType: new("S3"), Location: new(s.CodeLocation(ctx, c.Code.Blob))}
	}
	if len(f.Tags) > 0 {
		out.Tags = f.Tags
	}
	if f.ReservedConcurrency != nil {
		out.Concurrency = &lambda.Concurrency{ReservedConcurrentExecutions: new(int32(*f.ReservedConcurrency))}
	}
	return out, nil
}

// GetFunctionConfiguration shows a function's configuration.
func (s *Service) GetFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationRequest) (*lambda.FunctionConfiguration, error) {
	ref, _, c, err := s.resolve(ctx, aws.Value(in.FunctionName), in.Qualifier)
	if err != nil {
		return nil, err
	}
	return render(ref, c), nil
}

// ListFunctions lists the caller's functions, with all their versions if asked.
func (s *Service) ListFunctions(ctx context.Context, in *lambda.ListFunctionsRequest) (*lambda.ListFunctionsResponse, error) {
	caller := aws.CallerFrom(ctx)
	functions, err := s.functionsOf(caller.Account, caller.Region)
	if err != nil {
		return nil, err
	}
	var all []lambda.FunctionConfiguration
	for _, f := range functions {
		if in.FunctionVersion == nil {
			ref := execution.FunctionRef{Account: f.Account, Region: f.Region, Name: f.Name}
			all = append(all, *renderListed(ref, &f.Latest))
			continue
		}
		all = append(all, renderVersions(f)...)
	}
	page, next := paginate(all, in.Marker, in.MaxItems, func(c lambda.FunctionConfiguration) string {
		return *c.FunctionName + " " + versionOrder(c)
	})
	return &lambda.ListFunctionsResponse{Functions: page, NextMarker: next}, nil
}

// renderVersions lists a function's versions, the unpublished one first.
func renderVersions(f *execution.Function) []lambda.FunctionConfiguration {
	ref := execution.FunctionRef{Account: f.Account, Region: f.Region, Name: f.Name, Qualifier: execution.Latest}
	list := []lambda.FunctionConfiguration{*renderListed(ref, &f.Latest)}
	for _, number := range versionNumbers(f) {
		ref.Qualifier = strconv.Itoa(number)
		v := f.Versions[ref.Qualifier]
		list = append(list, *renderListed(ref, &v))
	}
	return list
}

func versionNumbers(f *execution.Function) []int {
	var numbers []int
	for v := range f.Versions {
		if n, err := strconv.Atoi(v); err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// DeleteFunction deletes a function, or one of its versions.
func (s *Service) DeleteFunction(ctx context.Context, in *lambda.DeleteFunctionRequest) (*lambda.DeleteFunctionResponse, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(in.FunctionName), in.Qualifier)
	if err != nil {
		return nil, err
	}
	version := ref.Qualifier
	if version == execution.Latest {
		return nil, invalid("$LATEST version cannot be deleted without deleting the function.")
	}
	// AWS: a name that only an alias could have is refused before the
	// function is looked for; "$latest" is no such name.
	if version != "" && !isVersion(version) && version[0] != '$' {
		return nil, invalid("Deletion of aliases is not currently supported.")
	}
	ref.Qualifier = ""
	if version != "" {
		return s.deleteVersion(ctx, ref, version)
	}
	var gone *execution.Function
	err = state.Remove(ctx, s.Documents, ref.Key(), func(f *execution.Function) error {
		gone = f
		return nil
	})
	if errors.Is(err, state.ErrNotFound) {
		return nil, notFound(ref)
	}
	if err != nil {
		return nil, err
	}
	s.dropPackages(gone, nil)
	return &lambda.DeleteFunctionResponse{StatusCode: new(int32(204))}, nil
}
