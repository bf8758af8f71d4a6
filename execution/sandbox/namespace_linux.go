//go:build amd64 || arm64

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

const defaultLevel = NamespaceLevel

// namespaces is the driver that isolates with the kernel's namespaces.
type namespaces struct {
	log     *slog.Logger
	layout  hostLayout
	users   users
	null    *os.File
	buffers *outputBuffers

	mu       sync.Mutex
	controls []Control
}

func openNamespace(o Options) (Driver, error) {
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open the namespace driver: %w", err)
	}
	users, err := readUsers()
	if err != nil {
		return nil, fmt.Errorf("open the namespace driver: %w", err)
	}
	return &namespaces{
		log:     o.Log,
		layout:  readHostLayout(),
		users:   users,
		null:    null,
		buffers: newOutputBuffers(),
	}, nil
}

func (d *namespaces) Name() string { return NamespaceLevel }

func (d *namespaces) Controls() []Control {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.controls
}

// Probe implements Driver.
func (d *namespaces) Probe(ctx context.Context) ([]Control, error) { return nil, nil }

func (d *namespaces) Close() error { return d.null.Close() }

// Start implements Driver.
func (d *namespaces) Start(ctx context.Context, spec Spec) (Sandbox, error) {
	spec, err := complete(spec)
	if err != nil {
		return nil, err
	}
	s, err := d.start(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("start sandbox %s: %w", spec.Name, err)
	}
	return s, nil
}

func (d *namespaces) start(ctx context.Context, spec Spec) (*namespace, error) {
	id := d.users.choose()
	l := launch{
		spec:   spec,
		layout: d.layout,
		id:     id,
		limits: []limit{
			inheritedLimit(unix.RLIMIT_NOFILE, uint64(spec.Files), id.privileged),
			{unix.RLIMIT_CORE, 0},
		},
	}
	p, err := l.program()
	if err != nil {
		return nil, err
	}
	s, err := d.launch(spec, p)
	if err != nil {
		return nil, err
	}
	if err := s.await(ctx); err != nil {
		s.Kill()
		s.finish()
		return nil, err
	}
	go s.attend()
	return s, nil
}

// launch starts a program's stub.
func (d *namespaces) launch(spec Spec, p *program) (*namespace, error) {
	file, err := p.file()
	if err != nil {
		return nil, err
	}
	defer file.Close()

	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make the control socket: %w", err)
	}
	defer unix.Close(pair[1])
	err = errors.Join(
		unix.SetsockoptInt(pair[0], unix.SOL_SOCKET, unix.SO_PASSCRED, 1),
		unix.SetNonblock(pair[0], true))
	control := os.NewFile(uintptr(pair[0]), "control")
	if err != nil {
		control.Close()
		return nil, fmt.Errorf("make the control socket: %w", err)
	}
	output, writer, err := os.Pipe()
	if err != nil {
		control.Close()
		return nil, fmt.Errorf("make the output's pipe: %w", err)
	}
	defer writer.Close()

	s := newNamespace(d, spec, p, control)
	out := writer.Fd()
	stub, err := syscall.ForkExec(fmt.Sprintf("/proc/self/fd/%d", file.Fd()),
		[]string{"lamgate: " + spec.Name},
		&syscall.ProcAttr{
			Env:   []string{},
			Files: []uintptr{d.null.Fd(), out, out, uintptr(pair[1]), d.null.Fd()},
		})
	if err != nil {
		control.Close()
		output.Close()
		return nil, fmt.Errorf("run the launcher: %w", err)
	}
	s.stub = stub
	s.copying.Go(func() { d.buffers.copy(spec.Output, output) })
	return s, nil
}
