package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Bounds of what describes an image. Real ones have a few kilobytes.
const (
	maxManifest = 4 << 20
	maxConfig   = 8 << 20
	maxLayers   = 512
	maxNesting  = 4 // of indexes in indexes
)

// A source is where an image's parts come from.
type source interface {
	// manifest returns the manifest or index of a digest, or, without one, that
	// which the reference names; and its media type, if that is known.
	manifest(ctx context.Context, digest string) (b []byte, mediaType string, err error)
	// blob returns the bytes of a part. Nobody has verified them.
	blob(ctx context.Context, d descriptor) (io.ReadCloser, error)
	Close() error
}

// A descriptor names a part of an image.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Platform    *platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant,omitempty"`
}

func (p platform) String() string {
	return strings.TrimSuffix(p.OS+"/"+p.Architecture+"/"+p.Variant, "/")
}

// A manifest is an image's, or, with Manifests, an index of several.
type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType,omitempty"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
	Manifests     []descriptor `json:"manifests,omitempty"`
}

// A configuration is the part of an image's that is of use here.
type configuration struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Config       struct {
		Env        []string
		Entrypoint []string
		Cmd        []string
		WorkingDir string
	} `json:"config"`
	RootFS struct {
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

// The media types, of OCI and of Docker.
var (
	indexTypes    = []string{"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
	manifestTypes = []string{"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
	configTypes   = []string{"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
	layerTypes    = []string{
		"application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+zstd",
		"application/vnd.oci.image.layer.nondistributable.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
		"application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.docker.image.rootfs.diff.tar.zstd",
	}
)

// architectures are Lambda's words for those of images.
var architectures = map[string]string{"amd64": "x86_64", "arm64": "arm64"}

// A found image is one whose manifest and configuration have been read and
// verified.
type found struct {
	digest string
	layers []descriptor
	diffs  []string // the layers' digests, unpacked
	config Config
}

// find reads an image's description and chooses what is for an architecture.
func find(ctx context.Context, s source, r reference, architecture string) (*found, error) {
	raw, m, err := choose(ctx, s, r, architecture)
	if err != nil {
		return nil, err
	}
	if len(m.Layers) > maxLayers {
		return nil, unsupported(r.text, fmt.Sprintf("it has %d layers", len(m.Layers)))
	}
	for _, d := range append([]descriptor{m.Config}, m.Layers...) {
		if !digestPattern.MatchString(d.Digest) || d.Size < 0 || d.Size > maxUnpacked {
			return nil, unsupported(r.text, "a part of it has the digest "+fmt.Sprintf("%q and %d bytes", d.Digest, d.Size))
		}
	}
	if !slices.Contains(configTypes, m.Config.MediaType) {
		return nil, unsupported(r.text, fmt.Sprintf("its configuration is of the type %q", m.Config.MediaType))
	}
	for _, d := range m.Layers {
		if !slices.Contains(layerTypes, d.MediaType) {
			return nil, badLayer(d.Digest, fmt.Sprintf("it is of the type %q", d.MediaType))
		}
	}
	b, err := readBlob(ctx, s, m.Config, maxConfig)
	if err != nil {
		return nil, err
	}
	if digestOf(b) != m.Config.Digest {
		return nil, unsupported(r.text, "its configuration has another digest than its manifest says")
	}
	var c configuration
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, unsupported(r.text, "its configuration is no JSON")
	}
	if c.OS != "linux" || architectures[c.Architecture] == "" {
		return nil, unsupported(r.text, fmt.Sprintf("it is for %s", platform{c.Architecture, c.OS, ""}))
	}
	if len(c.RootFS.DiffIDs) != len(m.Layers) || slices.ContainsFunc(c.RootFS.DiffIDs, func(d string) bool { return !digestPattern.MatchString(d) }) {
		return nil, unsupported(r.text, "its configuration and its manifest have different layers")
	}
	return &found{
		digest: digestOf(raw), layers: m.Layers, diffs: c.RootFS.DiffIDs,
		config: Config{
			EntryPoint: c.Config.Entrypoint, Command: c.Config.Cmd, Environment: c.Config.Env,
			WorkingDirectory: c.Config.WorkingDir, Architecture: architectures[c.Architecture],
		},
	}, nil
}

// choose returns the manifest that a reference names, or that of an index which
// is for an architecture.
//
// AWS: refuses every index. What docker builds today is one, with a single image
// in it and a record of its making: lamgate takes the image.
func choose(ctx context.Context, s source, r reference, architecture string) ([]byte, *manifest, error) {
	digest := r.digest
	for range maxNesting {
		raw, mediaType, err := s.manifest(ctx, digest)
		if err != nil {
			return nil, nil, err
		}
		if digest != "" && digestOf(raw) != digest {
			return nil, nil, unsupported(r.text, "the registry sent another manifest than "+digest)
		}
		m := new(manifest)
		if err := json.Unmarshal(raw, m); err != nil {
			return nil, nil, unsupported(r.text, "its manifest is no JSON")
		}
		if m.MediaType != "" {
			mediaType = m.MediaType
		}
		mediaType, _, _ = strings.Cut(mediaType, ";")
		switch {
		case slices.Contains(manifestTypes, mediaType), mediaType == "" && m.Config.Digest != "":
			return raw, m, nil
		case slices.Contains(indexTypes, mediaType), mediaType == "" && len(m.Manifests) > 0:
		default:
			return nil, nil, unsupported(r.text, fmt.Sprintf("its manifest is of the type %q", mediaType))
		}
		d, err := m.of(architecture)
		if err != nil {
			return nil, nil, unsupported(r.text, err.Error())
		}
		digest = d.Digest
	}
	return nil, nil, unsupported(r.text, "its indexes name each other")
}

// of returns what of an index is for an architecture.
func (m *manifest) of(architecture string) (descriptor, error) {
	var there []string
	for _, d := range m.Manifests {
		known := slices.Contains(manifestTypes, d.MediaType) || slices.Contains(indexTypes, d.MediaType) || d.MediaType == ""
		if !known || !digestPattern.MatchString(d.Digest) {
			continue
		}
		if d.Platform == nil && len(m.Manifests) == 1 {
			return d, nil
		}
		if d.Platform == nil || d.Platform.OS == "unknown" {
			continue // a record of the image's making
		}
		if d.Platform.OS == "linux" && architectures[d.Platform.Architecture] == architecture {
			return d, nil
		}
		there = append(there, d.Platform.String())
	}
	return descriptor{}, fmt.Errorf("there is none for %s, but for %s", architecture, strings.Join(there, ", "))
}

// readBlob reads a small part whole.
func readBlob(ctx context.Context, s source, d descriptor, limit int64) ([]byte, error) {
	r, err := s.blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", d.Digest, limit)
	}
	return b, err
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
