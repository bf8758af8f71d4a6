package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/execution/disk"
)

// spacious is a disk with room for everything.
var spacious = &room{free: func() (int64, error) { return 1 << 60, nil }}

// treeOf puts layers together in a directory of its own and lists it, or says
// why not.
func treeOf(t testing.TB, archives ...[]byte) (map[string]string, error) {
	t.Helper()
	outer := t.TempDir()
	t.Cleanup(func() { disk.RemoveTree(outer) })
	whole, left := newTree(), newBudget()
	for n, b := range archives {
		dir := filepath.Join(outer, "layers", string(rune('a'+n)))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		l, _, err := unpackLayer(bytes.NewReader(b), dir, left, spacious)
		if err == nil {
			err = whole.add(l, dir)
		}
		if err != nil {
			if _, ok := errors.AsType[badArchive](err); !ok {
				t.Errorf("a layer is at fault, and this host is told so: %v", err)
			}
			return nil, err
		}
	}
	empty, root := filepath.Join(outer, "empty"), filepath.Join(outer, "root")
	if err := errors.Join(os.WriteFile(empty, nil, 0o444), os.Mkdir(root, 0o755)); err != nil {
		t.Fatal(err)
	}
	whole.prepare(empty)
	if err := whole.write(root); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(outer); len(entries) != 3 {
		t.Fatalf("something was written outside: %v", entries)
	}
	return list(t, root), nil
}

// What several layers make together.
func TestLayersMakeATree(t *testing.T) {
	type layers = [][]item
	for name, c := range map[string]struct {
		layers layers
		want   map[string]string
	}{
		"later files cover earlier ones": {
			layers{{file("a", "1"), file("b", "1")}, {file("./a", "2")}, {file("/b", "3")}},
			map[string]string{"a": "2", "b": "3"},
		},
		"a whiteout takes away": {
			layers{{file("d/a", "1"), file("d/b", "1"), file("e/f/g", "1")}, {whiteout("d/.wh.a"), whiteout(".wh.e")}},
			map[string]string{"d/": "", "d/b": "1"},
		},
		"a whiteout is of earlier layers, wherever it stands": {
			layers{{file("d/a", "1")}, {file("d/a", "2"), whiteout("d/.wh.a")}},
			map[string]string{"d/": "", "d/a": "2"},
		},
		"a directory that was taken away comes back empty": {
			layers{{file("d/a", "1"), file("d/b", "1")}, {whiteout(".wh.d")}, {dir("d", 0o755), file("d/c", "3")}},
			map[string]string{"d/": "", "d/c": "3"},
		},
		"an opaque directory hides what is below": {
			layers{{file("d/a", "1"), file("d/e/b", "1"), file("o", "1")}, {file("d/e/c", "2"), whiteout("d/.wh..wh..opq"), file("d/f", "2")}},
			map[string]string{"o": "1", "d/": "", "d/e/": "", "d/e/c": "2", "d/f": "2"},
		},
		"the whole root can be opaque": {
			layers{{file("d/a", "1")}, {whiteout(".wh..wh..opq"), file("b", "2")}},
			map[string]string{"b": "2"},
		},
		"another file system's whiteouts are none": {
			layers{{file("a", "1")}, {file(".wh..wh.plnk/x", ""), whiteout(".wh..wh.aufs")}},
			map[string]string{"a": "1", ".wh..wh.plnk/": "", ".wh..wh.plnk/x": ""},
		},
		"whiteouts of nothing": {
			layers{{file("a", "1")}, {whiteout(".wh.b"), whiteout("x/y/.wh.z"), whiteout("x/.wh..wh..opq")}},
			map[string]string{"a": "1"},
		},
		"a hard link across layers": {
			layers{{file("a", "1")}, {hardLink("b", "a")}, {whiteout(".wh.a"), file("c", "3")}},
			map[string]string{"b": "1", "c": "3"},
		},
		"a hard link keeps what a later layer covers": {
			layers{{file("a", "1"), hardLink("b", "/a")}, {file("a", "2")}},
			map[string]string{"a": "2", "b": "1"},
		},
		"a file takes a directory's place, and the reverse": {
			layers{{file("a/x", "1"), file("b", "1")}, {file("a", "2"), dir("b", 0o755), file("b/y", "2")}},
			map[string]string{"a": "2", "b/": "", "b/y": "2"},
		},
		"the way to a file may lead through links": {
			layers{{dir("usr/lib", 0o755), symlink("lib", "usr/lib"), symlink("abs", "/usr/lib")}, {file("lib/a", "2"), file("abs/b", "2")}},
			map[string]string{"usr/": "", "usr/lib/": "", "lib": "-> usr/lib", "abs": "-> /usr/lib", "usr/lib/a": "2", "usr/lib/b": "2"},
		},
		"a directory takes a link's place": {
			layers{{dir("usr/lib", 0o755), symlink("lib", "usr/lib")}, {dir("lib", 0o755), file("lib/a", "2")}},
			map[string]string{"usr/": "", "usr/lib/": "", "lib/": "", "lib/a": "2"},
		},
		"links that leave the image lead to its root": {
			layers{{symlink("out", "../../../.."), symlink("etc2", "/../../new"), file("out/a", "1")}, {file("etc2/b", "2")}},
			map[string]string{"out": "-> ../../../..", "etc2": "-> /../../new", "a": "1", "new/": "", "new/b": "2"},
		},
		"no devices, no pipes": {
			layers{{special("sda", tar.TypeBlock), special("null", tar.TypeChar), special("pipe", tar.TypeFifo), file("a", "1")}},
			map[string]string{"a": "1"},
		},
		"places for a sandbox are no links": {
			layers{{symlink("tmp", "/etc"), symlink("etc/hosts", "/etc/shadow"), file("etc/shadow", "s"), symlink("var", "/srv"), file("opt", "file"), dir("etc/resolv.conf", 0o755),
				file("srv/users", "u"), symlink("etc/passwd", "../srv/users"), symlink("etc/group", "/nowhere")}},
			map[string]string{"etc/shadow": "s", "srv/": "", "srv/users": "u", "etc/passwd": "u"},
		},
		"nothing at all": {layers{{}}, map[string]string{}},
	} {
		var archives [][]byte
		for _, items := range c.layers {
			archives = append(archives, archiveOf(t, items...))
		}
		got, err := treeOf(t, archives...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for path, content := range c.want {
			if v, ok := got[path]; !ok || v != content {
				t.Errorf("%s: %s is %q, %v, want %q", name, path, v, ok, content)
			}
			delete(got, path)
		}
		if len(got) != 0 {
			t.Errorf("%s: there is more: %v", name, got)
		}
	}
}

func TestHostileLayers(t *testing.T) {
	long := strings.Repeat("x", 256)
	deep := strings.Repeat("d/", 256) + "x"
	plain := archiveOf(t, file("a", strings.Repeat("1", 2000)))
	var loop []item
	for n := range 50 {
		loop = append(loop, symlink("l"+string(rune('A'+n)), "l"+string(rune('A'+n+1))))
	}
	negative := bytes.Clone(plain)
	copy(negative[124:], "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff") // a size of -1, in base 256
	for name, c := range map[string]struct {
		archives [][]byte
		says     string
	}{
		"a parent":                {[][]byte{archiveOf(t, file("../evil", "x"))}, "leads out of the image"},
		"a parent, in the middle": {[][]byte{archiveOf(t, file("a/../../evil", "x"))}, "leads out of the image"},
		"a parent, at the end":    {[][]byte{archiveOf(t, dir("a/..", 0o755))}, "leads out of the image"},
		"a link to a parent":      {[][]byte{archiveOf(t, hardLink("a", "../../etc/passwd"))}, "leads out of the image"},
		"a link to nothing":       {[][]byte{archiveOf(t, hardLink("a", "b"))}, "which is no file"},
		"a link to a directory":   {[][]byte{archiveOf(t, dir("b", 0o755), hardLink("a", "b"))}, "which is no file"},
		"a link to what is gone":  {[][]byte{archiveOf(t, file("a", "1")), archiveOf(t, whiteout(".wh.a"), hardLink("b", "a"))}, "which is no file"},
		"a link to the root":      {[][]byte{archiveOf(t, hardLink("a", "/"))}, "which is no file"},
		"a file as directory":     {[][]byte{archiveOf(t, file("a", "1"), file("a/b", "2"))}, "lies in a file"},
		"a link as the root":      {[][]byte{archiveOf(t, symlink("./", "x"))}, "the root"},
		"links in a circle":       {[][]byte{archiveOf(t, symlink("a", "b"), symlink("b", "a"), file("a/x", "1"))}, "too many links"},
		"links in a long line":    {[][]byte{archiveOf(t, append(loop, file("lA/x", "1"))...)}, "too many links"},
		"a long name":             {[][]byte{archiveOf(t, file(long, "x"))}, "the name is too long"},
		"a deep name":             {[][]byte{archiveOf(t, file(deep, "x"))}, "more than 255 directories deep"},
		"a whiteout of nothing":   {[][]byte{archiveOf(t, whiteout("a/.wh."))}, "takes nothing away"},
		"a whiteout of a parent":  {[][]byte{archiveOf(t, whiteout("a/.wh..."))}, "takes nothing away"},
		"an unknown kind":         {[][]byte{archiveOf(t, special("a", 'Z'))}, "unknown type"},
		"cut off":                 {[][]byte{plain[:700]}, "unexpected EOF"},
		"a negative size":         {[][]byte{negative}, ""},
		"no archive":              {[][]byte{[]byte(strings.Repeat("this is no archive", 100))}, "invalid tar header"},
		"half a gzip":             {[][]byte{{0x1f, 0x8b, 8, 0}}, "EOF"},
		"half a zstd":             {[][]byte{{0x28, 0xb5, 0x2f, 0xfd, 0xff}}, ""},
	} {
		if _, err := treeOf(t, c.archives...); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An archive of zeros is small, packed, and what it says of itself is no proof.
func TestLayersAreBounded(t *testing.T) {
	big := archiveOf(t, file("a", strings.Repeat("\x00", 1<<20)))
	for name, change := range map[string]func(*budget){
		"bytes": func(b *budget) { b.bytes.Store(1<<20 - 1) }, "entries": func(b *budget) { b.entries.Store(0) }, "names": func(b *budget) { b.names.Store(0) },
	} {
		left := newBudget()
		change(left)
		if _, _, err := unpackLayer(bytes.NewReader(big), t.TempDir(), left, spacious); err == nil || !strings.Contains(err.Error(), "the image is larger than") {
			t.Errorf("%s: %v", name, err)
		}
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(big)
	w.Close()
	u := &layerReader{in: &counted{r: bytes.NewReader(big), left: 4096, over: errTooLarge}, dir: t.TempDir(), left: newBudget(), room: spacious, l: new(layer)}
	if err := u.read(); err == nil || !errors.Is(err, errTooLarge) {
		t.Errorf("a bomb: %v", err)
	}
	// Several packed streams, one after the other, are one archive.
	var parts bytes.Buffer
	for _, half := range [][]byte{big[:1000], big[1000:]} {
		w := gzip.NewWriter(&parts)
		w.Write(half)
		w.Close()
	}
	_, first, err := unpackLayer(&packed, t.TempDir(), newBudget(), spacious)
	if err != nil || first != digestOf(big) {
		t.Errorf("packed: %s, %v", first, err)
	}
	if _, second, err := unpackLayer(&parts, t.TempDir(), newBudget(), spacious); err != nil || second != first {
		t.Errorf("packed in parts: %s, %v", second, err)
	}
}

// Directories that no entry names are few bytes of an archive, and count all the
// same.
func TestUnnamedDirectoriesAreBounded(t *testing.T) {
	whole, deep := newTree(), strings.Repeat("/d", maxDepth-2)
	for n := range maxEntries/(maxDepth-2) + 1 {
		l := &layer{Entries: []entry{{Kind: directoryEntry, Name: strconv.Itoa(n) + deep}}}
		if err := whole.add(l, ""); err != nil {
			if !errors.Is(err, errTooLarge) {
				t.Error(err)
			}
			return
		}
	}
	t.Errorf("there are more than %d directories", maxEntries)
}

// A function may do with a file what the image lets others do, and no program
// changes who it runs as.
func TestPermissions(t *testing.T) {
	outer := t.TempDir()
	whole := newTree()
	l, _, err := unpackLayer(bytes.NewReader(archiveOf(t,
		item{name: "secret", mode: 0o600}, item{name: "group", mode: 0o640}, item{name: "all", mode: 0o666}, item{name: "run", mode: 0o4755}, item{name: "mine", mode: 0o700},
		dir("closed", 0o700), dir("open", 0o1777), file("closed/in", ""))), outer, newBudget(), spacious)
	if err == nil {
		err = whole.add(l, outer)
	}
	root := filepath.Join(t.TempDir(), "root")
	if err == nil {
		err = errors.Join(os.Mkdir(root, 0o755), whole.write(root))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.RemoveTree(root) })
	for name, want := range map[string]fs.FileMode{
		"secret": 0, "group": 0, "all": 0o444, "run": 0o555, "mine": 0, "closed": fs.ModeDir, "open": fs.ModeDir | 0o555,
	} {
		if info, err := os.Lstat(filepath.Join(root, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func FuzzLayers(f *testing.F) {
	f.Add(archiveOf(f, file("a/b", "1"), symlink("l", "a"), hardLink("h", "l/b")), archiveOf(f, whiteout("a/.wh.b"), file("l/c", "2")))
	f.Add(archiveOf(f, file("../x", "1")), archiveOf(f, symlink("etc", "/"), dir("etc", 0o755)))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		treeOf(t, one, two) // which looks for what was written outside
	})
}

// A disk that is nearly full is left as it is, and that is no fault of the image.
func TestTheDiskStaysUsable(t *testing.T) {
	free := int64(100 << 20)
	disk := &room{free: func() (int64, error) { return free, nil }, reserve: 90 << 20}
	content := strings.Repeat("x", 9<<20)
	unpack := func(items ...item) error {
		_, _, err := unpackLayer(bytes.NewReader(archiveOf(t, items...)), t.TempDir(), newBudget(), disk)
		return err
	}
	if err := unpack(file("a", content)); err != nil {
		t.Error(err)
	}
	_, bad := errors.AsType[badArchive](unpack(file("a", content), file("b", content)))
	if err := unpack(file("a", content), file("b", content+content)); err == nil || bad || !strings.Contains(err.Error(), "there is no room for 18874368 bytes of an image") {
		t.Error(err)
	}
}
