package network

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
)

// The addresses of an egress network. They are link-local, so that they are
// nobody's in the world.
var (
	// Address is the sandbox's own, with AddressBits for the network.
	Address = netip.AddrFrom4([4]byte{169, 254, 77, 2})
	// Gateway is where everything goes.
	Gateway = netip.AddrFrom4([4]byte{169, 254, 77, 1})
	// Resolver answers questions for names.
	//
	// AWS: functions find this one in /etc/resolv.conf.
	Resolver = netip.AddrFrom4([4]byte{169, 254, 78, 1})
)

// AddressBits is the length of the prefix around Address and Gateway.
const AddressBits = 30

// MTU is the size of the largest packet. Nothing on the cable is lost, so that
// large packets only save work.
const MTU = 65520

// The hardware addresses of the ends of the cable, and of the gateway. No
// interface has the gateway's, so that the sandbox's kernel never answers in its
// place.
var (
	AddressMAC = [6]byte{2, 0, 0, 0, 0, 2}
	FarEndMAC  = [6]byte{2, 0, 0, 0, 0, 3}
	GatewayMAC = [6]byte{2, 0, 0, 0, 0, 1}
)

// Bounds of what functions can make the server hold. All sandboxes together may
// use a quarter of the files that the server may open.
const (
	mostConnections = 1000 // of one sandbox
	mostDatagrams   = 256  // flows of datagrams of one sandbox
)

// Config is what a way out needs.
type Config struct {
	Log *slog.Logger
	// Refuses tells why an address may not be reached, or nothing if it may;
	// if it is nil, whatever is not in the world outside of this host is refused.
	Refuses func(netip.Addr) string
}

// An Egress is the way out of all sandboxes.
type Egress struct {
	log       *slog.Logger
	refuses   func(netip.Addr) string
	resolvers func() []netip.AddrPort
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
	most      int64 // files of all sandboxes together
	open      atomic.Int64
}

// New returns a way out.
func New(c Config) *Egress {
	if c.Refuses == nil {
		c.Refuses = newPolicy().refuses
	}
	return &Egress{log: c.Log, refuses: c.Refuses, resolvers: resolvers, dial: new(net.Dialer).DialContext, most: mostFiles() / 4}
}

// An Interface is the far end of a sandbox's cable.
type Interface struct {
	// Name is the sandbox's, for people; it may change. Nobody is told of what
	// was refused to one without a name.
	Name func() string
	// Socket is a non-blocking packet socket that takes and gives IPv4 in
	// Ethernet frames. Serve owns it.
	Socket *os.File
}

// Serve carries what a sandbox sends, until the result is closed. Then nothing
// of it is left.
func (e *Egress) Serve(i Interface) (io.Closer, error) {
	if i.Socket == nil {
		return nil, errors.New("serve an egress network: there is no socket")
	}
	g := newGateway(e, i)
	go g.carry()
	return g, nil
}

// enter counts a flow that is beginning. It reports false if there are too many.
func (e *Egress) enter() bool {
	if e.open.Add(1) <= e.most {
		return true
	}
	e.open.Add(-1)
	return false
}

func (e *Egress) leave() { e.open.Add(-1) }
