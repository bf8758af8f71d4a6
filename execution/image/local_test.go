package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
)

func local(o *Options) { o.Local = true }

func TestLayouts(t *testing.T) {
	dir := t.TempDir()
	path, err := ocilayout.Write(filepath.Join(dir, "app"), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	one := imageOf(t, "amd64", v1.Config{}, layerOf(t, archiveOf(t, file("a", "1"))))
	two := imageOf(t, "arm64", v1.Config{}, layerOf(t, archiveOf(t, file("a", "2"))))
	add := func(i v1.Image, tag, architecture string) {
		options := []ocilayout.Option{ocilayout.WithPlatform(v1.Platform{OS: "linux", Architecture: architecture})}
		if tag != "" {
			options = append(options, ocilayout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag}))
		}
		if err := path.AppendImage(i, options...); err != nil {
			t.Fatal(err)
		}
	}
	s := newStore(t, local)
	reference := "oci:" + dir + "/app"
	add(one, "v1", "amd64")
	for text, want := range map[string]string{reference: digest(t, one), reference + ":v1": digest(t, one), reference + "@" + digest(t, one): digest(t, one)} {
		d, err := s.Describe(t.Context(), text, "x86_64")
		if err != nil || d.Digest != want || d.Resolved != reference+"@"+want {
			t.Errorf("%s: %+v, %v", text, d, err)
		}
	}
	add(two, "v2", "arm64")
	if d, err := s.Describe(t.Context(), reference, "arm64"); err != nil || d.Digest != digest(t, two) {
		t.Errorf("by the processor: %+v, %v", d, err)
	}
	if _, err := s.Describe(t.Context(), reference+":v3", "arm64"); reason(err) != ImageDeleted || !strings.Contains(err.Error(), `the layout has "v1", "v2"`) {
		t.Errorf("another tag: %v", err)
	}
	if _, err := s.Describe(t.Context(), "oci:"+dir+"/none", ""); reason(err) != ImageDeleted || !strings.Contains(err.Error(), "there is no such directory") {
		t.Errorf("no layout: %v", err)
	}
	tree, err := s.Open(t.Context(), image(reference+":v1"), "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(tree.Root + "/a"); string(b) != "1" {
		t.Errorf("a is %q", b)
	}
	tree.Release()

	// A layout leads nowhere else.
	blob := filepath.Join(dir, "app/blobs/sha256", strings.TrimPrefix(digest(t, two), "sha256:"))
	os.Remove(blob)
	os.WriteFile(dir+"/elsewhere", []byte("{}"), 0o644)
	os.Symlink(dir+"/elsewhere", blob)
	if _, err := s.Describe(t.Context(), reference+":v2", "arm64"); reason(err) != ImageDeleted {
		t.Errorf("a blob that is a link: %v", err)
	}
}

// saved is an archive as docker save writes it.
func saved(t testing.TB, images map[string]v1.Image, shared bool) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	write := func(name string, content []byte) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		w.Write(content)
	}
	type saved struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	var list []saved
	first := map[string]string{}
	for tag, i := range images {
		config, _ := i.RawConfigFile()
		name := strings.TrimPrefix(digestOf(config), "sha256:")
		entry := saved{Config: name + ".json", RepoTags: []string{tag}}
		write(entry.Config, config)
		layers, _ := i.Layers()
		for _, l := range layers {
			diff, _ := l.DiffID()
			path := name[:8] + diff.Hex + "/layer.tar"
			entry.Layers = append(entry.Layers, path)
			if there, ok := first[diff.Hex]; ok && shared {
				w.WriteHeader(&tar.Header{Name: path, Linkname: "../" + there, Typeflag: tar.TypeSymlink})
				continue
			}
			first[diff.Hex] = path
			r, err := l.Uncompressed()
			if err != nil {
				t.Fatal(err)
			}
			var content bytes.Buffer
			content.ReadFrom(r)
			write(path, content.Bytes())
		}
		list = append(list, entry)
	}
	manifest, _ := json.Marshal(list)
	write("manifest.json", manifest)
	w.Close()
	path := filepath.Join(t.TempDir(), "saved.tar")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestArchives(t *testing.T) {
	base := layerOf(t, archiveOf(t, file("base", strings.Repeat("b", 5000))))
	one := imageOf(t, "amd64", v1.Config{Cmd: []string{"one"}}, base, layerOf(t, archiveOf(t, file("a", "1"))))
	two := imageOf(t, "amd64", v1.Config{Cmd: []string{"two"}}, base, layerOf(t, archiveOf(t, file("a", "2"))))
	s := newStore(t, local)
	alone := "docker-archive:" + saved(t, map[string]v1.Image{"app:1": one}, false)
	both := "docker-archive:" + saved(t, map[string]v1.Image{"app:1": one, "localhost/other:latest": two}, true)
	for text, want := range map[string]string{alone: "1", alone + ":app:1": "1", both + ":app:1": "1", both + ":other": "2", both + ":localhost/other:latest": "2"} {
		d, err := s.Describe(t.Context(), text, "x86_64")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		tree, err := s.Open(t.Context(), execImage(d), "x86_64")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := list(t, tree.Root); got["a"] != want || len(got["base"]) != 5000 {
			t.Errorf("%s: %v", text, got)
		}
		if tree.Digest != d.Digest {
			t.Errorf("%s: %s is %s", text, d.Digest, tree.Digest)
		}
		tree.Release()
	}
	for text, says := range map[string]string{
		both:                           "does not exist. Provide a valid source image. (the archive has ",
		both + ":app:2":                "does not exist",
		"docker-archive:/none/x.tar":   "there is no such file",
		"docker-archive:" + os.Args[0]: "it is no archive of docker save",
	} {
		if _, err := s.Describe(t.Context(), text, "x86_64"); reason(err) == "" || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}

	// The file is another one by the time that it is pulled.
	d, err := s.Describe(t.Context(), alone, "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	s = newStore(t, local)
	if err := os.Rename(saved(t, map[string]v1.Image{"app:1": two}, false), strings.TrimPrefix(alone, "docker-archive:")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), execImage(d), "x86_64"); reason(err) != ImageDeleted || !strings.Contains(err.Error(), "what is there now has the digest") {
		t.Errorf("another archive: %v", err)
	}
}
