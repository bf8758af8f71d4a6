package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

// taskDirectory is where the code stands inside.
const taskDirectory = "/var/task"

// mostCPU is the largest share of processors, in thousandths.
const mostCPU = 256_000

// complete checks a Spec and fills in what may be left out.
func complete(spec Spec) (Spec, error) {
	fail := func(what string) (Spec, error) {
		return spec, fmt.Errorf("start sandbox %s: %s", spec.Name, what)
	}
	lists := [][]string{spec.Command, spec.Env, spec.Runtime, {spec.Name, spec.Task, spec.Opt, spec.Root, spec.Directory, spec.LateFrom}}
	if len(spec.Extensions) == 0 {
		spec.ExtensionOutput = nil
	}
	for _, e := range spec.Extensions {
		lists = append(lists, e.Env, []string{e.Name, e.Path})
	}
	for _, list := range lists {
		for _, s := range list {
			if strings.IndexByte(s, 0) >= 0 {
				return fail(fmt.Sprintf("%q contains a zero byte", s))
			}
		}
	}
	switch {
	case len(spec.Command) == 0 || len(spec.Command[0]) == 0 || spec.Command[0][0] != '/':
		return fail("its command is not an absolute path")
	case spec.Directory != "" && spec.Directory[0] != '/':
		return fail("the directory that it starts in is not an absolute path")
	case spec.Root != "" && (spec.Root[0] != '/' || spec.Root == "/"):
		return fail("its root is not an absolute path of something else than the host's root")
	case spec.Sockets < 0 || spec.Sockets > MaxSockets:
		return fail(fmt.Sprintf("%d sockets are not between 0 and %d", spec.Sockets, MaxSockets))
	case slices.ContainsFunc(spec.Extensions, func(e Extension) bool { return e.Name == "" || e.Path == "" || e.Path[0] != '/' }):
		return fail("an extension has no name or no absolute path")
	case spec.CPU < 0 || spec.CPU > mostCPU || spec.CPUQuota && spec.CPU == 0:
		return fail(fmt.Sprintf("%d thousandths of a processor are no share", spec.CPU))
	case spec.MemoryMB <= 0:
		return fail("it has no memory")
	case spec.TmpMB <= 0:
		return fail("it has no room in /tmp")
	}
	if spec.Listener != nil && spec.Network != HostNetwork {
		return fail("its Runtime API has a listener of its own")
	}
	switch spec.Network {
	case HostNetwork, PrivateNetwork, EgressNetwork:
	default:
		return fail(fmt.Sprintf("there is no network called %q", spec.Network))
	}
	if spec.Directory == "" {
		spec.Directory = taskDirectory
	}
	if spec.Processes == 0 {
		spec.Processes = 1024
	}
	if spec.Files == 0 {
		spec.Files = 1024
	}
	return spec, nil
}

// The names of the controls, as people write them to require some.
const (
	ControlFileSystem   = "file system"
	ControlProcesses    = "other processes"
	ControlUser         = "user"
	ControlCapabilities = "capabilities"
	ControlSystemCalls  = "system calls"
	ControlPrivileges   = "no new privileges"
	ControlNetwork      = "network"
	ControlSockets      = "abstract sockets"
	ControlMemory       = "memory limit"
	ControlProcessLimit = "process limit"
	ControlTmp          = "size of /tmp"
	ControlFreeze       = "freeze"
	ControlDeath        = "death with the server"
	ControlProcessor    = "processor share"
	ControlLateCode     = "late code"
	ControlEgress       = "egress"
	ControlForeign      = "foreign Runtime APIs"
)
