package network

import (
	"io"
	"net"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// datagramTime is how long an answer may follow the last datagram.
const datagramTime = time.Minute

// datagrams is told of the first datagram between two addresses. The stack waits
// for it; it tells the sandbox that nobody is there if it returns false.
func (g *gateway) datagrams(r *udp.ForwarderRequest) bool {
	to := target(r.ID())
	question := to == netip.AddrPortFrom(Resolver, dnsPort)
	if !question && !g.allowed(to) {
		return false
	}
	var queue waiter.Queue
	end, failed := r.CreateEndpoint(&queue)
	if failed != nil {
		return false
	}
	inside := gonet.NewUDPConn(&queue, end)
	begun := g.run(true, func(f *flow) {
		switch {
		case !f.own(inside):
		case question:
			g.questions(inside)
		default:
			g.exchange(f, inside, to)
		}
	})
	if !begun {
		inside.Close()
	}
	return begun
}

// exchange carries datagrams both ways until none have come for some time.
func (g *gateway) exchange(f *flow, inside net.Conn, to netip.AddrPort) {
	outside, err := g.egress.dial(g.life, "udp4", to.String())
	if err != nil || !f.own(outside) {
		return
	}
	active := watchIdle(datagramTime, f.close)
	defer active.stop()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		defer f.close()
		copyDatagrams(inside, outside, active)
	}()
	copyDatagrams(outside, inside, active)
	f.close()
	<-answered
}

func copyDatagrams(to io.Writer, from io.Reader, active *idleness) {
	buffer := copyBuffers.Get().(*[copyBuffer]byte)
	defer copyBuffers.Put(buffer)
	for {
		n, err := from.Read(buffer[:])
		if err != nil {
			return // also if nobody was there: the next datagram begins anew
		}
		active.moved.Store(true)
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
