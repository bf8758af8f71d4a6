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
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// material is what an environment is made of: what runs its function, and the
// trees of files that its processes see.
type material struct {
	runtime *runtimes.Runtime
	warning string
	task    *code.Package // the function's code
	opt     *code.Package // its layers; nil without any
	command *runtimes.Command
	nothing *runtimes.EntrypointError // why there is no command

	extensions []sandbox.Extension // of the layers
}

// gather fetches what the pool's environments are made of. The error of a
// function that is at fault is a fault.
func (p *Pool) gather(ctx context.Context) (*material, error) {
	f, c := p.fleet, &p.config
	m := new(material)
	var err error
	if m.runtime, m.warning, err = f.Runtimes.Find(ctx, c.Runtime, c.Architecture); err != nil {
		return nil, aws.Faultf(http.StatusBadGateway, "InvalidRuntimeException", "%v", err)
	}
	if m.task, err = f.Packages.Open(ctx, c.Code); err != nil {
		return nil, unpackable(err)
	}
	if len(c.Layers) > 0 {
		if m.opt, err = f.Packages.OpenLayers(ctx, c.Layers, code.MaxUnzipped-m.task.Size()); err != nil {
			m.release()
			return nil, unpackable(err)
		}
	}
	if m.extensions, err = findExtensions(m.optDir()); err != nil {
		m.release()
		return nil, err
	}
	m.command, err = m.runtime.Command(runtimes.Launch{Handler: c.Handler, MemoryMB: c.MemoryMB, Task: m.task.Dir, Opt: m.optDir()})
	if e, ok := errors.AsType[*runtimes.EntrypointError](err); ok {
		m.command, m.nothing = nil, e
	} else if err != nil {
		m.release()
		return nil, aws.Faultf(http.StatusBadGateway, "InvalidRuntimeException", "%v", err)
	}
	return m, nil
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
	// A wrapper is not for custom runtimes, which could ask for one themselves.
	if wrapper := p.config.Environment[wrapperVariable]; wrapper != "" && m.runtime.Family != runtimes.Provided {
		return append([]string{wrapper}, m.command.Args...)
	}
	return m.command.Args
}

// wrapperVariable names a script that is to start the runtime, which it is
// given as its arguments.
//
// AWS: "Wrapper scripts" in the developer guide; of managed runtimes only.
const wrapperVariable = "AWS_LAMBDA_EXEC_WRAPPER"

// cannotExec tells whether a sandbox failed because the function's file cannot
// be run.
//
// AWS: Runtime.InvalidEntrypoint, with Go's words for the reason.
func cannotExec(err error, path string) (verdict, bool) {
	own := strings.HasPrefix(path, "/var/task/") || strings.HasPrefix(path, "/opt/")
	i := slices.IndexFunc(execFailures, func(reason syscall.Errno) bool { return errors.Is(err, reason) })
	if !own || i < 0 {
		return verdict{}, false
	}
	return invalidEntrypoint("fork/exec %s: %s", path, execFailures[i].Error()), true
}

var execFailures = []syscall.Errno{syscall.ENOEXEC, syscall.EACCES, syscall.ENOENT}

// notStartable is a function that has nothing to start.
func (m *material) notStartable() verdict { return invalidEntrypoint("%v", m.nothing) }
