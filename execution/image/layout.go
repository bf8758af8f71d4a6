package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// A layout is a directory in the form of the OCI image layout specification.
type layout struct {
	ref  reference
	root *os.Root // a link in it leads nowhere else
}

func openLayout(r reference) (*layout, error) {
	root, err := os.OpenRoot(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notThere(r.text, "there is no such directory")
	}
	if err != nil {
		return nil, notThere(r.text, err.Error())
	}
	return &layout{r, root}, nil
}

func (l *layout) Close() error { return l.root.Close() }

func (l *layout) manifest(ctx context.Context, digest string) ([]byte, string, error) {
	if digest == "" {
		return l.named()
	}
	b, err := readBlob(ctx, l, descriptor{Digest: digest}, maxManifest)
	return b, "", err
}

// named returns what the layout's index has under the tag, or the whole index if
// there is no tag.
func (l *layout) named() ([]byte, string, error) {
	b, err := l.read("index.json", maxManifest)
	if err != nil || l.ref.tag == "" {
		return b, indexTypes[0], err
	}
	var index manifest
	if err := json.Unmarshal(b, &index); err != nil {
		return nil, "", unsupported(l.ref.text, "its index.json is no JSON")
	}
	var names []string
	for _, d := range index.Manifests {
		name := d.Annotations["org.opencontainers.image.ref.name"]
		if name == l.ref.tag || strings.HasSuffix(name, ":"+l.ref.tag) {
			if !digestPattern.MatchString(d.Digest) {
				break
			}
			b, err := l.read(blobPath(d.Digest), maxManifest)
			if err == nil && digestOf(b) != d.Digest {
				err = unsupported(l.ref.text, d.Digest+" is of another digest")
			}
			return b, d.MediaType, err
		}
		names = append(names, fmt.Sprintf("%q", name))
	}
	return nil, "", notThere(l.ref.text, "the layout has "+strings.Join(names, ", "))
}

func (l *layout) blob(_ context.Context, d descriptor) (io.ReadCloser, error) {
	f, err := l.root.Open(blobPath(d.Digest))
	if err != nil {
		return nil, notThere(l.ref.text, "the layout has no "+d.Digest)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, notThere(l.ref.text, d.Digest+" is no file")
	}
	return f, nil
}

func (l *layout) read(name string, limit int64) ([]byte, error) {
	f, err := l.root.Open(name)
	if err != nil {
		return nil, notThere(l.ref.text, "the layout has no "+name)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = unsupported(l.ref.text, name+" is too large")
	}
	return b, err
}

// blobPath is where a layout has a blob. Digests have been checked to be of
// SHA-256.
func blobPath(digest string) string { return "blobs/sha256/" + strings.TrimPrefix(digest, "sha256:") }
