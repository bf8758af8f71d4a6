//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lamgate/lamgate/execution/network"
)

// An egress network is a cable in the sandbox's own network namespace: its
// processes have the one end, with an address and a route, and a packet socket
// on the other goes out to the server.

// The ends of the cable. Their numbers are far above those that a kernel gives
// to what it makes in every namespace.
const (
	nearEnd     = "eth0"
	farEnd      = "lamgate"
	nearEndLink = 1001
	farEndLink  = 1002
)

// acknowledgement is the size of an answer to a netlink message, as far as it is
// read; its error stands behind the header.
const acknowledgement = 36

// A netlink is a message, or a part of one, being written.
type netlink []byte

// attribute appends an attribute.
func (n netlink) attribute(kind uint16, value []byte) netlink {
	n = binary.LittleEndian.AppendUint16(n, uint16(4+len(value)))
	n = binary.LittleEndian.AppendUint16(n, kind)
	n = append(n, value...)
	for len(n)%4 != 0 {
		n = append(n, 0)
	}
	return n
}

// message wraps a body that asks for something new.
func (n netlink) message(kind uint16) netlink {
	header := binary.LittleEndian.AppendUint32(nil, uint32(unix.NLMSG_HDRLEN+len(n)))
	header = binary.LittleEndian.AppendUint16(header, kind)
	header = binary.LittleEndian.AppendUint16(header, unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	header = binary.LittleEndian.AppendUint64(header, 0)
	return append(header, n...)
}

// linkBody begins the description of an end of the cable.
func linkBody(number uint32, flags uint32) netlink {
	n := make(netlink, 4, 128) // struct ifinfomsg
	n = binary.LittleEndian.AppendUint32(n, number)
	n = binary.LittleEndian.AppendUint32(n, flags)
	return binary.LittleEndian.AppendUint32(n, flags)
}

// properties appends what an end of the cable is to be.
func (n netlink) properties(name string, mac [6]byte) netlink {
	n = n.attribute(unix.IFLA_IFNAME, append([]byte(name), 0))
	n = n.attribute(unix.IFLA_ADDRESS, mac[:])
	return n.attribute(unix.IFLA_MTU, binary.LittleEndian.AppendUint32(nil, network.MTU))
}

// cableMessages ask for the cable, and for an address, a gateway and a route at
// the near end.
func cableMessages() []netlink {
	const vethPeer = 1 // VETH_INFO_PEER
	peer := netlink(nil).attribute(vethPeer, linkBody(farEndLink, 0).properties(farEnd, network.FarEndMAC))
	kind := netlink(nil).attribute(unix.IFLA_INFO_KIND, []byte("veth")).attribute(unix.IFLA_INFO_DATA, peer)
	pair := linkBody(nearEndLink, 0).properties(nearEnd, network.AddressMAC).attribute(unix.IFLA_LINKINFO, kind)

	own, gateway := network.Address.AsSlice(), network.Gateway.AsSlice()
	link := binary.LittleEndian.AppendUint32(nil, nearEndLink)

	address := append(netlink{unix.AF_INET, network.AddressBits, 0, 0}, link...) // struct ifaddrmsg
	address = address.attribute(unix.IFA_LOCAL, own).attribute(unix.IFA_ADDRESS, own)

	neighbour := append(netlink{unix.AF_INET, 0, 0, 0}, link...) // struct ndmsg
	neighbour = append(neighbour, unix.NUD_PERMANENT, 0, 0, 0)
	neighbour = neighbour.attribute(unix.NDA_DST, gateway).attribute(unix.NDA_LLADDR, network.GatewayMAC[:])

	route := netlink{unix.AF_INET, 0, 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_BOOT, unix.RT_SCOPE_UNIVERSE, unix.RTN_UNICAST, 0, 0, 0, 0} // struct rtmsg
	route = route.attribute(unix.RTA_GATEWAY, gateway).attribute(unix.RTA_OIF, link)

	return []netlink{
		pair.message(unix.RTM_NEWLINK),
		// The one that comes up last is of use at once; the other's queue is only
		// after some time, which is why the packet socket goes past it.
		linkBody(farEndLink, unix.IFF_UP).message(unix.RTM_SETLINK),
		linkBody(nearEndLink, unix.IFF_UP).message(unix.RTM_SETLINK),
		address.message(unix.RTM_NEWADDR),
		neighbour.message(unix.RTM_NEWNEIGH), route.message(unix.RTM_NEWROUTE),
	}
}

// cable writes the steps that lay the cable and open its far end, which stays
// open as the lowest free file.
func (p *program) cable() {
	requests := cableMessages()
	var all []byte
	for _, r := range requests {
		all = append(all, r...)
	}
	answers := p.bytes(make([]byte, 8+len(requests)*acknowledgement))
	binary.LittleEndian.PutUint64(p.data[answers-dataBase:], messageCable)
	p.do("make a netlink socket", unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	p.do("ask for a way out", unix.SYS_SENDTO, p.spare, p.bytes(all), uint64(len(all)), 0, 0, 0)
	for i := range requests {
		// The kernel has answered already: a request is served while it is sent.
		p.do("hear of the way out", unix.SYS_RECVFROM, p.spare, answers+8+uint64(i*acknowledgement), acknowledgement, unix.MSG_DONTWAIT, 0, 0)
	}
	p.do("close the netlink socket", unix.SYS_CLOSE, p.spare)
	p.sendBytes(answers, uint64(8+len(requests)*acknowledgement), failure)

	address := []byte{unix.AF_PACKET, 0, unix.ETH_P_IP >> 8, unix.ETH_P_IP & 0xff} // struct sockaddr_ll
	address = binary.LittleEndian.AppendUint32(address, farEndLink)
	address = append(address, make([]byte, 12)...)
	p.do("make a packet socket", unix.SYS_SOCKET, unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	p.do("go past the queue", unix.SYS_SETSOCKOPT, p.spare, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, p.words(1), 4)
	p.do("open the far end of the way out", unix.SYS_BIND, p.spare, p.bytes(address), uint64(len(address)))
}

// cableSteps are what cableMessages ask for, for people.
var cableSteps = [...]string{
	"make a pair of interfaces", "bring up the far end", "bring up the near end", "give an interface an address", "name the gateway", "make a route",
}

// cableError is what the kernel had against the cable.
func cableError(answers []byte) error {
	for i, what := range cableSteps {
		at := i*acknowledgement + unix.NLMSG_HDRLEN
		if at+4 > len(answers) {
			return fmt.Errorf("%s: the kernel does not answer", what)
		}
		if errno := -int32(binary.LittleEndian.Uint32(answers[at:])); errno != 0 {
			return &stepError{what, syscall.Errno(errno)}
		}
	}
	return nil
}
