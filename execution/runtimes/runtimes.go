package runtimes

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/lamgate/lamgate/execution/image"
)

// Config is what Runtimes need. Its zero value finds this host's interpreters
// and has no clients for them.
type Config struct {
	// Clients is the directory that bootstrap.Install returned.
	Clients string
	// Images are references of container images that serve managed runtimes, by
	// the runtime's name. Store opens them.
	Images map[string]string
	Store  *image.Store
	// JavaClient is a directory with AWS's runtime interface client for Java;
	// empty if there is none but those of functions and of Maven.
	JavaClient string
}

// Runtimes finds what runs functions. Nothing is looked for before it is asked
// for.
type Runtimes struct {
	clients    string
	store      *image.Store
	images     map[string]*fromImage
	javaPlaces []string
	host       architecture
	search     search

	bytecodes bytecodes
	life      context.Context // of what Prepare pulls
	end       context.CancelFunc
	preparing sync.WaitGroup

	mu    sync.Mutex
	found map[Family]finding
}

// New returns the runtimes of this host.
func New(c Config) *Runtimes {
	r := &Runtimes{
		clients: c.Clients, store: c.Store, images: map[string]*fromImage{}, host: hostArchitecture(), search: hostSearch(),
		found: map[Family]finding{}, bytecodes: bytecodes{clients: c.Clients},
	}
	r.life, r.end = context.WithCancel(context.Background())
	for name, reference := range c.Images {
		r.images[name] = &fromImage{reference: reference}
	}
	if c.JavaClient != "" {
		r.javaPlaces = append(r.javaPlaces, c.JavaClient)
	}
	if r.search.home != "" {
		r.javaPlaces = append(r.javaPlaces, filepath.Join(r.search.home, ".m2/repository/com/amazonaws"))
	}
	return r
}

// Prepare pulls the images in the background, so that the first function of each
// need not wait. What is wrong with them is for that one to learn.
func (r *Runtimes) Prepare() {
	for _, i := range r.images {
		r.preparing.Go(func() { i.open(r.life, r.store, string(r.host)) })
	}
}

// Close gives the images back and waits for what is under way.
func (r *Runtimes) Close() {
	r.end()
	r.preparing.Wait()
	r.bytecodes.running.Wait()
	for _, i := range r.images {
		i.close()
	}
}

// Find returns what serves a runtime: its image if it has one, else the
// interpreter of exactly its version if this host has one, else of the nearest,
// with a warning that says so. An image that is not there is pulled.
func (r *Runtimes) Find(ctx context.Context, runtime, architecture string) (*Runtime, string, error) {
	i, ok := r.images[runtime]
	if !ok {
		return r.installed(runtime, architecture)
	}
	family := Provided
	if l, _, ok := parseName(runtime); ok {
		family = l.family
	}
	if err := r.CanRun(architecture); err != nil {
		return nil, "", err
	}
	tree, err := i.open(ctx, r.store, architecture)
	if err != nil {
		return nil, "", fmt.Errorf("the image %s for the runtime %s: %w", i.reference, runtime, err)
	}
	found := &Runtime{
		Name: runtime, Family: family, Version: i.reference, Root: tree.Root, host: r.host,
		image: &fromImage{reference: i.reference, tree: tree},
	}
	if entry := tree.Config.EntryPoint; len(entry) > 0 {
		found.Path = entry[0]
	}
	return found, "", nil
}

// Warning is Find for those who only want to know whether a function can run. It
// pulls nothing.
func (r *Runtimes) Warning(runtime, architecture string) (string, error) {
	if _, ok := r.images[runtime]; ok {
		return "", r.CanRun(architecture)
	}
	_, warning, err := r.installed(runtime, architecture)
	return warning, err
}

// installed returns what of this host serves a runtime.
func (r *Runtimes) installed(runtime, architecture string) (*Runtime, string, error) {
	switch runtime {
	case "provided.al2", "provided.al2023":
		warning := ""
		if err := r.CanRun(architecture); err != nil && architecture != "" {
			warning = err.Error()
		}
		return &Runtime{Name: runtime, Family: Provided, host: r.host}, warning, nil
	case "provided", "go1.x":
		return nil, "", fmt.Errorf("lamgate does not run the runtime %s; build the function for provided.al2023", runtime)
	case "":
		return nil, "", errors.New("a container image has no runtime to be found")
	}
	l, want, ok := parseName(runtime)
	if !ok {
		return nil, "", fmt.Errorf("lamgate does not run the runtime %s (it runs python3.x, nodejs*.x, java*, ruby3.x, dotnet*, provided.al2 and provided.al2023)", runtime)
	}
	list, unasked := r.installations(l, &want)
	best := l.nearest(list, want)
	if best == nil {
		return nil, "", l.missing(list, unasked, want)
	}
	i := &Runtime{
		Name: runtime, Family: l.family, Path: best.path, Version: best.version.String(),
		host: r.host, asked: want, found: best.version, javaPlaces: r.javaPlaces,
	}
	i.Directories = append(i.Directories, best.shown...)
	if l.client != "" {
		i.Own, i.client = true, filepath.Join(r.clients, l.client)
		if r.clients != "" && !exists(i.client) {
			return nil, "", fmt.Errorf("lamgate does not run the runtime %s yet: it has no client for %s", runtime, l.title)
		}
		i.Directories = append(i.Directories, r.clients)
	}
	if l == &python {
		i.client, i.script = r.bytecodes.of(best.path, i.client), i.client
	}
	var warnings []string
	if l.of(best.version) != l.of(want) && unasked != nil {
		warnings = append(warnings, fmt.Sprintf("functions of %s run with %s %s (%s) for now: %v", runtime, l.title, best.version, best.path, unasked))
	} else if l.of(best.version) != l.of(want) {
		warnings = append(warnings, fmt.Sprintf("%s %s is not installed on this host: functions of %s run with %s %s (%s); install %[1]s %[2]s to have the version asked for",
			l.title, l.of(want), runtime, l.title, best.version, best.path))
	}
	if w := r.foreign(architecture); w != "" {
		warnings = append(warnings, w)
	}
	return i, strings.Join(warnings, "; "), nil
}

// A Listed is a managed runtime and what serves it, for people.
type Listed struct {
	Name    string
	Origin  string // host, image, package (a custom runtime's own), or empty if nothing serves it
	Version string
	Path    string // of the interpreter, or the image's reference
	Warning string
	Err     error // why nothing serves it, and what to do
}

// List tells what serves each managed runtime that AWS offers today, and each
// that an image serves.
func (r *Runtimes) List() (list []Listed) {
	var names []string
	for _, l := range languages {
		names = append(names, l.names...)
	}
	names = append(names, "provided.al2023", "provided.al2")
	for name := range r.images {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if i, ok := r.images[name]; ok {
			list = append(list, Listed{Name: name, Origin: "image", Path: i.reference})
			continue
		}
		i, warning, err := r.installed(name, "")
		switch {
		case err != nil:
			list = append(list, Listed{Name: name, Err: err})
		case i.Family == Provided:
			list = append(list, Listed{Name: name, Origin: "package"})
		default:
			list = append(list, Listed{Name: name, Origin: "host", Version: i.Version, Path: i.Path, Warning: warning})
		}
	}
	return list
}

// Installed lists the interpreters of this host that serve managed runtimes with
// a client of lamgate's own: "python3.13" with its path.
func (r *Runtimes) Installed() (list [][2]string) {
	for _, l := range []*language{&python, &node} {
		found, _ := r.installations(l, nil)
		for _, i := range found {
			name := string(l.family) + l.of(i.version)
			if l == &node {
				name += ".x"
			}
			list = append(list, [2]string{name, i.path})
		}
	}
	return list
}

// installations returns the interpreters of a language, and why there may be more.
// These are asked again unless what is wanted is there.
func (r *Runtimes) installations(l *language, want *version) ([]installation, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// A binary may have gone, or come: what was found is trusted as long as it
	// is there.
	if f := r.found[l.family]; len(f.list) > 0 && !slices.ContainsFunc(f.list, installation.gone) {
		there := func(i installation) bool { return want != nil && l.of(i.version) == l.of(*want) }
		if f.unasked == nil || slices.ContainsFunc(f.list, there) {
			return f.list, f.unasked
		}
	}
	s := r.search
	list := l.installations(&s)
	r.found[l.family] = finding{list, s.unasked}
	return list, s.unasked
}

// A finding is what a search has found, and who has not answered it.
type finding struct {
	list    []installation
	unasked error
}

// without drops what a client or lamgate is not written for.
func without(list []installation, old func(version) bool) []installation {
	return slices.DeleteFunc(list, func(i installation) bool { return old(i.version) })
}
