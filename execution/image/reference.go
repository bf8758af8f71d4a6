package image

import (
	"path/filepath"
	"regexp"
	"strings"
)

// A reference says where an image is: in a registry, in an OCI layout or in an
// archive that docker or podman has saved.
type reference struct {
	text string // as it was given

	kind kind
	// host and repository are those of a registry; path is that of a layout or an
	// archive.
	host, repository, path string
	tag                    string // for an archive, the name that it was saved under
	digest                 string // sha256:…; wins over the tag
}

type kind int

const (
	inRegistry kind = iota
	inLayout
	inArchive
)

// The grammar of the OCI distribution specification.
var (
	repositoryPattern = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagPattern        = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
	digestPattern     = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	hostPattern       = regexp.MustCompile(`^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$`)
)

const (
	maxReference  = 1024
	maxRepository = 255

	layoutScheme  = "oci:"
	archiveScheme = "docker-archive:"
)

// parseReference reads HOST/REPOSITORY[:TAG][@DIGEST], oci:PATH[:TAG][@DIGEST]
// or docker-archive:PATH[:NAME].
//
// AWS: a reference without a host is "not valid", and no name of Docker Hub.
func parseReference(text string) (reference, error) {
	r := reference{text: text}
	invalid := func(hint string) (reference, error) { return r, notValid(text, hint) }
	if len(text) > maxReference || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return invalid("it is too long, or has blanks in it")
	}
	rest := text
	for scheme, k := range map[string]kind{layoutScheme: inLayout, archiveScheme: inArchive} {
		if after, ok := strings.CutPrefix(text, scheme); ok {
			r.kind, rest = k, after
		}
	}
	if before, digest, ok := strings.Cut(rest, "@"); ok {
		if !digestPattern.MatchString(digest) || r.kind == inArchive {
			return invalid("its digest is not sha256: and 64 hexadecimal digits")
		}
		rest, r.digest = before, digest
	}
	switch r.kind {
	case inArchive:
		// A name has colons of its own.
		r.path, r.tag, _ = strings.Cut(rest, ":")
		return r, r.onDisk()
	case inLayout:
		r.path, r.tag, _ = strings.Cut(rest, ":")
		if r.tag != "" && !tagPattern.MatchString(r.tag) {
			return invalid("its tag is none")
		}
		return r, r.onDisk()
	}

	host, repository, ok := strings.Cut(rest, "/")
	if !ok || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return invalid("it names no registry; Docker Hub's are docker.io/NAME")
	}
	if !hostPattern.MatchString(host) {
		return invalid("its registry is no host name")
	}
	if before, tag, ok := strings.Cut(repository, ":"); ok {
		if !tagPattern.MatchString(tag) {
			return invalid("its tag is none")
		}
		repository, r.tag = before, tag
	}
	if len(repository) > maxRepository || !repositoryPattern.MatchString(repository) {
		return invalid("its repository's name is none")
	}
	r.host, r.repository = strings.ToLower(host), repository
	if r.host == "docker.io" || r.host == "index.docker.io" {
		r.host = dockerHub
		if !strings.Contains(repository, "/") {
			r.repository = "library/" + repository
		}
	}
	if r.tag == "" && r.digest == "" {
		r.tag = "latest"
	}
	return r, nil
}

// onDisk checks the path of a layout or an archive.
func (r reference) onDisk() error {
	if !filepath.IsAbs(r.path) || filepath.Clean(r.path) != r.path {
		return notValid(r.text, "its path is not absolute")
	}
	return nil
}

// dockerHub is where docker.io really answers.
const dockerHub = "registry-1.docker.io"

// with returns the reference with a digest and nothing else, in the form that
// AWS calls resolved.
func (r reference) with(digest string) string {
	switch r.kind {
	case inLayout:
		return layoutScheme + r.path + "@" + digest
	case inArchive: // which has no digests to ask for
		return r.text
	}
	whole, _, _ := strings.Cut(r.text, "@")
	slash := strings.LastIndexByte(whole, '/')
	name, _, _ := strings.Cut(whole[slash:], ":")
	return whole[:slash] + name + "@" + digest
}
