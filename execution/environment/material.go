package environment

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/code"
	"github.com/lamgate/lamgate/execution/disk"
	"github.com/lamgate/lamgate/execution/image"
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// material is what an environment is made of: what runs its function, and the
// trees of files that its processes see.
type material struct {
	runtime *runtimes.Runtime // nil of container images
	warning string
	task    *code.Package // the function's code; nil of container images
	opt     *code.Package // its layers; nil without any
	image   *image.Tree   // nil of all but container images

	command   *runtimes.Command // nil if nothing can be started
	nothing   error             // why
	root      string            // a host directory that is the whole root; empty for the host's own
	directory string            // in which the processes start; empty for /var/task

	extensions []sandbox.Extension
}

// gather fetches what the pool's environments are made of. The error of a
// function that is at fault is a fault.
func (p *Pool) gather(ctx context.Context) (m *material, err error) {
	m = new(material)
	if p.config.IsImage() {
		err = p.gatherImage(ctx, m)
	} else {
		err = p.gatherPackage(ctx, m)
	}
	if err == nil && m.root != "" && p.fleet.Driver.Name() == sandbox.ProcessLevel {
		err = aws.Faultf(http.StatusBadGateway, "InvalidRuntimeException", "a container image cannot run without isolation (--isolation %s), which gives functions no root of their own: run lamgate on Linux with --isolation %s",
			sandbox.ProcessLevel, sandbox.NamespaceLevel)
	}
	if err != nil {
		m.release()
		return nil, err
	}
	return m, nil
}

// gatherPackage is gather for a function of a deployment package.
func (p *Pool) gatherPackage(ctx context.Context, m *material) (err error) {
	f, c := p.fleet, &p.config
	if m.runtime, m.warning, err = f.Runtimes.Find(ctx, c.Runtime, c.Architecture); err != nil {
		return aws.Faultf(http.StatusBadGateway, "InvalidRuntimeException", "%v", err)
	}
	if m.task, err = f.Packages.Open(ctx, c.Code); err != nil {
		return unpackable(err)
	}
	if len(c.Layers) > 0 {
		if m.opt, err = f.Packages.OpenLayers(ctx, c.Layers, code.MaxUnzipped-m.task.Size()); err != nil {
			return unpackable(err)
		}
	}
	if m.opt != nil {
		if m.extensions, err = findExtensions(disk.View{"/var/task": m.task.Dir, "/opt": m.opt.Dir}); err != nil {
			return err
		}
	}
	m.root = m.runtime.Root
	m.command, err = m.runtime.Command(runtimes.Launch{Handler: c.Handler, MemoryMB: c.MemoryMB, Task: m.task.Dir, Opt: m.optDir(), DebugPort: p.debugPort, NodeOptions: c.Environment["NODE_OPTIONS"]})
	if nothing, ok := errors.AsType[*runtimes.EntrypointError](err); ok {
		m.command, m.nothing = nil, nothing
	} else if err != nil {
		return aws.Faultf(http.StatusBadGateway, "InvalidRuntimeException", "%v", err)
	}
	return nil
}

// gatherImage is gather for a function of a container image.
func (p *Pool) gatherImage(ctx context.Context, m *material) (err error) {
	f, c := p.fleet, &p.config
	if f.Images == nil || c.Image == nil {
		return errors.New("there is no store of images")
	}
	if m.image, err = f.Images.Open(ctx, *c.Image, c.Architecture); err != nil {
		return err
	}
	m.root = m.image.Root
	if m.extensions, err = findExtensions(disk.View{"/": m.root}); err != nil {
		return err
	}
	args, directory, err := m.image.Process(*c.Image, c.Environment["PATH"])
	if nothing, ok := errors.AsType[*image.EntrypointError](err); ok {
		m.nothing = nothing
		return nil
	} else if nowhere, ok := errors.AsType[*image.DirectoryError](err); ok {
		m.nothing = nowhere
		return nil
	} else if err != nil {
		return err
	}
	m.directory = directory
	m.command = &runtimes.Command{Args: args, Env: m.image.Config.Environment}
	return nil
}

// unpackable is an error of code that cannot be unpacked.
func unpackable(err error) error {
	if errors.Is(err, code.ErrPackage) {
		// AWS: "Lambda could not unzip the deployment package", InvalidZipFileException
		// of the Invoke operation in the API reference.
		return aws.Faultf(http.StatusBadGateway, "InvalidZipFileException", "%v", err).With("Type", "User")
	}
	return err
}

// release gives the trees back.
func (m *material) release() {
	if m.task != nil {
		m.task.Release()
	}
	if m.opt != nil {
		m.opt.Release()
	}
	if m.image != nil {
		m.image.Release()
	}
}

// taskDir is the host directory of the code; empty of container images.
func (m *material) taskDir() string {
	if m.task == nil {
		return ""
	}
	return m.task.Dir
}

// managed reports whether a runtime of AWS's runs the function.
func (m *material) managed() bool {
	return m.runtime != nil && m.runtime.Family != runtimes.Provided
}

// optDir is the host directory of the layers; empty without any.
func (m *material) optDir() string {
	if m.opt == nil {
		return ""
	}
	return m.opt.Dir
}

// command returns what runs the function; nil if there is nothing to run.
func (p *Pool) command(m *material) []string {
	if m.command == nil {
		return nil
	}
	// A wrapper is not for custom runtimes, which could ask for one themselves; the
	// images of managed runtimes do.
	if p.config.Environment[wrapperVariable] != "" && m.managed() && m.root == "" {
		return append([]string{"/bin/sh", "-c", startWrapped, "/var/runtime/bootstrap"}, m.command.Args...)
	}
	return m.command.Args
}

// wrapperVariable names a script that is to start the runtime, which it is
// given as its arguments.
//
// AWS: "Wrapper scripts" in the developer guide; of managed runtimes only.
const wrapperVariable = "AWS_LAMBDA_EXEC_WRAPPER"

// startWrapped starts a runtime by the function's wrapper.
//
// AWS: /var/runtime/bootstrap of the base images is a script, in which a name
// without a slash is looked for in PATH, a script needs no #!, and what cannot be
// is a line of the log and an exit status.
const startWrapped = `if [ ! -f "$AWS_LAMBDA_EXEC_WRAPPER" ]; then
	echo "$AWS_LAMBDA_EXEC_WRAPPER: does not exist"
	exit 127
elif [ ! -x "$AWS_LAMBDA_EXEC_WRAPPER" ]; then
	echo "$AWS_LAMBDA_EXEC_WRAPPER: is not an executable"
	exit 126
fi
exec "$AWS_LAMBDA_EXEC_WRAPPER" "$@"
`

// cannotExec tells whether a sandbox failed because the function's file cannot
// be run.
//
// AWS: Runtime.InvalidEntrypoint, with Go's words for the reason.
func (m *material) cannotExec(err error, path string) (verdict, bool) {
	own := m.root != "" || strings.HasPrefix(path, "/var/task/") || strings.HasPrefix(path, "/opt/")
	i := slices.IndexFunc(execFailures, func(reason syscall.Errno) bool { return errors.Is(err, reason) })
	if !own || i < 0 {
		return verdict{}, false
	}
	return invalidEntrypoint("fork/exec %s: %s", path, execFailures[i].Error()), true
}

var execFailures = []syscall.Errno{syscall.ENOEXEC, syscall.EACCES, syscall.ENOENT}

// notStartable is a function that has nothing to start, or no place to start it in.
func (m *material) notStartable() verdict {
	v := invalidEntrypoint("%v", m.nothing)
	if _, ok := errors.AsType[*image.DirectoryError](m.nothing); ok {
		v.errorType = "Runtime.InvalidWorkingDir"
	}
	return v
}
