//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// loopback writes the steps that bring up lo.
func (p *program) loopback() {
	request := make([]byte, 40) // struct ifreq
	copy(request, "lo")
	binary.LittleEndian.PutUint16(request[16:], unix.IFF_UP|unix.IFF_RUNNING)
	p.do("make a socket", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	p.do("bring up the loopback interface", unix.SYS_IOCTL, p.spare, unix.SIOCSIFFLAGS, p.bytes(request))
	p.do("close the socket", unix.SYS_CLOSE, p.spare)
}

// listeners writes the steps that open the two listeners, the way out, and some
// sockets that the server connects later, and send them out.
func (p *program) listeners(sockets int, egress bool) {
	for i, port := range []uint16{9001, 4566} { // RuntimeAPIAddress, EndpointAddress
		fd := uint64(listenersFD + i)
		at := p.bytes([]byte{unix.AF_INET, 0, byte(port >> 8), byte(port), 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})
		p.do("make a listener", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		p.do("keep the listener", unix.SYS_DUP3, p.spare, fd, unix.O_CLOEXEC)
		p.do("close the listener's copy", unix.SYS_CLOSE, p.spare)
		p.do(fmt.Sprintf("bind port %d", port), unix.SYS_BIND, fd, at, 16)
		p.do(fmt.Sprintf("listen on port %d", port), unix.SYS_LISTEN, fd, 512)
	}
	files := []uint32{listenersFD, listenersFD + 1}
	rest := uint32(p.spare) // in a row, from the lowest number that is free
	if egress {
		p.cable()
		files = append(files, rest)
		rest++
	}
	for range sockets {
		p.do("make a socket", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		files = append(files, rest)
		rest++
	}
	p.sendFiles("send the listeners", messageListeners, files)
	p.do("close the listeners", unix.SYS_CLOSE_RANGE, listenersFD, listenersFD+1, 0)
	if last := uint64(rest) - 1; last >= p.spare {
		p.do("close the sockets", unix.SYS_CLOSE_RANGE, p.spare, last, 0)
	}
}

// sendFiles writes the step that sends files to the server.
func (p *program) sendFiles(what string, kind uint64, files []uint32) {
	size := uint64(unix.SizeofCmsghdr + 4*len(files))
	control := binary.LittleEndian.AppendUint64(nil, size)
	control = binary.LittleEndian.AppendUint32(control, unix.SOL_SOCKET)
	control = binary.LittleEndian.AppendUint32(control, unix.SCM_RIGHTS)
	for _, fd := range files {
		control = binary.LittleEndian.AppendUint32(control, fd)
	}
	vector := p.words(p.words(kind, 0, 0), messageSize)
	header := p.words(0, 0, vector, 1, p.bytes(control), size, 0)
	p.do(what, unix.SYS_SENDMSG, controlFD, header, unix.MSG_NOSIGNAL)
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
