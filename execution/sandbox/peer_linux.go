//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// On the host's network every sandbox reaches every other's Runtime API. Where
// each has a host user of its own, the kernel tells who is at the other end of a
// connection.

// A guarded listener takes connections of one user only; others are closed
// before anything is read of them.
type guarded struct {
	net.Listener
	uid   int
	peers *peers
}

// Accept implements net.Listener.
func (g *guarded) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, err := g.peers.uid(c); err == nil && uid == g.uid {
			return c, nil
		}
		c.Close()
	}
}

// SetDeadline ends an Accept that nobody comes for.
func (g *guarded) SetDeadline(t time.Time) error {
	l, ok := g.Listener.(interface{ SetDeadline(time.Time) error })
	if !ok {
		return errors.ErrUnsupported
	}
	return l.SetDeadline(t)
}

// peers asks the kernel about sockets.
type peers struct {
	mu sync.Mutex
	fd int // of netlink; 0 until it is needed
}

const diagnoseByFamily = 20 // SOCK_DIAG_BY_FAMILY

// uid returns the user whose socket is at the other end of a connection within
// the host.
func (p *peers) uid(c net.Conn) (int, error) {
	theirs, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return 0, err
	}
	ours, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fd == 0 {
		fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
		if err != nil {
			return 0, fmt.Errorf("make a socket that tells of others: %w", err)
		}
		p.fd = fd
	}
	if err := unix.Sendto(p.fd, peerRequest(theirs, ours), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, fmt.Errorf("ask whose a socket is: %w", err)
	}
	var answer [1024]byte
	n, _, err := unix.Recvfrom(p.fd, answer[:], unix.MSG_DONTWAIT) // it has been answered while it was sent
	if err != nil {
		return 0, fmt.Errorf("hear whose a socket is: %w", err)
	}
	return peerUser(answer[:n])
}

// peerRequest asks for one connection, from its other end.
func peerRequest(theirs, ours netip.AddrPort) []byte {
	family := byte(unix.AF_INET6)
	if theirs.Addr().Unmap().Is4() {
		family = unix.AF_INET
	}
	b := make([]byte, unix.NLMSG_HDRLEN, 72)
	binary.LittleEndian.PutUint16(b[4:], diagnoseByFamily)
	binary.LittleEndian.PutUint16(b[6:], unix.NLM_F_REQUEST)
	b = append(b, family, unix.IPPROTO_TCP, 0, 0)       // struct inet_diag_req_v2
	b = binary.LittleEndian.AppendUint32(b, ^uint32(0)) // in any state
	b = binary.BigEndian.AppendUint16(b, theirs.Port()) // struct inet_diag_sockid
	b = binary.BigEndian.AppendUint16(b, ours.Port())   //
	for _, a := range []netip.Addr{theirs.Addr(), ours.Addr()} {
		var whole [16]byte
		copy(whole[:], a.Unmap().AsSlice())
		b = append(b, whole[:]...)
	}
	b = binary.LittleEndian.AppendUint32(b, 0)          // on any interface
	b = binary.LittleEndian.AppendUint64(b, ^uint64(0)) // INET_DIAG_NOCOOKIE
	binary.LittleEndian.PutUint32(b, uint32(len(b)))
	return b
}

// peerUser reads the user from an answer.
func peerUser(b []byte) (int, error) {
	const uidAt = unix.NLMSG_HDRLEN + 64 // of idiag_uid in struct inet_diag_msg
	switch {
	case len(b) < unix.NLMSG_HDRLEN+4:
		return 0, errors.New("the kernel's answer is short")
	case binary.LittleEndian.Uint16(b[4:]) == unix.NLMSG_ERROR:
		return 0, fmt.Errorf("the kernel does not know the socket: %w", syscall.Errno(-int32(binary.LittleEndian.Uint32(b[unix.NLMSG_HDRLEN:]))))
	case binary.LittleEndian.Uint16(b[4:]) != diagnoseByFamily || len(b) < uidAt+4:
		return 0, errors.New("the kernel's answer is another's")
	}
	return int(binary.LittleEndian.Uint32(b[uidAt:])), nil
}

func (p *peers) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fd == 0 {
		return nil
	}
	fd := p.fd
	p.fd = 0
	return unix.Close(fd)
}

// guard has a listener on the host's network take one sandbox's connections
// only, where that can be told.
func (d *namespaces) guard(l net.Listener, id identity) net.Listener {
	if l == nil || !id.privileged || d.tellPeers() != nil {
		return l
	}
	return &guarded{l, id.uid, &d.peers}
}

// tellPeers finds out once whether this host tells whose a connection is.
func (d *namespaces) tellPeers() error {
	d.peersOnce.Do(func() { d.peersProblem = d.peers.try() })
	return d.peersProblem
}

// try asks for the server's own user.
func (p *peers) try() error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	theirs, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		return err
	}
	defer theirs.Close()
	ours, err := l.Accept()
	if err != nil {
		return err
	}
	defer ours.Close()
	uid, err := p.uid(ours)
	if err == nil && uid != os.Geteuid() {
		err = fmt.Errorf("the kernel says that the server's own connection is user %d's", uid)
	}
	return err
}

// probePeers tells whether sandboxes on the host's network are kept from each
// other's Runtime APIs.
func (d *namespaces) probePeers() Control {
	const mend = "choose --network " + string(PrivateNetwork)
	if !d.users.privileged {
		return Control{
			Name: ControlForeign, Mend: mend + ", or run the server as root",
			Problem: "with --network host functions reach each other's Runtime API: without root all are the server's own user",
		}
	}
	if err := d.tellPeers(); err != nil {
		return Control{Name: ControlForeign, Problem: "with --network host functions reach each other's Runtime API: " + err.Error(), Mend: mend}
	}
	return Control{Name: ControlForeign, Enforced: true, By: "sock_diag, with --network host, for listeners that sandboxes are started with; its own network namespace, with --network private"}
}
