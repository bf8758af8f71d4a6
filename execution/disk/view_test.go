package disk

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
		if got, err := (View{"/": root}).Files(dir); !slices.Equal(got, want) || err != nil {
			t.Errorf("%s: %v, %v", dir, got, err)
		}
	}
	if _, err := (View{"/": root}).Files("/opt/round"); err == nil {
		t.Error("a link to itself leads somewhere")
	}
}

// Of what is shown in some places, links lead from one to another; what lies
// beside them is not known, and nothing of the host's is taken for it.
func TestPlacesOfAView(t *testing.T) {
	outer := t.TempDir()
	task, opt := filepath.Join(outer, "1"), filepath.Join(outer, "2")
	err := errors.Join(
		os.MkdirAll(filepath.Join(task, "bin"), 0o755), os.MkdirAll(filepath.Join(opt, "bin"), 0o755),
		os.WriteFile(filepath.Join(opt, "bin/run"), nil, 0o755), os.WriteFile(filepath.Join(outer, "secret"), nil, 0o755),
		os.Symlink("/opt/bin/run", filepath.Join(task, "absolute")),
		os.Symlink("../../opt/bin/../bin/run", filepath.Join(task, "climbs")),
		os.Symlink("../../../../../opt/bin/run", filepath.Join(task, "bin/far")),
		os.Symlink("../secret", filepath.Join(task, "beside")),
		os.Symlink(filepath.Join(outer, "secret"), filepath.Join(task, "host")),
		os.Symlink("/opt/none", filepath.Join(task, "dangling")),
		os.Symlink("/var/task/loop", filepath.Join(task, "loop")),
		os.Symlink("/", filepath.Join(task, "root")),
	)
	if err != nil {
		t.Fatal(err)
	}
	v := View{"/var/task": task, "/opt": opt}
	for name, want := range map[string]string{
		"absolute": "/opt/bin/run", "climbs": "/opt/bin/run", "bin/far": "/opt/bin/run", "root/opt/bin/run": "/opt/bin/run",
		"beside": "not known", "host": "not known", "root": "not known", "dangling": "not there", "absent": "not there", "loop": "error",
	} {
		got, info, err := v.Find("/var/task/" + name)
		switch {
		case errors.Is(err, ErrNotShown):
			got = "not known"
		case errors.Is(err, os.ErrNotExist):
			got = "not there"
		case err != nil:
			got = "error"
		case !info.Mode().IsRegular():
			got = "no file"
		}
		if got != want {
			t.Errorf("%s leads to %s, not %s (%v)", name, got, want, err)
		}
	}
}
