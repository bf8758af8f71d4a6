package image

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/disk"
)

// make pulls an image and makes its tree.
func (t *Tree) make(text, architecture string, local bool) {
	s := t.store
	began := s.options.Clock.Now()
	s.options.Log.Info("an image is pulled", "image", text, "digest", t.Digest)
	t.err = t.pull(text, architecture, local)
	if t.err != nil {
		s.mu.Lock()
		delete(s.trees, t.Digest) // the next one tries again
		s.mu.Unlock()
		s.options.Log.Warn("an image was not pulled", "image", text, "digest", t.Digest, "error", t.err)
	} else {
		s.options.Log.Info("an image is ready", "image", text, "digest", t.Digest, "took", s.options.Clock.Now().Sub(began))
	}
	close(t.ready)
}

func (t *Tree) pull(text, architecture string, local bool) error {
	s := t.store
	src, r, err := s.source(text, local)
	if err != nil {
		return err
	}
	defer src.Close()
	if r.kind != inArchive { // which knows no digests
		r.digest = t.Digest
	}
	i, err := find(s.life, src, r, architecture)
	if err != nil {
		return err
	}
	if i.digest != t.Digest {
		return notThere(text, "what is there now has the digest "+i.digest)
	}
	layers, release, err := s.fetchAll(src, r, i)
	if err != nil {
		return err
	}
	defer release()
	return t.assemble(i, layers)
}

// assemble makes the tree of layers, out of sight until it is whole.
func (t *Tree) assemble(i *found, layers []*layer) error {
	s := t.store
	fail := func(err error) error { return fmt.Errorf("unpack image %s: %w", t.Digest, err) }
	temp, err := os.MkdirTemp(s.imageDir(""), ".new-")
	if err != nil {
		return fail(err)
	}
	defer disk.RemoveTree(temp)
	whole := newTree()
	for n, l := range layers {
		err := whole.add(l, filepath.Join(s.layerDir(i.diffs[n]), filesName))
		if b, ok := errors.AsType[badArchive](err); ok {
			return badLayer(i.layers[n].Digest, b.Error())
		} else if err != nil {
			return fail(err)
		}
	}
	empty := filepath.Join(temp, "empty")
	whole.prepare(empty)
	root := filepath.Join(temp, rootName)
	r := record{Config: i.config, Layers: i.diffs, Boot: disk.BootID()}
	b, err := json.Marshal(r)
	if err != nil {
		return fail(err)
	}
	err = errors.Join(
		os.WriteFile(empty, nil, 0o444), os.Chmod(empty, 0o444), os.Chmod(temp, 0o755), os.Mkdir(root, 0o755),
		os.WriteFile(filepath.Join(temp, recordName), b, 0o644),
	)
	if err == nil {
		err = whole.write(root)
	}
	if err == nil {
		err = os.Chmod(root, 0o755)
	}
	if err == nil {
		err = s.place(temp, s.imageDir(t.Digest))
	}
	if err == nil {
		err = os.Chmod(filepath.Join(s.imageDir(t.Digest), rootName), 0o555)
	}
	if err != nil {
		return fail(err)
	}
	t.set(r)
	dirs := []string{s.imageDir(t.Digest)}
	for _, diff := range i.diffs {
		dirs = append(dirs, s.layerDir(diff))
	}
	s.settle(dirs)
	return nil
}

// place moves a directory that is whole to where it is looked for. What is there
// was of no use.
func (s *Store) place(temp, dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		old := filepath.Join(filepath.Dir(dir), ".old-"+filepath.Base(dir))
		if err := os.Rename(dir, old); err != nil {
			return err
		}
		defer disk.RemoveTree(old)
	}
	return os.Rename(temp, dir)
}

// A fetching is a layer that is on disk, or on its way there, for as long as
// somebody needs it.
type fetching struct {
	users int
	ready chan struct{}
	l     *layer
	err   error
}

// fetchAll returns an image's layers, fetching what is not there. release says
// that they may go.
func (s *Store) fetchAll(src source, r reference, i *found) (layers []*layer, release func(), err error) {
	ctx, cancel := context.WithCancel(s.life)
	defer cancel()
	left := newBudget()
	held := make([]*fetching, len(i.layers))
	errs := make([]error, len(i.layers))
	var wait sync.WaitGroup
	for n := range i.layers {
		wait.Go(func() {
			if held[n], errs[n] = s.fetchLayer(ctx, src, r, i.layers[n], i.diffs[n], left); errs[n] != nil {
				cancel() // the others are of no use any more
			}
		})
	}
	wait.Wait()
	release = func() {
		for n, f := range held {
			if f != nil {
				s.leaveLayer(i.diffs[n], f)
			}
		}
	}
	// The first error is the reason; that of those given up is that they were.
	for _, e := range errs {
		if e != nil && (err == nil || errors.Is(err, context.Canceled)) {
			err = e
		}
	}
	var size, entries int64
	for _, f := range held {
		if f != nil {
			layers = append(layers, f.l)
			size += f.l.Size
			entries += int64(len(f.l.Entries))
		}
	}
	if err == nil && (size > maxUnpacked || entries > maxEntries) { // of layers that were there
		err = unsupported(r.text, errTooLarge.Error())
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	return layers, release, nil
}

func (s *Store) leaveLayer(diff string, f *fetching) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.users--; f.users == 0 && s.layers[diff] == f {
		delete(s.layers, diff)
	}
}

// fetchLayer returns a layer. Two images that want the same one share it.
func (s *Store) fetchLayer(ctx context.Context, src source, r reference, d descriptor, diff string, left *budget) (*fetching, error) {
	for {
		s.mu.Lock()
		f, there := s.layers[diff]
		if !there {
			f = &fetching{ready: make(chan struct{})}
			s.layers[diff] = f
		}
		f.users++
		s.mu.Unlock()
		if !there {
			if f.l, f.err = s.layer(ctx, src, r, d, diff, left); f.err != nil {
				s.mu.Lock()
				delete(s.layers, diff) // the next one tries again
				s.mu.Unlock()
			}
			close(f.ready)
		}
		select {
		case <-f.ready:
		case <-ctx.Done():
			s.leaveLayer(diff, f)
			return nil, ctx.Err()
		}
		if f.err == nil {
			return f, nil
		}
		s.leaveLayer(diff, f)
		// Another image's pull may have ended for a reason of its own.
		if !there || ctx.Err() != nil {
			return nil, f.err
		}
	}
}

const (
	filesName   = "files"
	entriesName = "entries"
)

// layer reads a layer that is on disk, or fetches it.
func (s *Store) layer(ctx context.Context, src source, r reference, d descriptor, diff string, left *budget) (*layer, error) {
	dir := s.layerDir(diff)
	if l, err := loadLayer(filepath.Join(dir, entriesName)); err == nil && trusted(dir, l.Boot) {
		return l, nil
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	delay := firstDelay
	for attempt := 1; ; attempt++ {
		l, err := s.fetch(ctx, src, r, d, diff, left)
		if !passing(err) || attempt == attempts {
			return l, err
		}
		done, stop := aws.After(s.options.Clock, delay)
		select {
		case <-done:
		case <-ctx.Done():
			stop()
			return nil, err
		}
		delay *= 2
	}
}

// fetch pulls a layer, verifies and unpacks it.
func (s *Store) fetch(ctx context.Context, src source, r reference, d descriptor, diff string, left *budget) (*layer, error) {
	began := s.options.Clock.Now()
	temp, err := os.MkdirTemp(s.layerDir(""), ".new-")
	if err != nil {
		return nil, fmt.Errorf("unpack a layer: %w", err)
	}
	defer disk.RemoveTree(temp)
	files := filepath.Join(temp, filesName)
	if err := os.Mkdir(files, 0o755); err != nil {
		return nil, fmt.Errorf("unpack a layer: %w", err)
	}
	blob, err := src.blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	h := sha256.New()
	in := &transfer{r: blob}
	packed := &counted{r: io.TeeReader(in, h), left: d.Size + 1, over: errors.New("it is larger than its manifest says")}
	mine := newBudget() // what a failed attempt has taken is given back
	mine.bytes.Store(left.bytes.Load())
	mine.entries.Store(left.entries.Load())
	mine.names.Store(left.names.Load())
	before := [3]int64{mine.bytes.Load(), mine.entries.Load(), mine.names.Load()}
	l, got, err := unpackLayer(packed, files, mine, s.room)
	if in.err != nil {
		return nil, unreachable(r.text, in.err)
	}
	if b, ok := errors.AsType[badArchive](err); ok {
		return nil, badLayer(d.Digest, b.Error())
	}
	if err != nil {
		return nil, fmt.Errorf("unpack layer %s: %w", d.Digest, err)
	}
	if _, err := io.Copy(io.Discard, packed); err != nil {
		return nil, badLayer(d.Digest, "it is larger than its manifest says")
	}
	if size := d.Size + 1 - packed.left; size != d.Size {
		return nil, badLayer(d.Digest, fmt.Sprintf("it has %d bytes, and its manifest says %d", size, d.Size))
	}
	// An archive has no digests of what is packed.
	if sum := "sha256:" + hexOf(h); sum != d.Digest && r.kind != inArchive {
		return nil, badLayer(d.Digest, "it has the digest "+sum)
	}
	if got != diff {
		return nil, badLayer(d.Digest, fmt.Sprintf("unpacked it has the digest %s, and the image's configuration says %s", got, diff))
	}
	for n, counter := range []interface{ Add(int64) int64 }{&left.bytes, &left.entries, &left.names} {
		after := []int64{mine.bytes.Load(), mine.entries.Load(), mine.names.Load()}[n]
		if counter.Add(after-before[n]) < 0 {
			return nil, badLayer(d.Digest, errTooLarge.Error())
		}
	}
	l.Boot = disk.BootID()
	err = errors.Join(l.save(filepath.Join(temp, entriesName)), os.Chmod(temp, 0o755))
	if err == nil {
		err = s.place(temp, s.layerDir(diff))
	}
	if err != nil {
		return nil, fmt.Errorf("unpack layer %s: %w", d.Digest, err)
	}
	s.options.Log.Debug("a layer was pulled", "digest", d.Digest, "bytes", d.Size, "unpacked", l.Size, "took", s.options.Clock.Now().Sub(began))
	return l, nil
}

// A transfer remembers that the bytes ended in an error: no archive's fault.
type transfer struct {
	r   io.Reader
	err error
}

func (t *transfer) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if err != nil && err != io.EOF {
		t.err = err
	}
	return n, err
}
