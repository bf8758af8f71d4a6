package runtimes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A search knows where interpreters may be. Tests make their own.
type search struct {
	home string
	// root is before the system's own places, as /usr/lib/jvm; empty on a host.
	root string
	path []string // directories, as in $PATH
	env  func(name string) string
	// ask runs a binary to learn its version, when no name tells it; an error says
	// that it may tell another time.
	ask func(path string) (string, error)
	// unasked are those that have not told. They may be any version.
	unasked error
}

func hostSearch() search {
	home, _ := os.UserHomeDir()
	path := append(filepath.SplitList(os.Getenv("PATH")), "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin")
	return search{home: home, path: path, env: os.Getenv, ask: func(path string) (string, error) { return ask(path, askTime) }}
}

// askTime is how long an interpreter may take to tell its version, on a host that
// does much else.
const askTime = 10 * time.Second

// ask runs a binary to learn its version: nothing if it cannot be run.
func ask(path string, limit time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = []string{}
	cmd.WaitDelay = time.Second // should it leave somebody who holds its output
	out, err := cmd.Output()
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s does not tell its version within %v", path, limit)
	case exited && !exit.Exited(), !exited && scarce(err):
		return "", fmt.Errorf("%s --version: %w", path, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// scarce reports whether a host could not run something for want of what it may
// have again.
func scarce(err error) bool {
	return slices.ContainsFunc([]error{syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.ETXTBSY}, func(e error) bool { return errors.Is(err, e) })
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
func (s *search) asked(list []installation, binary string) []installation {
	var seen []string
	for _, dir := range s.path {
		path := filepath.Join(dir, binary)
		real := resolve(path)
		if real == "" || slices.Contains(seen, real) || slices.ContainsFunc(list, func(i installation) bool { return i.path == real }) {
			continue
		}
		seen = append(seen, real)
		told, err := s.ask(real)
		if err != nil {
			s.unasked = errors.Join(s.unasked, err)
		} else if v, ok := parseVersion(told); ok {
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
