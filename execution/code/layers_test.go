package code

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/disk"
	"github.com/lamgate/lamgate/state"
)

// shelf is a blob store of many blobs.
type shelf struct {
	state.Blobs
	content map[string][]byte
	opened  int
}

func (s *shelf) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	s.opened++
	b, ok := s.content[key]
	if !ok {
		return nil, state.ErrNotFound
	}
	return readCloser{bytes.NewReader(b)}, nil
}

// layer puts a layer on the shelf.
func (s *shelf) layer(t testing.TB, items ...item) execution.Layer {
	b := pack(t, items...)
	sum := sha256.Sum256(b)
	key := base64.StdEncoding.EncodeToString(sum[:])
	s.content[key] = b
	return execution.Layer{ARN: "arn:aws:lambda:us-east-1:000000000000:layer:l:1", Code: execution.Code{SHA256: key, Blob: key, Size: int64(len(b))}}
}

func newPackages(t testing.TB, dir string, blobs state.Blobs, clock aws.Clock) *Packages {
	p, err := NewPackages(dir, blobs, clock, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Wait(); disk.RemoveTree(dir) })
	return p
}

// tree lists a directory: files with their content, links with where they lead,
// directories with a slash.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		switch {
		case e.IsDir():
			found[name+"/"] = ""
		case e.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			found[name] = "-> " + to
			return err
		default:
			b, err := os.ReadFile(path)
			found[name] = string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

const linkMode = fs.ModeSymlink | 0o777

func TestLaterLayersCoverEarlierOnes(t *testing.T) {
	for name, c := range map[string]struct {
		layers [][]item
		want   map[string]string
	}{
		"beside": {
			[][]item{{{"python/a.py", "a", 0o644}}, {{"python/b.py", "b", 0o644}}},
			map[string]string{"python/": "", "python/a.py": "a", "python/b.py": "b"},
		},
		"the same file": {
			[][]item{{{"bin/tool", "1", 0o755}}, {{"bin/tool", "2", 0o755}}, {{"bin/other", "3", 0o755}}},
			map[string]string{"bin/": "", "bin/tool": "2", "bin/other": "3"},
		},
		"a file over a directory": {
			[][]item{{{"lib/x/y", "1", 0o644}, {"lib/z", "z", 0o644}}, {{"lib/x", "2", 0o644}}},
			map[string]string{"lib/": "", "lib/x": "2", "lib/z": "z"},
		},
		"a directory over a file, and back": {
			[][]item{{{"lib", "1", 0o644}}, {{"lib/a", "2", 0o644}}, {{"lib", "3", 0o644}}, {{"lib/b", "4", 0o644}}},
			map[string]string{"lib/": "", "lib/b": "4"},
		},
		"a directory over a link": {
			[][]item{{{"real/a", "1", 0o644}, {"lib", "real", linkMode}}, {{"lib/b", "2", 0o644}}},
			map[string]string{"real/": "", "real/a": "1", "lib/": "", "lib/b": "2"},
		},
		"a link over a directory": {
			[][]item{{{"real/a", "1", 0o644}, {"lib/b", "2", 0o644}}, {{"lib", "real", linkMode}}},
			map[string]string{"real/": "", "real/a": "1", "lib": "-> real"},
		},
		"the same layer twice": {
			[][]item{{{"a", "1", 0o644}}, {{"a", "2", 0o644}}, {{"a", "1", 0o644}}},
			map[string]string{"a": "1"},
		},
		"one": {[][]item{{{"a", "1", 0o644}}}, map[string]string{"a": "1"}},
	} {
		s := &shelf{content: map[string][]byte{}}
		p := newPackages(t, t.TempDir(), s, aws.SystemClock{})
		var layers []execution.Layer
		for _, items := range c.layers {
			layers = append(layers, s.layer(t, items...))
		}
		l, err := p.OpenLayers(t.Context(), layers, MaxUnzipped)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := tree(t, l.Dir)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		for path, content := range c.want {
			if v, ok := got[path]; !ok || v != content {
				t.Errorf("%s: %s is %q, want %q", name, path, v, content)
			}
			info, err := os.Lstat(filepath.Join(l.Dir, path))
			if err != nil || info.Mode()&fs.ModeSymlink == 0 && info.Mode().Perm()&0o222 != 0 {
				t.Errorf("%s: %s can be written: %v, %v", name, path, info.Mode(), err)
			}
		}
		if info, _ := os.Stat(l.Dir); info.Mode().Perm() != 0o555 {
			t.Errorf("%s: the tree's own mode is %v", name, info.Mode())
		}
		l.Release()
	}
}

// Layers take no room of their own, are made once, and hold when one of them,
// or the server, goes.
func TestLayersAreShared(t *testing.T) {
	clock := aws.NewManualClock(time.Unix(1, 0))
	s := &shelf{content: map[string][]byte{}}
	layers := []execution.Layer{s.layer(t, item{"a", "1", 0o644}), s.layer(t, item{"b", "22", 0o755})}
	dir := t.TempDir()
	p := newPackages(t, dir, s, clock)
	l, err := p.OpenLayers(t.Context(), layers, MaxUnzipped)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := p.OpenLayers(t.Context(), layers, MaxUnzipped); err != nil || again != l || s.opened != 2 {
		t.Errorf("%v, opened %d times", err, s.opened)
	} else {
		again.Release()
	}
	if l.Size() != 3 || !strings.HasPrefix(l.Dir, p.Dir()) {
		t.Errorf("%d bytes at %s", l.Size(), l.Dir)
	}
	one, err := p.Open(t.Context(), layers[0].Code)
	if err != nil {
		t.Fatal(err)
	}
	alone, _ := os.Stat(filepath.Join(one.Dir, "a"))
	merged, _ := os.Stat(filepath.Join(l.Dir, "a"))
	if !os.SameFile(alone, merged) {
		t.Error("a layer's file was copied")
	}
	one.Release()
	clock.Advance(time.Hour)
	p.Collect(time.Minute)
	if _, err := os.Stat(one.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a layer's own tree remains: %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(l.Dir, "a")); string(b) != "1" {
		t.Errorf("after its layer's tree has gone: %q, %v", b, err)
	}

	p = newPackages(t, dir, s, clock) // another server, on the same data
	if again, err := p.OpenLayers(t.Context(), layers, MaxUnzipped); err != nil || s.opened != 2 || again.Size() != 3 {
		t.Errorf("after a restart: %v, opened %d times", err, s.opened)
	}
	if other, err := p.OpenLayers(t.Context(), []execution.Layer{layers[1], layers[0]}, MaxUnzipped); err != nil || other.Dir == l.Dir {
		t.Errorf("in another order: %v", err)
	}
}

func TestLayersAreBounded(t *testing.T) {
	s := &shelf{content: map[string][]byte{}}
	p := newPackages(t, t.TempDir(), s, aws.SystemClock{})
	p.limit = 1000
	big := s.layer(t, item{"zeros", strings.Repeat("\x00", 501), 0o644})
	small := s.layer(t, item{"a", "12345", 0o644})
	for name, c := range map[string]struct {
		layers []execution.Layer
		limit  int64
		says   string
		fault  bool // the package's
	}{
		"with the function's own code": {[]execution.Layer{small}, 4, "combined with layers exceeds the maximum allowed size of 1000 bytes. The actual size is 1001 bytes.", true},
		"together":                     {[]execution.Layer{big, small, big}, p.limit, "The actual size is 1007 bytes.", true},
		"none":                         {nil, p.limit, "0 layers", false},
		"six":                          {[]execution.Layer{small, small, small, small, small, small}, p.limit, "6 layers", false},
		"lost":                         {[]execution.Layer{small, {ARN: "gone", Code: execution.Code{SHA256: base64.StdEncoding.EncodeToString(make([]byte, 32))}}}, p.limit, "layer gone", false},
		"no sum":                       {[]execution.Layer{small, {ARN: "odd"}}, p.limit, "layer odd", false},
	} {
		_, err := p.OpenLayers(t.Context(), c.layers, c.limit)
		if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, ErrPackage) != c.fault {
			t.Errorf("%s: %v", name, err)
		}
	}
	if l, err := p.OpenLayers(t.Context(), []execution.Layer{small}, 5); err != nil {
		t.Error(err)
	} else {
		l.Release()
	}
	entries, _ := os.ReadDir(p.Dir())
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

// A tree in the making that nobody waits for any more is not collected.
func TestCollectLeavesWhatIsBeingMade(t *testing.T) {
	clock := aws.NewManualClock(time.Unix(1, 0))
	p := newPackages(t, t.TempDir(), &shelf{}, clock)
	ctx, cancel := context.WithCancel(t.Context())
	goOn, sum := make(chan struct{}), strings.Repeat("0", 64)
	fill := func(dir string) (int64, error) {
		cancel()
		<-goOn
		return 0, nil
	}
	if _, err := p.open(ctx, sum, fill); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	clock.Advance(time.Hour)
	p.Collect(time.Minute)
	close(goOn)
	p.Wait()
	again, err := p.open(t.Context(), sum, func(string) (int64, error) { return 0, errors.New("made twice") })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(again.Dir); err != nil {
		t.Error(err)
	}
}

func TestDuplicateKeepsTheMode(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := errors.Join(os.WriteFile(from, []byte("x"), 0o555), os.Chmod(from, 0o555)); err != nil {
		t.Fatal(err)
	}
	old := syscall.Umask(0o077)
	err := disk.Copy(from, to)
	syscall.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(to); info.Mode() != 0o555 {
		t.Errorf("mode %v", info.Mode())
	}
}
