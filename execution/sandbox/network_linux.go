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
