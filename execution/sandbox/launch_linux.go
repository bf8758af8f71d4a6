//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// A launcher goes through four stages, each a stretch of one program:
//
//	stub      in the host's namespaces; makes the new ones, forks init, ends
//	init      process 1 of the sandbox: builds the root, opens the listeners
//	command   forked by init: joins its cgroups, gives up everything, execs
//	init      gives up everything too, reaps, and watches the server
//
// It speaks to the server in messages on one socket. When the server's end of
// that closes, however the server ended, init ends, and with it the kernel ends
// the whole sandbox.

// The launcher's files. Those from joinFD on are cgroup.procs files.
const (
	controlFD = 3
	thawFD    = 4
	joinFD    = 5

	hostProcFD  = 60
	signalFD    = 61
	listenersFD = 62 // and the one after it
)

// The messages a launcher sends: three words, of which this is the first.
const (
	messageFailure   = 1 + iota // instruction, negative errno
	messageInit                 // process ID on the host
	messageListeners            // with two files
	messageCommand              // with credentials: the sender's process ID
	messageStarted
	messageExited // wait status, then struct rusage
	messageProbe  // results of calls
)

const (
	messageSize = 24
	exitedSize  = 16 + 144
	peakAt      = 16 + 32 // of ru_maxrss in messageExited
	probeSize   = 512
)

// The message that the server sends to init is a process ID, as init knows it,
// and a signal.
const (
	requestSize    = 16
	commandProcess = 2          // the first that init forks
	everyProcess   = ^uint64(0) // -1: all but init
)

// An identity is whom the sandbox's processes are, outside.
type identity struct {
	privileged bool // the server may mount and change users without a user namespace
	uid, gid   int  // on the host
	mountUID   int  // the same as mount options name it
	mountGID   int
}

// A launch is what a program is written from.
type launch struct {
	spec     Spec
	layout   hostLayout
	id       identity
	joins    int  // number of control groups that the command writes itself into
	birth    bool // the file after those is a control group to be born in
	thaw     bool // thawFD is a freezer
	landlock bool // the kernel can keep abstract sockets apart
	filter   []unix.SockFilter
	limits   []limit

	capabilities uint64         // how many the kernel has
	inside       func(*program) // goes on in place of the command
}

// A limit is one resource limit.
type limit struct {
	resource int
	value    uint64
}

// program writes the launcher's program.
func (l launch) program() (*program, error) {
	p := newProgram()
	p.spare = uint64(joinFD + l.joins)
	if l.birth {
		p.spare++
	}
	p.stub(l)
	if err := p.root(l.layout, l.spec, l.id); err != nil {
		return nil, err
	}
	if l.spec.Network == PrivateNetwork {
		p.loopback()
		p.listeners()
	}
	wait := p.label()
	p.command(l, wait)
	p.init(l, wait)
	p.fail()
	return p, nil
}

// stub writes the steps that make the namespaces and init in them.
func (p *program) stub(l launch) {
	// Whatever else the server left open for its children.
	p.do("close inherited files", unix.SYS_CLOSE_RANGE, p.spare, mask, 0)
	if !l.id.privileged {
		p.do("make a user namespace", unix.SYS_UNSHARE, unix.CLONE_NEWUSER)
		p.mapUser(l.id, unix.AT_FDCWD&mask, "/proc/")
	}
	flags := uint64(unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS)
	if l.spec.Network == PrivateNetwork {
		flags |= unix.CLONE_NEWNET
	}
	p.do("make namespaces", unix.SYS_UNSHARE, flags)
	// Init's parent is the server, which can wait for it; the stub ends.
	message := p.words(messageInit, 0, 0)
	initial := p.label()
	fork := p.do("start init", unix.SYS_CLONE, unix.CLONE_PARENT|uint64(unix.SIGCHLD), 0, 0, 0, 0)
	fork.out, fork.zero = message+8, initial
	p.send(message, failure)
	p.exit(0)
	p.mark(initial)
	p.do("name the host", unix.SYS_SETHOSTNAME, p.str(hostname), uint64(len(hostname)))
}

// mapUser writes the steps that make the user of this namespace the caller.
func (p *program) mapUser(id identity, dir uint64, prefix string) {
	for _, m := range [][2]string{
		{"setgroups", "deny"},
		{"uid_map", fmt.Sprintf("%d %d 1", insideUID, id.uid)},
		{"gid_map", fmt.Sprintf("%d %d 1", insideGID, id.gid)},
	} {
		p.do("open "+m[0], unix.SYS_OPENAT, dir, p.str(prefix+"self/"+m[0]), unix.O_WRONLY|unix.O_CLOEXEC, 0)
		p.do("write "+m[0], unix.SYS_WRITE, p.spare, p.str(m[1]), uint64(len(m[1])))
		p.do("close "+m[0], unix.SYS_CLOSE, p.spare)
	}
}

// loopback writes the steps that bring up lo.
func (p *program) loopback() {
	request := make([]byte, 40) // struct ifreq
	copy(request, "lo")
	binary.LittleEndian.PutUint16(request[16:], unix.IFF_UP|unix.IFF_RUNNING)
	p.do("make a socket", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	p.do("bring up the loopback interface", unix.SYS_IOCTL, p.spare, unix.SIOCSIFFLAGS, p.bytes(request))
	p.do("close the socket", unix.SYS_CLOSE, p.spare)
}

// listeners writes the steps that open the two listeners and send them out.
func (p *program) listeners() {
	for i, port := range []uint16{9001, 4566} { // RuntimeAPIAddress, EndpointAddress
		fd := uint64(listenersFD + i)
		at := p.bytes([]byte{unix.AF_INET, 0, byte(port >> 8), byte(port), 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})
		p.do("make a listener", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		p.do("keep the listener", unix.SYS_DUP3, p.spare, fd, unix.O_CLOEXEC)
		p.do("close the listener's copy", unix.SYS_CLOSE, p.spare)
		p.do(fmt.Sprintf("bind port %d", port), unix.SYS_BIND, fd, at, 16)
		p.do(fmt.Sprintf("listen on port %d", port), unix.SYS_LISTEN, fd, 512)
	}
	vector := p.words(p.words(messageListeners, 0, 0), messageSize)
	// struct cmsghdr and two descriptors
	control := p.words(16+8, unix.SOL_SOCKET|unix.SCM_RIGHTS<<32, listenersFD|(listenersFD+1)<<32)
	header := p.words(0, 0, vector, 1, control, 24, 0)
	p.do("send the listeners", unix.SYS_SENDMSG, controlFD, header, unix.MSG_NOSIGNAL)
	p.do("close a listener", unix.SYS_CLOSE, listenersFD)
	p.do("close a listener", unix.SYS_CLOSE, listenersFD+1)
}

// command writes the steps that fork the command and everything it does until
// it is the command. Its process ID goes into the step that waits for it.
func (p *program) command(l launch, wait label) {
	all := p.words(^uint64(0))
	none := p.words(0)
	p.do("hold back signals", unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, all, 0, 8)

	parent := p.label()
	// As vfork: the memory is shared, and init waits until the exec.
	flags := uint64(unix.CLONE_VM | unix.CLONE_VFORK)
	if l.inside != nil {
		flags = 0
	}
	var fork *step
	if l.birth {
		birth := p.words(flags|unix.CLONE_INTO_CGROUP, 0, 0, 0, uint64(unix.SIGCHLD), 0, 0, 0, 0, 0, uint64(joinFD+l.joins))
		fork = p.do("fork into a control group", unix.SYS_CLONE3, birth, 11*8)
	} else {
		fork = p.do("fork", unix.SYS_CLONE, flags|uint64(unix.SIGCHLD), 0, 0, 0, 0)
	}
	fork.outTo, fork.positive = reference{wait, 0}, parent

	for i := range l.joins {
		p.do("join a control group", unix.SYS_WRITE, uint64(joinFD+i), p.str("0"), 1)
	}
	p.do("make a cgroup namespace", unix.SYS_UNSHARE, unix.CLONE_NEWCGROUP)
	// If the host runs out of memory, it is not the server that goes.
	p.try(unix.SYS_OPENAT, hostProcFD, p.str("self/oom_score_adj"), unix.O_WRONLY|unix.O_CLOEXEC, 0)
	p.try(unix.SYS_WRITE, p.spare, p.str("500"), 3)
	p.try(unix.SYS_CLOSE, p.spare)

	for _, limit := range l.limits {
		p.do(fmt.Sprintf("set resource limit %d", limit.resource), unix.SYS_PRLIMIT64, 0, uint64(limit.resource), p.words(limit.value, limit.value), 0)
	}
	if l.id.privileged {
		p.becomeUser(l.id)
		// Otherwise /proc/self belongs to root, and the user mapping with it.
		p.do("own /proc/self", unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 1)
		p.do("make a user namespace", unix.SYS_UNSHARE, unix.CLONE_NEWUSER)
		p.mapUser(l.id, hostProcFD, "")
	}
	p.do("close files at exec", unix.SYS_CLOSE_RANGE, 3, mask, unix.CLOSE_RANGE_CLOEXEC)
	p.do("begin a session", unix.SYS_SETSID)
	p.do("go to /var/task", unix.SYS_CHDIR, p.str("/var/task"))
	p.send(p.words(messageCommand, 0, 0), failure)
	for capability := range l.capabilities {
		p.do("drop a capability", unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, capability)
	}
	p.try(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL)
	if l.landlock && l.spec.Network == HostNetwork {
		p.landlock()
	}
	p.giveUp(l)
	if l.inside != nil {
		l.inside(p)
		p.mark(parent)
		return
	}
	p.do("let signals through", unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, none, 0, 8)
	p.do("run "+l.spec.Command[0], unix.SYS_EXECVE, p.str(l.spec.Command[0]), p.strs(l.spec.Command), p.strs(l.spec.Env))
	p.mark(parent)
}

// becomeUser writes the steps by which a privileged process becomes the
// sandbox's own host user.
func (p *program) becomeUser(id identity) {
	uid, gid := uint64(id.uid), uint64(id.gid)
	p.do("leave groups", unix.SYS_SETGROUPS, 0, 0)
	p.do("change group", unix.SYS_SETRESGID, gid, gid, gid)
	p.do("change user", unix.SYS_SETRESUID, uid, uid, uid)
}

// landlock writes the steps that keep the host's abstract sockets out of reach:
// they belong to the network, which is the host's.
func (p *program) landlock() {
	rules := p.words(0, 0, unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET) // struct landlock_ruleset_attr
	p.do("forbid new privileges", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1)
	p.do("make a Landlock ruleset", unix.SYS_LANDLOCK_CREATE_RULESET, rules, 24, 0)
	// The descriptor is the lowest free one.
	p.do("keep abstract sockets apart", unix.SYS_LANDLOCK_RESTRICT_SELF, p.spare, 0)
	p.do("close the Landlock ruleset", unix.SYS_CLOSE, p.spare)
}

// giveUp writes the steps that take away capabilities and system calls.
func (p *program) giveUp(l launch) {
	p.do("drop capabilities", unix.SYS_CAPSET, p.words(unix.LINUX_CAPABILITY_VERSION_3), p.words(0, 0, 0))
	p.do("forbid new privileges", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1)
	p.do("filter system calls", unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW, p.filter(l.filter))
}

// init writes the steps of process 1 once the command runs.
func (p *program) init(l launch, wait label) {
	p.do("close the command's files", unix.SYS_CLOSE_RANGE, 0, 2, 0)
	p.do("close the launcher's files", unix.SYS_CLOSE_RANGE, joinFD, mask, 0)
	p.do("watch for ended processes", unix.SYS_SIGNALFD4, mask, p.words(1<<(unix.SIGCHLD-1)), 8, unix.SFD_CLOEXEC|unix.SFD_NONBLOCK)
	p.do("keep the watch", unix.SYS_DUP3, 0, signalFD, unix.O_CLOEXEC) // it was the lowest free
	p.do("close the watch's copy", unix.SYS_CLOSE, 0)
	if l.id.privileged {
		p.becomeUser(l.id)
	}
	p.giveUp(l)
	p.try(unix.SYS_PRCTL, unix.PR_SET_NAME, p.str("lamgate-init"))
	p.send(p.words(messageStarted, 0, 0), failure)

	loop, receive, pass, orphaned, report := p.label(), p.label(), p.label(), p.label(), p.label()
	poll := p.words(controlFD|unix.POLLIN<<32, signalFD|unix.POLLIN<<32)
	signals := p.bytes(make([]byte, 128))
	exited := p.bytes(make([]byte, exitedSize))
	binary.LittleEndian.PutUint64(p.data[exited-dataBase:], messageExited)
	status, usage := exited+8, exited+16

	p.mark(loop)
	p.try(unix.SYS_PPOLL, poll, 2, 0, 0, 8)
	// What the server sends is the first two arguments of kill. When there is
	// nothing more to receive, the server has gone.
	p.mark(receive)
	request := p.try(unix.SYS_RECVFROM, controlFD, 0, requestSize, unix.MSG_DONTWAIT, 0, 0)
	request.fill, request.fillAt = reference{pass, 0}, 1
	request.zero, request.positive = orphaned, pass
	p.try(unix.SYS_READ, signalFD, signals, 128)
	reap := p.here()
	first := p.try(unix.SYS_WAIT4, everyProcess, status, unix.WNOHANG, usage)
	first.negative, first.zero = loop, loop
	// Someone has been reaped. If the command is still running it was not the
	// command; if there is no such child any more it was, and its status is
	// the one that was stored.
	p.mark(wait)
	second := p.try(unix.SYS_WAIT4, 0, status, unix.WNOHANG, usage)
	second.zero, second.negative, second.positive = reap, report, report

	p.mark(pass)
	kill := p.try(unix.SYS_KILL, 0, 0)
	kill.negative, kill.zero, kill.positive = receive, receive, receive

	p.mark(report)
	p.sendBytes(exited, exitedSize, next)
	p.mark(orphaned)
	if l.thaw { // so that everyone can be ended
		p.try(unix.SYS_WRITE, thawFD, p.str("THAWED"), 6)
	}
	p.exit(0)
}

// fail writes the steps taken after a failure in any stage.
func (p *program) fail() {
	p.mark(failure)
	p.send(failureRecord, next)
	p.exit(1)
}

func (p *program) send(message address, onError label) {
	p.sendBytes(message, messageSize, onError)
}

func (p *program) sendBytes(message address, size uint64, onError label) {
	p.do("speak to the server", unix.SYS_SENDTO, controlFD, message, size, unix.MSG_NOSIGNAL, 0, 0).negative = onError
}

func (p *program) exit(code uint64) { p.do("exit", unix.SYS_EXIT_GROUP, code) }

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

// inheritedLimit returns value, or the server's own limit if that is lower.
func inheritedLimit(resource int, value uint64) limit {
	var own unix.Rlimit
	if unix.Getrlimit(resource, &own) == nil {
		value = min(value, own.Max)
	}
	return limit{resource, value}
}
