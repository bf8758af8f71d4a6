package runtimes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// install makes a file that looks like an interpreter.
func install(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindInterpreter(t *testing.T) {
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const elf = "\x7fELF"
	py311 := install(t, home+"/sys/bin/python3.11", elf)
	py313 := install(t, home+"/.pyenv/versions/3.13.0/bin/python3.13", elf)
	install(t, home+"/.pyenv/shims/python3.12", "#!/bin/sh\n")
	node18 := install(t, home+"/.nvm/versions/node/v18.20.1/bin/node", elf)
	node22 := install(t, home+"/sys/bin/node", elf)
	install(t, home+"/.nvm/versions/node/v12.0.0/bin/node", elf)
	os.Symlink(py311, home+"/sys/bin/python3")
	asked := 0
	r := &Runtimes{clients: "/clients", found: map[Family][]installation{}, search: search{
		home: home, path: []string{home + "/.pyenv/shims", home + "/sys/bin", home + "/sys/bin"},
		ask: func(path string) string { asked++; return map[string]string{node22: "v22.3.0"}[path] },
	}}
	for _, c := range []struct{ runtime, path, warning, err string }{
		{"python3.13", py313, "", ""},
		{"python3.14", py313, "Python 3.14 is not installed on this host: functions of python3.14 run with Python 3.13.0", ""},
		{"python3.12", py313, "Python 3.12 is not installed", ""},
		{"python3.7", py311, "Python 3.7 is not installed", ""},
		{"nodejs18.x", node18, "", ""},
		{"nodejs20.x", node22, "Node.js 20 is not installed on this host: functions of nodejs20.x run with Node.js 22.3.0", ""},
		{"nodejs24.x", node22, "Node.js 24", ""},
		{"nodejs12.x", node18, "Node.js 12", ""},
		{"provided.al2023", "", "", ""},
		{"provided", "", "", "build the function for provided.al2023"},
		{"go1.x", "", "", "build the function for provided.al2023"},
		{"python2.7", "", "", "does not run the runtime python2.7"},
		{"java21", "", "", "does not run the runtime java21"},
		{"", "", "", "container images"},
	} {
		i, warning, err := r.Find(c.runtime)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v", c.runtime, err)
			}
			continue
		}
		if err != nil || i.Path != c.path || !strings.Contains(warning, c.warning) || c.warning == "" && warning != "" {
			t.Errorf("%s: %+v, %q, %v", c.runtime, i, warning, err)
		}
	}
	if asked != 1 {
		t.Errorf("a binary was run %d times to learn its version", asked)
	}
	if i, _, _ := r.Find("python3.13"); len(i.Directories) != 2 || i.Directories[1] != home+"/.pyenv/versions/3.13.0" {
		t.Errorf("directories: %v", i.Directories)
	}
	os.Remove(py313)
	if i, _, _ := r.Find("python3.13"); i.Path != py311 {
		t.Errorf("after the removal: %s", i.Path)
	}
	empty := &Runtimes{found: map[Family][]installation{}}
	if _, _, err := empty.Find("python3.13"); err == nil || !strings.Contains(err.Error(), "Python is not installed on this host: install Python 3.13") {
		t.Errorf("nothing installed: %v", err)
	}
}

func TestParseVersion(t *testing.T) {
	for s, want := range map[string]string{"3.13": "3.13", "v20.9.0": "20.9.0", "cpython-3.12.1-linux-x86_64-gnu": "3.12.1", "python3.11": "3.11", "3.13.0a1": "3.13.0"} {
		if v, ok := parseVersion(s); !ok || v.String() != want {
			t.Errorf("%s is %s", s, v)
		}
	}
	if _, ok := parseVersion("system"); ok {
		t.Error("a name without a version has one")
	}
}
