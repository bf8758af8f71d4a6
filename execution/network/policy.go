package network

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"
)

// reserved are addresses that never lead to the world: the host itself, its
// link (where clouds keep the secrets of machines), and what is no one's.
var reserved = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this host"},
	{netip.MustParsePrefix("127.0.0.0/8"), "the host's loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "the host's link, where clouds answer for the machine"},
	{netip.MustParsePrefix("168.63.129.16/32"), "where Azure answers for the machine"},
	{netip.MustParsePrefix("100.100.100.200/32"), "where Alibaba Cloud answers for the machine"},
	{netip.MustParsePrefix("192.0.0.0/24"), "a protocol's assignment"},
	{netip.MustParsePrefix("224.0.0.0/4"), "a group"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
}

// ownFor is how long the host's addresses are believed to stay the same. Real
// time: they are the real host's.
const ownFor = time.Second

// A policy decides what sandboxes may reach.
type policy struct {
	list func() ([]net.Addr, error) // the host's own addresses

	mu     sync.Mutex
	own    map[netip.Addr]bool // and those of everyone on the host's networks
	failed error
	read   time.Time
}

func newPolicy() *policy { return &policy{list: net.InterfaceAddrs} }

// refuses tells why an address may not be reached; empty if it may.
func (p *policy) refuses(a netip.Addr) string {
	a = a.Unmap()
	if !a.Is4() {
		return "not of IPv4"
	}
	for _, r := range reserved {
		if r.prefix.Contains(a) {
			return r.what
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.own == nil || time.Since(p.read) > ownFor {
		p.own, p.failed = ownAddresses(p.list)
		p.read = time.Now()
	}
	switch {
	case p.failed != nil:
		return "perhaps the host's own: " + p.failed.Error()
	case p.own[a]:
		return "the host's own address, or everyone's on its network"
	}
	return ""
}

func ownAddresses(list func() ([]net.Addr, error)) (map[netip.Addr]bool, error) {
	addresses, err := list()
	if err != nil {
		return nil, err
	}
	own := map[netip.Addr]bool{}
	for _, a := range addresses {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		own[prefix.Addr().Unmap()] = true
		// What is sent to everyone on a network comes to the host as well. Kernels
		// before Linux 5.14 take the first address for that, too.
		if prefix.Addr().Is4() && prefix.Bits() < 31 {
			first := prefix.Masked().Addr()
			last := first.As4()
			n := binary.BigEndian.Uint32(last[:]) | ^uint32(0)>>prefix.Bits()
			binary.BigEndian.PutUint32(last[:], n)
			own[first], own[netip.AddrFrom4(last)] = true, true
		}
	}
	return own, nil
}
