package network

import (
	"sync"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// A link is the stack's end of the cable.
type link struct {
	write func(parts [][]byte)

	mu         sync.RWMutex
	dispatcher stack.NetworkDispatcher
}

// etherSize is the size of a frame's header.
const etherSize = 14

// frameHeader begins every frame to the sandbox.
var frameHeader = [etherSize]byte{
	AddressMAC[0], AddressMAC[1], AddressMAC[2], AddressMAC[3], AddressMAC[4], AddressMAC[5],
	GatewayMAC[0], GatewayMAC[1], GatewayMAC[2], GatewayMAC[3], GatewayMAC[4], GatewayMAC[5],
	0x08, 0x00,
}

// deliver gives a frame of the sandbox's to the stack.
func (l *link) deliver(frame []byte) {
	const loopback = 127
	if len(frame) < etherSize+header.IPv4MinimumSize || [4]byte(frame[etherSize+12:]) != Address.As4() || frame[etherSize+16] == loopback {
		return // no kernel sends such a thing
	}
	l.mu.RLock()
	d := l.dispatcher
	l.mu.RUnlock()
	if d == nil {
		return
	}
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame[etherSize:])})
	d.DeliverNetworkPacket(header.IPv4ProtocolNumber, pkt)
	pkt.DecRef()
}

// WritePackets implements stack.LinkEndpoint. A frame that the socket does not
// take is lost, as on any network.
func (l *link) WritePackets(list stack.PacketBufferList) (int, tcpip.Error) {
	for _, pkt := range list.AsSlice() {
		parts := append(make([][]byte, 0, 8), frameHeader[:])
		l.write(append(parts, pkt.AsSlices()...))
	}
	return list.Len(), nil
}

// writeFrame writes a frame to a packet socket.
func writeFrame(fd int, parts [][]byte) {
	for {
		if _, err := unix.Writev(fd, parts); err != unix.EINTR {
			return
		}
	}
}

// Attach implements stack.LinkEndpoint.
func (l *link) Attach(d stack.NetworkDispatcher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dispatcher = d
}

// IsAttached implements stack.LinkEndpoint.
func (l *link) IsAttached() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.dispatcher != nil
}

// Capabilities implements stack.LinkEndpoint. The sandbox's kernel leaves
// checksums to an interface that does not exist.
func (l *link) Capabilities() stack.LinkEndpointCapabilities {
	return stack.CapabilityRXChecksumOffload
}

func (l *link) MTU() uint32                             { return MTU }
func (l *link) SetMTU(uint32)                           {}
func (l *link) MaxHeaderLength() uint16                 { return 0 }
func (l *link) LinkAddress() tcpip.LinkAddress          { return tcpip.LinkAddress(GatewayMAC[:]) }
func (l *link) SetLinkAddress(tcpip.LinkAddress)        {}
func (l *link) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareNone }
func (l *link) AddHeader(*stack.PacketBuffer)           {}
func (l *link) ParseHeader(*stack.PacketBuffer) bool    { return true }
func (l *link) Wait()                                   {}
func (l *link) Close()                                  {}
func (l *link) SetOnCloseAction(func())                 {}
