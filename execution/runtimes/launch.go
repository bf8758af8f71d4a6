package runtimes

import (
	"slices"
	"strings"
)

// A Runtime is what runs a function: an interpreter with its client, what the
// function's package brings, or a container image that has both.
type Runtime struct {
	Name   string // as the function names it
	Family Family
	// Path is the interpreter's binary, or an image's entry point inside the image;
	// empty for custom runtimes, whose package brings it.
	Path    string
	Version string // of the interpreter or the image, as far as it is known
	// Directories are what a sandbox must show beside /usr, read-only.
	Directories []string
	// Root is a host directory that is the whole root, read-only; empty for this
	// host's. It stays for as long as the Runtimes are open.
	Root string
	// Own says that lamgate's own client speaks with the Runtime API.
	Own bool

	host       architecture
	asked      version // by the name
	found      version
	client     string   // lamgate's runtime client
	script     string   // the same in its source
	javaPlaces []string // directories that may have AWS's
	image      *fromImage
}

// A Launch is what a command is made for.
type Launch struct {
	Handler  string
	MemoryMB int // 0 if it is not known yet
	// Task and Opt are the host directories of the package and its layers; empty
	// if they are not known yet.
	Task, Opt string
	// DebugPort is where a debugger listens, on 127.0.0.1; 0 for none.
	DebugPort int
	// NodeOptions is the function's own NODE_OPTIONS.
	NodeOptions string
}

// A Command is how a runtime is started.
type Command struct {
	Args        []string // the first an absolute path inside the sandbox
	Env         []string // NAME=value: under what the function itself sets
	Directories []string // to show beside those of the Runtime
	Traces      bool     // it is a debugger that traces the function as its child
}

func (c *Command) set(name, value string) { c.Env = append(c.Env, name+"="+value) }

// Kind names what processes started by commands of the same kind have in common:
// each can serve in place of another. Whether a client was compiled makes none.
func (r *Runtime) Kind(c *Command) string {
	args := slices.Clone(c.Args)
	if i := slices.Index(args, r.client); i >= 0 && r.script != "" {
		args[i] = r.script
	}
	return strings.Join(slices.Concat(args, c.Env, c.Directories), "\x00")
}

// Command returns how the runtime is started. An *EntrypointError is a function
// that has nothing to start; every other error is something that this host lacks,
// and says what.
func (r *Runtime) Command(l Launch) (*Command, error) {
	c := &Command{Directories: r.Directories[:len(r.Directories):len(r.Directories)]}
	if r.image != nil {
		return c, r.image.launch(&l, c)
	}
	if r.Family == Provided {
		return c, launchProvided(r, &l, c)
	}
	c.Args = []string{r.Path}
	for _, language := range languages {
		if language.family == r.Family {
			return c, language.launch(r, &l, c)
		}
	}
	return c, nil
}

// Stemmable reports whether the runtime can be started before it is known for
// which function, one that sets these variables. It cannot where a variable must
// be there when the interpreter starts.
func (r *Runtime) Stemmable(environment map[string]string) bool {
	if r.Family != Python && r.Family != Node && r.Family != Ruby || !r.Own {
		return false
	}
	for name := range environment {
		if name == "AWS_LAMBDA_EXEC_WRAPPER" || name == "LANG" || name == "LANGUAGE" || readAtStart(name) {
			return false
		}
	}
	return true
}

// readAtStart reports whether the dynamic linker, the C library or an
// interpreter reads a variable before the client runs.
func readAtStart(name string) bool {
	if name == "NODE_ENV" { // which only libraries read
		return false
	}
	for _, prefix := range []string{"LD_", "LC_", "GLIBC_", "MALLOC_", "PYTHON", "NODE_", "RUBY", "GEM_", "BUNDLE_", "UV_", "OPENSSL_", "SSL_", "ICU_", "V8_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
