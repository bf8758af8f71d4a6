package conformance

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// imageRegistry is the address of a registry on this machine, which the server
// under test has been told of.
var imageRegistry string

// A registry is a repository of the test's own in it.
type registry struct {
	t          *testing.T
	repository string
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	if os.Getenv("LAMGATE_ENDPOINT") != "" {
		t.Skip("an endpoint elsewhere does not reach this machine's registry")
	}
	return &registry{t, uniqueName("app")}
}

// imageProgram is the program that is all of an image, built once.
var imageProgram = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "lamgate-image-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "app"), "./testdata/image")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "app"))
})

// layerOfFiles is a layer; what stands below /bin can be executed.
func layerOfFiles(t *testing.T, files map[string]string) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, content := range files {
		mode := int64(0o644)
		if strings.HasPrefix(name, "bin/") {
			mode = 0o755
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	return must(t, l, err)
}

// push pushes an image whose program finds text, and returns its reference.
func (r *registry) push(tag, text string) string {
	r.t.Helper()
	program, err := imageProgram()
	if err != nil {
		r.t.Fatal("build the image's program:", err)
	}
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: "linux", Architecture: runtime.GOARCH, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{Entrypoint: []string{"/bin/app"}, Cmd: []string{"one", "two"}, Env: []string{"OWN=image", "GIVEN=image"}, WorkingDir: "/bin"},
	})
	if err == nil {
		image, err = mutate.AppendLayers(image,
			layerOfFiles(r.t, map[string]string{"bin/app": string(program), "text": "covered", "gone": ""}),
			layerOfFiles(r.t, map[string]string{"text": text, ".wh.gone": "", "srv/here": ""}))
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.upload(tag, image)
	return imageRegistry + "/" + r.repository + ":" + tag
}

// upload sends an image to the registry, as its clients do.
func (r *registry) upload(tag string, image v1.Image) {
	r.t.Helper()
	put := func(method, path, kind string, body []byte) {
		request, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+imageRegistry+"/v2/"+r.repository+"/"+path, bytes.NewReader(body))
		if err != nil {
			r.t.Fatal(err)
		}
		request.Header.Set("Content-Type", kind)
		if got := send(r.t, request); got.status != http.StatusCreated {
			r.t.Fatalf("%s %s: %d %s", method, path, got.status, got.body)
		}
	}
	blob := func(content []byte, err error) {
		sum := sha256.Sum256(must(r.t, content, err))
		put(http.MethodPost, "blobs/uploads/?digest=sha256:"+hex.EncodeToString(sum[:]), "application/octet-stream", content)
	}
	layers, err := image.Layers()
	for _, l := range must(r.t, layers, err) {
		packed, err := l.Compressed()
		content, err := io.ReadAll(must(r.t, packed, err))
		blob(content, err)
	}
	blob(image.RawConfigFile())
	kind, err := image.MediaType()
	if err != nil {
		r.t.Fatal(err)
	}
	manifest, err := image.RawManifest()
	put(http.MethodPut, "manifests/"+tag, string(kind), must(r.t, manifest, err))
}

// newImageFunction creates a function of an image.
func newImageFunction(t *testing.T, uri string, change ...func(*lambda.CreateFunctionInput)) *function {
	t.Helper()
	return newFunction(t, "", append([]func(*lambda.CreateFunctionInput){func(in *lambda.CreateFunctionInput) {
		in.Runtime, in.Handler, in.PackageType = "", nil, types.PackageTypeImage
		in.Code = &types.FunctionCode{ImageUri: &uri}
		in.Environment = &types.Environment{Variables: map[string]string{"GIVEN": "function"}}
		if runtime.GOARCH == "arm64" {
			in.Architectures = []types.Architecture{types.ArchitectureArm64}
		}
	}}, change...)...)
}

type started struct {
	Arguments                   []string
	Directory, Text, Own, Given string
}

func (f *function) started() (s started) {
	f.t.Helper()
	out := f.invoke(`{}`)
	if err := json.Unmarshal(out.Payload, &s); err != nil || out.FunctionError != nil {
		f.t.Fatalf("%v: %s", err, out.Payload)
	}
	return s
}

func TestAContainerImageRunsAsItsConfigurationSays(t *testing.T) {
	r := newRegistry(t)
	uri := r.push("1", "first")
	f := newImageFunction(t, uri)
	got := f.started()
	if strings.Join(got.Arguments, " ") != "/bin/app one two" || got.Directory != "/bin" || got.Text != "first" || got.Own != "image" || got.Given != "function" {
		t.Errorf("%+v", got)
	}
	out, err := lambdaClient().GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: &f.name})
	c := must(t, out, err)
	if *c.Code.RepositoryType != "ECR" || *c.Code.ImageUri != uri || *c.Code.ResolvedImageUri != imageRegistry+"/"+r.repository+"@sha256:"+*c.Configuration.CodeSha256 {
		t.Errorf("code: %s %s %s", *c.Code.RepositoryType, *c.Code.ImageUri, *c.Code.ResolvedImageUri)
	}
}

func TestAFunctionChangesItsImagesConfiguration(t *testing.T) {
	r := newRegistry(t)
	f := newImageFunction(t, r.push("1", "first"), func(in *lambda.CreateFunctionInput) {
		in.ImageConfig = &types.ImageConfig{Command: []string{"three"}, WorkingDirectory: aws.String("/srv")}
	})
	if got := f.started(); strings.Join(got.Arguments, " ") != "/bin/app three" || got.Directory != "/srv" {
		t.Errorf("%+v", got)
	}
	_, err := lambdaClient().UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &f.name, ImageConfig: &types.ImageConfig{}})
	if err != nil {
		t.Fatal(err)
	}
	f.updated()
	if got := f.started(); strings.Join(got.Arguments, " ") != "/bin/app one two" || got.Directory != "/bin" {
		t.Errorf("without a configuration: %+v", got)
	}
}

// updated waits until the function's update is done.
func (f *function) updated() {
	f.t.Helper()
	if err := lambda.NewFunctionUpdatedV2Waiter(lambdaClient()).Wait(f.t.Context(), &lambda.GetFunctionInput{FunctionName: &f.name}, give); err != nil {
		f.t.Fatal(err)
	}
}

// A tag means what it meant when the function was deployed.
func TestAnImageStaysUntilItIsUpdated(t *testing.T) {
	r := newRegistry(t)
	uri := r.push("latest", "first")
	f := newImageFunction(t, uri)
	r.push("latest", "second")
	if got := f.started(); got.Text != "first" {
		t.Errorf("after the tag has moved: %+v", got)
	}
	out, err := lambdaClient().UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: &f.name, ImageUri: &uri})
	if c := must(t, out, err); c.LastUpdateStatus != types.LastUpdateStatusInProgress || c.State != types.StateActive {
		t.Errorf("an update answers %s, %s", c.State, c.LastUpdateStatus)
	}
	f.updated()
	if got := f.started(); got.Text != "second" {
		t.Errorf("after the update: %+v", got)
	}
}

func TestAnImageThatIsNotThereIsRefused(t *testing.T) {
	newRegistry(t)
	in := &lambda.CreateFunctionInput{
		FunctionName: aws.String(uniqueName("f")), Role: aws.String(functionRole(t)), PackageType: types.PackageTypeImage,
		Code: &types.FunctionCode{ImageUri: aws.String(imageRegistry + "/nothing:1")},
	}
	_, err := lambdaClient().CreateFunction(t.Context(), in)
	wantFault(t, err, "InvalidParameterValueException", "Source image "+imageRegistry+"/nothing:1 does not exist. Provide a valid source image.")
	in.Code.ImageUri = aws.String("not an image")
	_, err = lambdaClient().CreateFunction(t.Context(), in)
	wantFault(t, err, "InvalidParameterValueException", "Source image not an image is not valid. Provide a valid source image.")
}

// Who names a registry does not make the server call itself.
func TestAnImageIsNotFetchedFromTheServersOwnMachine(t *testing.T) {
	newRegistry(t)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(endpoint, "http://"))
	host := "localhost:" + must(t, port, err)
	_, err = lambdaClient().CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String(uniqueName("f")), Role: aws.String(functionRole(t)), PackageType: types.PackageTypeImage,
		Code: &types.FunctionCode{ImageUri: aws.String(host + "/app:1")},
	})
	wantFault(t, err, "InvalidParameterValueException", "Source image "+host+"/app:1 cannot be fetched: "+host+
		" is this host's loopback, and images are fetched from there only if lamgate is told so: --insecure-registry "+host)
}
