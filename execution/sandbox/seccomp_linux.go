//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"
)

// The filter of system calls is a list of what is allowed; everything else
// fails with EPERM, and what the kernel may learn in future with ENOSYS, upon
// which C libraries fall back to older calls. The kernel remembers which calls
// are always allowed, so an allowed call costs next to nothing.

// A rule says what becomes of a system call.
type rule struct {
	action uint32       // of seccomp
	check  []comparison // or else: allowed if one of these holds, action if none
}

// A comparison holds if an argument's lower half, masked, has a value.
type comparison struct {
	argument    int
	mask, value uint32
	also        *comparison
}

const (
	refuse   = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	unknown  = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	noFamily = unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)
	pretend  = unix.SECCOMP_RET_ERRNO // error 0: nothing is done, and success reported
)

// newNamespaceFlags are the flags of clone that make namespaces.
const newNamespaceFlags = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

// x32Bit marks calls of x86-64's second ABI, whose numbers are others.
const x32Bit = 0x40000000

// newFilter returns the filter. Where no control group counts memory, memory
// that belongs to no process is refused, since nobody could count it.
func newFilter(memoryCounted, traced bool) []unix.SockFilter {
	rules := map[int]rule{}
	lists := [][]int{allowedCalls, allowedCallsHere}
	if traced {
		lists = append(lists, tracingCalls)
	}
	for _, list := range lists {
		for _, number := range list {
			rules[number] = rule{action: unix.SECCOMP_RET_ALLOW}
		}
	}
	for _, number := range unknownCalls {
		rules[number] = rule{action: unknown}
	}
	for _, number := range unownedMemoryCalls {
		rules[number] = rule{action: unix.SECCOMP_RET_ALLOW}
		if !memoryCounted {
			rules[number] = rule{action: unknown}
		}
	}
	// Flushing the disks of the host is not for a function to ask for.
	rules[unix.SYS_SYNC] = rule{action: pretend}
	rules[unix.SYS_SYNCFS] = rule{action: pretend}

	rules[unix.SYS_CLONE] = rule{refuse, []comparison{{mask: newNamespaceFlags}}}
	rules[unix.SYS_PERSONALITY] = rule{refuse, []comparison{{mask: ^uint32(0)}, {mask: ^uint32(0), value: ^uint32(0)}}}

	// Not vsock, which no namespace holds; no raw, packet or crypto sockets; and no
	// protocols for which the kernel would load a module.
	const kinds = 0xf // the rest of socket's second argument is flags
	sockets := []comparison{
		{0, ^uint32(0), unix.AF_UNIX, nil},
		{0, ^uint32(0), unix.AF_NETLINK, &comparison{2, ^uint32(0), unix.NETLINK_ROUTE, nil}},
	}
	for _, family := range []uint32{unix.AF_INET, unix.AF_INET6} {
		for _, s := range []struct{ kind, protocol uint32 }{
			{unix.SOCK_STREAM, unix.IPPROTO_IP}, {unix.SOCK_STREAM, unix.IPPROTO_TCP},
			{unix.SOCK_DGRAM, unix.IPPROTO_IP}, {unix.SOCK_DGRAM, unix.IPPROTO_UDP},
		} {
			sockets = append(sockets, comparison{0, ^uint32(0), family, &comparison{1, kinds, s.kind, &comparison{2, ^uint32(0), s.protocol, nil}}})
		}
	}
	rules[unix.SYS_SOCKET] = rule{noFamily, sockets}
	rules[unix.SYS_SOCKETPAIR] = rule{noFamily, sockets[:1]}

	var controls []comparison
	for _, option := range allowedControls {
		controls = append(controls, comparison{0, ^uint32(0), option, nil})
	}
	rules[unix.SYS_PRCTL] = rule{refuse, controls}

	return compileFilter(rules)
}

// A span is a run of system calls with one rule, up to the next span.
type span struct {
	first int
	rule  rule
}

func compileFilter(rules map[int]rule) []unix.SockFilter {
	numbers := make([]int, 0, len(rules))
	for n := range rules {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var spans []span
	add := func(first int, r rule) {
		if last := len(spans) - 1; last >= 0 && spans[last].rule.check == nil && r.check == nil && spans[last].rule.action == r.action {
			return
		}
		spans = append(spans, span{first, r})
	}
	after := 0
	for _, n := range numbers {
		if n > after {
			add(after, rule{action: refuse})
		}
		add(n, rules[n])
		after = n + 1
	}
	add(after, rule{action: refuse})
	add(max(after, lastKnownCall)+1, rule{action: unknown})

	f := []unix.SockFilter{
		load(4), // the architecture
		jump(unix.BPF_JEQ, auditArch, 1, 0),
		ret(unix.SECCOMP_RET_KILL_PROCESS),
		load(0), // the number
		jump(unix.BPF_JGE, x32Bit, 0, 1),
		ret(refuse),
	}
	return append(f, search(spans)...)
}

// search finds the span of the loaded number by halving.
func search(spans []span) []unix.SockFilter {
	if len(spans) == 1 {
		return spans[0].rule.compile()
	}
	half := len(spans) / 2
	below, above := search(spans[:half]), search(spans[half:])
	f := []unix.SockFilter{
		jump(unix.BPF_JGE, uint32(spans[half].first), 0, 1),
		{Code: unix.BPF_JMP | unix.BPF_JA, K: uint32(len(below))},
	}
	return append(append(f, below...), above...)
}

func (r rule) compile() []unix.SockFilter {
	var f []unix.SockFilter
	for _, c := range r.check {
		f = append(f, c.compile()...)
	}
	return append(f, ret(r.action))
}

// compile allows the call if the comparison holds, and goes on if not.
func (c comparison) compile() []unix.SockFilter {
	then := []unix.SockFilter{ret(unix.SECCOMP_RET_ALLOW)}
	if c.also != nil {
		then = c.also.compile()
	}
	return append([]unix.SockFilter{
		load(uint32(16 + 8*c.argument)),
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: c.mask},
		jump(unix.BPF_JEQ, c.value, 0, uint8(len(then))),
	}, then...)
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func jump(condition uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | condition | unix.BPF_K, Jt: yes, Jf: no, K: k}
}

func ret(action uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}
}

// filter places a BPF program and its struct sock_fprog.
func (p *program) filter(f []unix.SockFilter) address {
	var b []byte
	for _, i := range f {
		b = binary.LittleEndian.AppendUint16(b, i.Code)
		b = append(b, i.Jt, i.Jf)
		b = binary.LittleEndian.AppendUint32(b, i.K)
	}
	return p.words(uint64(len(f)), p.bytes(b))
}
