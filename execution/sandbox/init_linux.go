//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// init writes the steps of process 1 once the command runs.
func (p *program) init(l launch) {
	p.do("close the command's files", unix.SYS_CLOSE_RANGE, 0, 2, 0)
	p.do("close the launcher's files", unix.SYS_CLOSE_RANGE, joinFD, mask, 0)
	p.do("watch for ended processes", unix.SYS_SIGNALFD4, mask, p.words(1<<(unix.SIGCHLD-1)), 8, unix.SFD_CLOEXEC|unix.SFD_NONBLOCK)
	p.do("keep the watch", unix.SYS_DUP3, 0, signalFD, unix.O_CLOEXEC) // it was the lowest free
	p.do("close the watch's copy", unix.SYS_CLOSE, 0)
	p.try(unix.SYS_PRCTL, unix.PR_SET_NAME, p.str("lamgate-init"))
	answer := uint64(messageStarted)
	if l.spec.Late {
		p.send(p.words(messageStarted, 0, 0), failure)
		assigned := p.label()
		p.attend(l, assigned)
		p.mark(assigned)
		p.assign()
		answer = messageAssigned
	}
	if l.id.privileged {
		p.do("keep capabilities", unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 1)
		p.becomeUser(l.id)
	}
	p.giveUp(l.id.keeps)
	p.send(p.words(answer, 0, 0), failure)
	p.attend(l, next)
}

// attend writes the loop in which init reaps, does what the server asks for, and
// ends when the command or the server does. If assigned is not next, the loop
// leads to it when the server sends what a Late sandbox waits for.
func (p *program) attend(l launch, assigned label) {
	loop, receive, obey, orphaned, report := p.label(), p.label(), p.label(), p.label(), p.label()
	poll := p.words(controlFD|unix.POLLIN<<32, signalFD|unix.POLLIN<<32)
	signals := p.bytes(make([]byte, 128))
	exited := p.bytes(make([]byte, exitedSize))
	binary.LittleEndian.PutUint64(p.data[exited-dataBase:], messageExited)
	status, usage := exited+8, exited+16
	parts := p.words(0, requestSize, 0, assignmentSize) // struct iovec
	if assigned != next {
		p.assignmentAt = p.bytes(make([]byte, assignmentSize))
		binary.LittleEndian.PutUint64(p.data[parts-dataBase+16:], p.assignmentAt)
	}

	p.mark(loop)
	p.try(unix.SYS_PPOLL, poll, 2, 0, 0, 8)
	// What the server sends is a system call and its first two arguments. When
	// there is nothing more to receive, the server has gone.
	p.mark(receive)
	request := p.try(unix.SYS_RECVMSG, controlFD, p.words(0, 0, parts, 2, 0, 0, 0), unix.MSG_DONTWAIT)
	request.zero, request.positive = orphaned, obey
	p.try(unix.SYS_READ, signalFD, signals, 128)
	reap := p.here()
	if l.held {
		p.reapEach(reap, loop, orphaned)
	} else {
		first := p.try(unix.SYS_WAIT4, everyProcess, status, unix.WNOHANG, usage)
		first.negative, first.zero = loop, loop
		// Someone has been reaped. If the command is still running it was not
		// the command; if there is no such child any more it was, and its
		// status is the one that was stored.
		second := p.try(unix.SYS_WAIT4, commandProcess, status, unix.WNOHANG, usage)
		second.zero, second.negative, second.positive = reap, report, report
	}

	p.mark(obey)
	call := p.try(0)
	call.negative, call.zero, call.positive = receive, receive, receive
	if assigned != next {
		call.positive = assigned
	}
	binary.LittleEndian.PutUint64(p.data[parts-dataBase:], p.place(p.labels[obey]))

	p.mark(report)
	p.sendBytes(exited, exitedSize, next)
	p.mark(orphaned)
	if l.thaw { // so that everyone can be ended
		p.try(unix.SYS_WRITE, thawFD, p.str("THAWED"), 6)
	}
	p.exit(0)
}

// reapEach writes the steps that tell the server of everyone who has ended.
// Init ends when there is nobody left.
func (p *program) reapEach(reap, loop, nobody label) {
	message := p.bytes(make([]byte, reapedSize))
	binary.LittleEndian.PutUint64(p.data[message-dataBase:], messageReaped)
	wait := p.try(unix.SYS_WAIT4, everyProcess, message+16, unix.WNOHANG, message+24)
	wait.out, wait.negative, wait.zero = message+8, nobody, loop
	told := p.do("", unix.SYS_SENDTO, controlFD, message, reapedSize, unix.MSG_NOSIGNAL, 0, 0)
	told.negative, told.zero, told.positive = reap, reap, reap
}

// fail writes the steps taken after a failure in any stage.
func (p *program) fail() {
	p.mark(failure)
	p.send(failureRecord, next)
	p.exit(1)
}
