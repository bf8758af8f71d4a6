//go:build amd64 || arm64

package sandbox

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// A launcher goes through four stages, each a stretch of one program:
//
//	stub      in the host's namespaces; makes the new ones, forks init, ends
//	init      process 1 of the sandbox: builds the root, opens the listeners
//	command   forked by init: joins its control groups, gives up everything, execs
//	          (extensions go the same way beside it, and then it waits for Release)
//	init      gives up everything too, reaps, and watches the server
//
// It speaks to the server in messages on one socket. When the server's end of
// that closes, however the server ended, init ends, and with it the kernel ends
// the whole sandbox.

// The launcher's files. Those from joinFD on are control groups to join.
const (
	controlFD = 3
	thawFD    = 4
	joinFD    = 5

	hostProcFD  = 60
	signalFD    = 61
	listenersFD = 62 // and the one after it
)

// A launch is what a program is written from.
type launch struct {
	spec     Spec
	layout   hostLayout
	id       identity
	joins    int  // number of control groups that the command writes itself into
	birth    bool // the file after those is a control group to be born in
	thaw     bool // thawFD is a freezer
	held     bool // the file after those tells that the command runs, by its end
	landlock bool // the kernel can keep abstract sockets apart
	filter   []unix.SockFilter
	limits   []limit

	capabilities uint64         // how many the kernel has
	inside       func(*program) // goes on in place of the command
}

// heldFD is the file that a command which waits keeps open until it runs.
func (l launch) heldFD() uint64 {
	fd := uint64(joinFD + l.joins)
	if l.birth {
		fd++
	}
	return fd
}

// logFD is the file that the command has as LogFD.
func (l launch) logFD() uint64 {
	fd := l.heldFD()
	if l.held {
		fd++
	}
	if l.spec.ExtensionOutput != nil {
		fd++
	}
	return fd
}

// program writes the launcher's program.
func (l launch) program() (*program, error) {
	p := newProgram()
	p.spare = l.logFD()
	if l.spec.Log != nil {
		p.spare++
	}
	p.filterAt = p.filter(l.filter)
	p.stub(l)
	if err := p.root(l.layout, l.spec, l.id); err != nil {
		return nil, err
	}
	if l.spec.Network != HostNetwork {
		p.loopback()
		p.listeners(l.spec.Sockets, l.spec.Network == EgressNetwork)
	}
	p.do("hold back signals", unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, p.words(^uint64(0)), 0, 8)
	p.command(l)
	for i, e := range l.spec.Extensions {
		p.extension(l, i, e)
	}
	p.init(l)
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
		p.boundUser()
	}
	flags := uint64(unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS)
	if l.spec.Network != HostNetwork {
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

// command writes the steps that fork the command and everything it does until
// it is the command.
func (p *program) command(l launch) {
	parent := p.label()
	// As vfork: the memory is shared, and init waits until the exec. Not if the
	// command waits itself.
	flags := uint64(unix.CLONE_VM | unix.CLONE_VFORK)
	if l.inside != nil || l.held {
		flags = 0
	}
	p.fork(l, flags).positive = parent
	p.confine(l)
	if l.spec.Log != nil {
		p.do("take its log", unix.SYS_DUP3, l.logFD(), LogFD, 0)
	}
	p.send(p.words(messageCommand, 0, 0), failure)
	p.giveUpEverything(l)
	if l.inside != nil {
		l.inside(p)
		p.mark(parent)
		return
	}
	if l.held {
		again := p.here() // stopping and continuing interrupts it
		p.try(unix.SYS_RT_SIGTIMEDWAIT, p.words(1<<(releaseSignal-1)), 0, 0, 8).negative = again
	}
	run := p.exec(l.spec.Command[0], l.spec.Command, l.spec.Env)
	if l.held {
		run.negative = next
		p.try(unix.SYS_WRITE, l.heldFD(), failureRecord, messageSize)
		p.exit(1)
	}
	p.mark(parent)
}

// extension writes the steps that fork an extension and everything it does
// until it is the extension. Its process ID is told to the server.
func (p *program) extension(l launch, index int, e Extension) {
	parent := p.label()
	runs := p.words(messageExtension, uint64(index), 0)
	fork := p.fork(l, unix.CLONE_VM|unix.CLONE_VFORK)
	fork.out, fork.positive = runs+16, parent
	p.confine(l)
	if l.spec.ExtensionOutput != nil {
		for fd := range uint64(2) {
			p.do("take its output", unix.SYS_DUP3, l.heldFD()+1, fd+1, 0)
		}
	}
	p.giveUpEverything(l)
	p.exec(e.Path, []string{e.Path}, e.Env).extension = e.Name
	p.mark(parent)
	p.send(runs, failure)
}

// fork writes the step that forks a process of the sandbox.
func (p *program) fork(l launch, flags uint64) *step {
	if l.birth {
		birth := p.words(flags|unix.CLONE_INTO_CGROUP, 0, 0, 0, uint64(unix.SIGCHLD), 0, 0, 0, 0, 0, uint64(joinFD+l.joins))
		return p.do("fork into a control group", unix.SYS_CLONE3, birth, 11*8)
	}
	return p.do("fork", unix.SYS_CLONE, flags|uint64(unix.SIGCHLD), 0, 0, 0, 0)
}

// confine writes the steps by which a process enters its control groups, limits
// and user namespace.
func (p *program) confine(l launch) {
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
	// Before there is another user namespace, in which what was mounted would be
	// locked.
	if l.spec.Late {
		p.receiveMounts()
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
	p.do("go to "+l.spec.Directory, unix.SYS_CHDIR, p.str(l.spec.Directory))
}

// giveUpEverything writes the steps after which a process is as a function's.
func (p *program) giveUpEverything(l launch) {
	for capability := range l.capabilities {
		p.do("drop a capability", unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, capability)
	}
	p.try(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL)
	if l.landlock && l.spec.Network == HostNetwork {
		p.landlock()
	}
	p.giveUp(0)
}

// exec writes the steps that become a program.
func (p *program) exec(file string, args, env []string) *step {
	p.do("let signals through", unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, p.words(0), 0, 8)
	return p.do("run "+file, unix.SYS_EXECVE, p.str(file), p.strs(args), p.strs(env))
}

// giveUp writes the steps that take away system calls and all capabilities but
// some, which stay without effect.
func (p *program) giveUp(but uint64) {
	// Of the lower half, then of the upper: the effective, permitted and inheritable.
	kept := p.words((but&mask)<<32, 0, but>>32)
	p.do("drop capabilities", unix.SYS_CAPSET, p.words(unix.LINUX_CAPABILITY_VERSION_3), kept)
	p.do("forbid new privileges", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1)
	p.do("filter system calls", unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW, p.filterAt)
}

func (p *program) exit(code uint64) { p.do("exit", unix.SYS_EXIT_GROUP, code) }
