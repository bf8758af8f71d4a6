package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/compression"
	ociregistry "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/disk"
)

// An item is an entry of a layer's archive.
type item struct {
	name, content string
	mode          int64
	kind          byte // of archive/tar; a file if 0
}

func dir(name string, mode int64) item { return item{name: name, mode: mode, kind: tar.TypeDir} }
func symlink(name, target string) item {
	return item{name: name, content: target, kind: tar.TypeSymlink}
}
func hardLink(name, target string) item   { return item{name: name, content: target, kind: tar.TypeLink} }
func file(name, content string) item      { return item{name: name, content: content, mode: 0o644} }
func program(name, content string) item   { return item{name: name, content: content, mode: 0o755} }
func whiteout(name string) item           { return item{name: name} }
func special(name string, kind byte) item { return item{name: name, kind: kind, mode: 0o666} }

func archiveOf(t testing.TB, items ...item) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, i := range items {
		h := &tar.Header{Name: i.name, Mode: i.mode, Typeflag: i.kind, Format: tar.FormatPAX}
		switch i.kind {
		case 0:
			h.Typeflag, h.Size = tar.TypeReg, int64(len(i.content))
		case tar.TypeSymlink, tar.TypeLink:
			h.Linkname = i.content
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			io.WriteString(w, i.content)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func layerOf(t testing.TB, b []byte, options ...tarball.LayerOption) v1.Layer {
	t.Helper()
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }, options...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// imageOf is an image of layers, for an architecture in the words of images.
func imageOf(t testing.TB, architecture string, config v1.Config, layers ...v1.Layer) v1.Image {
	t.Helper()
	i, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: architecture, Config: config, RootFS: v1.RootFS{Type: "layers"}})
	if err == nil {
		i, err = mutate.AppendLayers(i, layers...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func newStore(t testing.TB, change func(*Options)) *Store {
	t.Helper()
	// What a test leaves is not always for everyone to remove.
	dir := t.TempDir()
	t.Cleanup(func() { disk.RemoveTree(dir) })
	o := Options{Dir: dir, Clock: aws.SystemClock{}, Log: slog.New(slog.DiscardHandler), Credentials: filepath.Join(dir, "none"), Insecure: served.list()}
	if change != nil {
		change(&o)
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// serve starts a registry on this host and returns its address.
func serve(t testing.TB, around func(http.Handler) http.Handler) string {
	t.Helper()
	h := ociregistry.New(ociregistry.Logger(slogDiscard()))
	if around != nil {
		h = around(h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return served.add(server.URL)
}

// served are the registries of the tests, which stores may ask though they are
// on this host.
var served hosts

type hosts struct {
	mu    sync.Mutex
	known []string
}

func (h *hosts) add(address string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	host := strings.TrimPrefix(address, "http://")
	h.known = append(h.known, host)
	return host
}

func (h *hosts) list() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.known)
}

func digest(t testing.TB, i interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	h, err := i.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// list lists a tree: files with their content, links with where they lead,
// directories with a slash. The places that every tree has are left out.
func list(t testing.TB, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, _ := filepath.Rel(root, path)
		switch {
		case e.IsDir():
			found[name+"/"] = ""
		case e.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			found[name] = "-> " + to
			return err
		default:
			b, err := os.ReadFile(path)
			found[name] = string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, name := range []string{"proc/", "dev/", "tmp/", "opt/", "var/", "var/task/", "etc/", "etc/hosts", "etc/resolv.conf"} {
		if content, ok := found[name]; ok && content == "" {
			delete(found, name)
		}
	}
	return found
}

func TestImagesFromARegistry(t *testing.T) {
	host := serve(t, nil)
	base := archiveOf(t, dir("./", 0o755), dir("./bin/", 0o755), program("./bin/run", "#!"), file("lib/a", "1"), file("lib/b", "2"))
	for kind, options := range map[string][]tarball.LayerOption{
		"gzip":  {tarball.WithCompression(compression.GZip)},
		"zstd":  {tarball.WithCompression(compression.ZStd), tarball.WithMediaType(types.OCILayerZStd)},
		"plain": {tarball.WithCompression(compression.None), tarball.WithMediaType(types.OCIUncompressedLayer)},
	} {
		i := imageOf(t, "amd64", v1.Config{Entrypoint: []string{"/bin/run"}, Cmd: []string{"app.handler"}, Env: []string{"A=b"}, WorkingDir: "/var/task"},
			layerOf(t, base, options...), layerOf(t, archiveOf(t, file("lib/b", "3")), options...))
		reference := host + "/functions/" + kind + ":1"
		want := push(t, reference, i)
		s := newStore(t, nil)
		d, err := s.Describe(t.Context(), reference, "x86_64")
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if d.Digest != want || d.Resolved != host+"/functions/"+kind+"@"+want || d.Size == 0 || d.Config.Architecture != "x86_64" ||
			!slices.Equal(d.Config.EntryPoint, []string{"/bin/run"}) || !slices.Equal(d.Config.Command, []string{"app.handler"}) ||
			!slices.Equal(d.Config.Environment, []string{"A=b"}) || d.Config.WorkingDirectory != "/var/task" {
			t.Errorf("%s: %+v", kind, d)
		}
		tree, err := s.Open(t.Context(), execImage(d), "x86_64")
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if got := list(t, tree.Root); len(got) != 5 || got["lib/a"] != "1" || got["lib/b"] != "3" || got["bin/run"] != "#!" {
			t.Errorf("%s: %v", kind, got)
		}
		if info, err := os.Stat(tree.Root + "/bin/run"); err != nil || info.Mode() != 0o555 {
			t.Errorf("%s: %v, %v", kind, info.Mode(), err)
		}
		tree.Release()
	}
}

// A tree outlives its registry, and the server; layers are pulled once.
func TestTreesAreKept(t *testing.T) {
	var mu sync.Mutex
	var blobs []string
	host := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
				mu.Lock()
				blobs = append(blobs, r.URL.Path)
				mu.Unlock()
			}
			h.ServeHTTP(w, r)
		})
	})
	base := layerOf(t, archiveOf(t, file("lib/base", "base")))
	one := imageOf(t, "amd64", v1.Config{}, base, layerOf(t, archiveOf(t, file("app", "1"))))
	two := imageOf(t, "amd64", v1.Config{}, base, layerOf(t, archiveOf(t, file("app", "2"))))
	push(t, host+"/app:1", one)
	push(t, host+"/app:2", two)

	clock := aws.NewManualClock(time.Unix(1, 0))
	dir := t.TempDir()
	t.Cleanup(func() { disk.RemoveTree(dir) })
	s := newStore(t, func(o *Options) { o.Dir, o.Clock = dir, clock })
	first, err := s.Open(t.Context(), image(host+"/app:1"), "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Open(t.Context(), image(host+"/app:1"), "x86_64")
	if err != nil || again != first {
		t.Errorf("%v", err)
	}
	again.Release()
	before := len(blobs)
	second, err := s.Open(t.Context(), image(host+"/app:2"), "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	if layer := digest(t, base); slices.ContainsFunc(blobs[before:], func(path string) bool { return strings.HasSuffix(path, layer) }) {
		t.Error("a layer was pulled twice")
	}
	a, _ := os.Stat(first.Root + "/lib/base")
	b, _ := os.Stat(second.Root + "/lib/base")
	if !os.SameFile(a, b) {
		t.Error("a file of a layer is there twice")
	}

	os.Mkdir(filepath.Join(dir, "trees", ".new-crashed"), 0o555)
	other := newStore(t, func(o *Options) { o.Dir, o.Clock = dir, clock })
	other.running.Wait()
	if left, _ := filepath.Glob(dir + "/*/.*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	before = len(blobs)
	known := image("registry.invalid/app:1")
	known.Digest = digest(t, one)
	kept, err := other.Open(t.Context(), known, "x86_64")
	if err != nil || kept.Root != first.Root || len(blobs) != before {
		t.Errorf("after a restart: %v, %v", err, blobs[before:])
	}

	// Only what nobody uses or keeps goes, with the layers that no one else has.
	second.Release()
	clock.Advance(time.Hour)
	kept.Release()
	keep := func(d string) bool { return d == second.Digest }
	s.Collect(time.Minute, keep)
	if _, err := os.Stat(second.Root); err != nil {
		t.Errorf("what is kept: %v", err)
	}
	s.Collect(time.Minute, func(string) bool { return false })
	if _, err := os.Stat(second.Root); err == nil {
		t.Error("what nobody keeps is there")
	}
	if b, err := os.ReadFile(first.Root + "/lib/base"); string(b) != "base" {
		t.Errorf("what is used: %q, %v", b, err)
	}
	if layers, _ := os.ReadDir(filepath.Join(dir, "layers")); len(layers) != 2 {
		t.Errorf("layers: %v", layers)
	}
	first.Release()
	clock.Advance(time.Hour)
	s.Collect(time.Minute, func(string) bool { return false })
	for _, part := range []string{"trees", "layers"} {
		if left, _ := os.ReadDir(filepath.Join(dir, part)); len(left) != 0 {
			t.Errorf("%s: %v", part, left)
		}
	}
}

// A name without a digest is what it was when its registry does not answer, and
// gone when its registry says so.
func TestNamesWithoutTheirRegistry(t *testing.T) {
	down, gone := false, false
	host := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case down:
				w.WriteHeader(http.StatusServiceUnavailable)
			case gone:
				w.WriteHeader(http.StatusNotFound)
			default:
				h.ServeHTTP(w, r)
			}
		})
	})
	push(t, host+"/python:3.13", imageOf(t, "amd64", v1.Config{}, layerOf(t, archiveOf(t, file("a", "1")))))
	s := newStore(t, func(o *Options) { o.Clock = &impatient{} })
	first, err := s.Open(t.Context(), image(host+"/python:3.13"), "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	down = true
	if again, err := s.Open(t.Context(), image(host+"/python:3.13"), "x86_64"); err != nil || again != first {
		t.Errorf("while the registry is down: %v", err)
	}
	if _, err := s.Open(t.Context(), image(host+"/python:3.14"), "x86_64"); err == nil || !strings.Contains(err.Error(), "cannot be fetched: "+host+" answered 503") {
		t.Errorf("another, while the registry is down: %v", err)
	}
	down, gone = false, true
	if _, err := s.Open(t.Context(), image(host+"/python:3.13"), "x86_64"); reason(err) != ImageDeleted {
		t.Errorf("once it has gone: %v", err)
	}
}

func TestIndexes(t *testing.T) {
	host := serve(t, nil)
	amd := imageOf(t, "amd64", v1.Config{}, layerOf(t, archiveOf(t, file("a", "amd"))))
	arm := imageOf(t, "arm64", v1.Config{}, layerOf(t, archiveOf(t, file("a", "arm"))))
	made := imageOf(t, "unknown", v1.Config{}, layerOf(t, archiveOf(t, file("a", "record"))))
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: made, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}},
		mutate.IndexAddendum{Add: amd, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}}},
	)
	only := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
	for _, i := range []v1.Image{amd, arm, made} {
		push(t, host+"/both:"+digest(t, i), i)
		push(t, host+"/arm:"+digest(t, i), i)
	}
	put(t, host+"/both:latest", index)
	put(t, host+"/arm:latest", only)
	s := newStore(t, nil)
	for architecture, want := range map[string]string{"": digest(t, amd), "x86_64": digest(t, amd), "arm64": digest(t, arm)} {
		if d, err := s.Describe(t.Context(), host+"/both", architecture); err != nil || d.Digest != want {
			t.Errorf("%s: %+v, %v", architecture, d, err)
		}
	}
	if _, err := s.Describe(t.Context(), host+"/arm", "x86_64"); reason(err) != InvalidImage || !strings.Contains(err.Error(), "there is none for x86_64, but for linux/arm64") {
		t.Errorf("no image for the processor: %v", err)
	}
}

func TestFaults(t *testing.T) {
	host := serve(t, nil)
	push(t, host+"/windows:1", func() v1.Image {
		i, _ := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "windows", Architecture: "amd64"})
		return i
	}())
	chart := mutate.ConfigMediaType(imageOf(t, "amd64", v1.Config{}), "application/vnd.cncf.helm.config.v1+json")
	push(t, host+"/chart:1", chart)
	odd := imageOf(t, "amd64", v1.Config{}, layerOf(t, archiveOf(t, file("a", "1")), tarball.WithMediaType("application/vnd.wasm.content.layer.v1+wasm")))
	push(t, host+"/wasm:1", odd)
	s := newStore(t, nil)
	for reference, c := range map[string]struct {
		code, reason, says string
		status             int
	}{
		"app:latest":            {"InvalidParameterValueException", InvalidImage, "Source image app:latest is not valid. Provide a valid source image.", 400},
		host + "/none:1":        {"InvalidParameterValueException", ImageDeleted, "Source image " + host + "/none:1 does not exist. Provide a valid source image.", 400},
		host + "/windows:1":     {"InvalidParameterValueException", InvalidImage, "The image manifest, config or layer media type for the source image " + host + "/windows:1 is not supported. (it is for windows/amd64)", 400},
		host + "/chart:1":       {"InvalidParameterValueException", InvalidImage, "is not supported. (its configuration is of the type \"application/vnd.cncf.helm.config.v1+json\")", 400},
		host + "/wasm:1":        {"InvalidParameterValueException", InvalidImage, "UnsupportedImageLayerDetected - Layer Digest sha256:", 400},
		"oci:/var/lib/images":   {"InvalidParameterValueException", InvalidImage, "this server takes images from registries only", 400},
		"docker-archive:/x.tar": {"InvalidParameterValueException", InvalidImage, "this server takes images from registries only", 400},
		"127.0.0.1:1/app:1":     {"InvalidParameterValueException", InternalError, "Source image 127.0.0.1:1/app:1 cannot be fetched: ", 400},
	} {
		if c.reason == InternalError {
			s = newStore(t, func(o *Options) { o.Clock, o.Insecure = &impatient{}, append(o.Insecure, "127.0.0.1:1") })
		}
		_, err := s.Describe(t.Context(), reference, "x86_64")
		f := aws.AsFault(err)
		if f == nil || f.Code != c.code || f.Status != c.status || !strings.Contains(f.Message, c.says) || reason(err) != c.reason || f.Members["Type"] != "User" {
			t.Errorf("%s: %v (%+v)", reference, err, f)
		}
	}
}

func TestProcess(t *testing.T) {
	host := serve(t, nil)
	push(t, host+"/app:1", imageOf(t, "amd64", v1.Config{Entrypoint: []string{"python3"}, Cmd: []string{"-m", "awslambdaric"}, Env: []string{"PATH=/nowhere:/opt/python/bin:/bin"}, WorkingDir: "/work"},
		layerOf(t, archiveOf(t, program("opt/python/bin/python3.12", ""), symlink("opt/python/bin/python3", "/opt/python/bin/python3.12"),
			file("bin/python3", "not a program"), program("work/run", ""), symlink("work/away", "../../../../bin/sh"), symlink("work/loop", "loop")))))
	s := newStore(t, nil)
	tree, err := s.Open(t.Context(), image(host+"/app:1"), "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Release()
	for name, c := range map[string]struct {
		entry, command []string
		dir, path      string
		want           []string
		at, says       string
	}{
		"the image's own":                  {want: []string{"/opt/python/bin/python3", "-m", "awslambdaric"}, at: "/work"},
		"another command":                  {command: []string{"-V"}, want: []string{"/opt/python/bin/python3", "-V"}, at: "/work"},
		"another entry point":              {entry: []string{"./run"}, want: []string{"/work/run", "-m", "awslambdaric"}, at: "/work"},
		"another directory":                {entry: []string{"/work/run"}, command: []string{}, dir: "/", want: []string{"/work/run"}, at: "/"},
		"not in PATH":                      {entry: []string{"ruby"}, says: `exec: "ruby": executable file not found in $PATH`},
		"not a program":                    {path: "/bin", says: `exec: "python3": executable file not found in $PATH`},
		"not there":                        {entry: []string{"/lambda"}, says: "fork/exec /lambda: no such file or directory"},
		"a link that leads to this host's": {entry: []string{"/work/away"}, says: "fork/exec /work/away: no such file or directory"},
		"a link to itself":                 {entry: []string{"/work/loop"}, says: "fork/exec /work/loop: no such file or directory"},
		"a directory that is not there":    {dir: "/nope", says: "the working directory doesn't exist: /nope"},
		"a relative directory":             {dir: "work", says: "the working directory 'work' is invalid, it needs to be an absolute path"},
		"a file as directory":              {entry: []string{"/work/run"}, dir: "/bin/python3", says: "fork/exec /work/run: not a directory"},
		"nothing":                          {entry: []string{}, command: []string{}, says: "neither an entry point nor a command"},
	} {
		i := image(host + "/app:1")
		i.EntryPoint, i.Command, i.WorkingDirectory = c.entry, c.command, c.dir
		args, at, err := tree.Process(i, c.path)
		if c.says != "" {
			_, ofDirectory := errors.AsType[*DirectoryError](err)
			if err == nil || !strings.Contains(err.Error(), c.says) || ofDirectory != strings.HasPrefix(c.says, "the working directory") {
				t.Errorf("%s: %v, %v", name, args, err)
			}
			continue
		}
		if err != nil || !slices.Equal(args, c.want) || at != c.at {
			t.Errorf("%s: %v in %s, %v", name, args, at, err)
		}
	}
}

// What the disk has not taken before the machine was started anew is pulled
// again.
func TestPartsOfTreesAreNotUsed(t *testing.T) {
	host := serve(t, nil)
	i := imageOf(t, "amd64", v1.Config{}, layerOf(t, archiveOf(t, file("a", "1"))))
	push(t, host+"/app:1", i)
	dir := t.TempDir()
	t.Cleanup(func() { disk.RemoveTree(dir) })
	s := newStore(t, func(o *Options) { o.Dir = dir })
	tree, err := s.Open(t.Context(), image(host+"/app:1"), "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	tree.Release()
	s.settling.Wait()
	for _, settled := range []bool{true, false} {
		path := filepath.Join(s.imageDir(tree.Digest), recordName)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(path, bytes.Replace(b, []byte(disk.BootID()), []byte("another"), 1), 0o644)
		mark := filepath.Join(filepath.Dir(path), settledName)
		if os.Remove(mark); settled {
			os.WriteFile(mark, nil, 0o644)
		}
		if got := newStore(t, func(o *Options) { o.Dir = dir }).Digests(); settled != (len(got) == 1) {
			t.Errorf("settled %v: %v", settled, got)
		}
	}
	root := filepath.Join(s.imageDir(tree.Digest), rootName)
	if err := errors.Join(os.Chmod(root, 0o700), os.Remove(root+"/a")); err != nil {
		t.Fatal(err)
	}
	again := newStore(t, func(o *Options) { o.Dir = dir })
	if tree, err = again.Open(t.Context(), image(host+"/app:1"), "x86_64"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(tree.Root + "/a"); string(b) != "1" {
		t.Errorf("a is %q, %v", b, err)
	}
	tree.Release()
}
