package disk

import (
	"os"
	"path/filepath"
	"testing"
)

// Trees go though nobody may write them, and what their links lead to stays.
func TestRemoveTree(t *testing.T) {
	outside := t.TempDir()
	kept := filepath.Join(outside, "kept")
	dir := filepath.Join(t.TempDir(), "tree")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(kept, nil, 0o600))
	must(os.Chmod(outside, 0o500))
	must(os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755))
	must(os.WriteFile(filepath.Join(dir, "a", "b", "file"), nil, 0o400))
	must(os.Symlink(outside, filepath.Join(dir, "a", "link")))
	for _, closed := range []string{"a/b", "a", "."} {
		must(os.Chmod(filepath.Join(dir, closed), 0))
	}
	must(RemoveTree(dir))
	if _, err := os.Lstat(dir); !os.IsNotExist(err) {
		t.Errorf("the tree: %v", err)
	}
	info, err := os.Stat(outside)
	if err != nil || info.Mode().Perm() != 0o500 {
		t.Errorf("what a link led to: %v, %v", info, err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
	must(os.Chmod(outside, 0o700))
	if err := RemoveTree(dir); err != nil {
		t.Errorf("what is not there: %v", err)
	}
}

// A copy has its file's content and mode, whatever the umask, and takes nobody's
// place.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := os.WriteFile(from, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(from, 0o577); err != nil {
		t.Fatal(err)
	}
	if err := Copy(from, to); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(to)
	if info, _ := os.Stat(to); err != nil || string(b) != "content" || info.Mode().Perm() != 0o577 {
		t.Errorf("%q, %v, %v", b, info.Mode(), err)
	}
	if err := Copy(from, to); !os.IsExist(err) {
		t.Errorf("over another: %v", err)
	}
	linked := filepath.Join(dir, "linked")
	if err := Link(from, linked); err != nil {
		t.Fatal(err)
	}
	one, _ := os.Stat(from)
	if other, err := os.Stat(linked); err != nil || !os.SameFile(one, other) {
		t.Errorf("a link: %v", err)
	}
}
