//go:build amd64 || arm64

package sandbox

import (
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newImage makes a root of the kind that container images have: a shell with
// its libraries, and places for what is mounted.
func newImage(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"proc", "dev", "tmp", "var/task", "opt", "etc", "bin", "work"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{
		"etc/hosts": "1.2.3.4 planted\n", "etc/resolv.conf": "", "etc/passwd": "image:x:5:5::/:/bin/sh", "etc/group": "image:x:5:\n",
		"var/task/code": "the image's code\n", "work/file": "",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, program := range []string{"/bin/sh", "/bin/cat", "/bin/ls", "/usr/bin/id", "/usr/bin/touch"} {
		copyWithLibraries(t, root, program)
		if dir := filepath.Dir(program); dir != "/bin" {
			if err := os.Rename(filepath.Join(root, program), filepath.Join(root, "bin", filepath.Base(program))); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

// copyWithLibraries copies a program of the host's, and what it is linked with.
func copyWithLibraries(t *testing.T, root, name string) {
	t.Helper()
	copyFile(t, name, filepath.Join(root, name))
	f, err := elf.Open(name)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err != nil {
				t.Fatal(err)
			}
			interpreter := strings.TrimRight(string(b), "\x00")
			copyFile(t, interpreter, filepath.Join(root, interpreter))
		}
	}
	copyLibraries(t, root, f)
}

func copyLibraries(t *testing.T, root string, f *elf.File) {
	t.Helper()
	names, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	for _, library := range names {
		found, _ := filepath.Glob("/lib/*-linux-gnu/" + library)
		found = append(found, "/lib64/"+library, "/lib/"+library)
		i := 0
		for i < len(found)-1 {
			if _, err := os.Stat(found[i]); err == nil {
				break
			}
			i++
		}
		to := filepath.Join(root, found[i])
		if _, err := os.Stat(to); err == nil {
			continue
		}
		copyFile(t, found[i], to)
		inner, err := elf.Open(found[i])
		if err != nil {
			t.Fatal(err)
		}
		copyLibraries(t, root, inner)
		inner.Close()
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Skip(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestRootOfItsOwn(t *testing.T) {
	for _, network := range []Network{HostNetwork, PrivateNetwork} {
		t.Run(string(network), func(t *testing.T) {
			f := newFixture(t, NamespaceLevel)
			root := newImage(t)
			s, out := f.run(t, "", func(spec *Spec) {
				spec.Root, spec.Task, spec.Network, spec.Directory = root, "", network, "/work"
				spec.Command = []string{"/bin/sh", "-c", "id -un; ls; cat /var/task/code; ls -A /; ls /dev; cat /etc/passwd; cat /etc/hosts; touch /tmp/x && ls /tmp; " +
					"for d in / /dev /etc /var/task /opt /proc; do touch $d/escape; done; ls -d /.host /.image /usr/lib"}
				spec.Env = []string{"PATH=/bin"}
			})
			waitFor(t, s)
			got := out.String()
			for _, want := range []string{
				insideUser + "\nfile\nthe image's code\nbin\ndev\netc\nlib\n", "\nfd\nfull\nnull\nrandom\nstderr\nstdin\nstdout\nurandom\nzero\n",
				"image:x:5:5::/:/bin/sh\n" + userLine, "127.0.0.1 sandbox.localdomain sandbox\nx\n",
			} {
				if !strings.Contains(got, want) {
					t.Errorf("it did not print %q", want)
				}
			}
			if strings.Count(got, "Read-only file system") != 5 || strings.Count(got, "No such file or directory") != 4 || strings.Contains(got, "planted") {
				t.Errorf("it printed %s", got)
			}
			if entries, err := os.ReadDir(filepath.Join(root, "tmp")); err != nil || len(entries) > 0 {
				t.Errorf("in the image's /tmp there is %v, %v", entries, err)
			}
		})
	}
}

// A runtime's image shows the function's package and layers in their places.
func TestRootWithCode(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	root, task, layers := newImage(t), t.TempDir(), t.TempDir()
	copyFile(t, "/etc/passwd", filepath.Join(task, "ours"))
	copyFile(t, "/etc/passwd", filepath.Join(layers, "layer"))
	s, out := f.run(t, "", func(spec *Spec) {
		spec.Root, spec.Task, spec.Opt = root, task, layers
		spec.Command = []string{"/bin/ls", ".", "/opt"}
	})
	if x := waitFor(t, s); x.Code != 0 || out.String() != ".:\nours\n\n/opt:\nlayer\n" {
		t.Errorf("exit is %+v, and it printed %q", x, out)
	}
}

// What an image plants where something is to be mounted is never followed.
func TestRootsThatAreRefused(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	for name, change := range map[string]func(root string) error{
		"no /proc":            func(root string) error { return os.Remove(filepath.Join(root, "proc")) },
		"a link at /dev":      func(root string) error { return replaceByLink(root, "dev", "/.host/tmp") },
		"a link above a file": func(root string) error { return replaceByLink(root, "etc", "/.host/etc") },
		"a link at a file":    func(root string) error { return replaceByLink(root, "etc/hosts", "/.host/etc/hosts") },
		"a link at users":     func(root string) error { return replaceByLink(root, "etc/passwd", "/etc/shadow") },
		"a link at the code":  func(root string) error { return replaceByLink(root, "var/task", "../../../..") },
		"a file at /tmp": func(root string) error {
			return errors.Join(os.Remove(filepath.Join(root, "tmp")), os.WriteFile(filepath.Join(root, "tmp"), nil, 0o644))
		},
		"too many users": func(root string) error {
			return os.WriteFile(filepath.Join(root, "etc/passwd"), make([]byte, mostNames+1), 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := newImage(t)
			if err := change(root); err != nil {
				t.Fatal(err)
			}
			spec := f.spec
			spec.Root, spec.Command = root, []string{"/bin/ls"}
			if _, err := f.Start(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "image") {
				t.Errorf("it gives %v", err)
			}
		})
	}
	for _, root := range []string{"/", "image", "/nothing/there"} {
		spec := f.spec
		spec.Root, spec.Command = root, []string{"/bin/ls"}
		if _, err := f.Start(t.Context(), spec); err == nil {
			t.Errorf("%s: it started", root)
		}
	}
	spec := f.spec
	spec.Root, spec.Command = newImage(t), []string{"/bin/ls"}
	if _, err := newFixture(t, ProcessLevel).Start(t.Context(), spec); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("without isolation it gives %v", err)
	}
}

func replaceByLink(root, name, target string) error {
	name = filepath.Join(root, name)
	return errors.Join(os.RemoveAll(name), os.Symlink(target, name))
}
