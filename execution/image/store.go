package image

import (
	"context"
	"errors"
	"log/slog"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// Options are what a Store needs.
type Options struct {
	Dir   string // where trees are kept
	Clock aws.Clock
	Log   *slog.Logger
}

// A Store keeps images unpacked on disk, each once.
type Store struct{ options Options }

// Open returns the store of a directory.
func Open(o Options) (*Store, error) { return &Store{o}, nil }

// A Description is what is known of an image before it is pulled.
type Description struct {
	Resolved string // the reference with its digest
	Digest   string // sha256:… of the manifest for the architecture asked for
	Size     int64  // bytes of all layers, packed
	Config   Config
}

// Config is an image's own configuration.
type Config struct {
	EntryPoint       []string
	Command          []string
	Environment      []string // NAME=value
	WorkingDirectory string
	Architecture     string // x86_64 or arm64
}

// A Tree is an unpacked image in use. Release gives it back.
type Tree struct {
	Root   string // a host directory, read-only
	Config Config
}

// Release says that the tree is used no more.
func (t *Tree) Release() {}

var errNotBuilt = errors.New("lamgate does not run container images yet")

// Describe looks a reference up for an architecture. It pulls nothing.
func (s *Store) Describe(ctx context.Context, reference, architecture string) (*Description, error) {
	return nil, errNotBuilt
}

// Open returns an image's tree, pulling it if it is not there.
func (s *Store) Open(ctx context.Context, i execution.Image, architecture string) (*Tree, error) {
	return nil, errNotBuilt
}
