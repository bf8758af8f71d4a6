package runtimes

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A search knows where interpreters may be. Tests make their own.
type search struct {
	home string
	// root is before the system's own places, as /usr/lib/jvm; empty on a host.
	root string
	path []string // directories, as in $PATH
	env  func(name string) string
	// ask runs a binary to learn its version, when no name tells it.
	ask func(path string) string
}

func hostSearch() search {
	home, _ := os.UserHomeDir()
	path := append(filepath.SplitList(os.Getenv("PATH")), "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin")
	return search{home: home, path: path, env: os.Getenv, ask: func(path string) string {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, "--version")
		cmd.Env = []string{}
		out, _ := cmd.Output()
		return strings.TrimSpace(string(out))
	}}
}

// glob returns what matches a pattern: below the home directory, below a
// directory that a variable names ("$PYENV_ROOT/versions/*"), or, if it starts
// with a slash, in the system.
func (s search) glob(patterns ...string) (found []string) {
	for _, pattern := range patterns {
		switch {
		case strings.HasPrefix(pattern, "$"):
			name, rest, _ := strings.Cut(pattern[1:], "/")
			dir := s.variable(name)
			if dir == "" {
				continue
			}
			pattern = filepath.Join(dir, rest)
		case strings.HasPrefix(pattern, "/"):
			pattern = s.root + pattern
		case s.home == "":
			continue
		default:
			pattern = filepath.Join(s.home, pattern)
		}
		list, _ := filepath.Glob(pattern)
		found = append(found, list...)
	}
	return found
}

func (s search) variable(name string) string {
	if s.env == nil {
		return ""
	}
	return s.env(name)
}

// An installation is an interpreter on the host.
type installation struct {
	path    string // with no symbolic links in it
	version version
	// shown are the directories that hold its library, unless a sandbox shows
	// them anyway.
	shown []string
}

func (i installation) gone() bool {
	_, err := os.Stat(i.path)
	return err != nil
}

// add puts an interpreter on a list, if it is one and not there yet.
func add(list []installation, path string, v version) []installation {
	real := resolve(path)
	if real == "" || slices.ContainsFunc(list, func(i installation) bool { return i.path == real && i.version == v }) {
		return list
	}
	return append(list, installation{real, v, shown(filepath.Dir(filepath.Dir(real)))})
}

// shown returns what a sandbox must show of the prefix that something is
// installed below.
func shown(prefix string) []string {
	if prefix == "/usr" || strings.HasPrefix(prefix, "/usr/") || prefix == "/" {
		return nil
	}
	// What Homebrew has installed needs what else it has installed.
	for _, brew := range []string{"/opt/homebrew", "/home/linuxbrew/.linuxbrew"} {
		if strings.HasPrefix(prefix, brew+"/") {
			return []string{brew}
		}
	}
	return []string{prefix}
}

// versions finds interpreters by the version in a directory's name: the nearest
// one above that is not the name of a part of an installation.
func versions(list []installation, binary string, dirs []string) []installation {
	for _, dir := range dirs {
		named := dir
		for slices.Contains([]string{"bin", "installation", "x64", "arm64"}, filepath.Base(named)) {
			named = filepath.Dir(named)
		}
		if v, ok := parseVersion(filepath.Base(named)); ok {
			list = add(list, filepath.Join(dir, binary), v)
		}
	}
	return list
}

// asked finds interpreters in PATH, that only they themselves can tell the
// version of.
func (s search) asked(list []installation, binary string) []installation {
	for _, dir := range s.path {
		path := filepath.Join(dir, binary)
		real := resolve(path)
		if real == "" || slices.ContainsFunc(list, func(i installation) bool { return i.path == real }) {
			continue
		}
		if v, ok := parseVersion(s.ask(real)); ok {
			list = add(list, path, v)
		}
	}
	return list
}

// resolve returns the executable that path leads to, or nothing if it is none or
// a script: a version manager's shim costs tens of milliseconds at each start
// and needs its manager.
func resolve(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return ""
	}
	f, err := os.Open(real)
	if err != nil {
		return ""
	}
	defer f.Close()
	var magic [2]byte
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return ""
	}
	if n, _ := f.Read(magic[:]); n < 2 || string(magic[:]) == "#!" {
		return ""
	}
	abs, err := filepath.Abs(real)
	if err != nil {
		return ""
	}
	return abs
}
