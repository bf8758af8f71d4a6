package image

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// An archive is a file as docker save and podman save write it.
type archive struct {
	ref     reference
	file    *os.File
	members map[string]member
	made    []byte // a manifest like a registry's
	config  []byte
	layers  map[string]string // paths of layers, by the digest unpacked
}

// A member is a file in the archive, or a link to one.
type member struct {
	at, size int64
	link     string
}

const maxMembers = 100_000

func openArchive(r reference) (*archive, error) {
	f, err := os.Open(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notThere(r.text, "there is no such file")
	}
	if err != nil {
		return nil, notThere(r.text, err.Error())
	}
	a := &archive{ref: r, file: f, members: map[string]member{}, layers: map[string]string{}}
	if err := a.list(); err != nil {
		f.Close()
		return nil, unsupported(r.text, "it is no archive of docker save: "+err.Error())
	}
	if err := a.describe(); err != nil {
		f.Close()
		return nil, err
	}
	return a, nil
}

func (a *archive) Close() error { return a.file.Close() }

// list finds out where everything is. A tar reader reads no further than it must,
// so that the file stands at a member's first byte when its header was read.
func (a *archive) list() error {
	for r := tar.NewReader(a.file); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		at, err := a.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if len(a.members) == maxMembers {
			return errors.New("it has too many members")
		}
		name := path.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeReg:
			a.members[name] = member{at: at, size: h.Size}
		case tar.TypeSymlink, tar.TypeLink:
			to := h.Linkname
			if h.Typeflag == tar.TypeSymlink {
				to = path.Join(path.Dir(name), to)
			}
			a.members[name] = member{link: path.Clean(to)}
		}
	}
}

func (a *archive) open(name string) (*io.SectionReader, error) {
	m, ok := a.members[path.Clean(name)]
	if ok && m.link != "" {
		m, ok = a.members[m.link]
	}
	if !ok || m.link != "" {
		return nil, unsupported(a.ref.text, fmt.Sprintf("the archive has no %q", name))
	}
	return io.NewSectionReader(a.file, m.at, m.size), nil
}

func (a *archive) read(name string, limit int64) ([]byte, error) {
	r, err := a.open(name)
	if err != nil {
		return nil, err
	}
	if r.Size() > limit {
		return nil, unsupported(a.ref.text, fmt.Sprintf("%q is too large", name))
	}
	return io.ReadAll(r)
}

// describe makes a manifest for the image that the reference names. Its layers
// have no digest but that of their content: that is what it says for both.
func (a *archive) describe() error {
	b, err := a.read("manifest.json", maxManifest)
	if err != nil {
		return err
	}
	var images []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(b, &images); err != nil {
		return unsupported(a.ref.text, "its manifest.json is no list of images")
	}
	var names []string
	chosen := -1
	for n, i := range images {
		names = append(names, i.RepoTags...)
		if a.ref.tag == "" && len(images) == 1 || a.ref.tag != "" && slices.ContainsFunc(i.RepoTags, a.named) {
			chosen = n
		}
	}
	if chosen < 0 {
		return notThere(a.ref.text, "the archive has "+strings.Join(names, ", "))
	}
	image := images[chosen]
	if a.config, err = a.read(image.Config, maxConfig); err != nil {
		return err
	}
	var c configuration
	if err := json.Unmarshal(a.config, &c); err != nil || len(c.RootFS.DiffIDs) != len(image.Layers) {
		return unsupported(a.ref.text, "its configuration and its manifest have different layers")
	}
	m := manifest{SchemaVersion: 2, MediaType: manifestTypes[0], Config: descriptor{MediaType: configTypes[0], Digest: digestOf(a.config), Size: int64(len(a.config))}}
	for n, diff := range c.RootFS.DiffIDs {
		r, err := a.open(image.Layers[n])
		if err != nil {
			return err
		}
		a.layers[diff] = image.Layers[n]
		m.Layers = append(m.Layers, descriptor{MediaType: layerTypes[0], Digest: diff, Size: r.Size()})
	}
	a.made, err = json.Marshal(m)
	return err
}

// named reports whether an image was saved under the reference's name, which may
// be given in short.
func (a *archive) named(name string) bool {
	return name == a.ref.tag || strings.HasSuffix(name, "/"+a.ref.tag) || name == a.ref.tag+":latest" || strings.HasSuffix(name, "/"+a.ref.tag+":latest")
}

func (a *archive) manifest(context.Context, string) ([]byte, string, error) {
	return a.made, manifestTypes[0], nil
}

func (a *archive) blob(_ context.Context, d descriptor) (io.ReadCloser, error) {
	if d.Digest == digestOf(a.config) {
		return io.NopCloser(strings.NewReader(string(a.config))), nil
	}
	r, err := a.open(a.layers[d.Digest])
	if err != nil {
		return nil, err
	}
	return io.NopCloser(r), nil
}
