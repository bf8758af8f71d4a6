package code

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/disk"
	"github.com/lamgate/lamgate/state"
)

// Packages keeps deployment packages and layers unpacked on disk, each once,
// under the SHA-256 of its ZIP file, for all environments that run it.
type Packages struct {
	// LinksInside refuses the packages that have symbolic links out of them: there
	// is no isolation, and so no root but the host's to follow them in. It is set
	// before the first package is opened.
	LinksInside bool

	dir   string
	limit int64 // of a package and its layers, unpacked
	blobs state.Blobs
	clock aws.Clock
	log   *slog.Logger

	running  sync.WaitGroup
	covering sync.Mutex // held while layers' trees are read that others share

	mu    sync.Mutex
	trees map[string]*Package
}

// A Package is an unpacked deployment package in use, or several layers as one.
// Release gives it back.
type Package struct {
	Dir string // once it is ready

	packages *Packages
	sum      string
	size     int64 // unpacked
	users    int
	since    time.Time // when users became 0
	ready    chan struct{}
	err      error
}

// NewPackages keeps packages below dir. What an earlier server has unpacked
// there is used again, unless the machine has been started since: trees are not
// synced to the disk, and a loss of power may have left them in part; or unless a
// lamgate made them that gave trees another form. What is half-done is removed.
func NewPackages(dir string, blobs state.Blobs, clock aws.Clock, log *slog.Logger) (*Packages, error) {
	boot := disk.BootID() + treeForm
	p := &Packages{dir: filepath.Join(dir, boot), limit: MaxUnzipped, blobs: blobs, clock: clock, log: log, trees: map[string]*Package{}}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, fmt.Errorf("make directory for code: %w", err)
	}
	boots, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read directory of code: %w", err)
	}
	for _, e := range boots {
		if e.Name() != boot {
			p.running.Go(func() { disk.RemoveTree(filepath.Join(dir, e.Name())) })
		}
	}
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return nil, fmt.Errorf("read directory of code: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(p.dir, e.Name())
		sum, size, ok := parseTreeName(e.Name())
		if !ok {
			disk.RemoveTree(path)
			continue
		}
		done := make(chan struct{})
		close(done)
		p.trees[sum] = &Package{Dir: path, packages: p, sum: sum, size: size, since: clock.Now(), ready: done}
	}
	return p, nil
}

// treeForm changes when what is unpacked of a package does.
const treeForm = ".2"

// treeName is the name of a tree's directory: what it was made of, and the bytes
// of that. parseTreeName reads it; what has another name is half-done.
func treeName(sum string, size int64) string { return sum + "." + strconv.FormatInt(size, 10) }

func parseTreeName(name string) (sum string, size int64, ok bool) {
	sum, after, _ := strings.Cut(name, ".")
	size, err := strconv.ParseInt(after, 10, 64)
	return sum, size, err == nil && len(sum) == 2*sha256.Size
}

// hexSum returns the SHA-256 of code in the form that trees are kept by.
func hexSum(code execution.Code) (string, error) {
	digest, err := base64.StdEncoding.DecodeString(code.SHA256)
	if err != nil || len(digest) != sha256.Size {
		return "", fmt.Errorf("code has the SHA-256 %q, which is none", code.SHA256)
	}
	return hex.EncodeToString(digest), nil
}

// Open returns the package of a function's code, unpacking it if need be.
func (p *Packages) Open(ctx context.Context, code execution.Code) (*Package, error) {
	sum, err := hexSum(code)
	if err != nil {
		return nil, err
	}
	return p.open(ctx, sum, func(dir string) (int64, error) { return p.unpack(code.Blob, sum, dir) })
}

// open returns the tree of a sum, or has it made: fill writes the tree into an
// empty directory and returns how large it is.
func (p *Packages) open(ctx context.Context, sum string, fill func(dir string) (int64, error)) (*Package, error) {
	p.mu.Lock()
	t, ok := p.trees[sum]
	if !ok {
		t = &Package{packages: p, sum: sum, ready: make(chan struct{})}
		p.trees[sum] = t
		// Not by ctx: others may come to wait for the same tree.
		p.running.Go(func() { t.make(fill) })
	}
	t.users++
	p.mu.Unlock()
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
	return t, nil
}

// Dir is the directory that all packages lie in.
func (p *Packages) Dir() string { return p.dir }

// Prepare unpacks a package and its layers in the background, so that the first
// to open them need not wait. What is wrong with them is for that one to learn.
func (p *Packages) Prepare(code execution.Code, layers ...execution.Layer) {
	p.running.Go(func() {
		if t, err := p.Open(context.Background(), code); err == nil {
			t.Release()
		}
	})
	if len(layers) == 0 {
		return
	}
	p.running.Go(func() {
		if t, err := p.OpenLayers(context.Background(), layers, p.limit); err == nil {
			t.Release()
		}
	})
}

// Wait returns when nothing is being unpacked any more.
func (p *Packages) Wait() { p.running.Wait() }

// Size is how much there is in the package, unpacked, in bytes.
func (t *Package) Size() int64 { return t.size }

// Release says that one who opened the package uses it no more.
func (t *Package) Release() {
	p := t.packages
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.users--; t.users == 0 {
		t.since = p.clock.Now()
	}
}

// Collect removes the packages that nobody has used for a while.
func (p *Packages) Collect(unused time.Duration) {
	now := p.clock.Now()
	p.mu.Lock()
	var old []*Package
	for sum, t := range p.trees {
		if t.users == 0 && t.made() && now.Sub(t.since) >= unused {
			// Out of sight before it goes: who needs it again unpacks it anew.
			hidden := filepath.Join(p.dir, ".old-"+sum)
			if err := os.Rename(t.Dir, hidden); err != nil && !errors.Is(err, fs.ErrNotExist) {
				p.log.Warn("unused code remains on disk", "path", t.Dir, "error", err)
				continue
			}
			delete(p.trees, sum)
			old = append(old, &Package{Dir: hidden})
		}
	}
	p.mu.Unlock()
	for _, t := range old {
		if err := disk.RemoveTree(t.Dir); err != nil {
			p.log.Warn("unused code remains on disk", "path", t.Dir, "error", err)
		}
	}
}

// made tells whether the tree is there, or has failed to be.
func (t *Package) made() bool {
	select {
	case <-t.ready:
		return true
	default:
		return false
	}
}

// make makes the tree, out of sight until it is whole.
func (t *Package) make(fill func(dir string) (int64, error)) {
	p := t.packages
	if t.err = t.place(fill); t.err != nil {
		p.mu.Lock()
		delete(p.trees, t.sum) // the next one tries again
		p.mu.Unlock()
	}
	close(t.ready)
}

func (t *Package) place(fill func(dir string) (int64, error)) error {
	temp, err := os.MkdirTemp(t.packages.dir, ".new-")
	if err != nil {
		return fmt.Errorf("unpack code: %w", err)
	}
	defer disk.RemoveTree(temp)
	if t.size, err = fill(temp); err != nil {
		return err
	}
	dir := filepath.Join(t.packages.dir, treeName(t.sum, t.size))
	// A directory that may not be written cannot be renamed either, where the
	// server is not root.
	if err := os.Chmod(temp, 0o755); err != nil {
		return fmt.Errorf("unpack code: %w", err)
	}
	if err := os.Rename(temp, dir); err != nil {
		return fmt.Errorf("unpack code: %w", err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		return fmt.Errorf("unpack code: %w", err)
	}
	t.Dir = dir
	return nil
}

// unpack fetches a ZIP file and unpacks it.
func (p *Packages) unpack(blob, sum, dir string) (int64, error) {
	spool, err := os.CreateTemp(p.dir, ".zip-")
	if err != nil {
		return 0, fmt.Errorf("fetch code: %w", err)
	}
	defer os.Remove(spool.Name())
	defer spool.Close()
	packed, err := p.fetch(spool, blob, sum)
	if err != nil {
		return 0, err
	}
	size, err := unzip(spool, packed, dir, p.limit, p.LinksInside)
	if ofHost(err) {
		return 0, fmt.Errorf("unpack code: %w", err)
	} else if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrPackage, err)
	}
	return size, nil
}

// ErrPackage says that a package is at fault, and not this host.
var ErrPackage = errors.New("Lambda could not unzip the deployment package")

// ofHost tells whether unpacking failed for want of what this host should have.
func ofHost(err error) bool {
	for _, reason := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}

// fetch copies a blob to a file and checks that it is what it should be.
func (p *Packages) fetch(f *os.File, blob, sum string) (int64, error) {
	r, err := p.blobs.Open(context.Background(), blob)
	if err != nil {
		return 0, fmt.Errorf("fetch code from the store: %w", err)
	}
	defer r.Close()
	h := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, h), r)
	if err != nil {
		return 0, fmt.Errorf("fetch code from the store: %w", err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sum {
		return 0, fmt.Errorf("the code in the store has the SHA-256 %s, not %s", got, sum)
	}
	return size, nil
}
