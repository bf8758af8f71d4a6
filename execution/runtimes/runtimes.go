package runtimes

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lamgate/lamgate/execution/bootstrap"
)

// A Family is a kind of runtime that lamgate can run.
type Family string

const (
	Python   Family = "python"
	Node     Family = "nodejs"
	Provided Family = "provided"
)

// A Runtime is what runs a function: an interpreter of this host with lamgate's
// client, or what the function's package brings.
type Runtime struct {
	Name string // as the function names it
	// Path is the binary on the host; empty for custom runtimes, whose package
	// brings it.
	Path    string
	Version string // of the binary, as far as it is known
	// Directories are what a sandbox must show beside /usr, read-only.
	Directories []string

	Family Family
	client string // lamgate's runtime client
}

// Command returns the sandbox's command for a function of so much memory.
func (i *Runtime) Command(memoryMB int) []string {
	switch i.Family {
	case Python:
		// The package is read-only: nothing is gained by trying to cache
		// bytecode in it. And what other packages of this host have hooked into
		// the interpreter's start is neither the function's nor free: the client
		// finds site-packages by itself.
		return []string{i.Path, "-B", "-S", i.client}
	case Node:
		// AWS: the heap may grow to nine tenths of the function's memory.
		return []string{i.Path, "--max-old-space-size=" + strconv.Itoa(max(memoryMB*9/10, 16)), i.client}
	}
	return nil
}

// Runtimes finds interpreters on the host. Nothing is looked for before it is
// asked for.
type Runtimes struct {
	clients string
	search  search

	mu    sync.Mutex
	found map[Family][]installation
}

// New returns the runtimes of this host. clients is the directory that
// bootstrap.Install returned.
func New(clients string) *Runtimes {
	return &Runtimes{clients: clients, search: hostSearch(), found: map[Family][]installation{}}
}

// runtimePattern takes a managed runtime's name apart.
var runtimePattern = regexp.MustCompile(`^(?:(python)(\d+)\.(\d+)|(nodejs)(\d+)(?:\.x|\.\d+)?)$`)

// Find returns the interpreter for a runtime: of exactly its version if the
// host has one, else of the nearest, with a warning that says so.
func (r *Runtimes) Find(runtime string) (i *Runtime, warning string, err error) {
	switch {
	case runtime == "provided.al2" || runtime == "provided.al2023":
		return &Runtime{Name: runtime, Family: Provided}, "", nil
	case runtime == "provided" || runtime == "go1.x":
		return nil, "", fmt.Errorf("lamgate does not run the runtime %s; build the function for provided.al2023", runtime)
	case runtime == "":
		return nil, "", fmt.Errorf("lamgate does not run container images yet")
	}
	m := runtimePattern.FindStringSubmatch(runtime)
	if m == nil || m[1] == "python" && m[2] != "3" {
		return nil, "", fmt.Errorf("lamgate does not run the runtime %s (it runs python3.x, nodejs*.x, provided.al2 and provided.al2023)", runtime)
	}
	f, name, client := Python, "Python", bootstrap.Python
	var want version
	if m[1] == "python" {
		want.major, _ = strconv.Atoi(m[2])
		want.minor, _ = strconv.Atoi(m[3])
	} else {
		f, name, client = Node, "Node.js", bootstrap.Node
		want.major, _ = strconv.Atoi(m[5])
	}
	best := nearest(f, r.installations(f), want)
	if best == nil {
		return nil, "", fmt.Errorf("%s is not installed on this host: install %s %s, in PATH or with %s", name, name, want.of(f), f.manager())
	}
	i = &Runtime{
		Name: runtime, Path: best.path, Version: best.version.String(), Directories: []string{r.clients},
		Family: f, client: filepath.Join(r.clients, client),
	}
	if prefix := best.prefix(); prefix != "" {
		i.Directories = append(i.Directories, prefix)
	}
	if best.version.of(f) != want.of(f) {
		warning = fmt.Sprintf("%s %s is not installed on this host: functions of %s run with %s %s (%s); install %s %s to have the version asked for",
			name, want.of(f), runtime, name, best.version, best.path, name, want.of(f))
	}
	return i, warning, nil
}

// Warning is Find for those who only want to know whether a function can run.
func (r *Runtimes) Warning(runtime string) (string, error) {
	_, warning, err := r.Find(runtime)
	return warning, err
}

// Installed lists the interpreters of this host, for people: "python3.13" with
// its path.
func (r *Runtimes) Installed() (list [][2]string) {
	for _, f := range []Family{Python, Node} {
		for _, i := range r.installations(f) {
			name := string(f) + i.version.of(f)
			if f == Node {
				name += ".x"
			}
			list = append(list, [2]string{name, i.path})
		}
	}
	return list
}

func (r *Runtimes) installations(f Family) []installation {
	r.mu.Lock()
	defer r.mu.Unlock()
	list, ok := r.found[f]
	// A binary may have gone, or come: what was found is trusted as long as it
	// is there.
	if ok && len(list) > 0 && !slices.ContainsFunc(list, installation.gone) {
		return list
	}
	if f == Python {
		list = r.search.pythons()
	} else {
		list = r.search.nodes()
	}
	r.found[f] = list
	return list
}

// nearest returns the installation whose version is wanted, or the one least
// far from it; the newer of two as far.
func nearest(f Family, list []installation, want version) *installation {
	var best *installation
	distance := func(i *installation) int {
		if f == Python {
			return abs(i.version.minor - want.minor)
		}
		return abs(i.version.major - want.major)
	}
	for n := range list {
		i := &list[n]
		if best == nil {
			best = i
			continue
		}
		switch d, b := distance(i), distance(best); {
		case d < b, d == b && best.version.less(i.version):
			best = i
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

func (f Family) manager() string {
	if f == Python {
		return "pyenv or uv"
	}
	return "nvm"
}

// A version is that of an interpreter.
type version struct{ major, minor, patch int }

func (v version) less(w version) bool {
	return slices.Compare([]int{v.major, v.minor, v.patch}, []int{w.major, w.minor, w.patch}) < 0
}

// of is the part of a version that a runtime's name has.
func (v version) of(f Family) string {
	if f == Python {
		return fmt.Sprintf("%d.%d", v.major, v.minor)
	}
	return strconv.Itoa(v.major)
}

func (v version) String() string {
	if v.patch < 0 {
		return fmt.Sprintf("%d.%d", v.major, v.minor)
	}
	return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
}

// parseVersion reads versions such as "3.13", "v20.9.0" and "cpython-3.12.1-…".
func parseVersion(s string) (v version, ok bool) {
	start := strings.IndexFunc(s, func(r rune) bool { return r >= '0' && r <= '9' })
	if start < 0 {
		return v, false
	}
	v.patch = -1
	for n, part := range strings.SplitN(s[start:], ".", 3) {
		end := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' })
		if end >= 0 {
			part = part[:end]
		}
		number, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		switch n {
		case 0:
			v.major, ok = number, true
		case 1:
			v.minor = number
		case 2:
			v.patch = number
		}
		if end >= 0 {
			break
		}
	}
	return v, ok
}
