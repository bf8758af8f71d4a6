package bootstrap

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Installing is done once for each content, and everyone can read the result.
func TestInstall(t *testing.T) {
	data := t.TempDir()
	dir, err := Install(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range clients() {
		want, _ := fs.ReadFile(files, name)
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != string(want) {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm()&0o004 == 0 {
			t.Errorf("%s is not for everyone to read: %v", name, err)
		}
	}
	before, _ := os.Stat(dir)
	again, err := Install(data)
	after, _ := os.Stat(again)
	if err != nil || again != dir || !before.ModTime().Equal(after.ModTime()) {
		t.Errorf("installed again: %s, %v", again, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
