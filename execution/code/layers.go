package code

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/disk"
)

// maxLayers is how many layers a function may have.
//
// AWS: "Lambda quotas" of the developer guide.
const maxLayers = 5

// OpenLayers returns one tree of several layers, as a sandbox shows it at /opt:
// a later layer's files cover those of an earlier one. limit is what the layers
// may have together, unpacked, in bytes: what the function's own package leaves
// of MaxUnzipped.
//
// The tree is made of hard links: no mount that some hosts refuse, and no bytes
// of its own.
func (p *Packages) OpenLayers(ctx context.Context, layers []execution.Layer, limit int64) (*Package, error) {
	if len(layers) == 0 || len(layers) > maxLayers {
		return nil, fmt.Errorf("a tree of %d layers: there can be 1 to %d", len(layers), maxLayers)
	}
	t, err := p.openLayers(ctx, layers)
	if err != nil {
		return nil, err
	}
	if t.size > limit {
		t.Release()
		return nil, p.tooLarge(p.limit - limit + t.size)
	}
	return t, nil
}

func (p *Packages) openLayers(ctx context.Context, layers []execution.Layer) (*Package, error) {
	if len(layers) == 1 {
		return p.Open(ctx, layers[0].Code)
	}
	whole := sha256.New()
	for _, l := range layers {
		sum, err := hexSum(l.Code)
		if err != nil {
			return nil, fmt.Errorf("layer %s: %w", l.ARN, err)
		}
		fmt.Fprintln(whole, sum)
	}
	return p.open(ctx, hex.EncodeToString(whole.Sum(nil)), func(dir string) (int64, error) { return p.merge(layers, dir) })
}

// tooLarge is the package's fault.
//
// AWS: the words of CreateFunction for it.
func (p *Packages) tooLarge(size int64) error {
	return fmt.Errorf("%w: Function code combined with layers exceeds the maximum allowed size of %d bytes. The actual size is %d bytes.", ErrPackage, p.limit, size)
}

// merge links the files of layers into an empty directory and returns how much
// the layers have together, also of what does not show.
func (p *Packages) merge(layers []execution.Layer, dir string) (size int64, err error) {
	root := newDirectory()
	for _, l := range layers {
		// The tree in the making outlives whoever asked for it first, and the
		// layers' own trees are needed no longer than it takes.
		t, err := p.Open(context.Background(), l.Code)
		if err != nil {
			return 0, fmt.Errorf("layer %s: %w", l.ARN, err)
		}
		if size += t.size; size > p.limit {
			err = p.tooLarge(size)
		} else if err = p.cover(root, t.Dir, dir); err != nil {
			err = fmt.Errorf("unpack layer %s: %w", l.ARN, err)
		}
		t.Release()
		if err != nil {
			return 0, err
		}
	}
	return size, root.close(dir)
}

func (p *Packages) cover(root *directory, from, to string) error {
	p.covering.Lock()
	defer p.covering.Unlock()
	return root.cover(from, to)
}

// A directory is what has been made in one of the merged tree's: the
// directories by name, and nil for everything else. Nothing is written but
// through directories made here: what one layer calls a symbolic link is no way
// for another's files.
type directory struct {
	mode fs.FileMode // that is to be its
	has  map[string]*directory
}

func newDirectory() *directory { return &directory{has: map[string]*directory{}} }

// cover lays the directory from over what is at to.
func (d *directory) cover(from, to string) error {
	entries, restore, err := list(from)
	defer restore()
	if err != nil {
		return err
	}
	for _, e := range entries {
		source, target := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		before, there := d.has[e.Name()]
		if there && (before == nil || !e.IsDir()) {
			if err := os.RemoveAll(target); err != nil {
				return err
			}
			before = nil
		}
		if e.IsDir() {
			if before == nil {
				before = newDirectory()
				if err := os.Mkdir(target, 0o755); err != nil {
					return err
				}
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			before.mode = info.Mode().Perm()
			if err := before.cover(source, target); err != nil {
				return err
			}
		} else if err := link(e, source, target); err != nil {
			return err
		}
		d.has[e.Name()] = before
	}
	return nil
}

// list lists a directory of a tree. One that its owner may not look into is open
// to everyone until restore is called: its permissions are there to show
// functions what AWS would.
func list(dir string) (entries []fs.DirEntry, restore func(), err error) {
	restore = func() {}
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, restore, err
	}
	if mode := info.Mode().Perm(); mode&0o500 != 0o500 {
		if err := os.Chmod(dir, 0o555); err != nil {
			return nil, restore, err
		}
		restore = func() { _ = os.Chmod(dir, mode) }
	}
	entries, err = os.ReadDir(dir)
	return entries, restore, err
}

// close gives the directories in the one at path their modes.
func (d *directory) close(path string) error {
	for name, inner := range d.has {
		if inner == nil {
			continue
		}
		path := filepath.Join(path, name)
		if err := inner.close(path); err != nil {
			return err
		}
		if err := os.Chmod(path, inner.mode); err != nil {
			return fmt.Errorf("unpack layers: %w", err)
		}
	}
	return nil
}

// link puts a file or a symbolic link of one tree into another.
func link(e fs.DirEntry, from, to string) error {
	if e.Type()&fs.ModeSymlink != 0 {
		inside, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(inside, to)
	}
	return disk.Link(from, to)
}
