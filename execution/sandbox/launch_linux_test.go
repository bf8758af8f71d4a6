//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMachine runs a program that takes each kind of branch and has one call
// fill in another's argument.
func TestMachine(t *testing.T) {
	p := newProgram()
	bad, zero, positive := p.label(), p.label(), p.label()
	say := func(s string) *step { return p.do("say", unix.SYS_WRITE, 1, p.str(s), uint64(len(s))) }

	fails := p.do("fail", unix.SYS_CLOSE, 1000)
	fails.zero, fails.positive = bad, bad
	fails.negative = zero
	say("not here\n")
	p.mark(zero)
	say("negative\n")
	p.do("", unix.SYS_GETPID).positive = positive
	p.mark(bad)
	p.exit(1)
	p.mark(positive)
	say("positive\n")
	fd := p.label()
	p.do("duplicate", unix.SYS_DUP, 1).outTo = reference{fd, 0}
	p.mark(fd)
	p.do("write to the duplicate", unix.SYS_WRITE, 1000, p.str("zero\n"), 5).zero = bad
	p.do("fail on purpose", unix.SYS_CLOSE, 1001)
	p.exit(2)
	p.mark(failure)
	p.do("", unix.SYS_WRITE, 1, failureRecord, messageSize)
	p.exit(3)

	f, err := p.file()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out, err := exec.Command(fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd())).Output()
	if x, ok := errors.AsType[*exec.ExitError](err); !ok || x.ExitCode() != 3 {
		t.Errorf("it ended with %v", err)
	}
	said, record, _ := strings.Cut(string(out), "zero\n")
	if said != "negative\npositive\n" || len(record) != messageSize {
		t.Fatalf("it said %q", out)
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64([]byte(record)[8*i:]) }
	err = p.explain(word(1), unix.Errno(-int64(word(2))))
	if word(0) != messageFailure || !errors.Is(err, unix.EBADF) || !strings.Contains(err.Error(), "fail on purpose") {
		t.Errorf("it reported %q", record)
	}
}

func TestProgramsThatCannotBe(t *testing.T) {
	p := newProgram()
	p.do("go nowhere", unix.SYS_GETPID).zero = p.label()
	p.mark(failure)
	if _, err := p.assemble(); err == nil {
		t.Error("a branch to nowhere was accepted")
	}
	p = newProgram()
	p.mark(failure)
	for range 20_000 {
		p.try(unix.SYS_GETPID)
	}
	p.exit(0)
	if _, err := p.assemble(); err == nil {
		t.Error("a program that is too long was accepted")
	}
}

// decide runs a filter on one call, as the kernel does.
func decide(t *testing.T, f []unix.SockFilter, arch uint32, number int, args ...uint64) uint32 {
	t.Helper()
	data := binary.LittleEndian.AppendUint32(nil, uint32(number))
	data = binary.LittleEndian.AppendUint32(data, arch)
	data = binary.LittleEndian.AppendUint64(data, 0)
	for i := range 6 {
		if i < len(args) {
			data = binary.LittleEndian.AppendUint64(data, args[i])
		} else {
			data = binary.LittleEndian.AppendUint64(data, 0)
		}
	}
	var a uint32
	for at := 0; at < len(f); at++ {
		i := f[at]
		yes := false
		switch i.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = binary.LittleEndian.Uint32(data[i.K:])
			continue
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			a &= i.K
			continue
		case unix.BPF_RET | unix.BPF_K:
			return i.K
		case unix.BPF_JMP | unix.BPF_JA:
			at += int(i.K)
			continue
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			yes = a == i.K
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			yes = a >= i.K
		default:
			t.Fatalf("instruction %d has the code %#x", at, i.Code)
		}
		if yes {
			at += int(i.Jt)
		} else {
			at += int(i.Jf)
		}
	}
	t.Fatal("the filter has no end")
	return 0
}

func TestFilter(t *testing.T) {
	counted, uncounted := newFilter(true, false), newFilter(false, false)
	if len(counted) > 4096 {
		t.Fatalf("the filter has %d instructions; the kernel takes 4096", len(counted))
	}
	const allow = uint32(unix.SECCOMP_RET_ALLOW)
	allowed := map[int]bool{}
	for _, list := range [][]int{allowedCalls, allowedCallsHere, unownedMemoryCalls} {
		for _, number := range list {
			allowed[number] = true
		}
	}
	for _, number := range []int{unix.SYS_CLONE, unix.SYS_PERSONALITY, unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_PRCTL} {
		if allowed[number] {
			t.Errorf("call %d is allowed, and allowed with conditions", number)
		}
		delete(allowed, number)
	}
	conditional := []int{unix.SYS_CLONE, unix.SYS_PERSONALITY}
	for number := range 700 {
		if slices.Contains(conditional, number) {
			continue
		}
		if got := decide(t, counted, auditArch, number) == allow; got != allowed[number] {
			t.Errorf("call %d: allowed is %t", number, got)
		}
	}
	for _, test := range []struct {
		what   string
		filter []unix.SockFilter
		want   uint32
		number int
		args   []uint64
	}{
		{"a thread", counted, allow, unix.SYS_CLONE, []uint64{unix.CLONE_VM | unix.CLONE_THREAD | unix.CLONE_SIGHAND}},
		{"a user namespace", counted, refuse, unix.SYS_CLONE, []uint64{unix.CLONE_NEWUSER}},
		{"a network among flags", counted, refuse, unix.SYS_CLONE, []uint64{unix.CLONE_VM | unix.CLONE_NEWNET | 17}},
		{"the upper half of flags", counted, allow, unix.SYS_CLONE, []uint64{1 << 40}},
		{"asking for the personality", counted, allow, unix.SYS_PERSONALITY, []uint64{0xffffffff}},
		{"tracing", counted, refuse, unix.SYS_PTRACE, nil},
		{"tracing by a debugger", newFilter(true, true), allow, unix.SYS_PTRACE, nil},
		{"no randomisation", counted, refuse, unix.SYS_PERSONALITY, []uint64{0x0040000}},
		{"TCP", counted, allow, unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK, 0}},
		{"UDP", counted, allow, unix.SYS_SOCKET, []uint64{unix.AF_INET6, unix.SOCK_DGRAM, 0}},
		{"raw", counted, noFamily, unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_RAW, 1}},
		{"Unix", counted, allow, unix.SYS_SOCKET, []uint64{unix.AF_UNIX, unix.SOCK_SEQPACKET, 0}},
		{"routes", counted, allow, unix.SYS_SOCKET, []uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE}},
		{"audit", counted, noFamily, unix.SYS_SOCKET, []uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT}},
		{"vsock", counted, noFamily, unix.SYS_SOCKET, []uint64{unix.AF_VSOCK, unix.SOCK_STREAM, 0}},
		{"a pair", counted, allow, unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX, unix.SOCK_STREAM, 0}},
		{"a thread's name", counted, allow, unix.SYS_PRCTL, []uint64{unix.PR_SET_NAME}},
		{"PR_SET_MM", counted, refuse, unix.SYS_PRCTL, []uint64{unix.PR_SET_MM}},
		{"clone3", counted, unknown, unix.SYS_CLONE3, nil},
		{"the future", counted, unknown, 1000, nil},
		{"sync", counted, pretend, unix.SYS_SYNC, nil},
		{"memfd", counted, allow, unix.SYS_MEMFD_CREATE, nil},
		{"memfd that nobody counts", uncounted, unknown, unix.SYS_MEMFD_CREATE, nil},
		{"x32", counted, refuse, x32Bit | unix.SYS_READ, nil},
	} {
		if got := decide(t, test.filter, auditArch, test.number, test.args...); got != test.want {
			t.Errorf("%s: %#x, want %#x", test.what, got, test.want)
		}
	}
	if got := decide(t, counted, auditArch^1, unix.SYS_READ); got != unix.SECCOMP_RET_KILL_PROCESS {
		t.Errorf("another architecture: %#x", got)
	}
}

func TestUnusedIDs(t *testing.T) {
	for idMap, want := range map[string]idRange{
		"         0          0 4294967295\n": unusedIDs,
		"0 1000 1\n1 100000 65536\n":         {65537 - 16384, 16384},
		"0 100000 65536\n":                   {49152, 16384},
		"0 1000 1\n":                         {},
		"nonsense\n":                         {},
	} {
		got, err := chooseUnusedIDs([]byte(idMap))
		if got != want || (err != nil) != (idMap == "nonsense\n") {
			t.Errorf("%q gives %+v, %v", idMap, got, err)
		}
	}
}
