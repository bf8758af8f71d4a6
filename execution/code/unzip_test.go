package code

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/disk"
	"github.com/lamgate/lamgate/state"
)

const testLimit = 1 << 20

type item struct {
	name, content string
	mode          fs.FileMode
}

func pack(t testing.TB, items ...item) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, i := range items {
		h := &zip.FileHeader{Name: i.name, Method: zip.Deflate}
		h.SetMode(i.mode)
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write([]byte(i.content))
		}
		if err != nil && !strings.HasSuffix(i.name, "/") {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestUnzip(t *testing.T) {
	dir := t.TempDir()
	b := pack(t, item{"app.py", "code", 0o644}, item{"bin/run", "#!", 0o755}, item{"empty/", "", fs.ModeDir | 0o755},
		item{`win\dows.txt`, "w", 0o644}, item{"lib/link", "../app.py", linkMode}, item{"./dot/a", "a", 0o666}, item{"app.py", "later", 0o644})
	if _, err := unzip(bytes.NewReader(b), int64(len(b)), dir, testLimit, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.RemoveTree(dir) })
	for name, want := range map[string]fs.FileMode{"app.py": 0o444, "bin/run": 0o555, "win/dows.txt": 0o444, "dot/a": 0o444} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	for _, name := range []string{"bin", "empty", "lib"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != fs.ModeDir|0o555 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "lib/link")); string(b) != "later" {
		t.Errorf("the link leads to %q, %v", b, err)
	}
}

// What others may not do, nobody may: on AWS the code is another's than the
// function's user.
func TestPermissionsAreKept(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range []struct {
		name     string
		creator  uint16
		external uint32
	}{
		{"secret.py", 3 << 8, 0o100600 << 16},
		{"closed.py", 3 << 8, 0o100000 << 16},
		{"mac.py", 19 << 8, 0o100640 << 16},
		{"run", 3 << 8, 0o100711 << 16},
		{"runs-as-root", 3 << 8, 0o104755 << 16},
		{"locked/", 3 << 8, 0o040700 << 16},
		{"locked/inner/a.py", 3 << 8, 0o100644 << 16},
		{"early/b.py", 3 << 8, 0o100644 << 16},
		{"early/", 3 << 8, 0o040711 << 16},
		{"plain.py", 3 << 8, 0}, // no attributes: Java's and other writers'
		{"windows.py", 0, 0x20},
		{"windows/", 0, 0x10},
		{"windows-unix.py", 0, 0o100600 << 16}, // not those of Unix
	} {
		h := &zip.FileHeader{Name: e.name, CreatorVersion: e.creator, ExternalAttrs: e.external}
		if _, err := z.CreateHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	dir := t.TempDir()
	if _, err := unzip(bytes.NewReader(b.Bytes()), int64(b.Len()), dir, testLimit, false); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{
		"secret.py": 0, "closed.py": 0, "mac.py": 0, "run": 0o111, "runs-as-root": 0o555, "locked": fs.ModeDir, "early": fs.ModeDir | 0o111,
		"plain.py": 0o444, "windows.py": 0o444, "windows": fs.ModeDir | 0o555, "windows-unix.py": 0o444,
	} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v, want %v", name, info.Mode(), err, want)
		}
	}
	if err := disk.RemoveTree(dir); err != nil {
		t.Errorf("the tree cannot be removed: %v", err)
	}
}

// A link is for the sandbox to follow. Nothing here does: what it leads to keeps
// its content, its mode and its life.
func TestLinksAreKeptAndNotFollowed(t *testing.T) {
	outer := t.TempDir()
	victim, directory := filepath.Join(outer, "victim"), filepath.Join(outer, "directory")
	if err := errors.Join(os.WriteFile(victim, []byte("untouched"), 0o640), os.Mkdir(directory, 0o750), os.WriteFile(directory+"/a", []byte("untouched"), 0o640)); err != nil {
		t.Fatal(err)
	}
	links := []item{
		{"absolute", victim, linkMode}, {"climbs", "../../../victim", linkMode}, {"opt", "/opt/x", linkMode}, {"loop", "loop", linkMode},
		{"dir", directory, linkMode}, {"b/dir", "../../../directory", linkMode}, {"gone", "/nowhere", linkMode},
	}
	s := &shelf{content: map[string][]byte{}}
	clock := aws.NewManualClock(time.Unix(1, 0))
	p := newPackages(t, t.TempDir(), s, clock)
	one := s.layer(t, append(links, item{"b/c", "x", 0o600}, item{"d/", "", fs.ModeDir | 0o700}, item{"d/e", "x", 0o644})...)
	two := s.layer(t, item{"absolute", "mine", 0o644}, item{"dir/a", "mine", 0o644}, item{"b/dir", "/elsewhere", linkMode}, item{"d/f", "x", 0o644})
	alone, err := p.Open(t.Context(), one.Code)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if to, err := os.Readlink(filepath.Join(alone.Dir, l.name)); err != nil || to != l.content {
			t.Errorf("%s leads to %q, %v", l.name, to, err)
		}
	}
	merged, err := p.OpenLayers(t.Context(), []execution.Layer{one, two}, MaxUnzipped)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(merged.Dir, "dir/a")); string(b) != "mine" {
		t.Errorf("a directory over a link has %q, %v", b, err)
	}
	if info, _ := os.Lstat(filepath.Join(merged.Dir, "d")); info.Mode().Perm() != 0o555 {
		t.Errorf("a directory has not the mode of the last layer: %v", info.Mode())
	}
	if info, _ := os.Lstat(filepath.Join(alone.Dir, "d")); info.Mode().Perm() != 0 {
		t.Errorf("merging has left a directory %v", info.Mode())
	}
	alone.Release()
	merged.Release()
	clock.Advance(time.Hour)
	p.Collect(time.Minute)
	if list, _ := os.ReadDir(p.Dir()); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
	for name, mode := range map[string]fs.FileMode{victim: 0o640, directory: fs.ModeDir | 0o750, directory + "/a": 0o640} {
		if info, err := os.Lstat(name); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
		if mode.IsRegular() {
			if b, _ := os.ReadFile(name); string(b) != "untouched" {
				t.Errorf("%s holds %q", name, b)
			}
		}
	}
}

// Without isolation, a link that leads out would lead to the host.
func TestLinksStayInsideWithoutIsolation(t *testing.T) {
	for target, ok := range map[string]bool{
		"x": true, "./x": true, "../b/x": true, "x/y": true, "..": true,
		"/tmp": false, "../..": false, "../../x": false, "x/../../..": false,
		"x/..": false, // x may be a link, and what is above that the host's
	} {
		b := pack(t, item{"a/link", target, linkMode})
		dir := t.TempDir()
		_, err := unzip(bytes.NewReader(b), int64(len(b)), dir, testLimit, true)
		if (err == nil) != ok {
			t.Errorf("%s: %v", target, err)
		}
		z, _ := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err := Check(z, true); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "a place of this host") {
			t.Errorf("%s: %v", target, err)
		}
		if err := Check(z, false); err != nil {
			t.Errorf("%s: with isolation: %v", target, err)
		}
		disk.RemoveTree(dir)
	}
}

func TestUnzipRefuses(t *testing.T) {
	bomb := pack(t, item{"zeros", strings.Repeat("\x00", testLimit+1), 0o644})
	// A bomb that lies about its size: what counts is what comes out.
	liar := bytes.Clone(bomb)
	at := bytes.LastIndex(liar, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(liar[at+24:], 10)
	var many bytes.Buffer
	z := zip.NewWriter(&many)
	for range maxEntries + 1 {
		z.CreateRaw(&zip.FileHeader{Name: "x/"})
	}
	z.Close()
	for name, b := range map[string][]byte{
		"parent":        pack(t, item{"../evil", "x", 0o644}),
		"deep parent":   pack(t, item{"a/../../evil", "x", 0o644}),
		"windows":       pack(t, item{`..\evil`, "x", 0o644}),
		"absolute":      pack(t, item{"/etc/evil", "x", 0o644}),
		"through link":  pack(t, item{"l", "..", linkMode}, item{"l/evil", "x", 0o644}),
		"through links": pack(t, item{"a", ".", linkMode}, item{"a/b", "..", linkMode}, item{"a/b/evil", "x", 0o644}),
		"to a link":     pack(t, item{"l", "..", linkMode}, item{"l/", "", fs.ModeDir | 0o755}),
		"link over dir": pack(t, item{"d/", "", fs.ModeDir | 0o755}, item{"d", "..", linkMode}),
		"empty link":    pack(t, item{"link", "", linkMode}),
		"long link":     pack(t, item{"link", strings.Repeat("a", maxLink), linkMode}),
		"file as dir":   pack(t, item{"a", "x", 0o644}, item{"a/b", "x", 0o644}),
		"device":        pack(t, item{"null", "", fs.ModeDevice | 0o666}),
		"long name":     pack(t, item{strings.Repeat("a", 256), "x", 0o644}),
		"long path":     pack(t, item{strings.Repeat(strings.Repeat("a", 100)+"/", 31), "x", 0o644}),
		"bomb":          bomb, "liar": liar, "many": many.Bytes(),
		"no zip": []byte("this is not a ZIP file"), "cut off": bomb[:len(bomb)/2],
	} {
		outer := t.TempDir()
		dir := filepath.Join(outer, "in")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := unzip(bytes.NewReader(b), int64(len(b)), dir, testLimit, false); err == nil {
			t.Errorf("%s: no error", name)
		}
		// What an upload can be refused for is known without unpacking it.
		if z, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err == nil && name != "bomb" && name != "liar" && Check(z, false) == nil {
			t.Errorf("%s: it may be uploaded", name)
		}
		if list, _ := os.ReadDir(outer); len(list) != 1 {
			t.Errorf("%s: something was written outside: %v", name, list)
		}
		disk.RemoveTree(dir)
	}
}

// A directory that a link names cannot be used to leave the package.
func TestUnzipDoesNotFollowLinks(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "in")
	os.Mkdir(dir, 0o755)
	os.Mkdir(filepath.Join(dir, "real"), 0o755)
	b := pack(t, item{"d/link", "../real", linkMode}, item{"d/link/file", "x", 0o644})
	if _, err := unzip(bytes.NewReader(b), int64(len(b)), dir, testLimit, false); err == nil {
		t.Error("an entry was written through a link")
	}
	disk.RemoveTree(dir)
}

func FuzzUnzip(f *testing.F) {
	f.Add(pack(f, item{"a/b", "x", 0o644}, item{"l", "a/b", linkMode}))
	f.Add(pack(f, item{"../x", "x", 0o644}))
	f.Fuzz(func(t *testing.T, b []byte) {
		outer := t.TempDir()
		dir := filepath.Join(outer, "in")
		os.Mkdir(dir, 0o755)
		_, _ = unzip(bytes.NewReader(b), int64(len(b)), dir, testLimit, false)
		if list, _ := os.ReadDir(outer); len(list) != 1 {
			t.Fatalf("something was written outside: %v", list)
		}
		disk.RemoveTree(dir)
	})
}

// blobs is a blob store of one blob.
type blobs struct {
	state.Blobs
	content []byte
	opened  int
}

func (b *blobs) Open(context.Context, string) (io.ReadSeekCloser, error) {
	b.opened++
	if b.content == nil {
		return nil, state.ErrNotFound
	}
	return readCloser{bytes.NewReader(b.content)}, nil
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// What is wrong with a package is told apart from what is wrong with this host.
func TestWhoseFaultItIs(t *testing.T) {
	garbage, gone := []byte("no ZIP file"), []byte("x")
	for _, c := range []struct {
		name        string
		blob, asked []byte
		ofPackage   bool
	}{
		{"no ZIP file", garbage, garbage, true},
		{"lost from the store", nil, gone, false},
		{"another in the store", garbage, gone, false},
	} {
		p, err := NewPackages(t.TempDir(), &blobs{content: c.blob}, aws.SystemClock{}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(c.asked)
		_, err = p.Open(t.Context(), execution.Code{SHA256: base64.StdEncoding.EncodeToString(sum[:])})
		if err == nil || errors.Is(err, ErrPackage) != c.ofPackage {
			t.Errorf("%s: %v", c.name, err)
		}
		if left, _ := os.ReadDir(p.dir); len(left) != 0 {
			t.Errorf("%s: left behind: %v", c.name, left)
		}
	}
	if !ofHost(&fs.PathError{Op: "write", Path: "app.py", Err: syscall.ENOSPC}) {
		t.Error("a full disk is the package's fault")
	}
}

func TestPackagesAreUnpackedOnce(t *testing.T) {
	clock := aws.NewManualClock(time.Unix(1, 0))
	store := &blobs{content: pack(t, item{"app.py", "x", 0o644})}
	sum := sha256.Sum256(store.content)
	code := execution.Code{SHA256: base64.StdEncoding.EncodeToString(sum[:]), Blob: "b"}
	dir := t.TempDir()
	open := func() (*Packages, *Package) {
		p, err := NewPackages(dir, store, clock, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		a, err := p.Open(t.Context(), code)
		if err != nil {
			t.Fatal(err)
		}
		return p, a
	}
	crashed := filepath.Join(dir, "a-boot-before", "tree")
	if err := os.MkdirAll(crashed, 0o755); err != nil {
		t.Fatal(err)
	}
	p, a := open()
	if p.Wait(); strings.HasPrefix(a.Dir, filepath.Join(dir, "a-boot-before")) {
		t.Error("a tree was used from before the machine was started")
	}
	if _, err := os.Stat(crashed); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("trees remain from before the machine was started: %v", err)
	}
	if b, err := p.Open(t.Context(), code); err != nil || b.Dir != a.Dir || store.opened != 1 {
		t.Errorf("%v, opened %d times", err, store.opened)
	}
	os.Mkdir(filepath.Join(p.dir, ".new-crashed"), 0o555)
	p, a = open() // another server, on the same data
	if store.opened != 1 {
		t.Error("unpacked again after a restart")
	}
	clock.Advance(time.Hour)
	p.Collect(time.Minute)
	if _, err := os.Stat(a.Dir); err != nil {
		t.Error("collected while in use")
	}
	a.Release()
	p.Collect(time.Minute)
	clock.Advance(time.Minute)
	p.Collect(time.Minute)
	if list, _ := os.ReadDir(p.dir); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}

	store.content = append(store.content, 0)
	if _, err := p.Open(t.Context(), code); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("other bytes than promised: %v", err)
	}
	store.content = nil
	if _, err := p.Open(t.Context(), code); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("no bytes: %v", err)
	}
	if list, _ := os.ReadDir(p.dir); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
}

// Each name of an entry may stand for many directories.
func TestDirectoriesAreBounded(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	u := unzipper{root: root, directories: map[string]fs.FileMode{".": 0o555}}
	for n := range maxEntries - 2 {
		u.directories[strconv.Itoa(n)+"/"] = 0o555
	}
	if err := u.directory("a/b"); err != nil {
		t.Error(err)
	}
	if err := u.directory("a/c"); err == nil {
		t.Errorf("there are %d directories", len(u.directories))
	}
}
