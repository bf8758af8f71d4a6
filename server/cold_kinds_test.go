package server_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/lamgate/lamgate/api/lambda"
)

// extension is a process beside a runtime: it follows the events and ends when it
// is told to.
const extension = `#!/usr/bin/env python3
import http.client, json, os, sys
c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body, **headers):
    c.request(method, "/2020-01-01/extension/" + path, body, headers)
    r = c.getresponse()
    return r, json.loads(r.read())
r, _ = call("POST", "register", '{"events":["INVOKE","SHUTDOWN"]}', **{"Lambda-Extension-Name": os.path.basename(sys.argv[0])})
me = {"Lambda-Extension-Identifier": r.getheader("Lambda-Extension-Identifier")}
while call("GET", "event/next", None, **me)[1]["eventType"] != "SHUTDOWN":
    pass
`

// extensionLayer publishes a layer with the extension.
func (p *process) extensionLayer(t testing.TB) (arn string) {
	t.Helper()
	out := mustCall[lambda.PublishLayerVersionResponse](t, p, &lambda.Service, "PublishLayerVersion", &lambda.PublishLayerVersionRequest{
		LayerName: new("extension"), Content: &lambda.LayerVersionContentInput{ZipFile: zipped(t, entry{"extensions/follower", extension, 0o755})},
	})
	return *out.LayerVersionArn
}

// imageLayout writes a directory with a container image, of a program that
// speaks the Runtime API itself, and returns its URI.
func imageLayout(t testing.TB) (uri string) {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "app"), "../conformance/testdata/image")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the image's program: %v\n%s", err, out)
	}
	program := must(os.ReadFile(filepath.Join(dir, "app")))(t)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, content := range map[string][]byte{"app": program, "text": []byte("hello")} {
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files := must(tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }))(t)
	image := must(mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: "linux", Architecture: runtime.GOARCH, RootFS: v1.RootFS{Type: "layers"}, Config: v1.Config{Entrypoint: []string{"/app"}},
	}))(t)
	image = must(mutate.AppendLayers(image, files))(t)
	at := must(layout.Write(filepath.Join(dir, "layout"), empty.Index))(t)
	if err := at.AppendImage(image, layout.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH})); err != nil {
		t.Fatal(err)
	}
	return "oci:" + filepath.Join(dir, "layout")
}
