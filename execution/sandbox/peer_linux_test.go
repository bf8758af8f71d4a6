//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"testing"
)

// talk connects to a port, says something and prints what it hears.
func talk(port string) int {
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_, _ = fmt.Fprint(c, "hello")
	b := make([]byte, 100)
	n, _ := c.Read(b)
	fmt.Printf("%q\n", b[:n])
	return 0
}

// control finds what the probe has found out.
func control(t *testing.T, f *fixture, name string) Control {
	t.Helper()
	controls := f.Controls()
	i := slices.IndexFunc(controls, func(c Control) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("the probe tells nothing of %s", name)
	}
	return controls[i]
}

// TestRuntimeAPIsOfOthers has two sandboxes and the server itself connect to what
// is one sandbox's.
func TestRuntimeAPIsOfOthers(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	d := f.Driver.(*namespaces)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	own, out := f.run(t, "talk "+port, func(spec *Spec) { spec.Listener = l })
	answered := make(chan struct{})
	api := own.RuntimeAPI()
	go func() {
		defer close(answered)
		for {
			c, err := api.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "welcome")
			c.Close()
		}
	}()
	waitFor(t, own)
	other, heard := f.run(t, "talk "+port, nil)
	waitFor(t, other)
	if c, err := net.Dial("tcp4", l.Addr().String()); err != nil {
		t.Error(err)
	} else {
		if said, _ := io.ReadAll(c); len(said) > 0 && d.tellPeers() == nil {
			t.Errorf("the server heard %q", said)
		}
		c.Close()
	}
	api.Close()
	<-answered
	if out.String() != "\"welcome\"\n" {
		t.Errorf("its own sandbox heard %s", out)
	}
	if d.tellPeers() != nil {
		t.Skip("this kernel does not tell whose a connection is: ", d.peersProblem)
	}
	if c := control(t, f, ControlForeign); !c.Enforced || heard.String() != "\"\"\n" {
		t.Errorf("that others are kept out is said to be %+v, and another heard %s", c, heard)
	}
}

func TestAnswersAboutPeers(t *testing.T) {
	failed := append([]byte{36, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff}, make([]byte, 16)...)
	if _, err := readPeer(failed); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("a socket that is gone gives %v", err)
	}
	good := append([]byte{88, 0, 0, 0, diagnoseByFamily, 0}, make([]byte, 82)...)
	good[80], good[84] = 7, 9
	if p, err := readPeer(good); p != (peer{7, 9}) || err != nil {
		t.Errorf("it gives %+v, %v", p, err)
	}
	for n := range good {
		if _, err := readPeer(good[:n]); err == nil {
			t.Errorf("%d bytes are an answer", n)
		}
	}
	var p peers
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	udp, err := net.Dial("udp4", c.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	if _, err := p.of(udp); err == nil {
		t.Error("there is a user where there is no connection")
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
}

func BenchmarkGuard(b *testing.B) {
	var p peers
	if err := p.try(); err != nil {
		b.Skip(err)
	}
	defer p.close()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	theirs, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer theirs.Close()
	ours, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer ours.Close()
	for b.Loop() {
		if _, err := p.of(ours); err != nil {
			b.Fatal(err)
		}
	}
}
