package network

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

// A gateway is one sandbox's way out.
type gateway struct {
	egress *Egress
	name   func() string
	socket *os.File
	link   *link
	life   context.Context
	end    context.CancelFunc
	ended  chan struct{} // carry has returned

	mu       sync.Mutex
	stack    *stack.Stack // nil until something is sent
	closed   bool
	flows    map[*flow]struct{}
	running  sync.WaitGroup // flows
	datagram int            // how many of the flows are of datagrams
	told     bool           // that something was refused
}

const nic = 1

func newGateway(e *Egress, i Interface) *gateway {
	g := &gateway{egress: e, name: i.Name, socket: i.Socket, ended: make(chan struct{}), flows: map[*flow]struct{}{}}
	g.life, g.end = context.WithCancel(context.Background())
	return g
}

// frames are buffers for the largest frame. Sandboxes hold one only while there
// is something to read.
var frames = sync.Pool{New: func() any { return new([etherSize + 1<<16]byte) }}

// carry takes frames from the socket until it is closed.
func (g *gateway) carry() {
	defer close(g.ended)
	conn, err := g.socket.SyscallConn()
	if err != nil {
		return
	}
	for open := true; open; {
		err := conn.Read(func(fd uintptr) bool {
			frame := frames.Get().(*[etherSize + 1<<16]byte)
			defer frames.Put(frame)
			n, err := unix.Read(int(fd), frame[:])
			switch {
			case err == unix.EAGAIN:
				return false
			case err == unix.EINTR || err == unix.ENETDOWN: // the interface came up after the socket
			case err != nil || n <= 0:
				open = false
			default:
				g.take(frame[:n])
			}
			return true
		})
		if err != nil {
			return
		}
	}
}

// take gives a frame to the stack, which it makes if there is none.
func (g *gateway) take(frame []byte) {
	if g.link == nil {
		if err := g.open(); err != nil {
			g.egress.log.Error("a sandbox has no way out", "sandbox", g.name(), "error", err)
			return
		}
	}
	g.link.deliver(frame)
}

// open makes the stack.
func (g *gateway) open() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return os.ErrClosed
	}
	conn, err := g.socket.SyscallConn()
	if err != nil {
		return err
	}
	l := &link{write: func(parts [][]byte) {
		_ = conn.Control(func(fd uintptr) { writeFrame(int(fd), parts) })
	}}
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	fail := func(what string, err tcpip.Error) error {
		s.Destroy()
		return fmt.Errorf("%s: %v", what, err)
	}
	sack := tcpip.TCPSACKEnabled(true)
	receive := tcpip.TCPReceiveBufferSizeRangeOption{Min: 4 << 10, Default: largeBuffer, Max: largeBuffer}
	send := tcpip.TCPSendBufferSizeRangeOption{Min: 4 << 10, Default: largeBuffer, Max: largeBuffer}
	for _, option := range []tcpip.SettableTransportProtocolOption{&sack, &receive, &send} {
		if err := s.SetTransportProtocolOption(tcp.ProtocolNumber, option); err != nil {
			return fail("set up TCP", err)
		}
	}
	s.SetTransportProtocolHandler(tcp.ProtocolNumber, tcp.NewForwarder(s, largeBuffer, 128, g.connect).HandlePacket)
	s.SetTransportProtocolHandler(udp.ProtocolNumber, udp.NewForwarder(s, g.datagrams).HandlePacket)
	if err := s.CreateNIC(nic, l); err != nil {
		return fail("make an interface", err)
	}
	// It answers in the name of everyone whom the sandbox sends to.
	if err := s.SetPromiscuousMode(nic, true); err != nil {
		return fail("take what is for others", err)
	}
	if err := s.SetSpoofing(nic, true); err != nil {
		return fail("answer in the name of others", err)
	}
	own := tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: tcpip.AddressWithPrefix{Address: tcpip.AddrFrom4(Gateway.As4()), PrefixLen: AddressBits}}
	if err := s.AddProtocolAddress(nic, own, stack.AddressProperties{}); err != nil {
		return fail("have an address", err)
	}
	s.SetRouteTable([]tcpip.Route{{Destination: own.AddressWithPrefix.Subnet(), NIC: nic}})
	g.stack, g.link = s, l
	return nil
}

// Close implements io.Closer. It returns when nothing of the sandbox's flows is
// left.
func (g *gateway) Close() error {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		<-g.ended
		return nil
	}
	g.closed = true
	g.end()
	for f := range g.flows {
		f.close()
	}
	s := g.stack
	g.mu.Unlock()
	err := g.socket.Close()
	<-g.ended
	if s != nil {
		s.Close()
	}
	g.running.Wait()
	if s != nil {
		s.Wait()
	}
	return err
}

// A flow is a connection, or datagrams between two addresses.
type flow struct {
	datagram bool
	large    bool // it may have large buffers

	mu     sync.Mutex
	closed bool
	ends   []io.Closer
}

// own gives an end to a flow. It reports false if the flow has been closed.
func (f *flow) own(c io.Closer) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		c.Close()
		return false
	}
	f.ends = append(f.ends, c)
	return true
}

func (f *flow) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for _, c := range f.ends {
		c.Close()
	}
	f.ends = nil
}

// run runs a flow beside the others. It reports false if there are too many.
func (g *gateway) run(datagram bool, body func(*flow)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || len(g.flows)-g.datagram >= mostConnections && !datagram || g.datagram >= mostDatagrams && datagram || !g.egress.enter() {
		return false
	}
	f := &flow{datagram: datagram, large: len(g.flows) < mostLarge}
	g.flows[f] = struct{}{}
	if datagram {
		g.datagram++
	}
	g.running.Go(func() {
		defer g.egress.leave()
		defer func() {
			f.close()
			g.mu.Lock()
			defer g.mu.Unlock()
			delete(g.flows, f)
			if datagram {
				g.datagram--
			}
		}()
		body(f)
	})
	return true
}

// allowed reports whether a sandbox may reach an address, and tells the first
// time that it may not.
func (g *gateway) allowed(to netip.AddrPort) bool {
	why := g.egress.refuses(to.Addr())
	if why == "" {
		return true
	}
	g.mu.Lock()
	first := !g.told
	g.told = true
	g.mu.Unlock()
	if name := g.name(); first && name != "" {
		g.egress.log.Warn("a sandbox may not reach an address; this is told once for each", "sandbox", name, "address", to.String(), "because it is", why)
	}
	return false
}

// target is whom a sandbox means.
func target(id stack.TransportEndpointID) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4(id.LocalAddress.As4()), id.LocalPort)
}
