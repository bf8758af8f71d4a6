//go:build unix

package sandbox

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// processes is the driver that does not isolate: every command is a process
// group of the server's own user, on the host's file system.
type processes struct {
	log     *slog.Logger
	buffers *outputBuffers
}

func openProcess(o Options) (Driver, error) {
	return &processes{log: o.Log, buffers: newOutputBuffers()}, nil
}

func (d *processes) Name() string { return ProcessLevel }
func (d *processes) Close() error { return nil }

// Probe implements Driver. There is nothing to find out.
func (d *processes) Probe(context.Context) ([]Control, error) { return d.Controls(), nil }

// Controls implements Driver: it says of each that it is not enforced.
func (d *processes) Controls() []Control {
	var list []Control
	for _, name := range []string{
		ControlFileSystem, ControlProcesses, ControlUser, ControlCapabilities, ControlSystemCalls, ControlPrivileges,
		ControlNetwork, ControlForeign, ControlMemory, ControlProcessLimit, ControlProcessor, ControlTmp, ControlDeath,
	} {
		list = append(list, Control{
			Name:    name,
			Problem: "functions run as ordinary processes of this user",
			Mend:    "on Linux, choose --isolation " + NamespaceLevel,
		})
	}
	return append(list, Control{Name: ControlFreeze, Enforced: true, By: "SIGSTOP to the process group"})
}

// Start implements Driver.
func (d *processes) Start(ctx context.Context, spec Spec) (Sandbox, error) {
	spec, err := complete(spec)
	if err != nil {
		return nil, err
	}
	s, err := d.start(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("start process %s: %w", spec.Name, err)
	}
	return s, nil
}

func (d *processes) start(ctx context.Context, spec Spec) (*process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if spec.Network != HostNetwork {
		return nil, fmt.Errorf("--isolation %s cannot give a network of its own; choose --network %s", ProcessLevel, HostNetwork)
	}
	if spec.Root != "" {
		return nil, fmt.Errorf("a root of its own without isolation: %w", ErrNotBuilt)
	}
	if spec.Late {
		return nil, fmt.Errorf("late code without isolation: %w", ErrNotBuilt)
	}
	tmp, err := os.MkdirTemp("", "lamgate-")
	if err != nil {
		return nil, fmt.Errorf("make its temporary directory: %w", err)
	}
	output, writer, err := openOutput(spec.Output)
	if err != nil {
		os.RemoveAll(tmp)
		return nil, fmt.Errorf("make the output's pipe: %w", err)
	}
	s := &process{
		spec: spec, tmp: tmp, started: time.Now(), translate: translator(spec),
		writer: writer, output: output, copied: make(chan struct{}),
		waiting: true, empty: make(chan struct{}), done: make(chan struct{}), ended: make(chan Ended, len(spec.Extensions)+1),
		exit: Exit{Code: -1, Signal: syscall.SIGKILL.String()}, // if it is never released
	}
	for _, e := range spec.Extensions {
		if err = s.startMember(e.Name, e.Path, []string{e.Path}, e.Env); err != nil {
			err = &ExtensionError{e.Name, err}
			break
		}
	}
	if err == nil && len(spec.Extensions) == 0 {
		err = s.startCommand()
	}
	go func() {
		defer close(s.copied)
		if output != nil {
			d.buffers.copy(spec.Output, output)
		}
	}()
	go s.attend()
	if err != nil {
		s.Kill()
		<-s.done
		return nil, err
	}
	return s, nil
}

// translator returns what makes host paths of those that a sandbox would have
// at /var/task and /opt, alone or in a list such as PATH.
func translator(spec Spec) func(string) string {
	own := func(element string) bool {
		return slices.ContainsFunc(spec.Runtime, func(dir string) bool {
			return element == dir || strings.HasPrefix(element, dir+"/")
		})
	}
	replace := func(element, from, to string) string {
		rest, ok := strings.CutPrefix(element, from)
		if !ok || to == "" || rest != "" && rest[0] != '/' || own(element) {
			return element
		}
		return filepath.Join(to, rest)
	}
	return func(value string) string {
		elements := strings.Split(value, ":")
		for i, e := range elements {
			elements[i] = replace(replace(e, "/var/task", spec.Task), "/opt", spec.Opt)
		}
		return strings.Join(elements, ":")
	}
}
