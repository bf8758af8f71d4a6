//go:build amd64 || arm64

package sandbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A Late sandbox runs before it is known whose it will be. What the command
// sees at /var/task and /opt can still come, because those two mounts of init's
// pass on what is mounted on them: the command has a mount namespace of its own
// that receives from init's, and has nothing that it could receive with but
// these. Init keeps its capabilities until it has been assigned, and nothing of
// the host's but the directory that all code lies in, which only init sees.

// lateFrom is where init sees the directory that the code lies in.
const lateFrom = "/.code"

// An assignment, as init receives it behind the request, has room for three
// strings.
const (
	assignmentTask = 0
	assignmentOpt  = 1 << 10
	assignmentTmp  = 2 << 10
	assignmentSize = assignmentTmp + 256
)

// errNotLate is returned by Assign of a sandbox that is not Late, or again.
var errNotLate = errors.New("the sandbox does not wait to be assigned")

// checkLate refuses what a Late sandbox cannot be.
func (d *namespaces) checkLate(spec *Spec) error {
	within := func(dir string) bool {
		return dir == "/opt" || strings.HasPrefix(dir, "/opt/") || dir == taskDirectory || strings.HasPrefix(dir, taskDirectory+"/")
	}
	d.mu.Lock()
	problem := d.lateProblem
	d.mu.Unlock()
	switch {
	case problem != "":
		return fmt.Errorf("late code: %w: %s", ErrNotBuilt, problem)
	case len(spec.Extensions) > 0:
		return fmt.Errorf("late code beside extensions: %w", ErrNotBuilt)
	case spec.Root != "":
		return fmt.Errorf("late code in a root of its own: %w", ErrNotBuilt)
	case slices.ContainsFunc(spec.Runtime, within):
		return fmt.Errorf("late code over a runtime in the same place: %w", ErrNotBuilt)
	case spec.Task != "" || spec.Opt != "":
		return errors.New("what is late cannot be given at once")
	}
	real, err := filepath.EvalSymlinks(spec.LateFrom)
	if err == nil && !filepath.IsAbs(real) {
		err = errors.New("it is not an absolute path")
	}
	if err != nil {
		return fmt.Errorf("find where late code lies: %w", err)
	}
	spec.LateFrom = real
	return nil
}

// late writes the steps that make places for what comes late.
func (b *rootBuilder) late(spec Spec) {
	b.show(shownPath{from: spec.LateFrom, to: lateFrom, dir: true})
	shared := b.p.words(unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, 0, unix.MS_SHARED, 0)
	for _, dir := range []string{taskDirectory, "/opt"} {
		b.mkdir(dir)
		to := b.p.str(dir)
		b.p.do("make a place at "+dir, unix.SYS_MOUNT, to, to, 0, unix.MS_BIND, 0)
		b.p.do("share "+dir, unix.SYS_MOUNT_SETATTR, unix.AT_FDCWD&mask, to, 0, shared, 32)
	}
}

// receiveMounts writes the steps by which a command leaves init's mount
// namespace, but for what is passed on.
func (p *program) receiveMounts() {
	p.do("make a mount namespace", unix.SYS_UNSHARE, unix.CLONE_NEWNS)
	p.do("receive mounts", unix.SYS_MOUNT, 0, p.str("/"), 0, unix.MS_REC|unix.MS_SLAVE, 0)
	p.do("leave "+lateFrom, unix.SYS_UMOUNT2, p.str(lateFrom), unix.MNT_DETACH)
}

// assign writes the steps that init takes when it has received an assignment.
func (p *program) assign() {
	for _, m := range []struct {
		what, to string
		from     address
	}{
		{"show the code", taskDirectory, p.assignmentAt + assignmentTask},
		{"show the layers", "/opt", p.assignmentAt + assignmentOpt},
	} {
		// Read-only as what it is bound from.
		p.do(m.what, unix.SYS_MOUNT, m.from, p.str(m.to), 0, unix.MS_BIND|unix.MS_REC, 0)
	}
	tmpfs := p.str("tmpfs")
	p.do("size /tmp", unix.SYS_MOUNT, tmpfs, p.str("/tmp"), tmpfs, unix.MS_REMOUNT|unix.MS_NOSUID|unix.MS_NODEV, p.assignmentAt+assignmentTmp)
	p.do("leave "+lateFrom, unix.SYS_UMOUNT2, p.str(lateFrom), unix.MNT_DETACH)
}

// Assign implements Sandbox. After an error the sandbox is of no use.
func (s *namespace) Assign(ctx context.Context, a Assignment) error {
	if err := s.assign(ctx, a); err != nil {
		return fmt.Errorf("assign sandbox %s: %w", a.Name, err)
	}
	return nil
}

func (s *namespace) assign(ctx context.Context, a Assignment) error {
	if a.Task == "" || a.MemoryMB <= 0 || a.TmpMB <= 0 {
		return errors.New("it has no code, no memory or no room in /tmp")
	}
	if a.CPU < 0 || a.CPU > mostCPU || a.CPUQuota && a.CPU == 0 {
		return fmt.Errorf("%d thousandths of a processor are no share", a.CPU)
	}
	if s.spec.LateFrom == "" {
		return errNotLate
	}
	message := make([]byte, requestSize+assignmentSize)
	// Any call that succeeds with something positive.
	binary.LittleEndian.PutUint64(message, unix.SYS_GETPID)
	opt := "/opt" // is empty, and stays as it is
	task, err := s.inside(a.Task)
	if err == nil && a.Opt != "" {
		opt, err = s.inside(a.Opt)
	}
	if err != nil {
		return err
	}
	for at, value := range map[int]string{assignmentTask: task, assignmentOpt: opt, assignmentTmp: tmpSize(a.TmpMB)} {
		if len(value) >= assignmentOpt-assignmentTask || strings.IndexByte(value, 0) >= 0 {
			return fmt.Errorf("the path %.100q is too long", value)
		}
		copy(message[requestSize+at:], value)
	}
	if err := s.beginAssignment(a, message); err != nil {
		return err
	}
	select {
	case err := <-s.assigned:
		return err
	case <-s.done:
		select {
		case err := <-s.assigned:
			return err
		default:
			return os.ErrProcessDone
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// beginAssignment sets the limits and tells init the rest.
func (s *namespace) beginAssignment(a Assignment, message []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.spec.Late:
		return errNotLate
	case s.gone:
		return os.ErrProcessDone
	}
	s.spec.Late = false
	before := s.spec
	s.spec.Name, s.spec.Task, s.spec.Opt = a.Name, a.Task, a.Opt
	s.spec.MemoryMB, s.spec.TmpMB, s.spec.CPU, s.spec.CPUQuota = a.MemoryMB, a.TmpMB, a.CPU, a.CPUQuota
	if err := s.group.limitAgain(before, s.spec); err != nil {
		return fmt.Errorf("limit the control group: %w", err)
	}
	return s.ask(message)
}

// inside is where init sees a directory of the host's.
func (s *namespace) inside(dir string) (string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(s.spec.LateFrom, real)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("%s does not lie in %s", dir, s.spec.LateFrom)
	}
	if info, err := os.Stat(real); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s is not a directory", dir)
	}
	return lateFrom + "/" + rel, nil
}

// tmpSize is the options that give /tmp its size.
func tmpSize(megabytes int) string {
	return fmt.Sprintf("size=%dm,nr_inodes=%d", megabytes, 64*megabytes)
}
