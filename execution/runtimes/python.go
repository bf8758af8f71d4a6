package runtimes

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/lamgate/lamgate/execution/bootstrap"
)

var python = language{
	family: Python, title: "Python", mend: "pyenv or uv", minor: true, client: bootstrap.Python,
	names:         []string{"python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8"},
	installations: (*search).pythons,
	launch:        launchPython,
}

var pythonName = regexp.MustCompile(`^python3\.\d+$`)

// pythons finds python3.N by file name; versions in directories' names give the
// patch level.
func (s *search) pythons() (list []installation) {
	dirs := append(s.path[:len(s.path):len(s.path)], s.glob(
		".pyenv/versions/*/bin", "$PYENV_ROOT/versions/*/bin",
		".asdf/installs/python/*/bin", "$ASDF_DATA_DIR/installs/python/*/bin",
		".local/share/mise/installs/python/*/bin", "$MISE_DATA_DIR/installs/python/*/bin",
		".local/share/uv/python/*/bin", "$UV_PYTHON_INSTALL_DIR/*/bin", ".rye/py/*/bin",
		"miniconda3/bin", "anaconda3/bin", "miniforge3/bin", "miniconda3/envs/*/bin", "miniforge3/envs/*/bin",
		"$RUNNER_TOOL_CACHE/Python/*/x64/bin", "/opt/hostedtoolcache/Python/*/x64/bin",
		"/opt/homebrew/opt/python@3.*/bin", "/home/linuxbrew/.linuxbrew/opt/python@3.*/bin",
		"/Library/Frameworks/Python.framework/Versions/3.*/bin", "/opt/python/*/bin",
	)...)
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
			for _, named := range []string{filepath.Dir(dir), filepath.Dir(filepath.Dir(dir))} {
				if full, ok := parseVersion(filepath.Base(named)); ok && full.major == v.major && full.minor == v.minor && full.patch >= 0 {
					v = full
					break
				}
			}
			list = add(list, filepath.Join(dir, e.Name()), v)
		}
	}
	// The client is written for Python 3.6 and later.
	return without(list, func(v version) bool { return v.minor < 6 })
}

// layers is where the client finds them. It is an argument, for a sandbox that
// has them elsewhere to replace.
const layers = "/opt"

// launchPython starts lamgate's client.
//
// The package is read-only: nothing is gained by trying to cache bytecode in it.
// And what other packages of this host have hooked into the interpreter's start
// is neither the function's nor free: the client finds site-packages by itself.
func launchPython(r *Runtime, l *Launch, c *Command) error {
	c.Args = append(c.Args, "-B", "-S")
	// AWS: "Defined runtime environment variables" of the developer guide. There is
	// nothing there; functions that extend it count on its name.
	c.set("PYTHONPATH", "/var/runtime")
	if l.DebugPort > 0 {
		debugger, err := debugpy(r, l)
		if err != nil {
			return err
		}
		c.Args = append(c.Args, "-Xfrozen_modules=off", debugger, "--listen", "127.0.0.1:"+strconv.Itoa(l.DebugPort), r.script, layers)
		return nil
	}
	c.Args = append(c.Args, r.client, layers)
	return nil
}

// debugpy returns the debugger's path in a sandbox: the function's own, or the
// interpreter's.
func debugpy(r *Runtime, l *Launch) (string, error) {
	const debugger, start = "debugpy", "/__main__.py"
	if hasPackaged(l.Task, debugger+start) {
		return "/var/task/" + debugger, nil
	}
	if hasPackaged(l.Opt, "python/"+debugger+start) {
		return "/opt/python/" + debugger, nil
	}
	version, prefix := filepath.Base(r.Path), filepath.Dir(filepath.Dir(r.Path))
	libraries := []string{filepath.Join(prefix, "lib", version, "site-packages")}
	if prefix == "/usr" { // as Debian has them
		libraries = append(libraries, "/usr/local/lib/"+version+"/dist-packages", "/usr/lib/python3/dist-packages")
	}
	for _, dir := range libraries {
		if path := filepath.Join(dir, debugger); exists(path + start) {
			return path, nil
		}
	}
	return "", fmt.Errorf("debugpy is not there: %s -m pip install debugpy, or put it into the function's package by --target DIRECTORY", r.Path)
}
