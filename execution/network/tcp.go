package network

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// The first flows of a sandbox get large buffers, which fill the cable; the rest
// get small ones, so that a thousand of them do not fill the server's memory.
const (
	mostLarge   = 64
	largeBuffer = 256 << 10
	smallBuffer = 32 << 10
	copyBuffer  = 64 << 10
	smallCopy   = 8 << 10
)

// Real time, not a Clock's: it is that of connections to the real world.
const (
	dialTime = 30 * time.Second
	idleTime = 5 * time.Minute // of a connection
	// settleTime is how long a sandbox may take to hear the end of what it has
	// been told.
	settleTime = 30 * time.Second
)

// connect is told of each connection that the sandbox begins, on a goroutine of
// its own.
func (g *gateway) connect(r *tcp.ForwarderRequest) {
	to := target(r.ID())
	if to.Addr() != Resolver && !g.allowed(to) {
		r.Complete(true)
		return
	}
	if !g.run(false, func(f *flow) { g.connection(f, r, to) }) {
		r.Complete(true)
	}
}

// connection carries one connection to its end.
func (g *gateway) connection(f *flow, r *tcp.ForwarderRequest, to netip.AddrPort) {
	outside, err := g.dial(to)
	if err != nil {
		// Whom nobody answers gets no answer.
		r.Complete(!errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, unix.ETIMEDOUT))
		return
	}
	if !f.own(outside) {
		r.Complete(true)
		return
	}
	var queue waiter.Queue
	end, failed := r.CreateEndpoint(&queue)
	r.Complete(failed != nil)
	if failed != nil {
		return
	}
	if !f.large {
		end.SocketOptions().SetSendBufferSize(smallBuffer, true)
		end.SocketOptions().SetReceiveBufferSize(smallBuffer, true)
	}
	gone, hungUp := waiter.NewChannelEntry(waiter.EventHUp)
	queue.EventRegister(&gone)
	defer queue.EventUnregister(&gone)
	inside := aborting{gonet.NewTCPConn(&queue, end), end}
	if !f.own(inside) || !relay(f, inside, outside) {
		return
	}
	// What was said last may still be on its way. The flow counts until it has
	// arrived: otherwise a sandbox could have the server hold any number of ends.
	settled := time.NewTimer(settleTime)
	defer settled.Stop()
	select {
	case <-hungUp:
	case <-settled.C:
	case <-g.life.Done():
	}
}

// An aborting connection ends at once when it is closed, with a reset.
type aborting struct {
	*gonet.TCPConn
	end tcpip.Endpoint
}

func (a aborting) Close() error {
	a.end.Abort()
	return nil
}

// dial connects to whom the sandbox means.
func (g *gateway) dial(to netip.AddrPort) (*net.TCPConn, error) {
	ctx, cancel := context.WithTimeout(g.life, dialTime)
	defer cancel()
	if to.Addr() == Resolver {
		return g.dialResolver(ctx, to.Port())
	}
	c, err := g.egress.dial(ctx, "tcp4", to.String())
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// A halfCloser can end what it says and go on listening.
type halfCloser interface {
	io.ReadWriteCloser
	CloseWrite() error
}

var copyBuffers = sync.Pool{New: func() any { return new([copyBuffer]byte) }}

// relay copies both ways until both have ended, either fails or nothing happens
// for a long time. It reports whether both have ended.
func relay(f *flow, inside, outside halfCloser) bool {
	active := watchIdle(idleTime, f.close)
	defer active.stop()
	var failed [2]error
	var both sync.WaitGroup
	for i, way := range [2][2]halfCloser{{inside, outside}, {outside, inside}} {
		both.Go(func() {
			buffer, free := f.buffer()
			defer free()
			if failed[i] = pump(way[0], way[1], buffer, active); failed[i] != nil {
				f.close()
			}
		})
	}
	both.Wait()
	return failed[0] == nil && failed[1] == nil
}

// buffer is what one way of a connection is copied by, held for as long as it
// lasts. free gives it back.
func (f *flow) buffer() (b []byte, free func()) {
	if !f.large {
		return make([]byte, smallCopy), func() {}
	}
	whole := copyBuffers.Get().(*[copyBuffer]byte)
	return whole[:], func() { copyBuffers.Put(whole) }
}

// pump copies one way, and passes on its end.
func pump(from io.Reader, to halfCloser, buffer []byte, active *idleness) error {
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			active.moved.Store(true)
			if _, err := to.Write(buffer[:n]); err != nil {
				return err
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return to.CloseWrite()
		default:
			return err
		}
	}
}

// An idleness ends what nothing has happened on for some time.
type idleness struct {
	moved atomic.Bool
	mu    sync.Mutex
	timer *time.Timer
}

func watchIdle(period time.Duration, end func()) *idleness {
	i := &idleness{}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.timer = time.AfterFunc(period, func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.moved.Swap(false) {
			i.timer.Reset(period)
		} else {
			end()
		}
	})
	return i
}

func (i *idleness) stop() { i.timer.Stop() }
