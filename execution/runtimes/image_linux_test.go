//go:build amd64 || arm64

package runtimes

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/image"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// An archiver makes a layer of files of this host.
type archiver struct {
	t     *testing.T
	b     bytes.Buffer
	w     *tar.Writer
	there map[string]bool
}

func (a *archiver) file(name string, mode int64, content []byte) {
	a.t.Helper()
	if a.there[name] {
		return
	}
	a.there[name] = true
	if err := a.w.WriteHeader(&tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: mode, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
		a.t.Fatal(err)
	}
	a.w.Write(content)
}

// program adds a file of the host and the libraries that it needs.
func (a *archiver) program(from, to string) {
	a.t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		a.t.Fatal(err)
	}
	a.file(to, 0o755, content)
	out, _ := exec.Command("ldd", from).Output()
	for _, field := range strings.Fields(string(out)) {
		if !filepath.IsAbs(field) || a.there[field] {
			continue
		}
		if library, err := os.ReadFile(field); err == nil {
			a.file(field, 0o755, library)
		}
	}
}

// library adds an interpreter's library, without what tests and installers are
// for.
func (a *archiver) library(dir string) {
	a.t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && slices.Contains([]string{"test", "tests", "site-packages", "dist-packages", "__pycache__", "idlelib", "ensurepip", "tkinter", "lib2to3"}, e.Name()) {
			return fs.SkipDir
		}
		if !e.Type().IsRegular() || strings.HasSuffix(path, ".a") {
			return nil
		}
		if strings.HasSuffix(path, ".so") {
			a.program(path, path)
			return nil
		}
		content, err := os.ReadFile(path)
		a.file(path, 0o644, content)
		return err
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

// baseImage makes an image like AWS's own base images of this host's Python, as
// an OCI layout, and returns a reference to it.
func baseImage(t *testing.T) string {
	t.Helper()
	installed := New(Config{}).Installed()
	i := slices.IndexFunc(installed, func(i [2]string) bool { return strings.HasPrefix(i[0], "python") })
	if i < 0 {
		t.Skip("Python is not installed")
	}
	python := installed[i][1]
	out, err := exec.Command(python, "-S", "-c", "import os; print(os.path.dirname(os.__file__))").Output()
	if err != nil {
		t.Fatal(err)
	}
	a := &archiver{t: t, there: map[string]bool{}}
	a.w = tar.NewWriter(&a.b)
	a.program("/bin/sh", "/bin/sh")
	a.program(python, python)
	a.library(strings.TrimSpace(string(out)))
	a.w.WriteHeader(&tar.Header{Name: "var/lang/bin/python3", Linkname: python, Typeflag: tar.TypeSymlink})
	a.file("/lambda-entrypoint.sh", 0o755, []byte("#!/bin/sh\nexport _HANDLER=\"$1\"\nexec /var/runtime/bootstrap\n"))
	a.file("/var/runtime/bootstrap", 0o755, []byte("#!/bin/sh\nexec python3 -S /var/runtime/client.py\n"))
	a.file("/var/runtime/client.py", 0o644, []byte(`import importlib, json, os, sys
sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
module, name = os.environ["_HANDLER"].split(".")
print(json.dumps(getattr(importlib.import_module(module), name)({"n": 20}, None)))
`))
	if err := a.w.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(a.b.Bytes())), nil }, tarball.WithCompressionLevel(1))
	if err != nil {
		t.Fatal(err)
	}
	made, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: "linux", Architecture: runtime.GOARCH, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{Entrypoint: []string{"/lambda-entrypoint.sh"}, WorkingDir: "/var/task", Env: []string{"PATH=/var/lang/bin:/usr/bin:/bin", "LAMBDA_TASK_ROOT=/var/task"}},
	})
	if err == nil {
		made, err = mutate.AppendLayers(made, layer)
	}
	if err != nil {
		t.Fatal(err)
	}
	path, err := ocilayout.Write(filepath.Join(t.TempDir(), "base"), empty.Index)
	if err == nil {
		err = path.AppendImage(made)
	}
	if err != nil {
		t.Fatal(err)
	}
	return "oci:" + string(path)
}

// A managed runtime can be a container image: the function's package lies in it
// as it lies in AWS's own.
func TestARuntimeThatIsAnImage(t *testing.T) {
	reference := baseImage(t)
	data := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	store, err := image.Open(image.Options{Dir: data, Clock: aws.SystemClock{}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		store.Close()
		// Directories only: a link in the tree leads out of it.
		filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.IsDir() {
				return err
			}
			return os.Chmod(path, 0o700)
		})
	})
	r := New(Config{Images: map[string]string{"python3.99": reference}, Store: store})
	t.Cleanup(r.Close)
	r.Prepare()
	host := string(hostArchitecture())
	if w, err := r.Warning("python3.99", host); w != "" || err != nil {
		t.Errorf("%q, %v", w, err)
	}
	// Whoever runs the server may name files of this host, and callers may not.
	if _, err := store.Describe(t.Context(), reference, host); err == nil {
		t.Error("a caller may name files of this host")
	}
	found, warning, err := r.Find(t.Context(), "python3.99", host)
	if err != nil || warning != "" || found.Family != Python || found.Own || found.Root == "" {
		t.Fatalf("%+v, %q, %v", found, warning, err)
	}
	if again, _, err := r.Find(t.Context(), "python3.99", host); err != nil || again.Root != found.Root {
		t.Errorf("%+v, %v", again, err)
	}
	c, err := found.Command(Launch{Handler: "app.double"})
	if err != nil || !slices.Equal(c.Args, []string{"/lambda-entrypoint.sh", "app.double"}) {
		t.Fatalf("%+v, %v", c, err)
	}

	driver, err := sandbox.Open(sandbox.NamespaceLevel, sandbox.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	task := t.TempDir()
	if err := errors.Join(os.WriteFile(task+"/app.py", []byte("import sys\ndef double(e, c): return [e['n'] * 2, sys.executable]\n"), 0o644), os.Chmod(task, 0o755)); err != nil {
		t.Fatal(err)
	}
	// Not a bytes.Buffer: it is read when the sandbox has gone.
	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	box, err := driver.Start(t.Context(), sandbox.Spec{
		Name: "image", Root: found.Root, Task: task, Runtime: c.Directories, Command: c.Args, Env: c.Env,
		MemoryMB: 256, TmpMB: 512, Network: sandbox.PrivateNetwork, Output: output,
	})
	if err != nil {
		t.Fatal(err)
	}
	<-box.Done()
	said, _ := os.ReadFile(output.Name())
	if string(said) != "[40, \"/var/lang/bin/python3\"]\n" {
		t.Errorf("it says %q and ends with %+v", said, box.Exit())
	}
}
