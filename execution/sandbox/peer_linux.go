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

// On the host's network every sandbox reaches every other's Runtime API. But the
// kernel tells which socket is at the other end of a connection, and whose: a host
// user's that only one sandbox has, or else the server's own, and then it must be
// open in one of the sandbox's processes.

// A guarded listener takes one sandbox's connections only; others are closed
// before anything is read of them.
type guarded struct {
	net.Listener
	peers *peers
	takes func(peer) bool
}

// Accept implements net.Listener.
func (g *guarded) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if p, err := g.peers.of(c); err == nil && g.takes(p) {
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

// A peer is a socket at the other end of a connection within the host.
type peer struct {
	uid   int
	inode uint32 // 0 once it is no process's
}

// peers asks the kernel about sockets.
type peers struct {
	mu sync.Mutex
	fd int // of netlink; 0 until it is needed
}

const diagnoseByFamily = 20 // SOCK_DIAG_BY_FAMILY

// of returns what is at the other end of a connection.
func (p *peers) of(c net.Conn) (peer, error) {
	theirs, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return peer{}, err
	}
	ours, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		return peer{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fd == 0 {
		fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
		if err != nil {
			return peer{}, fmt.Errorf("make a socket that tells of others: %w", err)
		}
		p.fd = fd
	}
	if err := unix.Sendto(p.fd, peerRequest(theirs, ours), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return peer{}, fmt.Errorf("ask whose a socket is: %w", err)
	}
	var answer [1024]byte
	n, _, err := unix.Recvfrom(p.fd, answer[:], unix.MSG_DONTWAIT) // it has been answered while it was sent
	if err != nil {
		return peer{}, fmt.Errorf("hear whose a socket is: %w", err)
	}
	return readPeer(answer[:n])
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

// readPeer reads an answer.
func readPeer(b []byte) (peer, error) {
	const uidAt = unix.NLMSG_HDRLEN + 64 // of idiag_uid in struct inet_diag_msg, and idiag_inode
	switch {
	case len(b) < unix.NLMSG_HDRLEN+4:
		return peer{}, errors.New("the kernel's answer is short")
	case binary.LittleEndian.Uint16(b[4:]) == unix.NLMSG_ERROR:
		return peer{}, fmt.Errorf("the kernel does not know the socket: %w", syscall.Errno(-int32(binary.LittleEndian.Uint32(b[unix.NLMSG_HDRLEN:]))))
	case binary.LittleEndian.Uint16(b[4:]) != diagnoseByFamily || len(b) < uidAt+8:
		return peer{}, errors.New("the kernel's answer is another's")
	}
	return peer{int(binary.LittleEndian.Uint32(b[uidAt:])), binary.LittleEndian.Uint32(b[uidAt+4:])}, nil
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
func (d *namespaces) guard(l net.Listener, s *namespace) net.Listener {
	d.mu.Lock()
	problem := d.foreignProblem
	d.mu.Unlock()
	if l == nil || problem != "" || d.tellPeers() != nil {
		return l
	}
	return &guarded{l, &d.peers, s.owns}
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
	other, err := p.of(ours)
	switch {
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("%w (its module tcp_diag is not loaded)", err)
	case err != nil:
		return err
	case other.uid != os.Geteuid() || other.inode == 0:
		return fmt.Errorf("the kernel says that the server's own connection is user %d's", other.uid)
	}
	return nil
}

// owns reports whether a socket is the sandbox's.
func (s *namespace) owns(p peer) bool {
	return p.uid == s.id.uid && (s.id.privileged || s.holds(p.inode))
}

// mostLinks bounds what a sandbox can have the server look at for a connection.
const mostLinks = 4096

// holds reports whether a socket is open in one of the processes.
func (s *namespace) holds(inode uint32) bool {
	if inode == 0 {
		return false
	}
	socket := fmt.Sprintf("socket:[%d]", inode)
	found, seen := false, 0
	s.each(func(process string) bool {
		files, err := os.Open(process + "/fd")
		if err != nil {
			return true // it has ended
		}
		defer files.Close()
		for !found && seen < mostLinks && err == nil {
			var names []string
			names, err = files.Readdirnames(64)
			for _, name := range names {
				to, _ := os.Readlink(process + "/fd/" + name)
				found = found || to == socket
			}
			seen += len(names)
		}
		return !found && seen < mostLinks
	})
	return found
}

// probePeers tells whether sandboxes on the host's network are kept from each
// other's Runtime APIs. The probe has connected to l, and so does the server.
func (d *namespaces) probePeers(s *namespace, l *net.TCPListener) Control {
	fail := func(problem string) Control {
		return Control{Name: ControlForeign, Problem: "with --network host functions reach each other's Runtime API: " + problem, Mend: choosePrivate}
	}
	if err := d.tellPeers(); err != nil {
		return fail(err.Error())
	}
	for _, own := range []bool{true, false} {
		if !own {
			c, err := net.Dial("tcp4", l.Addr().String())
			if err != nil {
				return fail(err.Error())
			}
			defer c.Close()
		}
		_ = l.SetDeadline(time.Now().Add(probeTime))
		c, err := l.Accept()
		if err != nil {
			return fail(err.Error())
		}
		defer c.Close()
		p, err := d.peers.of(c)
		if err != nil {
			return fail(err.Error())
		}
		if takes := s.owns(p); takes != own {
			return fail(fmt.Sprintf("that a connection is the sandbox's own is %t, and is said to be %t", own, takes))
		}
	}
	by := "sock_diag, with --network host"
	if !s.id.privileged {
		by = "sock_diag and /proc, with --network host"
	}
	return Control{Name: ControlForeign, Enforced: true, By: by + "; its own network namespace, with --network private"}
}
