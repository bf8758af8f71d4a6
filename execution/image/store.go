package image

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/disk"
)

// Options are what a Store needs.
type Options struct {
	Dir   string // where trees are kept
	Clock aws.Clock
	Log   *slog.Logger

	// Credentials is a file such as docker login writes; empty for docker's own.
	Credentials string
	// Insecure are registries, HOST or HOST:PORT, that may have no certificate or
	// no TLS, and that may be on this host: no others may, nor lead there.
	Insecure []string
	// Local allows references to this host's own files, oci: and docker-archive:.
	// Who may create functions may then read what images lie on this host.
	Local bool
	// Reserve is what pulling leaves free on the disk, in bytes; 1 GiB if 0.
	Reserve int64
}

// A Store keeps images unpacked on disk, each once. It pulls a layer once, too,
// however many images have it.
type Store struct {
	options Options
	life    context.Context
	end     context.CancelFunc
	running sync.WaitGroup
	// settling are directories on their way to the disk.
	settling sync.WaitGroup
	room     *room
	reach    *reach
	slots    chan struct{} // layers that are pulled at once

	mu     sync.Mutex
	trees  map[string]*Tree     // by digest
	layers map[string]*fetching // by the digest unpacked
}

// parallel is how many layers are pulled at once, of all images together.
const parallel = 3

// Open returns the store of a directory. What an earlier server has left there
// half-done is removed.
func Open(o Options) (*Store, error) {
	if o.Credentials == "" {
		o.Credentials = defaultCredentials()
	}
	s := &Store{options: o, room: &room{freeIn(o.Dir), cmp.Or(o.Reserve, defaultReserve)}, reach: newReach(o.Insecure), slots: make(chan struct{}, parallel), trees: map[string]*Tree{}, layers: map[string]*fetching{}}
	s.life, s.end = context.WithCancel(context.Background())
	for _, dir := range []string{s.imageDir(""), s.layerDir(""), s.nameDir()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make directory of images: %w", err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("read directory of images: %w", err)
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if strings.HasPrefix(e.Name(), ".") {
				s.running.Go(func() { disk.RemoveTree(path) })
			} else if dir == s.imageDir("") {
				s.found(e.Name())
			}
		}
	}
	return s, nil
}

func (s *Store) imageDir(digest string) string {
	return filepath.Join(s.options.Dir, "trees", strings.TrimPrefix(digest, "sha256:"))
}

func (s *Store) layerDir(diff string) string {
	return filepath.Join(s.options.Dir, "layers", strings.TrimPrefix(diff, "sha256:"))
}

// A record is what is kept beside a tree.
type record struct {
	Config Config
	Layers []string // the digests of the layers, unpacked
	Boot   string   // of the machine, when it was made
}

const (
	rootName   = "root"
	recordName = "image.json"
)

// found takes in a tree that is there. One that cannot be read is pulled again
// when it is asked for.
func (s *Store) found(name string) {
	digest := "sha256:" + name
	var r record
	b, err := os.ReadFile(filepath.Join(s.imageDir(digest), recordName))
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil || !digestPattern.MatchString(digest) || !trusted(s.imageDir(digest), r.Boot) {
		s.options.Log.Warn("an image that may be there in part is not used", "digest", digest, "error", err)
		return
	}
	t := &Tree{Digest: digest, store: s, ready: make(chan struct{}), since: s.options.Clock.Now()}
	t.set(r)
	close(t.ready)
	s.trees[digest] = t
}

// Close gives up what is being pulled, and waits for that.
func (s *Store) Close() {
	s.mu.Lock()
	s.end()
	s.mu.Unlock()
	s.running.Wait()
}

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

// For returns the configuration as a function changes it.
//
// AWS: each of the three stands for itself, ImageConfig in the API reference.
func (c Config) For(i execution.Image) Config {
	if i.EntryPoint != nil {
		c.EntryPoint = i.EntryPoint
	}
	if i.Command != nil {
		c.Command = i.Command
	}
	c.WorkingDirectory = cmp.Or(i.WorkingDirectory, c.WorkingDirectory, "/")
	return c
}

// source opens what a reference names, among this host's own files only if they
// are allowed.
func (s *Store) source(text string, local bool) (source, reference, error) {
	r, err := parseReference(text)
	if err != nil {
		return nil, r, err
	}
	if r.kind != inRegistry && !local {
		return nil, r, notValid(text, "this server takes images from registries only")
	}
	var src source
	switch r.kind {
	case inLayout:
		src, err = openLayout(r)
	case inArchive:
		src, err = openArchive(r)
	default:
		src, err = s.openRegistry(r)
	}
	return src, r, err
}

// Describe looks a reference up for an architecture. It pulls nothing. The errors
// that are not this host's are a *Problem each.
func (s *Store) Describe(ctx context.Context, text, architecture string) (*Description, error) {
	return s.describe(ctx, text, architecture, s.options.Local)
}

func (s *Store) describe(ctx context.Context, text, architecture string, local bool) (*Description, error) {
	src, r, err := s.source(text, local)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	i, err := find(ctx, src, r, cmp.Or(architecture, "x86_64"))
	if err != nil {
		return nil, err
	}
	d := &Description{Resolved: r.with(i.digest), Digest: i.digest, Config: i.config}
	for _, l := range i.layers {
		d.Size += l.Size
	}
	return d, nil
}

// Open returns an image's tree, pulling it if it is not there. One whose digest
// is known and that is there needs no registry; one without a digest is looked
// up, and is what it was the last time if its registry does not answer.
func (s *Store) Open(ctx context.Context, i execution.Image, architecture string) (*Tree, error) {
	return s.open(ctx, i, architecture, s.options.Local)
}

// OpenOwn is Open for a reference of whoever runs the server, who may name this
// host's files whatever callers may.
func (s *Store) OpenOwn(ctx context.Context, text, architecture string) (*Tree, error) {
	return s.open(ctx, execution.Image{URI: text}, architecture, true)
}

func (s *Store) open(ctx context.Context, i execution.Image, architecture string, local bool) (*Tree, error) {
	digest := i.Digest
	if digest == "" {
		d, err := s.describe(ctx, i.URI, architecture, local)
		switch {
		case err == nil:
			digest = d.Digest
		case s.recall(i.URI, architecture) != "" && passing(err):
			digest = s.recall(i.URI, architecture)
			s.options.Log.Warn("an image is what it was the last time: its registry does not answer", "image", i.URI, "digest", digest, "error", err)
		default:
			return nil, err
		}
	}
	if !digestPattern.MatchString(digest) {
		return nil, notValid(i.URI, fmt.Sprintf("%q is no digest", digest))
	}
	s.mu.Lock()
	t, ok := s.trees[digest]
	if !ok {
		t = &Tree{Digest: digest, store: s, ready: make(chan struct{})}
		s.trees[digest] = t
		// Not by ctx: others may come to wait for the same tree.
		s.running.Go(func() { t.make(cmp.Or(i.Resolved, i.URI), architecture, local) })
	}
	t.users++
	s.mu.Unlock()
	select {
	case <-t.ready:
	case <-ctx.Done():
		t.Release()
		return nil, ctx.Err()
	}
	if t.err != nil {
		t.Release()
		return nil, t.err
	}
	if i.Digest == "" {
		s.remember(i.URI, architecture, digest)
	}
	return t, nil
}

// A Tree is an unpacked image in use. Release gives it back.
type Tree struct {
	Digest string
	Root   string // a host directory, read-only
	Config Config

	store  *Store
	layers []string
	users  int
	since  time.Time // when users became 0
	ready  chan struct{}
	err    error
}

func (t *Tree) set(r record) {
	t.Root, t.Config, t.layers = filepath.Join(t.store.imageDir(t.Digest), rootName), r.Config, r.Layers
}

// Release says that the tree is used no more.
func (t *Tree) Release() {
	if t.store == nil {
		return
	}
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	if t.users--; t.users == 0 {
		t.since = t.store.options.Clock.Now()
	}
}

// Collect removes the images that nobody has used for a while and that keep,
// asked for their digests, does not want, and the layers that no image has.
func (s *Store) Collect(unused time.Duration, keep func(digest string) bool) {
	now := s.options.Clock.Now()
	var old []string
	hide := func(dir string) bool {
		hidden := filepath.Join(filepath.Dir(dir), ".old-"+filepath.Base(dir))
		if err := os.Rename(dir, hidden); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.options.Log.Warn("an unused image remains on disk", "path", dir, "error", err)
			return false
		}
		old = append(old, hidden)
		return true
	}
	s.mu.Lock()
	needed := map[string]bool{}
	pulling := len(s.layers) > 0
	for digest, t := range s.trees {
		select {
		case <-t.ready:
		default:
			pulling = true
			continue
		}
		if t.users == 0 && now.Sub(t.since) >= unused && !keep(digest) && hide(s.imageDir(digest)) {
			delete(s.trees, digest)
			continue
		}
		for _, l := range t.layers {
			needed[l] = true
		}
	}
	s.forgetNames()
	if entries, err := os.ReadDir(s.layerDir("")); err == nil && !pulling {
		for _, e := range entries {
			if !needed["sha256:"+e.Name()] && !strings.HasPrefix(e.Name(), ".") {
				hide(s.layerDir(e.Name()))
			}
		}
	}
	s.mu.Unlock()
	for _, dir := range old {
		if err := disk.RemoveTree(dir); err != nil {
			s.options.Log.Warn("an unused image remains on disk", "path", dir, "error", err)
		}
	}
}

// Digests lists the images that are there, for people and tests.
func (s *Store) Digests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.trees))
}
