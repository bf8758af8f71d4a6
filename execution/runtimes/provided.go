package runtimes

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/execution/disk"
)

// An EntrypointError is a function whose package has nothing that can be
// started. It is the function's own mistake, and fails its init.
//
// AWS: Runtime.InvalidEntrypoint.
type EntrypointError struct {
	Message string // as AWS words it
	Hint    string // what lamgate knows besides; empty if nothing
}

func (e *EntrypointError) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + " (" + e.Hint + ")"
}

// launchProvided starts the bootstrap of the package, or that of a layer.
func launchProvided(r *Runtime, l *Launch, c *Command) error {
	view := disk.View{}
	for place, dir := range map[string]string{"/var/task": l.Task, "/opt": l.Opt} {
		if dir != "" {
			view[place] = dir
		}
	}
	path, built := "", architecture("")
	for _, candidate := range []string{"/var/task/bootstrap", "/opt/bootstrap"} {
		var ok bool
		if built, ok = findBootstrap(view, candidate); ok {
			path = candidate
			break
		}
	}
	if path == "" {
		return &EntrypointError{Message: "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"}
	}
	if built != "" && built != r.host && !emulated(built) {
		return &EntrypointError{
			Message: "fork/exec " + path + ": exec format error",
			Hint:    fmt.Sprintf("it is built for %s, and this host is %s: %s", built, r.host, r.host.mend(built)),
		}
	}
	c.Args = []string{path}
	if l.DebugPort > 0 {
		return debugProvided(l, c)
	}
	return nil
}

// findBootstrap looks for a bootstrap as the function sees it, and what it is
// built for. A link to what is neither in the package nor in a layer may lead to
// one: that is left to the start.
func findBootstrap(v disk.View, path string) (built architecture, ok bool) {
	real, info, err := v.Find(path)
	if errors.Is(err, disk.ErrNotShown) {
		_, shown := v.Host(path)
		return "", shown == nil
	}
	if err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	place, err := v.Host(real)
	if err != nil {
		return "", false
	}
	f, err := os.Open(place) // which no link is on the way to
	if err != nil {
		return "", true // it may be run by who may not read it
	}
	defer f.Close()
	return builtFor(f), true
}

// findDelve returns the real path of delve; empty if it is not there. Where go
// install puts it is not always in PATH.
func findDelve() string {
	if path, err := exec.LookPath("dlv"); err == nil {
		return resolve(path)
	}
	home, _ := os.UserHomeDir()
	first, _, _ := strings.Cut(os.Getenv("GOPATH"), string(os.PathListSeparator))
	for _, dir := range []string{os.Getenv("GOBIN"), filepath.Join(first, "bin"), filepath.Join(home, "go", "bin")} {
		if real := resolve(filepath.Join(dir, "dlv")); real != "" && filepath.IsAbs(dir) {
			return real
		}
	}
	return ""
}

// debugProvided has delve start the bootstrap, which is taken for a Go program.
func debugProvided(l *Launch, c *Command) error {
	real := findDelve()
	if real == "" {
		return errors.New("delve is not on this host: go install github.com/go-delve/delve/cmd/dlv@latest")
	}
	if dir := filepath.Dir(real); !strings.HasPrefix(dir, "/usr/") {
		c.Directories = append(c.Directories, dir)
	}
	c.Traces = true
	c.Args = []string{
		real, "exec", "--headless", "--accept-multiclient", "--continue", "--api-version=2", "--check-go-version=false", "--only-same-user=false",
		"--listen=127.0.0.1:" + strconv.Itoa(l.DebugPort), c.Args[0],
	}
	return nil
}
