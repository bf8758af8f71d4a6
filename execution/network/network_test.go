//go:build linux

package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testTime bounds what must happen soon.
const testTime = 20 * time.Second

// A guest is what a sandbox is in the tests: a stack like the gateway's at the
// other end of a pair of sockets that keep messages apart.
type guest struct {
	*stack.Stack
	gateway io.Closer
	egress  *Egress
	log     *journal
}

// A journal keeps what was logged.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, string(b))
	return len(b), nil
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines
}

func everything(netip.Addr) string { return "" }

// The world is this host's loopback under another address: no kernel sends what
// is for loopback anywhere.
var world = netip.MustParseAddr("203.0.113.1")

func dialWorld(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, strings.Replace(address, world.String(), "127.0.0.1", 1))
}

// inWorld is where the guest finds a server.
func inWorld(a net.Addr) *net.TCPAddr {
	p := netip.MustParseAddrPort(a.String())
	return &net.TCPAddr{IP: world.AsSlice(), Port: int(p.Port())}
}

// newGuest connects a guest to a way out.
func newGuest(t *testing.T, refuses func(netip.Addr) string) *guest {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	near, far := os.NewFile(uintptr(pair[0]), "near"), os.NewFile(uintptr(pair[1]), "far")
	log := &journal{}
	g := &guest{log: log, egress: New(Config{Log: slog.New(slog.NewTextHandler(log, nil)), Refuses: refuses})}
	g.egress.dial = dialWorld
	if g.gateway, err = g.egress.Serve(Interface{Name: func() string { return "guest" }, Socket: far}); err != nil {
		t.Fatal(err)
	}
	conn, err := near.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	l := &link{write: func(parts [][]byte) { _ = conn.Control(func(fd uintptr) { writeFrame(int(fd), parts) }) }}
	g.Stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	own := tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: tcpip.AddressWithPrefix{Address: tcpip.AddrFrom4(Address.As4()), PrefixLen: AddressBits}}
	if err := g.CreateNIC(nic, l); err != nil {
		t.Fatal(err)
	}
	if err := g.AddProtocolAddress(nic, own, stack.AddressProperties{}); err != nil {
		t.Fatal(err)
	}
	g.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	read := make(chan struct{})
	go func() {
		defer close(read)
		frame := make([]byte, etherSize+1<<16)
		for {
			n, err := near.Read(frame)
			if err != nil {
				return
			}
			pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame[etherSize:n])})
			l.dispatcher.DeliverNetworkPacket(header.IPv4ProtocolNumber, pkt)
			pkt.DecRef()
		}
	}()
	t.Cleanup(func() {
		g.gateway.Close()
		near.Close()
		<-read
		g.Destroy()
	})
	return g
}

func (g *guest) dial(t *testing.T, to net.Addr) (*gonet.TCPConn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	a := netip.MustParseAddrPort(to.String())
	c, err := gonet.DialContextTCP(ctx, g.Stack, tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom4(a.Addr().As4()), Port: a.Port()}, ipv4.ProtocolNumber)
	if err == nil {
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(testTime))
	}
	return c, err
}

func (g *guest) datagrams(t *testing.T, to string) *gonet.UDPConn {
	t.Helper()
	a := netip.MustParseAddrPort(to)
	c, err := gonet.DialUDP(g.Stack, nil, &tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom4(a.Addr().As4()), Port: a.Port()}, ipv4.ProtocolNumber)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(testTime))
	return c
}

// serve runs a server of one behaviour on loopback, as the world.
func serve(t *testing.T, behave func(net.Conn)) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				behave(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	return inWorld(l.Addr())
}

func TestConnectionsAreCarriedBothWays(t *testing.T) {
	g := newGuest(t, everything)
	to := serve(t, func(c net.Conn) {
		n, err := io.Copy(io.Discard, c) // until the guest has said all
		fmt.Fprint(c, n, err, strings.Repeat("x", 1<<20))
	})
	c, err := g.dial(t, to)
	if err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 1<<20)
	for range 4 {
		if _, err := c.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if want := fmt.Sprint(4<<20, nil); err != nil || len(b) != len(want)+1<<20 || !strings.HasPrefix(string(b), want) {
		t.Errorf("it read %d bytes, %v", len(b), err)
	}
}

// A connection that has ended both ways counts no longer.
func TestConnectionsEnd(t *testing.T) {
	g := newGuest(t, everything)
	to := serve(t, func(c net.Conn) { fmt.Fprint(c, "bye") })
	for range 20 {
		c, err := g.dial(t, to)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(c); string(b) != "bye" || err != nil {
			t.Errorf("it read %q, %v", b, err)
		}
		c.Close()
	}
	for deadline := time.Now().Add(testTime); g.egress.open.Load() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are left", g.egress.open.Load())
		}
	}
}

func TestNobodyListens(t *testing.T) {
	g := newGuest(t, everything)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := g.dial(t, inWorld(l.Addr())); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("it gives %v", err)
	}
	c := g.datagrams(t, inWorld(l.Addr()).String())
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
}

// The world's end of a connection breaks, and the guest's with it.
func TestConnectionsBreak(t *testing.T) {
	g := newGuest(t, everything)
	to := serve(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1))
		_ = c.(*net.TCPConn).SetLinger(0)
	})
	c, err := g.dial(t, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(c); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it read %q, %v", b, err)
	}
}

func TestWhatIsRefusedIsToldOnce(t *testing.T) {
	g := newGuest(t, func(a netip.Addr) string {
		if a == world {
			return "the host's loopback"
		}
		return ""
	})
	reached := make(chan struct{}, 10)
	to := serve(t, func(net.Conn) { reached <- struct{}{} })
	for range 3 {
		if _, err := g.dial(t, to); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("it gives %v", err)
		}
	}
	d := g.datagrams(t, to.String())
	var failed error
	for deadline := time.Now().Add(testTime); failed == nil && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		_, failed = d.Write([]byte("hello")) // it learns of the first that nobody took it
	}
	if failed == nil || !strings.Contains(failed.Error(), "refused") {
		t.Errorf("a datagram gives %v", failed)
	}
	if lines := g.log.all(); len(lines) != 1 || !strings.Contains(lines[0], "the host's loopback") || !strings.Contains(lines[0], "sandbox=guest") {
		t.Errorf("the log says %q", lines)
	}
	if len(reached) > 0 {
		t.Error("the server was reached")
	}
}

// echo answers datagrams with what makes of them.
func echo(t *testing.T, makes func([]byte) []byte) string {
	t.Helper()
	l, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 1<<16)
		for {
			n, from, err := l.ReadFrom(b)
			if err != nil {
				return
			}
			if answer := makes(b[:n]); answer != nil {
				_, _ = l.WriteTo(answer, from)
			}
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return inWorld(l.LocalAddr()).String()
}

func TestDatagramsAreCarriedBothWays(t *testing.T) {
	g := newGuest(t, everything)
	c := g.datagrams(t, echo(t, func(b []byte) []byte { return append([]byte("you said "), b...) }))
	for i := range 3 {
		fmt.Fprint(c, i)
		b := make([]byte, 100)
		if n, err := c.Read(b); err != nil || string(b[:n]) != fmt.Sprint("you said ", i) {
			t.Errorf("it read %q, %v", b[:n], err)
		}
	}
}

func TestQuestionsGoToTheHostsResolvers(t *testing.T) {
	// The guest may reach nothing, and still asks.
	g := newGuest(t, func(netip.Addr) string { return "everything" })
	silent := echo(t, func([]byte) []byte { return nil })
	answering := echo(t, func(b []byte) []byte { return append(b[:len(b):len(b)], " answered"...) })
	closed := "203.0.113.1:1"
	g.egress.resolvers = func() []netip.AddrPort {
		return []netip.AddrPort{netip.MustParseAddrPort(closed), netip.MustParseAddrPort(silent), netip.MustParseAddrPort(answering)}
	}
	c := g.datagrams(t, "169.254.78.1:53")
	for _, question := range []string{"AA first", "BB second"} {
		fmt.Fprint(c, question)
	}
	got := map[string]bool{}
	for range 2 {
		b := make([]byte, 100)
		n, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		got[string(b[:n])] = true
	}
	if !got["AA first answered"] || !got["BB second answered"] {
		t.Errorf("it got %v", got)
	}

	long := serve(t, func(c net.Conn) { fmt.Fprint(c, "long answer") })
	g.egress.resolvers = func() []netip.AddrPort {
		return []netip.AddrPort{netip.MustParseAddrPort(closed), netip.MustParseAddrPort(long.String())}
	}
	stream, err := g.dial(t, &net.TCPAddr{IP: Resolver.AsSlice(), Port: 53})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(stream); string(b) != "long answer" || err != nil {
		t.Errorf("it read %q, %v", b, err)
	}
	if _, err := g.dial(t, &net.TCPAddr{IP: Resolver.AsSlice(), Port: 80}); err == nil {
		t.Error("the resolver was reached at another port")
	}
	g.egress.resolvers = func() []netip.AddrPort { return nil }
	if _, err := g.dial(t, &net.TCPAddr{IP: Resolver.AsSlice(), Port: 53}); err == nil {
		t.Error("there is a resolver, and none on the host")
	}
}

// C libraries ask every question from a new port.
func TestPortsThatHaveAskedAreForgotten(t *testing.T) {
	g := newGuest(t, func(netip.Addr) string { return "everything" })
	answering := echo(t, func(b []byte) []byte { return b })
	g.egress.resolvers = func() []netip.AddrPort { return []netip.AddrPort{netip.MustParseAddrPort(answering)} }
	c := g.datagrams(t, "169.254.78.1:53")
	fmt.Fprint(c, "AA question")
	if n, err := c.Read(make([]byte, 100)); n == 0 {
		t.Fatal(err)
	}
	gate := g.gateway.(*gateway)
	for deadline := time.Now().Add(testTime); ; time.Sleep(time.Millisecond) {
		gate.mu.Lock()
		left := len(gate.flows)
		gate.mu.Unlock()
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d flows are kept", left)
		}
	}
	// The same port may ask again.
	fmt.Fprint(c, "BB question")
	if n, err := c.Read(make([]byte, 100)); n == 0 {
		t.Fatal(err)
	}
}

// Questions to the host's resolvers take files of the server's as well.
func TestQuestionsAreBounded(t *testing.T) {
	g := newGuest(t, func(netip.Addr) string { return "everything" })
	answering := echo(t, func(b []byte) []byte { return b })
	g.egress.resolvers = func() []netip.AddrPort { return []netip.AddrPort{netip.MustParseAddrPort(answering)} }
	gate := &gateway{egress: g.egress, life: t.Context()}
	g.egress.most = 0
	if answer := gate.ask([]byte("AA one too many")); answer != nil {
		t.Errorf("%q was asked with no file to spare", answer)
	}
	g.egress.most = 1
	for range 3 {
		if answer := gate.ask([]byte("AA one by one")); answer == nil {
			t.Error("a question was not answered")
		}
	}
	if open := g.egress.open.Load(); open != 0 {
		t.Errorf("%d files are still counted", open)
	}
}

func TestResolvers(t *testing.T) {
	got := parseResolvers([]byte("# nameserver 9.9.9.9\nsearch example.org\nnameserver 127.0.0.53\nnameserver  fd00::1 \nnameserver nonsense\nnameserver\nnameserver 1.1.1.1\nnameserver 8.8.8.8\n"))
	if want := "[127.0.0.53:53 [fd00::1]:53 1.1.1.1:53]"; fmt.Sprint(got) != want {
		t.Errorf("they are %v, want %s", got, want)
	}
}

// More connections than there may be are refused; those that end make room.
func TestConnectionsAreBounded(t *testing.T) {
	g := newGuest(t, everything)
	g.egress.most = 2
	to := serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	var open []*gonet.TCPConn
	for range 2 {
		c, err := g.dial(t, to)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	if _, err := g.dial(t, to); err == nil {
		t.Error("a third was carried")
	}
	open[0].Close()
	deadline := time.Now().Add(testTime)
	for {
		if _, err := g.dial(t, to); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("there is no room again")
		}
		time.Sleep(time.Millisecond)
	}
}

// Closing ends what is going on, at once and also in the world.
// What the many connections of one sandbox hold is the server's memory, not the
// sandbox's.
func TestManyConnectionsHoldLittle(t *testing.T) {
	held := 0
	for n := range mostConnections {
		f := &flow{large: n < mostLarge}
		b, free := f.buffer()
		held += 2 * len(b)
		free()
	}
	if held > 32<<20 {
		t.Errorf("they hold %d MB", held>>20)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	g := newGuest(t, everything)
	ended := make(chan struct{})
	to := serve(t, func(c net.Conn) {
		_, _ = io.Copy(io.Discard, c)
		close(ended)
	})
	if _, err := g.dial(t, to); err != nil {
		t.Fatal(err)
	}
	d := g.datagrams(t, echo(t, func(b []byte) []byte { return b }))
	fmt.Fprint(d, "x")
	if _, err := d.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := g.gateway.Close(); err != nil {
		t.Error(err)
	}
	if err := g.gateway.Close(); err != nil {
		t.Errorf("once more: %v", err)
	}
	select {
	case <-ended:
	case <-time.After(testTime):
		t.Error("the connection outlives its sandbox")
	}
	if n := g.egress.open.Load(); n != 0 {
		t.Errorf("%d flows are left", n)
	}
}

func TestAnInterfaceWithoutASocket(t *testing.T) {
	if _, err := New(Config{Log: slog.Default()}).Serve(Interface{}); err == nil {
		t.Error("it is served")
	}
}

func TestPolicy(t *testing.T) {
	p := newPolicy()
	p.list = func() ([]net.Addr, error) {
		return []net.Addr{
			&net.IPNet{IP: net.IPv4(192, 168, 1, 5), Mask: net.CIDRMask(24, 32)},
			&net.IPNet{IP: net.IPv4(8, 8, 4, 4), Mask: net.CIDRMask(32, 32)},
			&net.IPNet{IP: net.ParseIP("2001:db8::5"), Mask: net.CIDRMask(64, 128)},
		}, nil
	}
	for address, may := range map[string]bool{
		"127.0.0.1": false, "127.255.255.254": false, "0.0.0.0": false, "0.1.2.3": false,
		"169.254.169.254": false, "169.254.77.1": false, "169.254.78.1": false,
		"192.168.1.5": false, "8.8.4.4": false, // the host's own
		"192.168.1.255": false, "192.168.1.0": false, // everyone's on its network
		"168.63.129.16": false, "100.100.100.200": false, // clouds, beside the link
		"224.0.0.251": false, "239.255.255.250": false, "255.255.255.255": false, "240.0.0.1": false,
		"::1": false, "2001:db8::1": false, "::ffff:127.0.0.1": false, "fe80::1": false,
		"192.168.1.6": true, "192.168.2.255": true, "8.8.4.5": true, "8.8.4.255": true, "10.0.0.1": true, "1.1.1.1": true, "::ffff:1.1.1.1": true,
	} {
		if why := p.refuses(netip.MustParseAddr(address)); (why == "") != may {
			t.Errorf("%s: refused because %q", address, why)
		}
	}
	p = newPolicy()
	p.list = func() ([]net.Addr, error) { return nil, errors.New("not today") }
	if why := p.refuses(netip.MustParseAddr("1.1.1.1")); !strings.Contains(why, "not today") {
		t.Errorf("without knowing its own addresses it says %q", why)
	}
}

// FuzzFrames has a sandbox send what it likes.
func FuzzFrames(f *testing.F) {
	ip := []byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 169, 254, 77, 2, 127, 0, 0, 1, 0, 1, 0, 2, 0, 8, 0, 0}
	f.Add(append(frameHeader[:len(frameHeader):len(frameHeader)], ip...))
	ip[9] = 6
	f.Add(append(frameHeader[:len(frameHeader):len(frameHeader)], ip...))
	f.Add([]byte{})
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		f.Fatal(err)
	}
	defer unix.Close(pair[0])
	e := New(Config{Log: slog.New(slog.DiscardHandler), Refuses: func(netip.Addr) string { return "everything" }})
	e.resolvers = func() []netip.AddrPort { return nil }
	g := newGateway(e, Interface{Name: func() string { return "" }, Socket: os.NewFile(uintptr(pair[1]), "far")})
	go g.carry()
	defer g.Close()
	if err := g.open(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		g.link.deliver(frame)
		if len(frame) > etherSize+20 {
			copy(frame[etherSize+12:], Address.AsSlice())
			g.link.deliver(frame)
		}
	})
}
