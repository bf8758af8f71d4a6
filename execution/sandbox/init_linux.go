//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

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
	p.giveUp()
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
	if l.held {
		p.reapEach(reap, loop, orphaned)
	} else {
		first := p.try(unix.SYS_WAIT4, everyProcess, status, unix.WNOHANG, usage)
		first.negative, first.zero = loop, loop
		// Someone has been reaped. If the command is still running it was not
		// the command; if there is no such child any more it was, and its
		// status is the one that was stored.
		p.mark(wait)
		second := p.try(unix.SYS_WAIT4, 0, status, unix.WNOHANG, usage)
		second.zero, second.negative, second.positive = reap, report, report
	}

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
