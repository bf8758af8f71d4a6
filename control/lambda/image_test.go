package lambda

import (
	"context"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/image"
)

// images are container images that come when they are let.
type images struct {
	known map[string]string     // digest by reference
	come  map[string]chan error // by digest: what Open answers
}

func problem(reason, message string) error {
	return &image.Problem{Reason: reason, Fault: aws.Faultf(400, "InvalidParameterValueException", "%s", message)}
}

func newImages(digests map[string]string) *images {
	i := &images{known: digests, come: map[string]chan error{}}
	for _, d := range digests {
		i.come[d] = make(chan error, 10)
	}
	return i
}

func (i *images) Describe(_ context.Context, reference, architecture string) (*image.Description, error) {
	digest, ok := i.known[reference]
	switch {
	case reference == "registry/secret:1":
		return nil, problem(image.ImageAccessDenied, "Lambda does not have permission to access the ECR image. Check the ECR permissions.")
	case !ok:
		return nil, problem(image.ImageDeleted, "Source image "+reference+" does not exist. Provide a valid source image.")
	}
	repository, _, _ := strings.Cut(reference, ":")
	return &image.Description{Resolved: repository + "@" + digest, Digest: digest, Config: image.Config{Architecture: architecture}}, nil
}

func (i *images) Open(ctx context.Context, of execution.Image, _ string) (*image.Tree, error) {
	select {
	case err := <-i.come[of.Digest]:
		return new(image.Tree), err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func imageRequest(name, uri string) *lambda.CreateFunctionRequest {
	return &lambda.CreateFunctionRequest{
		FunctionName: &name, PackageType: new("Image"), Role: new(roleARN), Code: &lambda.FunctionCode{ImageUri: &uri},
		ImageConfig: &lambda.ImageConfig{EntryPoint: []string{"sh"}, Command: []string{"-c", "echo test"}, WorkingDirectory: new("/app")},
	}
}

// settled waits until no image is on its way.
func (f *fixture) settled(name string) *lambda.FunctionConfiguration {
	f.t.Helper()
	f.work.Wait()
	return must(f.GetFunctionConfiguration(f.ctx, &lambda.GetFunctionConfigurationRequest{FunctionName: &name}))
}

func TestAFunctionOfAnImageIsPendingUntilTheImageIsThere(t *testing.T) {
	f := newFixture(t)
	store := newImages(map[string]string{"registry/app:1": "sha256:aaaa"})
	f.Images = store
	created := must(f.CreateFunction(f.ctx, imageRequest("app", "registry/app:1")))
	if *created.State != "Pending" || *created.StateReasonCode != "Creating" || created.LastUpdateStatus != nil {
		t.Errorf("created: %s %s", *created.State, *created.StateReasonCode)
	}
	if created.Runtime != nil || created.Handler != nil || created.RuntimeVersionConfig != nil || *created.PackageType != "Image" || *created.CodeSha256 != "aaaa" {
		t.Errorf("created: %+v", created)
	}
	_, err := f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("app"), Timeout: new(int32(5))})
	expectFault(t, err, "ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Pending")
	store.come["sha256:aaaa"] <- nil
	is := f.settled("app")
	if *is.State != "Active" || is.StateReason != nil || *is.LastUpdateStatus != "Successful" || *is.RevisionId == *created.RevisionId {
		t.Errorf("settled: %s %s", *is.State, *is.LastUpdateStatus)
	}
	got := must(f.GetFunction(f.ctx, &lambda.GetFunctionRequest{FunctionName: new("app")}))
	if *got.Code.RepositoryType != "ECR" || *got.Code.ImageUri != "registry/app:1" || *got.Code.ResolvedImageUri != "registry/app@sha256:aaaa" || got.Code.Location != nil {
		t.Errorf("code: %+v", got.Code)
	}
	if c := got.Configuration.ImageConfigResponse.ImageConfig; c.EntryPoint[0] != "sh" || c.Command[1] != "echo test" || *c.WorkingDirectory != "/app" {
		t.Errorf("image configuration: %+v", c)
	}
}

func TestAnImageThatCannotBePulledFailsTheFunction(t *testing.T) {
	f := newFixture(t)
	store := newImages(map[string]string{"registry/app:1": "sha256:aaaa"})
	f.Images = store
	must(f.CreateFunction(f.ctx, imageRequest("app", "registry/app:1")))
	store.come["sha256:aaaa"] <- problem(image.InvalidImage, "layer 2 is no archive")
	is := f.settled("app")
	if *is.State != "Failed" || *is.StateReasonCode != "InvalidImage" || *is.StateReason != "layer 2 is no archive" {
		t.Errorf("state %s, %s: %s", *is.State, *is.StateReasonCode, *is.StateReason)
	}
	// It can be given another.
	must(f.UpdateFunctionCode(f.ctx, &lambda.UpdateFunctionCodeRequest{FunctionName: new("app"), ImageUri: new("registry/app:1")}))
	store.come["sha256:aaaa"] <- nil
	if is := f.settled("app"); *is.State != "Active" || is.StateReason != nil {
		t.Errorf("after another update: %s", *is.State)
	}
}

func TestAnUpdateKeepsTheOldImageUntilTheNewOneIsThere(t *testing.T) {
	f := newFixture(t)
	store := newImages(map[string]string{"registry/app:1": "sha256:aaaa", "registry/app:2": "sha256:bbbb", "registry/app:3": "sha256:cccc"})
	f.Images = store
	store.come["sha256:aaaa"] <- nil
	must(f.CreateFunction(f.ctx, imageRequest("app", "registry/app:1")))
	f.settled("app")
	update := func(uri string) *lambda.UpdateFunctionCodeRequest {
		return &lambda.UpdateFunctionCodeRequest{FunctionName: new("app"), ImageUri: &uri}
	}
	other := update("registry/app:2")
	other.Architectures = []string{"arm64"}
	updating := must(f.UpdateFunctionCode(f.ctx, other))
	if *updating.State != "Active" || *updating.LastUpdateStatus != "InProgress" || *updating.LastUpdateStatusReasonCode != "Creating" || *updating.CodeSha256 != "bbbb" || updating.Architectures[0] != "arm64" {
		t.Errorf("updating: %+v", updating)
	}
	ref := execution.FunctionRef{Account: aws.DefaultAccount, Region: aws.DefaultRegion, Name: "app"}
	if d := must(f.load(ref)); d.Latest.Image.Digest != "sha256:aaaa" || d.Latest.Architecture != "x86_64" {
		t.Errorf("served meanwhile: %s", d.Latest.Image.Digest)
	}
	_, err := f.UpdateFunctionCode(f.ctx, update("registry/app:3"))
	expectFault(t, err, "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: "+ref.ARN())
	_, err = f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: new("app")})
	expectFault(t, err, "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: "+ref.ARN())
	store.come["sha256:bbbb"] <- nil
	f.settled("app")
	d := must(f.load(ref))
	if d.Latest.Image.Digest != "sha256:bbbb" || d.Latest.NextImage != nil || d.Latest.Architecture != "arm64" || d.Latest.LastUpdateStatus != "Successful" || d.Latest.Image.EntryPoint[0] != "sh" {
		t.Errorf("afterwards: %+v", d.Latest)
	}
	store.come["sha256:cccc"] <- problem(image.ImageDeleted, "gone")
	must(f.UpdateFunctionCode(f.ctx, update("registry/app:3")))
	is := f.settled("app")
	if *is.State != "Active" || *is.LastUpdateStatus != "Failed" || *is.LastUpdateStatusReasonCode != "ImageDeleted" || *is.CodeSha256 != "bbbb" {
		t.Errorf("after an update that failed: %+v", is)
	}
	// The next update succeeds, of whatever it is.
	must(f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("app"), Timeout: new(int32(5))}))
	if is := f.settled("app"); *is.LastUpdateStatus != "Successful" || is.LastUpdateStatusReason != nil || is.LastUpdateStatusReasonCode != nil {
		t.Errorf("after an update that succeeded: %s, %v", *is.LastUpdateStatus, is.LastUpdateStatusReason)
	}
}

func TestAPublishedImageSettlesWithItsFunction(t *testing.T) {
	f := newFixture(t)
	store := newImages(map[string]string{"registry/app:1": "sha256:aaaa", "registry/app:2": "sha256:bbbb"})
	f.Images = store
	r := imageRequest("app", "registry/app:1")
	r.Publish = new(true)
	created := must(f.CreateFunction(f.ctx, r))
	if *created.Version != "1" || *created.State != "Pending" {
		t.Errorf("created: %s %s", *created.Version, *created.State)
	}
	store.come["sha256:aaaa"] <- nil
	f.settled("app")
	version := func(n string) *lambda.FunctionConfiguration {
		return must(f.GetFunctionConfiguration(f.ctx, &lambda.GetFunctionConfigurationRequest{FunctionName: new("app"), Qualifier: &n}))
	}
	if v := version("1"); *v.State != "Active" || *v.LastUpdateStatus != "Successful" {
		t.Errorf("version 1: %s", *v.State)
	}
	// Unchanged, it gets no new version for having become active.
	if v := must(f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: new("app")})); *v.Version != "1" {
		t.Errorf("published again: version %s", *v.Version)
	}
	must(f.UpdateFunctionCode(f.ctx, &lambda.UpdateFunctionCodeRequest{FunctionName: new("app"), ImageUri: new("registry/app:2"), Publish: new(true)}))
	if v := version("2"); *v.State != "Pending" || *v.CodeSha256 != "bbbb" {
		t.Errorf("version 2 on its way: %s %s", *v.State, *v.CodeSha256)
	}
	store.come["sha256:bbbb"] <- nil
	f.settled("app")
	if v := version("2"); *v.State != "Active" {
		t.Errorf("version 2: %s", *v.State)
	}
	if v := must(f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: new("app")})); *v.Version != "2" {
		t.Errorf("published again, unchanged: version %s", *v.Version)
	}
	if v := version("1"); *v.CodeSha256 != "aaaa" {
		t.Errorf("version 1 has become %s", *v.CodeSha256)
	}
}

func TestImagesOnTheirWayArePulledOnAfterARestart(t *testing.T) {
	f := newFixture(t)
	store := newImages(map[string]string{"registry/app:1": "sha256:aaaa"})
	f.Images = store
	must(f.CreateFunction(f.ctx, imageRequest("app", "registry/app:1")))
	f.Close()
	again := New(f.ctx, f.Config)
	t.Cleanup(again.Close)
	is := must(again.GetFunctionConfiguration(f.ctx, &lambda.GetFunctionConfigurationRequest{FunctionName: new("app")}))
	if *is.State != "Pending" {
		t.Fatalf("after the restart: %s", *is.State)
	}
	store.come["sha256:aaaa"] <- nil
	again.work.Wait()
	is = must(again.GetFunctionConfiguration(f.ctx, &lambda.GetFunctionConfigurationRequest{FunctionName: new("app")}))
	if *is.State != "Active" {
		t.Errorf("in the end: %s", *is.State)
	}
}

// What cannot run is refused when it comes, and not when it is invoked.
func TestWithoutIsolationThereAreNoImages(t *testing.T) {
	f := newFixture(t)
	f.Images = newImages(map[string]string{"registry/app:1": "sha256:aaaa"})
	must(f.CreateFunction(f.ctx, imageRequest("app", "registry/app:1")))
	f.Close()
	config := f.Config
	config.WithoutIsolation = true
	again := New(f.ctx, config)
	t.Cleanup(again.Close)
	again.work.Wait()
	is := must(again.GetFunctionConfiguration(f.ctx, &lambda.GetFunctionConfigurationRequest{FunctionName: new("app")}))
	if *is.State != "Failed" || !strings.Contains(*is.StateReason, "--isolation namespace") {
		t.Errorf("what was on its way is %s: %s", *is.State, aws.Value(is.StateReason))
	}
	_, err := again.CreateFunction(f.ctx, imageRequest("other", "registry/app:1"))
	expectFault(t, err, "InvalidParameterValueException", errNoRoot.Error())
}

func TestPackagesAndImagesAreNotMixed(t *testing.T) {
	f := newFixture(t)
	store := newImages(map[string]string{"registry/app:1": "sha256:aaaa"})
	f.Images = store
	store.come["sha256:aaaa"] <- nil
	must(f.CreateFunction(f.ctx, imageRequest("app", "registry/app:1")))
	f.settled("app")
	f.create("zip")
	_, err := f.UpdateFunctionCode(f.ctx, &lambda.UpdateFunctionCodeRequest{FunctionName: new("app"), ZipFile: packed(t, map[string]string{"a": ""})})
	expectFault(t, err, "InvalidParameterValueException", "Please provide ImageUri when updating a function with packageType Image.")
	_, err = f.UpdateFunctionCode(f.ctx, &lambda.UpdateFunctionCodeRequest{FunctionName: new("zip"), ImageUri: new("registry/app:1")})
	expectFault(t, err, "InvalidParameterValueException", "Please don't provide ImageUri when updating a function with packageType Zip.")
	for _, test := range []struct {
		change  func(*lambda.CreateFunctionRequest)
		message string
	}{
		{func(r *lambda.CreateFunctionRequest) { r.Runtime = new("python3.13") }, "Runtime is not supported for functions created with container images."},
		{func(r *lambda.CreateFunctionRequest) { r.Layers = []string{"arn"} }, "Layers is not supported for functions created with container images."},
		{func(r *lambda.CreateFunctionRequest) { r.Code.ImageUri = nil }, "Please provide ImageUri, and nothing else of Code, when creating a function with packageType Image."},
		{func(r *lambda.CreateFunctionRequest) { r.Code.ImageUri = new("registry/nothing:1") }, "Source image registry/nothing:1 does not exist. Provide a valid source image."},
		{func(r *lambda.CreateFunctionRequest) { r.Code.ImageUri = new("registry/secret:1") }, "Lambda does not have permission to access the ECR image. Check the ECR permissions."},
		{func(r *lambda.CreateFunctionRequest) {
			r.PackageType = nil
			r.Runtime, r.Handler = new("python3.13"), new("a.b")
		}, "ImageConfig is not supported for functions created with deployment packages."},
	} {
		r := imageRequest("other", "registry/app:1")
		test.change(r)
		_, err := f.CreateFunction(f.ctx, r)
		expectFault(t, err, "InvalidParameterValueException", test.message)
	}
	// An empty configuration gives the image its own back.
	out := must(f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("app"), ImageConfig: &lambda.ImageConfig{}}))
	if out.ImageConfigResponse != nil {
		t.Errorf("image configuration: %+v", out.ImageConfigResponse)
	}
}
