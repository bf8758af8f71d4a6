//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/lamgate/lamgate/execution/network"
)

// ownAddress is one of the host's that is not its loopback's.
func ownAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() && !p.Addr().IsLinkLocalUnicast() {
			return p.Addr().String()
		}
	}
	t.Skip("the host has no address but its loopback's")
	return ""
}

// TestEgress goes out to a server, which is this host only because there is no
// other to test with, and so is allowed for once.
func TestEgress(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	address := ownAddress(t)
	d := f.Driver.(*namespaces)
	if c := d.probeEgress(t.Context()); !c.Enforced {
		t.Fatal(c.Problem)
	}
	d.egress = network.New(network.Config{Log: slog.Default(), Refuses: func(netip.Addr) string { return "" }})
	server, err := net.Listen("tcp4", address+":0")
	if err != nil {
		t.Skip(err)
	}
	defer server.Close()
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				n, err := io.Copy(io.Discard, c)
				fmt.Fprint(c, n, " ", err)
			}()
		}
	}()
	datagrams, err := net.ListenPacket("udp4", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer datagrams.Close()
	go func() {
		b := make([]byte, 100)
		for {
			n, from, err := datagrams.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = datagrams.WriteTo(append([]byte("you said "), b[:n]...), from)
		}
	}()
	closed, err := net.Listen("tcp4", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()

	s, out := f.run(t, fmt.Sprintf("leave %s %s %s", server.Addr(), datagrams.LocalAddr(), closed.Addr()), func(spec *Spec) { spec.Network = EgressNetwork })
	if x := waitFor(t, s); x.Code != 0 {
		t.Errorf("exit is %+v", x)
	}
	if got, want := out.String(), "33554432 <nil> <nil>\nyou said hello\ntrue\ntrue\n"; got != want {
		t.Errorf("it printed %q, want %q", got, want)
	}
}

// leave goes out of a sandbox: with a lot of bytes, with a datagram, and to
// nobody.
func leave(argument string) int {
	addresses := strings.Fields(argument)
	c, err := net.Dial("tcp", addresses[0])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	chunk := make([]byte, 1<<20)
	for range 32 {
		if _, err := c.Write(chunk); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	_ = c.(*net.TCPConn).CloseWrite()
	b, err := io.ReadAll(c)
	fmt.Println(string(b), err)
	if c, err = net.Dial("udp", addresses[1]); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Fprint(c, "hello")
	n, err := c.Read(chunk)
	fmt.Println(string(chunk[:n]))
	if err != nil {
		fmt.Println(err)
	}
	_, err = net.Dial("tcp", addresses[2])
	fmt.Println(errors.Is(err, syscall.ECONNREFUSED))
	// Of IPv6 there is nothing, which is told at once.
	_, err = net.Dial("tcp", "[2001:db8::1]:80")
	fmt.Println(errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EAFNOSUPPORT) || errors.Is(err, syscall.EADDRNOTAVAIL))
	return 0
}

// TestEgressRefusesTheHost is what every host's probe tries as well.
func TestEgressRefusesTheHost(t *testing.T) {
	driver, err := Open(NamespaceLevel, Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Network: EgressNetwork})
	if err != nil {
		t.Skip(err)
	}
	defer driver.Close()
	controls, err := driver.Probe(t.Context())
	if err != nil {
		t.Skip(err)
	}
	tried := false
	for _, c := range controls {
		if c.Name == ControlEgress {
			tried = true
			if !c.Enforced {
				t.Errorf("it is not enforced: %s", c.Problem)
			}
		}
	}
	if !tried {
		t.Error("it was not tried")
	}
}

func TestEgressWithoutIsolation(t *testing.T) {
	f := newFixture(t, ProcessLevel)
	spec := f.spec
	spec.Command, spec.Network = []string{f.program}, EgressNetwork
	if _, err := f.Start(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "--network host") {
		t.Errorf("it gives %v", err)
	}
}

func TestWhatTheKernelHasAgainstACable(t *testing.T) {
	answers := make([]byte, len(cableSteps)*acknowledgement)
	if err := cableError(answers); err != nil {
		t.Errorf("nothing gives %v", err)
	}
	if err := cableError(answers[:len(answers)-acknowledgement]); err == nil {
		t.Error("a missing answer gives nothing")
	}
	errno := int32(syscall.EOPNOTSUPP)
	binary.LittleEndian.PutUint32(answers[16:], uint32(-errno))
	err := cableError(answers)
	if !errors.Is(err, syscall.EOPNOTSUPP) {
		t.Errorf("it gives %v", err)
	}
	if cause := (&namespaces{}).cause(err); !strings.Contains(cause, "veth") {
		t.Errorf("its cause is %q", cause)
	}
}
