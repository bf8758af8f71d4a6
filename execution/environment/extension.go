package environment

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/disk"
	"github.com/lamgate/lamgate/execution/runtimeapi"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// Extensions are processes beside the runtime, or threads within it, that take
// part in an environment's life: it is ready, and idle, when they are.

// extensions is what an environment knows of its own. Guarded by its mu, but for
// external, which is set before the start.
type extensions struct {
	external []sandbox.Extension
	missing  int // of external, those that have not registered
	internal int // that have registered
}

// some reports whether there are any.
func (x *extensions) some() bool { return len(x.external) > 0 || x.internal > 0 }

// extensionsDir is where the files of external extensions lie.
//
// AWS: all of them are started, whatever their names.
const extensionsDir = "/opt/extensions"

// findExtensions lists the extensions that processes see.
func findExtensions(v disk.View) (list []sandbox.Extension, err error) {
	names, err := v.Files(extensionsDir)
	if errors.Is(err, fs.ErrPermission) {
		return nil, aws.Faultf(http.StatusBadGateway, "InvalidRuntimeException", "%s cannot be read: its permissions in the layer's package keep others than its owner out", extensionsDir)
	}
	if err != nil {
		return nil, fmt.Errorf("look for extensions: %w", err)
	}
	for _, name := range names {
		list = append(list, sandbox.Extension{Name: name, Path: extensionsDir + "/" + name})
	}
	return list, nil
}

// tooMany tells whether there are more extensions than an environment has, and
// where they then stand.
//
// AWS: its runtime interface emulator, which comes of Lambda's own code, starts
// them one after another until there is one too many, whose launch is an error.
// None is started here.
func tooMany(list []sandbox.Extension) (verdict, []runtimeapi.Standing, bool) {
	if len(list) <= runtimeapi.MaxExtensions {
		return verdict{}, nil, false
	}
	var standings []runtimeapi.Standing
	for _, x := range list[:runtimeapi.MaxExtensions] {
		standings = append(standings, runtimeapi.Standing{Name: x.Name, State: "Started"})
	}
	standings = append(standings, runtimeapi.Standing{Name: list[runtimeapi.MaxExtensions].Name, State: "LaunchError", ErrorType: "TooManyExtensions"})
	return verdict{cause: InitError, errorType: "Extension.LaunchError", message: "ErrTooManyExtensions"}, standings, true
}

// notForExtensions are variables that only the runtime's process has.
//
// AWS: "Lambda Extensions API" of the developer guide, on environment variables.
var notForExtensions = []string{
	"AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS",
	"LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "_LAMBDA_TELEMETRY_LOG_FD", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT", "_HANDLER",
}

// extend has the environment start with the extensions of its layers.
func (e *Environment) extend(variables map[string]string) {
	own := make(map[string]string, len(variables))
	for name, value := range variables {
		if !slices.Contains(notForExtensions, name) {
			own[name] = value
		}
	}
	e.extensions.external = slices.Clone(e.material.extensions)
	e.extensions.missing = len(e.extensions.external)
	for i := range e.extensions.external {
		e.extensions.external[i].Env = list(own)
	}
}

func (x *extensions) names() (names []string) {
	for _, e := range x.external {
		names = append(names, e.Name)
	}
	return names
}

// cannotLaunch tells whether a sandbox failed because an extension cannot be run,
// and where that then stands.
//
// AWS: Extension.LaunchError, with Go's words for the reason. The type of the
// extension's own error is PermissionDenied or UnknownError, as its runtime
// interface emulator has it.
func cannotLaunch(err error) (verdict, runtimeapi.Standing, bool) {
	x, ok := errors.AsType[*sandbox.ExtensionError](err)
	if !ok {
		return verdict{}, runtimeapi.Standing{}, false
	}
	reason, kind := x.Err, "UnknownError"
	for _, known := range execFailures {
		if errors.Is(x.Err, known) {
			reason = known
		}
	}
	if errors.Is(x.Err, fs.ErrPermission) {
		kind = "PermissionDenied"
	}
	v := verdict{cause: InitError, errorType: "Extension.LaunchError", culprit: extension(x.Extension), message: fmt.Sprintf("fork/exec %s/%s: %v", extensionsDir, x.Extension, reason)}
	return v, runtimeapi.Standing{Name: x.Extension, State: "LaunchError", ErrorType: kind}, true
}

// Registered implements runtimeapi.Owner. When all external extensions have
// registered, the runtime starts.
func (e *Environment) Registered(name string, internal bool) {
	e.mu.Lock()
	if internal {
		e.extensions.internal++
	} else {
		e.extensions.missing--
	}
	release := !internal && e.extensions.missing == 0 && !e.state.over()
	box := e.box
	e.mu.Unlock()
	if release {
		e.pool.fleet.running.Go(func() {
			if err := box.Release(); err != nil {
				e.unreleased(err)
			}
		})
	}
}

// unreleased is a runtime that could not be started beside the extensions.
func (e *Environment) unreleased(err error) {
	if v, ok := e.material.cannotExec(err, e.command); ok {
		e.fail(anyTurn, v)
		return
	}
	select {
	case <-e.box.Done(): // it has ended meanwhile
		return
	default:
	}
	e.pool.fleet.Log.Error("runtime was not started beside its extensions", "function", e.pool.function.Name, "error", err)
	e.fail(anyTurn, verdict{cause: InitError, errorType: "Runtime.Unknown", message: err.Error()})
}

// ExtensionReady implements runtimeapi.Owner.
func (e *Environment) ExtensionReady(string) {
	if t := e.settle(); t != nil {
		e.api.Send(t.event())
	}
}

// ExtensionFailed implements runtimeapi.Owner.
//
// AWS: an extension that reports an error is the end of its environment; the
// message is that of an exit.
func (e *Environment) ExtensionFailed(name, errorType string, exit bool) {
	kind := "Extension.InitError"
	if exit {
		kind = "Extension.ExitError"
	}
	e.mu.Lock()
	later := e.state != Initialising // else its line says so
	e.mu.Unlock()
	if later {
		e.explain(extension(name) + " has failed: " + errorType)
	}
	e.fail(anyTurn, verdict{cause: Crash, errorType: kind, culprit: extension(name), message: "exit code 0"})
}

// explain leaves in the log what Lambda does not tell: which extension it was
// that ended the environment, and why.
func (e *Environment) explain(text string) {
	if !e.dead() {
		e.log.explain(text, e.pool.fleet.Clock.Now())
	}
}

// standings tells how the extensions stood when the init phase was over, however
// it ended.
//
// AWS: as "EXTENSION" lines in public logs, right before INIT_REPORT or START.
func (e *Environment) standings(now time.Time) {
	if e.api == nil { // none could be started
		return
	}
	for _, x := range e.api.Extensions() {
		e.log.extension(x, now)
	}
}

// lastBreath is how long what a process said at its end may be on its way.
const lastBreath = 20 * time.Millisecond

// watch is told of each process that ends while others run.
func (e *Environment) watch() {
	for x := range e.box.Ended() {
		if x.Extension == "" {
			close(e.runtimeGone)
			e.pool.fleet.Clock.AfterFunc(lastBreath, func() { e.fail(anyTurn, exited(x.Exit)) })
			continue
		}
		v := verdict{cause: Crash, errorType: "Extension.Crash", culprit: extension(x.Extension), message: fmt.Sprintf("exit code %d", x.Exit.Code)}
		if x.Exit.Signal != "" {
			v.message = "signal: " + x.Exit.Signal
		}
		e.pool.fleet.Clock.AfterFunc(lastBreath, func() {
			e.explain(v.culprit + " has ended: " + v.message)
			e.fail(anyTurn, v)
		})
	}
}

// Restored implements runtimeapi.Owner.
func (e *Environment) Restored() {}
