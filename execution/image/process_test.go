package image

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What processes find in a directory is theirs: the host's own file system never
// follows their links.
func TestFilesAreThoseOfTheRoot(t *testing.T) {
	outer := t.TempDir()
	root, host := filepath.Join(outer, "root"), filepath.Join(outer, "host")
	err := errors.Join(
		os.MkdirAll(filepath.Join(root, "opt/a/b"), 0o755), os.Mkdir(filepath.Join(root, "opt/real"), 0o755), os.Mkdir(filepath.Join(root, "bin"), 0o755), os.Mkdir(host, 0o755),
		os.WriteFile(filepath.Join(host, "secret"), nil, 0o755), os.WriteFile(filepath.Join(root, "bin/tool"), nil, 0o755), os.WriteFile(filepath.Join(root, "opt/real/own"), nil, 0o755),
		os.Symlink("/bin/tool", filepath.Join(root, "opt/real/tool")),
		os.Symlink(host+"/secret", filepath.Join(root, "opt/real/secret")),
		os.Symlink(host, filepath.Join(root, "opt/absolute")),
		os.Symlink("../../..", filepath.Join(root, "opt/a/b/up")),
		os.Symlink("a/b/up/../host", filepath.Join(root, "opt/relative")),
		os.Symlink("/opt/real", filepath.Join(root, "opt/linked")),
		os.Symlink("round", filepath.Join(root, "opt/round")),
	)
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string][]string{
		"/opt/real": {"own", "tool"}, "opt/linked": {"own", "tool"}, "/opt/absolute": nil, "/opt/relative": nil, "/opt/none": nil, "/bin/tool": nil,
	} {
		if got, err := Files(root, dir); !slices.Equal(got, want) || err != nil {
			t.Errorf("%s: %v, %v", dir, got, err)
		}
	}
	if _, err := Files(root, "/opt/round"); err == nil {
		t.Error("a link to itself leads somewhere")
	}
}
