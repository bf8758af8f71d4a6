package runtimes

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A search knows where interpreters may be. Tests make their own.
type search struct {
	home  string
	pyenv string   // $PYENV_ROOT
	path  []string // directories, as in $PATH
	// ask runs a binary to learn its version, when no name tells it.
	ask func(path string) string
}

func hostSearch() search {
	home, _ := os.UserHomeDir()
	path := append(filepath.SplitList(os.Getenv("PATH")), "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")
	return search{home: home, pyenv: os.Getenv("PYENV_ROOT"), path: path, ask: func(path string) string {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, "--version")
		cmd.Env = []string{}
		out, _ := cmd.Output()
		return strings.TrimSpace(string(out))
	}}
}

// An installation is an interpreter on the host.
type installation struct {
	path    string // with no symbolic links in it
	version version
}

func (i installation) gone() bool {
	_, err := os.Stat(i.path)
	return err != nil
}

// prefix returns the directory that holds the interpreter's library, unless a
// sandbox shows it anyway.
func (i installation) prefix() string {
	dir := filepath.Dir(filepath.Dir(i.path))
	if dir == "/usr" || strings.HasPrefix(dir, "/usr/") || dir == "/" {
		return ""
	}
	return dir
}

var pythonName = regexp.MustCompile(`^python3\.\d+$`)

// pythons finds python3.N by file name; versions in directories' names give the
// patch level.
func (s search) pythons() (list []installation) {
	dirs := slices.Clone(s.path)
	for _, pattern := range []string{
		".pyenv/versions/*/bin", ".asdf/installs/python/*/bin", ".local/share/mise/installs/python/*/bin",
		".local/share/uv/python/*/bin", "miniconda3/bin", "anaconda3/bin",
	} {
		dirs = append(dirs, s.glob(pattern)...)
	}
	if s.pyenv != "" {
		more, _ := filepath.Glob(filepath.Join(s.pyenv, "versions/*/bin"))
		dirs = append(dirs, more...)
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if !pythonName.MatchString(e.Name()) {
				continue
			}
			v, _ := parseVersion(e.Name())
			if full, ok := parseVersion(filepath.Base(filepath.Dir(dir))); ok && full.major == v.major && full.minor == v.minor {
				v = full
			}
			list = add(list, filepath.Join(dir, e.Name()), v)
		}
	}
	return list
}

// nodes finds node by the version in a directory's name, and asks those that a
// system's packages have installed.
func (s search) nodes() (list []installation) {
	for _, pattern := range []string{
		".nvm/versions/node/*/bin", ".local/share/fnm/node-versions/*/installation/bin", ".volta/tools/image/node/*/bin",
		".asdf/installs/nodejs/*/bin", ".local/share/mise/installs/node/*/bin", "n/n/versions/node/*/bin",
	} {
		for _, dir := range s.glob(pattern) {
			named := filepath.Dir(dir)
			if filepath.Base(named) == "installation" {
				named = filepath.Dir(named)
			}
			if v, ok := parseVersion(filepath.Base(named)); ok {
				list = add(list, filepath.Join(dir, "node"), v)
			}
		}
	}
	for _, dir := range s.path {
		path := filepath.Join(dir, "node")
		real := resolve(path)
		if real == "" || slices.ContainsFunc(list, func(i installation) bool { return i.path == real }) {
			continue
		}
		if v, ok := parseVersion(s.ask(real)); ok {
			list = add(list, path, v)
		}
	}
	// The client is written for Node.js 16 and later.
	return slices.DeleteFunc(list, func(i installation) bool { return i.version.major < 16 })
}

func (s search) glob(pattern string) []string {
	if s.home == "" {
		return nil
	}
	dirs, _ := filepath.Glob(filepath.Join(s.home, pattern))
	return dirs
}

func add(list []installation, path string, v version) []installation {
	real := resolve(path)
	if real == "" || slices.ContainsFunc(list, func(i installation) bool { return i.path == real }) {
		return list
	}
	return append(list, installation{real, v})
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
