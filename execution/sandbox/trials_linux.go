//go:build amd64 || arm64

package sandbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// trials are the calls of a probe, and what must come of them.
type trials struct {
	p       *program
	report  address // of a message: its kind, then the results
	parking label   // where processes go that only have to exist
	list    []trial
}

type trial struct {
	control string
	what    string
	want    func(result int64) bool
}

// probeFD is a file that a probe uses.
const probeFD = 50

func newTrials(p *program) *trials {
	report := make([]byte, probeSize)
	binary.LittleEndian.PutUint64(report, messageProbe)
	return &trials{p: p, report: p.bytes(report), parking: p.label()}
}

// expect appends a call.
func (t *trials) expect(control, what string, want func(int64) bool, number uintptr, args ...uint64) *step {
	t.list = append(t.list, trial{control, what, want})
	s := t.p.try(number, args...)
	s.out = t.report + 8*uint64(len(t.list))
	return s
}

// open appends a call that opens a file, as probeFD.
func (t *trials) open(number uintptr, args ...uint64) {
	t.p.try(number, args...)
	t.p.try(unix.SYS_DUP3, t.p.spare, probeFD, 0)
	t.p.try(unix.SYS_CLOSE, t.p.spare)
}

// send sends the results.
func (t *trials) send() { t.p.sendBytes(t.report, probeSize, failure) }

// park writes where processes stay until they are ended.
func (t *trials) park() {
	t.p.mark(t.parking)
	s := t.p.try(unix.SYS_PPOLL, 0, 0, 0, 0, 8)
	s.negative, s.zero, s.positive = t.parking, t.parking, t.parking
}

func fails(with ...unix.Errno) func(int64) bool {
	return func(result int64) bool {
		for _, e := range with {
			if result == -int64(e) {
				return true
			}
		}
		return false
	}
}

func is(want int64) func(int64) bool { return func(result int64) bool { return result == want } }

func succeeds(result int64) bool { return result >= 0 }

// calls writes the calls of a hostile function.
func (t *trials) calls(port int) {
	p, at := t.p, uint64(unix.AT_FDCWD&mask)

	t.expect(ControlFileSystem, "read the host's /etc/shadow", fails(unix.ENOENT), unix.SYS_OPENAT, at, p.str("/etc/shadow"), unix.O_RDONLY, 0)
	t.expect(ControlFileSystem, "read the host's /root", fails(unix.ENOENT), unix.SYS_OPENAT, at, p.str("/root"), unix.O_RDONLY, 0)
	for _, dir := range []string{"/probe", "/usr/probe", "/var/task/probe", "/opt/probe"} {
		t.expect(ControlFileSystem, "write "+dir, fails(unix.EROFS), unix.SYS_MKDIRAT, at, p.str(dir), 0o755)
	}
	t.expect(ControlFileSystem, "write /proc", fails(unix.EROFS), unix.SYS_OPENAT, at, p.str("/proc/self/comm"), unix.O_WRONLY, 0)

	t.expect(ControlProcesses, "see its own process ID", is(commandProcess), unix.SYS_GETPID)
	t.expect(ControlProcesses, "read /proc/1", succeeds, unix.SYS_FACCESSAT, at, p.str("/proc/1/status"), unix.F_OK)
	t.expect(ControlUser, "see its user", is(insideUID), unix.SYS_GETUID)
	t.expect(ControlUser, "become root", fails(unix.EPERM, unix.EINVAL), unix.SYS_SETRESUID, 0, 0, 0)

	everything := p.words(1<<32-1, 1<<32-1|(1<<32-1)<<32, 1<<32-1)
	t.expect(ControlCapabilities, "take capabilities", fails(unix.EPERM), unix.SYS_CAPSET, p.words(unix.LINUX_CAPABILITY_VERSION_3), everything)
	t.expect(ControlCapabilities, "keep CAP_SYS_ADMIN in reserve", is(0), unix.SYS_PRCTL, unix.PR_CAPBSET_READ, unix.CAP_SYS_ADMIN)
	t.expect(ControlPrivileges, "ask for no_new_privs", is(1), unix.SYS_PRCTL, unix.PR_GET_NO_NEW_PRIVS)

	for _, c := range []struct {
		what   string
		number uintptr
		args   []uint64
	}{
		{"trace a process", unix.SYS_PTRACE, []uint64{unix.PTRACE_TRACEME}},
		{"make a user namespace", unix.SYS_UNSHARE, []uint64{unix.CLONE_NEWUSER}},
		{"clone into a user namespace", unix.SYS_CLONE, []uint64{unix.CLONE_NEWUSER | uint64(unix.SIGCHLD)}},
		{"mount", unix.SYS_MOUNT, []uint64{0, p.str("/tmp"), p.str("tmpfs")}},
		{"use the keyring", unix.SYS_KEYCTL, nil},
		{"load a BPF program", unix.SYS_BPF, nil},
		{"set up io_uring", unix.SYS_IO_URING_SETUP, []uint64{1}},
		{"open by handle", unix.SYS_OPEN_BY_HANDLE_AT, nil},
		{"change its personality", unix.SYS_PERSONALITY, []uint64{0x0040000}},
	} {
		t.expect(ControlSystemCalls, c.what, fails(unix.EPERM), c.number, c.args...)
	}
	t.expect(ControlSystemCalls, "call clone3", fails(unix.ENOSYS), unix.SYS_CLONE3, 0, 0)
	t.expect(ControlSystemCalls, "open a vsock", fails(unix.EAFNOSUPPORT), unix.SYS_SOCKET, unix.AF_VSOCK, unix.SOCK_STREAM, 0)

	t.open(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0)
	t.expect(ControlNetwork, "reach the host's loopback", fails(unix.ECONNREFUSED, unix.ENETUNREACH), unix.SYS_CONNECT, probeFD, p.bytes(loopbackAddress(port)), 16)

	t.open(unix.SYS_OPENAT, at, p.str("/tmp/probe"), unix.O_CREAT|unix.O_RDWR, 0o600)
	t.expect(ControlTmp, "fill /tmp", fails(unix.ENOSPC), unix.SYS_FALLOCATE, probeFD, 0, 0, 4<<20)

	for range probeSpec(PrivateNetwork).Processes - 1 {
		p.try(unix.SYS_CLONE, uint64(unix.SIGCHLD), 0, 0, 0, 0).zero = t.parking
	}
	t.expect(ControlProcessLimit, "start too many processes", fails(unix.EAGAIN), unix.SYS_CLONE, uint64(unix.SIGCHLD), 0, 0, 0, 0).zero = t.parking
}

// reach writes an attempt at an abstract socket of the host.
func (t *trials) reach(abstract string, want unix.Errno) {
	t.open(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0)
	address := append([]byte{unix.AF_UNIX, 0, 0}, abstract...)
	t.expect(ControlSockets, "reach an abstract socket of the host", fails(want), unix.SYS_CONNECT, probeFD, t.p.bytes(address), uint64(len(address)))
}

// late writes what a sandbox looks at that has been completed late.
func (t *trials) late(task, file string) {
	p, at := t.p, uint64(unix.AT_FDCWD&mask)
	t.expect(ControlLateCode, "see code that has come late", succeeds, unix.SYS_FACCESSAT, at, p.str(taskDirectory+"/"+file), unix.F_OK)
	for _, dir := range []string{taskDirectory, "/opt", lateFrom} {
		t.expect(ControlLateCode, "write "+dir, fails(unix.EROFS), unix.SYS_MKDIRAT, at, p.str(dir+"/probe"), 0o755)
	}
	t.expect(ControlLateCode, "see the code of others", fails(unix.ENOENT), unix.SYS_FACCESSAT, at, p.str(lateFrom+"/"+filepath.Base(task)), unix.F_OK)
	t.open(unix.SYS_OPENAT, at, p.str("/tmp/probe"), unix.O_CREAT|unix.O_RDWR, 0o600)
	t.expect(ControlLateCode, "fill /tmp as it is now", succeeds, unix.SYS_FALLOCATE, probeFD, 0, 0, 2<<20)
}

// judge waits for the results and tells what is wrong with each control.
func (t *trials) judge(ctx context.Context, s *namespace) (map[string]string, error) {
	var results []int64
	select {
	case results = <-s.reports:
	case <-s.Done():
		return nil, fmt.Errorf("the probe ended early: %+v", s.Exit())
	case <-ctx.Done():
		return nil, fmt.Errorf("the probe does not answer: %w", context.Cause(ctx))
	}
	if len(results) < len(t.list) {
		return nil, fmt.Errorf("the probe sent %d results of %d", len(results), len(t.list))
	}
	problems := map[string]string{}
	for i, trial := range t.list {
		if r := results[i]; !trial.want(r) && problems[trial.control] == "" {
			outcome := "gave " + strconv.FormatInt(r, 10)
			if r < 0 {
				outcome = "failed with: " + unix.Errno(-r).Error()
			}
			problems[trial.control] = fmt.Sprintf("an attempt to %s %s", trial.what, outcome)
		}
	}
	return problems, nil
}
